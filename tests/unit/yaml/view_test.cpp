// Reading an outline: search, aliases, merges, duplicates, decoding.
#include "yaml/view.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace cloudlab::yaml {
namespace {

/// The text at `path` in `text`, or "(nothing)".
std::string Read(const std::string& text, std::initializer_list<std::string_view> path) {
  const ScanResult scan = Scan(text);
  REQUIRE_FALSE(scan.problem);
  const NodeView found = NodeView::Root(scan.outline).Find(path);
  return found ? found.Text() : "(nothing)";
}

TEST_CASE("view: search by key") {
  const std::string text = "spec:\n  'a b': 1\n  \"c\\td\": 2\n  e: {f: [3]}\n";
  CHECK(Read(text, {"spec", "a b"}) == "1");
  CHECK(Read(text, {"spec", "c\td"}) == "2");
  CHECK(Read(text, {"spec", "e", "f"}).empty());  // A list has no text.
  CHECK(Read(text, {"spec", "x"}) == "(nothing)");
  CHECK(Read(text, {"spec", "a b", "x"}) == "(nothing)");
  CHECK(Read("- a\n", {"-"}) == "(nothing)");
}

TEST_CASE("view: an invalid view is safe to read") {
  const NodeView none;
  CHECK_FALSE(none);
  CHECK_FALSE(none.Find("a"));
  CHECK(none.Text().empty());
  CHECK(none.Key().empty());
  CHECK(none.Raw().empty());
  CHECK(none.children().empty());
  CHECK_FALSE(none.parent());
  CHECK_FALSE(none.IsMap());
  CHECK_FALSE(none.IsNull());
}

TEST_CASE("view: the last of two equal keys counts") {
  const std::string text = "a: 1\nb: 2\n\"a\": 3\n";
  CHECK(Read(text, {"a"}) == "3");
  const ScanResult scan = Scan(text);
  CHECK(NodeView::Root(scan.outline).HasDuplicate("a"));
  CHECK_FALSE(NodeView::Root(scan.outline).HasDuplicate("b"));
}

TEST_CASE("view: several keys in one pass are what each search finds") {
  for (const char* text : {
           "a: 1\nb: 2\n\"a\": 3\n",
           "base: &base {a: 1, d: 2}\nall: {<<: *base, b: 3}\n",
           "one: &one {a: 1}\ntwo: &two {a: 2, b: 2}\nall: {<<: [*two, *one], b: 3, 'a b': 4}\n",
           "x: &x {a: 1}\nall: *x\n",
           "all: [a, b]\n",
           "all: text\n",
       }) {
    const ScanResult scan = Scan(text);
    REQUIRE_FALSE(scan.problem);
    const NodeView root = NodeView::Root(scan.outline);
    for (const NodeView map : {root, root.Find("all"), NodeView()}) {
      const auto [a, b, spaced, missing] = map.FindEach<4>({"a", "b", "a b", "zz"});
      CHECK(a == map.Find("a"));
      CHECK(b == map.Find("b"));
      CHECK(spaced == map.Find("a b"));
      CHECK_FALSE(missing);
    }
  }
}

TEST_CASE("view: aliases are followed") {
  const std::string text = "x: &x\n  a: 1\ny: *x\nl: [*x, &s t, *s]\n";
  CHECK(Read(text, {"y", "a"}) == "1");
  const ScanResult scan = Scan(text);
  const NodeView list = NodeView::Root(scan.outline).Find("l");
  std::string items;
  for (const NodeView item : list.children())
    items += "[" + item.Find("a").Text() + item.Text() + "]";
  CHECK(items == "[1][t][t]");
}

TEST_CASE("view: merges: explicit keys win, then the merged maps in order") {
  const std::string base = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\n";
  CHECK(Read(base + "z:\n  <<: *x\n  b: 3\n", {"z", "a"}) == "1");
  CHECK(Read(base + "z:\n  <<: *x\n  b: 3\n", {"z", "b"}) == "3");
  CHECK(Read(base + "z:\n  b: 3\n  <<: *x\n", {"z", "b"}) == "3");
  CHECK(Read(base + "z:\n  <<: [*x, *y]\n", {"z", "b"}) == "1");
  CHECK(Read(base + "z:\n  <<: [*x, *y]\n", {"z", "c"}) == "2");
  CHECK(Read(base + "z:\n  <<: {c: 5}\n", {"z", "c"}) == "5");
  CHECK(Read(base + "z:\n  \"<<\": *x\n", {"z", "a"}) ==
        "(nothing)");  // Quoted: a key like any other.
  CHECK(Read("x: &x {<<: &y {a: 1}}\nz: {<<: *x}\n", {"z", "a"}) == "1");
}

TEST_CASE("view: what is read through an alias or a merge is shared") {
  const ScanResult scan = Scan("x: &x {a: 1}\ny: {<<: *x, b: 2}\n");
  const NodeView root = NodeView::Root(scan.outline);
  CHECK(scan.outline.IsShared(root.Find({"y", "a"}).id()));
  CHECK(scan.outline.IsShared(root.Find({"x", "a"}).id()));
  CHECK_FALSE(scan.outline.IsShared(root.Find({"y", "b"}).id()));
}

TEST_CASE("view: null is a plain scalar that every reader takes for it") {
  const auto is_null = [](const std::string& value) {
    const std::string text = "a: " + value + "\n";
    const ScanResult scan = Scan(text);
    REQUIRE_FALSE(scan.problem);
    return NodeView::Root(scan.outline).Find("a").IsNull();
  };
  for (const char* text : {"", "~", "null", "Null", "NULL", "# comment", "&x null"})
    CHECK(is_null(text));
  for (const char* text : {"\"\"", "'null'", "nULL", "0", "{}", "[]", "!!str", "nil"})
    CHECK_FALSE(is_null(text));
}

TEST_CASE("view: keys and items, in order") {
  const ScanResult scan = Scan("b: 1\na: [x]\n");
  std::string keys;
  for (const NodeView entry : NodeView::Root(scan.outline).children()) keys += entry.Key() + " ";
  CHECK(keys == "b a ");
  const NodeView item = *NodeView::Root(scan.outline).Find("a").children().begin();
  CHECK(item.Key().empty());
  CHECK(item.Text() == "x");
  CHECK(item.parent().Key() == "a");
}

TEST_CASE("view: comparing texts needs no decoding, and agrees with it") {
  for (const char* value :
       {"x", "'it''s'", "\"t\\tb\"", "\"x\"", "|\n  x", "x\n  y", "'x'", "''"}) {
    const std::string text = "a: " + std::string(value) + "\n";
    const ScanResult scan = Scan(text);
    const NodeView at = NodeView::Root(scan.outline).Find("a");
    INFO(value);
    CHECK(at.TextIs(at.Text()));
    CHECK_FALSE(at.TextIs(at.Text() + "z"));
  }
}

}  // namespace
}  // namespace cloudlab::yaml
