#include "yaml/surroundings.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "yaml/view.hpp"

namespace cloudlab::yaml {
namespace {

/// Whether there are comments in the value of `list`, or right above it.
bool HasComments(const std::string& text) {
  const ScanResult scan = Scan(text);
  REQUIRE_FALSE(scan.problem);
  return Surroundings(scan.outline).HasComments(NodeView::Root(scan.outline).Find("list").id());
}

TEST_CASE("surroundings: comments inside a list") {
  CHECK(HasComments("list:\n# above the first\n- a\n- b\n"));
  CHECK(HasComments("list: # behind the key\n- a\n"));
  CHECK(HasComments("list:\n- a # behind an item\n- b\n"));
  CHECK(HasComments("list:\n- a\n- b # behind the last\n"));
  CHECK(HasComments("list:\n- name: a\n  # above a field\n  x: 1\n"));
  CHECK(HasComments("list:\n- name: a\n  x: | # behind a header\n    text\n"));
  CHECK(HasComments("list: [a, # between brackets\n  b]\n"));
}

TEST_CASE("surroundings: what looks like a comment and is none") {
  CHECK_FALSE(HasComments("list:\n- a\n- b\nother: 1 # elsewhere\n"));
  CHECK_FALSE(HasComments(
      "# above\nlist:\n- 'a # b'\n- \"# c\"\n- a#b\n- |\n  # text\n- >\n  more\n  # text\n"));
  CHECK_FALSE(HasComments("list: []\n"));
  CHECK_FALSE(HasComments("list:\n- |\n  text\n# elsewhere\nother: 1\n"));
}

TEST_CASE("surroundings: one past the last node inside another") {
  const ScanResult scan = Scan("a: {b: 1, c: [2, 3]}\nd: 4\n");
  const NodeView root = NodeView::Root(scan.outline);
  CHECK(scan.outline.SubtreeEnd(root.Find("a").id()) == root.Find("d").id());
  CHECK(scan.outline.SubtreeEnd(root.Find({"a", "b"}).id()) == root.Find({"a", "c"}).id());
  CHECK(scan.outline.SubtreeEnd(root.Find("d").id()) == scan.outline.nodes().size());
  CHECK(scan.outline.SubtreeEnd(root.id()) == scan.outline.nodes().size());
}

}  // namespace
}  // namespace cloudlab::yaml
