#include "policy/suggest.hpp"

#include <catch2/catch.hpp>
#include <vector>

namespace cloudlab::policy {
namespace {

TEST_CASE("the nearest word is suggested", "[policy][suggest]") {
  const std::vector<std::string> fields = {"match", "exclude", "conflictPolicy", "conflicts",
                                           "tier"};
  struct Row {
    const char* word;
    const char* nearest;
  };
  for (const Row& row :
       {Row{"conflictPolcy", "conflictPolicy"}, Row{"conflictpolicy", "conflictPolicy"},
        Row{"tire", "tier"}, Row{"matches", "match"}, Row{"exlude", "exclude"},
        Row{"container", ""}, Row{"x", ""}, Row{"", ""}}) {
    INFO(row.word);
    CHECK(Nearest(row.word, fields) == row.nearest);
  }
}

TEST_CASE("without a near word the known ones are listed", "[policy][suggest]") {
  const std::vector<std::string> words = {"Keep", "Replace"};
  CHECK(Suggestion("keep", words) == "did you mean \"Keep\"?");
  CHECK(Suggestion("Overwrite", words) == "known are: Keep, Replace");
  CHECK(Suggestion("x", std::vector<std::string>{}).empty());
}

}  // namespace
}  // namespace cloudlab::policy
