#include "policy/glob.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace cloudlab::policy {
namespace {

TEST_CASE("globs describe the whole text", "[policy][glob]") {
  struct Row {
    const char* pattern;
    const char* text;
    bool matches;
  };
  for (const Row& row : {
           Row{"cart", "cart", true},
           Row{"cart", "carts", false},
           Row{"", "", true},
           Row{"", "x", false},
           Row{"*", "", true},
           Row{"*", "anything/at.all", true},
           Row{"*-proxy", "istio-proxy", true},
           Row{"*-proxy", "istio-proxy-v2", false},
           Row{"team-*", "team-", true},
           Row{"team-*", "tea", false},
           Row{"*/templates/*.yaml", "shop/charts/db/templates/db.yaml", true},
           Row{"a*b*c", "aXXbYYc", true},
           Row{"a*b*c", "aXXcYYb", false},
           Row{"*ab", "aab", true},
           Row{"*a*b", "acab", true},
           Row{"cart-?", "cart-1", true},
           Row{"cart-?", "cart-", false},
           Row{"cart-?", "cart-12", false},
           Row{"cart-[0-9]", "cart-7", true},
           Row{"cart-[0-9]", "cart-x", false},
           Row{"cart-[!0-9]", "cart-x", true},
           Row{"cart-[!0-9]", "cart-7", false},
           Row{"[abc]*", "banana", true},
           Row{"[a-]x", "-x", true},
           Row{"[]]", "]", true},
           Row{"[!]]", "x", true},
           Row{"[*]", "*", true},
           Row{"[*]", "x", false},
           Row{"[x", "[x", false},  // Not a glob: matches nothing.
       }) {
    INFO(row.pattern << " against " << row.text);
    CHECK(GlobMatches(row.pattern, row.text) == row.matches);
  }
}

TEST_CASE("a bracket must be closed and enclose something", "[policy][glob]") {
  for (const char* pattern : {"", "*", "[a]", "x[a-z]y[!b]", "[]]", "]"}) {
    INFO(pattern);
    CHECK(IsGlob(pattern));
  }
  for (const char* pattern : {"[", "a[b", "[]", "[!]", "[a][", "[]"}) {
    INFO(pattern);
    CHECK_FALSE(IsGlob(pattern));
  }
}

TEST_CASE("many stars cost no more than one pass each", "[policy][glob]") {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  const std::string text(20'000, 'a');
  CHECK(GlobMatches(pattern, text));
  CHECK_FALSE(GlobMatches(pattern + "b", text));
}

}  // namespace
}  // namespace cloudlab::policy
