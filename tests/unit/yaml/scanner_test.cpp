// The outline: spans and styles of what is accepted; code, class and place of what is not. The
// tricky cases are files (tests/traps), agreement with other readers is the oracle's
// (tests/oracle).
#include <catch2/catch.hpp>
#include <string>

#include "text/line_index.hpp"
#include "yaml/outline.hpp"
#include "yaml/render.hpp"
#include "yaml/value.hpp"
#include "yaml/view.hpp"

namespace cloudlab::yaml {
namespace {

/// "line:col code" of the problem in `text`, with a question mark for a refusal; or "accepted".
std::string Verdict(std::string_view text) {
  const ScanResult result = Scan(text);
  if (!result.problem) return "accepted";
  const auto [line, column] = text::Locate(text, result.problem->span.begin);
  CHECK(result.problem->span.begin <= result.problem->span.end);
  CHECK(result.problem->span.end <= text.size());
  CHECK_FALSE(result.problem->message.empty());
  return std::to_string(line) + ":" + std::to_string(column) + " " +
         std::string(result.problem->code) +
         (result.problem->what == Problem::Class::kRefusal ? "?" : "");
}

/// Every node as `key=value`, by its spans.
std::string Spans(std::string_view text) {
  const ScanResult result = Scan(text);
  REQUIRE_FALSE(result.problem);
  std::string out;
  for (const Node& node : result.outline.nodes()) {
    out += "<" + std::string(node.key.In(text)) + "=" + std::string(node.value.In(text)) + ">";
  }
  return out;
}

TEST_CASE("scanner: spans of keys and values") {
  CHECK(Spans("a: 1\n") == "<=a: 1><a=1>");
  CHECK(Spans("a:   1   # c\n") == "<=a:   1><a=1>");
  CHECK(Spans("'a' : \"x\"\n") == "<='a' : \"x\"><'a'=\"x\">");
  CHECK(Spans("a:\n  b: 1\nc: 2\n") == "<=a:\n  b: 1\nc: 2><a=b: 1><b=1><c=2>");
  CHECK(Spans("- a\n- - b\n") == "<=- a\n- - b><-=a><-=- b><-=b>");
  CHECK(Spans("a: [x, {y: 1}]\n") == "<=a: [x, {y: 1}]><a=[x, {y: 1}]><=x><={y: 1}><y=1>");
  CHECK(Spans("a: &b !!str x\n") == "<=a: &b !!str x><a=x>");
  CHECK(Spans("a:\nb:\n") == "<=a:\nb:><a=><b=>");
  CHECK(Spans("a: |\n  x\n\n# c\n") == "<=a: |\n  x\n><a=|\n  x\n>");
  CHECK(Spans("a: |+\n  x\n\n# c\n") == "<=a: |+\n  x\n\n><a=|+\n  x\n\n>");
  CHECK(Spans("a: x\n  y\nb: 1\n") == "<=a: x\n  y\nb: 1><a=x\n  y><b=1>");
}

TEST_CASE("scanner: styles, indentation, links") {
  const ScanResult result = Scan("a:\n   b: 'x'\n   c:\n   - |2-\n       t\nd: {e: f}\n");
  REQUIRE_FALSE(result.problem);
  const auto& nodes = result.outline.nodes();
  REQUIRE(nodes.size() == 7);
  CHECK(nodes[0].indent == 0);
  CHECK(nodes[1].indent == 3);
  CHECK(nodes[2].style == Style::kSingle);
  CHECK(nodes[3].kind == Kind::kSeq);
  CHECK(nodes[3].indent == 3);
  CHECK(nodes[4].style == Style::kLiteral);
  CHECK(nodes[4].indent == 5);
  CHECK(nodes[5].style == Style::kFlow);
  CHECK(nodes[5].kind == Kind::kMap);
  CHECK((nodes[1].has_children && nodes[2].next == 3 && nodes[3].parent == 1 && nodes[1].next == 5));
}

TEST_CASE("scanner: documents without content") {
  for (const std::string_view text :
       {"", "\n", "# c\n", "---", "---\n", "--- # c\n", "---\n...\n"}) {
    INFO(text);
    const ScanResult result = Scan(text);
    CHECK_FALSE(result.problem);
    CHECK(result.outline.empty());
  }
}

TEST_CASE("scanner: errors have a place and a code") {
  CHECK(Verdict("a: b: c\n") == "1:5 CL-Y-SYNTAX");
  CHECK(Verdict("a: 1\n b: 2\n") == "2:3 CL-Y-SYNTAX");
  CHECK(Verdict("a:\n    b: 1\n  c: 2\n") == "3:3 CL-Y-INDENT");
  CHECK(Verdict("a:\n\tb: 1\n") == "2:1 CL-Y-TAB");
  CHECK(Verdict("a: \"x\n") == "1:4 CL-Y-SYNTAX");
  CHECK(Verdict("a: [1, 2\n") == "1:4 CL-Y-SYNTAX");
  CHECK(Verdict("a: {b: 1\nc: 2\n") == "2:2 CL-Y-SYNTAX");
  CHECK(Verdict("a: @x\n") == "1:4 CL-Y-SYNTAX");
  CHECK(Verdict("a: \"\\/\"\n") == "1:5 CL-Y-ESCAPE");
  CHECK(Verdict("a: \"\\ud83d\\ude00\"\n") == "1:5 CL-Y-ESCAPE");
  CHECK(Verdict("a: *x\n") == "1:4 CL-Y-ALIAS");
  CHECK(Verdict("a: &x [*x]\n") == "1:8 CL-Y-ALIAS");
  CHECK(Verdict("a: 1\n...\nb: 1\n") == "3:1 CL-Y-SYNTAX");
  CHECK(Verdict("a: 1\nb\n") == "2:1 CL-Y-SYNTAX");
  CHECK(Verdict("- a\nb: 1\n") == "2:1 CL-Y-INDENT");
}

TEST_CASE("scanner: refusals, where others might accept") {
  CHECK(Verdict("? a\n: b\n") == "1:1 CL-Y-KEY?");
  CHECK(Verdict("{{ .Values.x }}: 1\n") == "1:2 CL-Y-KEY?");
  CHECK(Verdict("a: 1\n&x b: 2\n") == "2:1 CL-Y-KEY?");
  CHECK(Verdict("a: !<tag:x> b\n") == "1:4 CL-Y-TAG?");
  CHECK(Verdict("%YAML 1.2\n---\na: 1\n") == "1:1 CL-Y-DIRECTIVE?");
  CHECK(Verdict("a: 1\rb: 2\n") == "1:5 CL-Y-LINE-BREAK?");
  CHECK(Verdict("a: \"x\"# c\n") == "1:7 CL-Y-COMMENT?");
  CHECK(Verdict("[a: 1]\n") == "1:3 CL-Y-KEY?");
  CHECK(Verdict("a: 1\n---b: 2\n") == "2:1 CL-Y-KEY?");
  CHECK(Verdict(std::string(1'001, 'k') + ": 1\n") == "1:1 CL-Y-KEY?");
}

TEST_CASE("scanner: bytes that no reader takes") {
  using std::string_literals::operator""s;
  CHECK(Verdict("a: \0\n"s) == "1:4 CL-Y-CONTROL");
  CHECK(Verdict("a: \x07\n") == "1:4 CL-Y-CONTROL");
  CHECK(Verdict("a: \x7F\n") == "1:4 CL-Y-CONTROL");
  CHECK(Verdict("a: \xC2\x80\n") == "1:4 CL-Y-CONTROL");
  CHECK(Verdict("a: \xFF\n") == "1:4 CL-Y-UTF8");
  CHECK(Verdict("a: \xC3\n") == "1:4 CL-Y-UTF8");
  CHECK(Verdict("a: \xC0\xAF\n") == "1:4 CL-Y-UTF8");           // Overlong.
  CHECK(Verdict("a: \xED\xA0\x80\n") == "1:4 CL-Y-UTF8");       // A surrogate.
  CHECK(Verdict("a: \xF4\x90\x80\x80\n") == "1:4 CL-Y-UTF8");   // Beyond U+10FFFF.
  CHECK(Verdict("a: x\xEF\xBB\xBF\n") == "1:5 CL-Y-CONTROL?");  // A mark inside the text.
  CHECK(Verdict("a: \xE2\x80\xA8\n") == "1:4 CL-Y-LINE-BREAK?");
  CHECK(Verdict("a: \xC2\x85\n") == "1:4 CL-Y-LINE-BREAK?");
  CHECK(Verdict("a: \xC3\xA9\xF0\x9F\x98\x80\n") == "accepted");
  CHECK(Verdict(std::string(5'000, ' ') + "a: \xFF\n") == "1:5004 CL-Y-UTF8");
}

TEST_CASE("scanner: a byte order mark begins a stream, not a later document") {
  CHECK_FALSE(Scan("\xEF\xBB\xBF"
                   "a: 1\n",
                   true)
                  .problem);
  CHECK(Scan("\xEF\xBB\xBF"
             "a: 1\n",
             false)
            .problem);
}

TEST_CASE("limits: levels") {
  CHECK(Verdict(std::string(1'000, '[') + std::string(1'000, ']')) == "accepted");
  CHECK(Verdict(std::string(10'001, '[') + std::string(10'001, ']')) == "1:1001 CL-Y-LIMIT");
  std::string nested;
  for (int level = 0; level < 10'001; ++level) nested += "- ";
  CHECK(Verdict(nested + "x\n") == "1:2001 CL-Y-LIMIT");
}

/// Maps of `levels` levels behind anchors, each with an alias of the one before at its bottom.
std::string Chain(int anchors, int levels) {
  std::string text = "a0: &a0 x\n";
  for (int i = 1; i <= anchors; ++i) {
    const std::string name = "a" + std::to_string(i);
    text += name + ": &" + name + " ";
    for (int level = 0; level < levels; ++level) text += "{k: ";
    text +=
        "*a" + std::to_string(i - 1) + std::string(static_cast<std::size_t>(levels), '}') + "\n";
  }
  return text;
}

TEST_CASE("limits: levels behind aliases") {
  // The root map is a level, too.
  CHECK(Verdict(Chain(1, 999)) == "accepted");
  CHECK(Verdict(Chain(3, 333)) == "accepted");
  CHECK(Verdict(Chain(3, 334)).ends_with(" CL-Y-LIMIT"));
  CHECK(Verdict(Chain(20, 980)).starts_with("3:"));
  CHECK(Verdict(Chain(20, 980)).ends_with(" CL-Y-LIMIT"));
  // Where it stands counts: below a list, one level less is left.
  CHECK(Verdict(Chain(1, 998) + "z: [*a1]\n") == "accepted");
  CHECK(Verdict(Chain(1, 999) + "z: [*a1]\n").ends_with(" CL-Y-LIMIT"));
  // Block collections, and merges, as much as flow collections.
  CHECK(Verdict(Chain(1, 998) + "z:\n  y:\n    <<: *a1\n").ends_with(" CL-Y-LIMIT"));
  std::string blocks = "a: &a\n";
  for (int level = 1; level < 600; ++level) blocks += std::string(level, ' ') + "k:\n";
  CHECK(Verdict(blocks + "b: [[*a]]\n") == "accepted");
  blocks += "b: &b\n";
  for (int level = 1; level < 600; ++level) blocks += std::string(level, ' ') + "k:\n";
  CHECK(Verdict(blocks + std::string(600, ' ') + "k: *a\n").ends_with(" CL-Y-LIMIT"));
  // A name that is defined again stands for its last node, and that one alone counts.
  CHECK(Verdict("a: &a " + std::string(999, '[') + std::string(999, ']') +
                "\nb: &a x\nc: [*a]\n") == "accepted");
  CHECK(Verdict("a: &a [&a x, *a]\nb: [*a]\n") == "accepted");
}

TEST_CASE("limits: the deepest document that is accepted can be read as a value") {
  const std::string text = Chain(9, 111);
  const ScanResult scan = Scan(text);
  REQUIRE_FALSE(scan.problem);
  const Value value = Value::From(NodeView::Root(scan.outline));
  const Value copy = value;
  CHECK(copy == value);
  CHECK(RenderFlow(value, true).ends_with(std::string(999, '}') + "}"));
}

TEST_CASE("limits: bytes") {
  const std::string line = "key: value\n";
  std::string text;
  while (text.size() <= kMaxDocumentBytes) text += "# " + std::string(1'000, 'x') + "\n";
  CHECK(Verdict(line + text) == "1:1 CL-Y-LIMIT");
  CHECK(Verdict("a: \"" + std::string(kMaxDocumentBytes - 6, 'x') + "\"\n") == "accepted");
}

TEST_CASE("limits: nodes") {
  std::string text = "[";
  for (int i = 0; i < 4'000'100; ++i) text += "1,";
  CHECK(Verdict(text + "1]") == "1:8000000 CL-Y-LIMIT");
}

TEST_CASE("limits: aliases that expand to too much") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string name = std::to_string(i);
    bomb += "a" + name + ": &a" + name + " [";
    for (int k = 0; k < 10; ++k) bomb += (k == 0 ? "*a" : ", *a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  CHECK(Verdict(bomb).ends_with(" CL-Y-ALIAS"));
  std::string many = "a: &a 1\nb:\n";
  for (int i = 0; i < 200'000; ++i) many += "- *a\n";
  CHECK(Verdict(many) == "accepted");
}

}  // namespace
}  // namespace cloudlab::yaml
