// The proof of a splice is handed wrong splices, and must see each of them; and right ones, which
// it must let pass.
//
// The proof is about what readers see: a tree. A comment or a blank line that changes passes,
// because no reader sees it; that those bytes are kept is shown by the pieces that the splice
// copies (EditSet:: Kept), which the last proof of a run compares byte by byte.
#include "yaml/verify.hpp"

#include <catch2/catch.hpp>

#include "text/edit.hpp"
#include "unit/yaml/surgery_table.hpp"
#include "yaml/surgery.hpp"

namespace cloudlab::yaml {
namespace {

const std::string kPod = R"(# A pod.
spec:
  name: "x"   # the name
  containers:
  - name: app
    image: a:1
    args: [one, two]
  - name: log
    image: b:1
  script: |
    one
      two

    three
  last: 1
)";

/// What the proof says of `edited` as the result of `change` to `original`; empty if it passes.
std::string Judged(const std::string& original, const std::string& change,
                   const std::string& edited) {
  const ScanResult before = Scan(original);
  REQUIRE_FALSE(before.problem);
  const ScanResult after = Scan(edited);
  if (after.problem) return "not accepted: " + after.problem->message;
  const auto mismatch =
      Verify(before.outline, table::ParseChanges(before.outline, change), after.outline);
  if (!mismatch) return "";
  // Both trees are what the message shows, so they must be there, and be those of the texts.
  CHECK(mismatch->found == PrintTree(after.outline));
  CHECK((change.empty() ? mismatch->intended == PrintTree(before.outline)
                        : !mismatch->intended.empty()));
  return mismatch->what;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("verify: nothing was intended and nothing changed") {
  CHECK(Judged(kPod, "", kPod).empty());
}

TEST_CASE("verify: right splices pass") {
  CHECK(Judged(kPod, "replace spec.last 2", Replaced(kPod, "last: 1", "last: 2")).empty());
  CHECK(Judged(kPod, "put spec.new x", kPod + "  new: x\n").empty());
  CHECK(Judged(kPod, "remove spec.containers[0].args", Replaced(kPod, "    args: [one, two]\n", ""))
            .empty());
  CHECK(Judged(kPod, "append spec.containers {name: z}",
               Replaced(kPod, "  script", "  - name: z\n  script"))
            .empty());
  CHECK(Judged(kPod, "append spec.containers[0].args three", Replaced(kPod, "two]", "two, three]"))
            .empty());
  // New content is compared by meaning: any style that is read as intended is right.
  CHECK(Judged(kPod, "replace spec.last x", Replaced(kPod, "last: 1", "last: 'x'")).empty());
  CHECK(Judged(kPod, "put spec.new {a: [1]}", kPod + "  new: {\"a\": [1]}\n").empty());
}

TEST_CASE("verify: comments and blank lines are no tree") {
  CHECK(Judged(kPod, "", Replaced(kPod, "# the name", "# another")).empty());
  CHECK(Judged(kPod, "", "\n" + kPod).empty());
  CHECK(Judged(kPod, "", Replaced(kPod, "\"x\"   #", "\"x\" #")).empty());
}

TEST_CASE("verify: off by one") {
  const ScanResult scan = Scan(kPod);
  const ChangeSet changes = table::ParseChanges(scan.outline, "replace spec.name renamed");
  const auto edits = std::get<text::EditSet>(Operate(scan.outline, changes));
  REQUIRE(edits.edits().size() == 1);
  const text::Edit right = edits.edits()[0];
  const auto judged = [&](std::uint32_t begin, std::uint32_t end) {
    text::EditSet wrong;
    REQUIRE_FALSE(wrong.Add({{begin, end}, right.text}));
    return Judged(kPod, "replace spec.name renamed", wrong.Apply(kPod));
  };
  CHECK(judged(right.span.begin, right.span.end).empty());
  CHECK_FALSE(judged(right.span.begin + 1, right.span.end).empty());
  CHECK_FALSE(judged(right.span.begin, right.span.end - 1).empty());
  CHECK_FALSE(judged(right.span.begin - 1, right.span.end).empty());
  CHECK_FALSE(judged(right.span.begin + 1, right.span.end + 1).empty());
  CHECK_FALSE(judged(right.span.begin - 1, right.span.end - 1).empty());
}

TEST_CASE("verify: a new line in the wrong column") {
  const auto judged = [](const std::string& line) {
    return Judged(kPod, "put spec.new x", kPod + line);
  };
  CHECK(judged("  new: x\n").empty());
  CHECK(judged("new: x\n") == "new: an entry or item too many");
  CHECK_FALSE(judged("   new: x\n").empty());
  CHECK_FALSE(judged(" new: x\n").empty());
}

TEST_CASE("verify: what is lost, doubled, swapped or changed beside the edit") {
  const auto judged = [](const std::string& from, const std::string& to) {
    return Judged(kPod, "put spec.new x", Replaced(kPod, from, to) + "  new: x\n");
  };
  CHECK(judged("    image: b:1\n", "") == "spec.containers[1]: an entry or item is missing");
  CHECK_FALSE(judged("    image: a:1\n", "    image: a:1\n    image: a:1\n").empty());
  CHECK_FALSE(judged("  - name: log\n    image: b:1\n", "").empty());
  CHECK_FALSE(judged("image: a:1\n", "image: a:2\n").empty());
  CHECK_FALSE(judged("name: app\n    image: a:1\n", "image: a:1\n    name: app\n").empty());
  CHECK_FALSE(judged("[one, two]", "[two, one]").empty());
  CHECK_FALSE(judged("[one, two]", "[one, two, three]").empty());
  CHECK_FALSE(judged("image: a:1", "\"image\": a:1").empty());
  CHECK_FALSE(judged("  last: 1", "  lost: 1").empty());
  CHECK_FALSE(judged("  last: 1\n", "").empty());
}

TEST_CASE("verify: a value of the same meaning in another style was changed") {
  CHECK_FALSE(Judged(kPod, "", Replaced(kPod, "\"x\"", "x")).empty());
  CHECK_FALSE(Judged(kPod, "", Replaced(kPod, "\"x\"", "'x'")).empty());
  CHECK_FALSE(Judged(kPod, "", Replaced(kPod, "[one, two]", "\n    - one\n    - two")).empty());
}

TEST_CASE("verify: a changed text") {
  CHECK_FALSE(Judged(kPod, "", Replaced(kPod, "script: |", "script: |-")).empty());
  CHECK_FALSE(Judged(kPod, "", Replaced(kPod, "script: |", "script: >")).empty());
  CHECK_FALSE(Judged(kPod, "", Replaced(kPod, "      two", "     two")).empty());
  CHECK_FALSE(Judged(kPod, "", Replaced(kPod, "\n\n    three", "\n    three")).empty());
  CHECK_FALSE(Judged(kPod, "", Replaced(kPod, "    three\n", "")).empty());
  CHECK_FALSE(Judged(kPod, "", Replaced(kPod, "    three", "    # three")).empty());
  const std::string kept = "a: |+\n  x\n\nb: 1\n";
  CHECK_FALSE(Judged(kept, "", "a: |+\n  x\nb: 1\n").empty());
  CHECK_FALSE(Judged(kept, "remove b", "a: |+\n  x\n\n\n").empty());
  CHECK(Judged(kept, "remove b", "a: |+\n  x\n\n").empty());
}

TEST_CASE("verify: a text at the end may get a line break only where it is stripped") {
  CHECK(Judged("a: |-\n  x", "put b 1", "a: |-\n  x\nb: 1\n").empty());
  CHECK_FALSE(Judged("a: |\n  x", "put b 1", "a: |\n  x\nb: 1\n").empty());
}

TEST_CASE("verify: a string that is readable as something else") {
  CHECK(Judged("a: x\n", "replace a \"yes\"", "a: \"yes\"\n").empty());
  CHECK(Judged("a: x\n", "replace a \"yes\"", "a: yes\n") == "a: the string `yes` must be quoted");
  CHECK_FALSE(Judged("a: x\n", "replace a \"1\"", "a: 1\n").empty());
  CHECK_FALSE(Judged("a: x\n", "replace a 1", "a: \"1\"\n").empty());  // A number must be one.
  CHECK_FALSE(Judged("a: x\n", "put b \"1e3\"", "a: x\nb: 1e3\n").empty());
}

TEST_CASE("verify: a new key that is readable as something else") {
  CHECK(Judged("a: x\n", "put yes 1", "a: x\n\"yes\": 1\n").empty());
  CHECK_FALSE(Judged("a: x\n", "put yes 1", "a: x\nyes: 1\n").empty());
}

TEST_CASE("verify: anchors, tags and aliases") {
  const std::string text = "a: &x 1\nb: &y 1\nc: *x\nd: !!str 1\n";
  CHECK(Judged(text, "put e 1", text + "e: 1\n").empty());
  CHECK_FALSE(Judged(text, "", Replaced(text, "*x", "*y")).empty());
  CHECK_FALSE(Judged(text, "", Replaced(text, "*x", "1")).empty());
  CHECK_FALSE(Judged(text, "", Replaced(text, "!!str ", "")).empty());
  CHECK_FALSE(Judged(text, "", Replaced(text, "!!str", "!!int")).empty());
  CHECK_FALSE(Judged(text, "", Replaced(text, "&y ", "")).empty());
  CHECK_FALSE(Judged(text, "", Replaced(text, "&y", "&x")).empty());  // Now `c` is b's value.
  CHECK_FALSE(Judged(text, "", "a: 1\nb: &x 1\nc: *x\nd: !!str 1\n").empty());  // The anchor moved.
  CHECK_FALSE(Judged(text, "put e 1", text + "e: *x\n").empty());
  CHECK_FALSE(Judged(text, "put e 1", text + "e: &z 1\n").empty());
  CHECK(Judged(text, "remove c", Replaced(text, "c: *x\n", "")).empty());
  CHECK(Judged(text, "replace c 2", Replaced(text, "*x", "2")).empty());
}

TEST_CASE("verify: the twin of an edited value behind an alias") {
  const std::string text = "a: &x {k: 1}\nb: *x\n";
  CHECK(Judged(text, "replace a.k 2", Replaced(text, "k: 1", "k: 2")) ==
        "b: the value behind this alias was changed");
  CHECK_FALSE(Judged(text, "put a.l 2", Replaced(text, "k: 1", "k: 1, l: 2")).empty());
}

TEST_CASE("verify: an intended change that was not made") {
  CHECK_FALSE(Judged(kPod, "replace spec.last 2", kPod).empty());
  CHECK_FALSE(Judged(kPod, "remove spec.last", kPod).empty());
  CHECK_FALSE(Judged(kPod, "put spec.new 1", kPod).empty());
  CHECK_FALSE(Judged(kPod, "append spec.containers x", kPod).empty());
}

TEST_CASE("verify: items in the wrong place") {
  const std::string text = "- a\n- b\n";
  CHECK(Judged(text, "before [1] x", "- a\n- x\n- b\n").empty());
  CHECK_FALSE(Judged(text, "before [1] x", "- x\n- a\n- b\n").empty());
  CHECK_FALSE(Judged(text, "before [1] x", "- a\n- b\n- x\n").empty());
  CHECK_FALSE(Judged(text, "append . x; append . z", "- a\n- b\n- z\n- x\n").empty());
}

TEST_CASE("verify: a failure shows both trees") {
  const ScanResult before = Scan("a: 1\nb: [x]\n");
  const ScanResult after = Scan("a: 2\nb: [x]\n");
  const auto mismatch = Verify(before.outline, ChangeSet(), after.outline);
  REQUIRE(mismatch);
  CHECK(mismatch->what == "a: a value changed that no change names");
  CHECK(mismatch->intended == "{}\n  a: \"1\"\n  b: []\n    -: \"x\"\n");
  CHECK(mismatch->found == "{}\n  a: \"2\"\n  b: []\n    -: \"x\"\n");
}

}  // namespace
}  // namespace cloudlab::yaml
