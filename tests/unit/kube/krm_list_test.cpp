#include "kube/krm_list.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace cloudlab::kube {
namespace {

/// The texts of the items of `text`, which must be a list.
std::vector<std::string> Items(const std::string& text) {
  KrmList list;
  const auto problem = list.Read(text);
  REQUIRE_FALSE(problem);
  std::vector<std::string> items;
  for (const yaml::Slice& slice : list.slices()) {
    CHECK(text.substr(slice.offset, slice.text.size()) == slice.text);
    items.emplace_back(slice.text);
  }
  return items;
}

const std::string kHead = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n";

TEST_CASE("items of a block sequence are whole lines with their dash", "[kube][krm]") {
  const std::string text = kHead + R"(items:
# above the first: stays with what stands before
- kind: A
  data: |
    text
    # not a comment

# about B
# and more about B
- kind: B   # behind B

# between, with a blank line below

- {kind: C}
# behind the last
functionConfig: {kind: F}
)";
  CHECK(Items(text) ==
        std::vector<std::string>{
            "- kind: A\n  data: |\n    text\n    # not a comment\n\n",
            "# about B\n# and more about B\n- kind: B   # behind B\n\n# between, with a "
            "blank line below\n\n",
            "- {kind: C}\n"});
}

TEST_CASE("dashes may be indented, and the last line may have no end", "[kube][krm]") {
  CHECK(Items("---\n" + kHead + "items:\n    - kind: A\n      x: 1\n    - kind: B") ==
        std::vector<std::string>{"    - kind: A\n      x: 1\n", "    - kind: B"});
}

TEST_CASE("items between brackets are their values", "[kube][krm]") {
  CHECK(
      Items(
          R"({"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": [ {"a": [1]},)"
          "\n  {\"b\": 2}, !!map {c: 3}, &x {d: 4} ]}") ==
      std::vector<std::string>{R"({"a": [1]})", R"({"b": 2})", "!!map {c: 3}", "&x {d: 4}"});
}

TEST_CASE("the root of an item is what stands behind its dash", "[kube][krm]") {
  const yaml::ScanResult scan = yaml::ScanItem("# comment\n  - kind: A\n    x: {y: 1}\n");
  REQUIRE_FALSE(scan.problem);
  const yaml::NodeView root = yaml::NodeView::Root(scan.outline);
  CHECK(root.Find("kind").TextIs("A"));
  CHECK(root.Find({"x", "y"}).TextIs("1"));
}

TEST_CASE("fields of a list", "[kube][krm]") {
  const std::string text =
      "# by hand\n---\n" + kHead + "functionConfig: {kind: F}\nitems: []\n---\n";
  KrmList list;
  REQUIRE_FALSE(list.Read(text));
  CHECK(list.api_version() == "config.kubernetes.io/v1");
  CHECK(list.offset() == 10);
  CHECK(list.function_config().Find("kind").TextIs("F"));
  CHECK(list.slices().empty());
  CHECK_FALSE(list.results());
  KrmList bare;
  REQUIRE_FALSE(bare.Read(kHead + "functionConfig: null\n"));
  CHECK_FALSE(bare.function_config());
  CHECK_FALSE(bare.items());
}

TEST_CASE("what is no list is refused with its place", "[kube][krm]") {
  const auto [text, code, begin] = GENERATE(table<std::string, std::string, std::size_t>({
      {"", "CL-K-INPUT", 0},
      {"a: 1\n---\nb: 2\n", "CL-K-INPUT", 5},
      {"---\napiVersion: v1\nkind: List\n", "CL-K-INPUT", 25},
      {"apiVersion: config.kubernetes.io/v2\nkind: ResourceList\n", "CL-K-VERSION", 12},
      {kHead + "items: 3\n", "CL-K-INPUT", 62},
      {kHead + "items:\n- &x {a: 1}\n- *x\n", "CL-K-ALIAS", 76},
  }));
  KrmList list;
  const auto problem = list.Read(text);
  REQUIRE(problem);
  CHECK(problem->code == code);
  CHECK(problem->span.begin == begin);
}

}  // namespace
}  // namespace cloudlab::kube
