// Every kind of edit at every style of its surroundings: the tables in surgery/*.txt, byte by byte.
#include "yaml/surgery.hpp"

#include <catch2/catch.hpp>
#include <iostream>
#include <set>

#include "unit/yaml/surgery_table.hpp"
#include "yaml/verify.hpp"

namespace cloudlab::yaml {
namespace {

const std::filesystem::path kTables =
    std::filesystem::path(CLOUDLAB_TESTS_DIR) / "unit/yaml/surgery";

/// The edited text, or "!! message" of the refusal.
std::string Edited(const std::string& input, const std::string& change) {
  const ScanResult scan = Scan(input);
  REQUIRE_FALSE(scan.problem);
  const ChangeSet changes = table::ParseChanges(scan.outline, change);
  const auto planned = Operate(scan.outline, changes);
  if (const auto* problem = std::get_if<Problem>(&planned)) {
    CHECK(problem->what == Problem::Class::kRefusal);
    CHECK(problem->code == "CL-Y-EDIT");
    return "!! " + problem->message;
  }
  const std::string text = std::get<text::EditSet>(planned).Apply(input);
  const ScanResult again = Scan(text);
  INFO(text);
  REQUIRE_FALSE(again.problem);
  if (const auto mismatch = Verify(scan.outline, changes, again.outline)) FAIL(mismatch->what);
  return text;
}

/// Signs instead of bytes, for a rewritten table.
std::string WithSigns(const std::string& text) {
  if (text.starts_with("!! ")) return text + "\n";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool line_end = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    if (text[i] == '\r') {
      out += "\xE2\x90\x8D";
    } else if (text[i] == '\t') {
      out += "\xE2\x86\x92";
    } else if (text[i] == ' ' && line_end) {
      out += "\xE2\x96\xA1";
    } else if (text.substr(i, 3) == "\xEF\xBB\xBF") {
      out += "\xE2\x97\x86";
      i += 2;
    } else {
      out += text[i];
    }
  }
  return text.ends_with('\n') ? out : out + "\xE2\x88\x8E\n";
}

void Rewrite() {
  for (const auto& file : std::filesystem::directory_iterator(kTables)) {
    if (file.path().extension() != ".txt") continue;
    std::string out;
    std::string style;
    std::ifstream in(file.path());
    for (std::string line; std::getline(in, line) && !line.starts_with("## ");) out += line + "\n";
    for (const table::Row& row : table::ReadTable(file.path())) {
      if (row.style != style) out += "## " + row.style + "\n" + WithSigns(row.input);
      style = row.style;
      INFO(row.style << ": " << row.change);
      out += ">> " + row.change + "\n" + WithSigns(Edited(row.input, row.change));
    }
    std::ofstream(file.path()) << out;
  }
}

TEST_CASE("surgery: the table") {
  if (std::getenv("CLOUDLAB_REWRITE_SURGERY") != nullptr) Rewrite();
  const auto rows = table::ReadTables(kTables);
  std::set<std::string> styles;
  std::size_t edits = 0;
  for (const table::Row& row : rows) {
    INFO(row.file << ": " << row.style << "\n" << row.input << ">> " << row.change);
    CHECK(Edited(row.input, row.change) == (row.refused ? "!! " : "") + row.expected);
    styles.insert(row.style);
    edits += row.refused ? 0U : 1U;
  }
  CHECK(edits >= 200);
  std::cout << "surgery: " << edits << " edits at " << styles.size() << " styles, "
            << rows.size() - edits << " refusals\n";
}

TEST_CASE("surgery: what was put can be removed again, byte by byte") {
  std::size_t inverses = 0;
  for (const table::Row& row : table::ReadTables(kTables)) {
    if (row.refused || !row.change.starts_with("put ") ||
        row.change.find("; ") != std::string::npos)
      continue;
    if (row.style == "odd blank lines below") continue;  // They go with the entry above them.
    const ScanResult before = Scan(row.input);
    std::istringstream words(row.change);
    std::string verb;
    std::string path;
    words >> verb >> path;
    auto missing = table::Steps(path);
    const NodeView parent = table::Walk(NodeView::Root(before.outline), missing);
    if (parent.children().empty()) continue;  // It was `{}` or null and would become `{}`.
    const ScanResult after = Scan(row.expected);
    INFO(row.file << ": " << row.style << " >> " << row.change);
    REQUIRE_FALSE(after.outline.empty());
    auto steps = table::Steps(path);
    steps.resize(steps.size() - missing.size() + 1);
    ChangeSet removal;
    REQUIRE_FALSE(removal.Remove(table::Walk(NodeView::Root(after.outline), steps).id(), 0));
    INFO(row.file << ": " << row.style << "\n" << row.expected << ">> remove " << path);
    std::string input =
        std::get<text::EditSet>(Operate(after.outline, removal)).Apply(row.expected);
    // A removal takes whole lines, so that a text may end with a line break that it had not.
    if (!row.input.ends_with('\n') && input.ends_with('\n')) input.erase(row.input.size());
    CHECK(input == row.input);
    ++inverses;
  }
  CHECK(inverses >= 30);
  std::cout << "surgery: " << inverses << " additions removed again\n";
}

TEST_CASE("surgery: two changes of one stage meet without harm") {
  const std::string pod = "spec:\n  a: 1\n  b: 2\n";
  CHECK(Edited(pod, "remove spec.b; put spec.c 3") == "spec:\n  a: 1\n  c: 3\n");
  CHECK(Edited(pod, "remove spec.a; remove spec.b; put spec.c 3") == "spec:\n  c: 3\n");
  CHECK(Edited(pod, "remove spec; remove spec.a; put other 1") == "other: 1\n");
  CHECK(Edited(pod, "put spec.c 3; put d 4") == "spec:\n  a: 1\n  b: 2\n  c: 3\nd: 4\n");
  CHECK(Edited(pod, "replace spec 1; put spec.c 2") ==
        "!! one change replaces or removes this, another one adds to it");
  CHECK(Edited(pod, "remove spec; replace spec.a 2") ==
        "!! a change inside a value that another change removes or replaces");
}

TEST_CASE("surgery: a key that exists already is not put a second time") {
  const std::string text = "spec:\n  a: 1\n";
  const ScanResult scan = Scan(text);
  ChangeSet changes;
  REQUIRE_FALSE(changes.Put(1, {"a"}, Value::Int(2), 0));
  const auto planned = Operate(scan.outline, changes);
  REQUIRE(std::holds_alternative<Problem>(planned));
  CHECK(std::get<Problem>(planned).message == "the key `a` exists already");
}

// Nobody waits for a quadratic way here: it takes a minute.
TEST_CASE("surgery: the work on a long list is linear in its length") {
  std::string list = "a:\n";
  for (int i = 0; i < 100'000; ++i) list += "- name: x\n";
  CHECK(Edited(list, "append a z") == list + "- z\n");
  CHECK(Edited(list, "before a[99999] z").ends_with("- z\n- name: x\n"));
}

TEST_CASE("surgery: the work on many aliases is linear in their number") {
  std::string text = "a:\n";
  for (int i = 0; i < 150'000; ++i) text += "- &x" + std::to_string(i) + " 1\n";
  text += "b:\n";
  for (int i = 0; i < 150'000; ++i) text += "- *x" + std::to_string(i) + "\n";
  CHECK(Edited(text, "put c 1") == text + "c: 1\n");
}

TEST_CASE("surgery: nothing is added that would be nested too deeply to be read") {
  const auto edited = [](const std::string& input, const std::string& verb, std::size_t levels) {
    const std::string value = std::string(levels, '[') + std::string(levels, ']');
    return Edited(input, verb + " " + value);
  };
  const std::string refusal = "!! what is added here would be nested more than 1,000 levels deep";
  const std::string input = "a:\n  b: {c: 1}\n  d: [e]\n";
  CHECK(edited(input, "put a.b.x", 997) != refusal);
  CHECK(edited(input, "put a.b.x", 998) == refusal);
  CHECK(edited(input, "append a.d", 997) != refusal);
  CHECK(edited(input, "append a.d", 998) == refusal);
  CHECK(edited(input, "replace a.b", 998) != refusal);
  CHECK(edited(input, "replace a.b", 999) == refusal);
}

TEST_CASE("surgery: a refusal points at the first line of the value") {
  const std::string text = "a: &x\n  b: 1\n  c: 2\nd: *x\n";
  const ScanResult scan = Scan(text);
  const auto planned = Operate(scan.outline, table::ParseChanges(scan.outline, "replace a.b 3"));
  REQUIRE(std::holds_alternative<Problem>(planned));
  CHECK(std::get<Problem>(planned).span.In(text) == "1");
}

}  // namespace
}  // namespace cloudlab::yaml
