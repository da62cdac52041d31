// Reads the tables in surgery/*.txt: documents, changes to them, and the exact text that each
// change must give. See surgery/README.md for how they are written.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "yaml/change.hpp"
#include "yaml/view.hpp"

namespace cloudlab::yaml::table {

/// One change to one document.
struct Row {
  std::string file;
  std::string style;   ///< The heading: what the document is an example of.
  std::string change;  ///< "put spec.a 1; remove spec.b"
  std::string input;
  std::string expected;  ///< The text, or the refusal's message if `refused`.
  bool refused = false;
};

/// Signs that stand for bytes which cannot be seen.
inline std::string WithBytes(std::string text) {
  const std::vector<std::pair<std::string, std::string>> signs = {{"\xE2\x90\x8D", "\r"},
                                                                  {"\xE2\x86\x92", "\t"},
                                                                  {"\xE2\x96\xA1", " "},
                                                                  {"\xE2\x88\x8E\n", ""},
                                                                  {"\xE2\x97\x86", "\xEF\xBB\xBF"}};
  for (const auto& [sign, bytes] : signs) {
    for (std::size_t at = text.find(sign); at != std::string::npos; at = text.find(sign, at)) {
      text.replace(at, sign.size(), bytes);
    }
  }
  return text;
}

inline std::vector<Row> ReadTable(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::vector<Row> rows;
  std::string style;
  std::string input;
  std::string* text = nullptr;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("## ")) {
      style = line.substr(3);
      input.clear();
      text = &input;
    } else if (line.starts_with(">> ")) {
      rows.push_back({path.stem(), style, line.substr(3), WithBytes(input), "", false});
      text = &rows.back().expected;
    } else if (line.starts_with("!! ")) {
      rows.back().expected = line.substr(3);
      rows.back().refused = true;
      text = nullptr;
    } else if (text != nullptr) {
      *text += line + "\n";
    }
  }
  for (Row& row : rows) row.expected = row.refused ? row.expected : WithBytes(row.expected);
  return rows;
}

inline std::vector<Row> ReadTables(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<Row> rows;
  for (const auto& file : files) std::ranges::move(ReadTable(file), std::back_inserter(rows));
  return rows;
}

/// The keys and indices of `spec.list[0].name`; "." is the root.
inline std::vector<std::string> Steps(const std::string& path) {
  std::vector<std::string> steps;
  std::string step;
  for (const char c : path) {
    if ((c == '.' || c == '[') && !step.empty()) steps.push_back(std::exchange(step, {}));
    if (c == '[' || (c != '.' && c != ']')) step += c;
    if (c == ']') steps.push_back(std::exchange(step, {}));
  }
  if (!step.empty()) steps.push_back(step);
  return steps;
}

/// The node at the end of `steps`, as far as they exist; erases those that were walked.
inline NodeView Walk(NodeView at, std::vector<std::string>& steps) {
  while (!steps.empty()) {
    NodeView next;
    std::size_t index = steps[0].starts_with('[') ? std::stoul(steps[0].substr(1)) : 0;
    for (const NodeView child :
         at.node().kind == Kind::kAlias ? NodeView::Children({}) : at.children()) {
      if (steps[0].starts_with('[') ? index-- == 0 : child.KeyIs(steps[0])) next = child;
      if (next && steps[0].starts_with('[')) break;
    }
    if (!next) return at;
    at = next;
    steps.erase(steps.begin());
  }
  return at;
}

inline NodeId Existing(const Outline& outline, const std::string& path) {
  auto steps = Steps(path);
  const NodeView at = Walk(NodeView::Root(outline), steps);
  if (!steps.empty()) throw std::runtime_error("there is no " + path);
  return at.id();
}

/// A value written as YAML; `!lit 5Gi` is a Literal that no reader takes for a number.
inline Value ParseValue(const std::string& text) {
  if (text.starts_with("!lit ")) return Value::Literal(text.substr(5));
  const ScanResult scan = Scan(text);
  if (scan.problem) throw std::runtime_error("no value: " + text);
  return Value::From(NodeView::Root(scan.outline));
}

inline void AddChange(const Outline& outline, const std::string& change, ChangeSet& changes) {
  std::istringstream words(change);
  std::string verb;
  std::string path;
  std::string rest;
  words >> verb >> path >> std::ws;
  std::getline(words, rest);
  if (verb == "remove") {
    (void)changes.Remove(Existing(outline, path), 0);
    return;
  }
  Value value = ParseValue(rest);
  auto steps = Steps(path);
  const NodeView at = Walk(NodeView::Root(outline), steps);
  if (verb == "replace") {
    (void)changes.Replace(Existing(outline, path), std::move(value), 0);
  } else if (verb == "put") {
    (void)changes.Put(at.id(), steps, std::move(value), 0);
  } else if (verb == "append" && steps.empty()) {
    changes.Append(at.id(), std::move(value), 0);
  } else if (verb == "append") {
    (void)changes.Append(at.id(), steps, std::move(value), 0);
  } else if (verb == "before" || verb == "after") {
    const auto side = verb == "before" ? ItemPlace::Side::kBefore : ItemPlace::Side::kAfter;
    changes.Append(at.parent().id(), std::move(value), 0, {side, Existing(outline, path)});
  } else {
    throw std::runtime_error("unknown change: " + change);
  }
}

/// The changes of a row: one or more, with `; ` between them.
inline ChangeSet ParseChanges(const Outline& outline, const std::string& text) {
  ChangeSet changes;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find("; ", at), text.size());
    AddChange(outline, text.substr(at, end - at), changes);
    at = end + 2;
  }
  return changes;
}

}  // namespace cloudlab::yaml::table
