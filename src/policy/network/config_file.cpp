#include "policy/network/config_file.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "policy/network/key_words.hpp"
#include "yaml/outline.hpp"
#include "yaml/view.hpp"

namespace cloudlab::policy::network {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view Unquote(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == text.back() &&
                      (text.front() == '"' || text.front() == '\'');
  return quoted ? text.substr(1, text.size() - 2) : text;
}

bool IsComment(std::string_view line) {
  static constexpr std::array<std::string_view, 4> kMarks = {"#", ";", "//", "--"};
  return std::ranges::any_of(kMarks, [line](auto mark) { return line.starts_with(mark); });
}

/// The line without what stands behind ` #`.
std::string_view WithoutRemark(std::string_view line) {
  const std::size_t remark = line.find(" #");
  return remark == std::string_view::npos ? line : line.substr(0, remark);
}

/// `key = value`, `key: value` or `key value;`. A line without a key is all text.
ConfigText ReadLine(std::string_view line) {
  const std::size_t end = line.find_first_of(" \t=:");
  if (end == std::string_view::npos || end == 0) return {"", std::string(Unquote(line)), ""};
  const std::string_view key = line.substr(0, end);
  std::string_view value = Trim(line.substr(end));
  const bool separated = value.starts_with('=') || value.starts_with(':');
  // `http://cart` and `cart:80` are no keys.
  if (separated && line[end] == ':' && end + 1 < line.size() && !IsSpace(line[end + 1])) {
    return {"", std::string(Unquote(line)), ""};
  }
  if (separated) value = Trim(value.substr(1));
  while (value.ends_with(';') || value.ends_with(',')) value.remove_suffix(1);
  return {std::string(Unquote(key)), std::string(Unquote(value)), ""};
}

void Flush(std::vector<ConfigText>& section, std::vector<ConfigText>& texts) {
  GivePorts(section);
  std::move(section.begin(), section.end(), std::back_inserter(texts));
  section.clear();
}

/// A scalar of a YAML file. One of several lines is a file of its own.
void AddScalar(std::string name, std::string text, std::vector<ConfigText>& scope,
               std::vector<ConfigText>& texts) {
  if (text.find('\n') == std::string::npos) {
    scope.push_back({std::move(name), std::move(text), ""});
    return;
  }
  for (ConfigText& inner : ReadLines(text)) {
    if (inner.name.empty()) inner.name = name;
    texts.push_back(std::move(inner));
  }
}

/// The scalars of a tree, each with the key that it, or the list that it is in, stands at.
std::vector<ConfigText> ReadTree(yaml::NodeView root) {
  struct Step {
    yaml::NodeView node;
    std::string name;
  };
  std::vector<ConfigText> texts;
  std::vector<Step> steps = {{root, ""}};
  while (!steps.empty()) {
    const Step step = std::move(steps.back());
    steps.pop_back();
    std::vector<ConfigText> scope;
    for (const yaml::NodeView child : step.node.children()) {
      std::string name = step.node.IsMap() ? child.Key() : step.name;
      if (child.IsScalar()) {
        AddScalar(std::move(name), child.Text(), scope, texts);
      } else if (child.IsMap() || child.IsSeq()) {
        steps.push_back({child, std::move(name)});
      }
    }
    Flush(scope, texts);
  }
  return texts;
}

}  // namespace

std::vector<ConfigText> ReadLines(std::string_view content) {
  std::vector<ConfigText> texts;
  std::vector<ConfigText> section;
  while (!content.empty()) {
    const std::size_t newline = content.find('\n');
    const std::string_view line = Trim(content.substr(0, newline));
    content = newline == std::string_view::npos ? std::string_view() : content.substr(newline + 1);
    if (line.starts_with('[') && line.ends_with(']') && line.find_first_of("\",:") == line.npos) {
      Flush(section, texts);
    } else if (!line.empty() && !IsComment(line)) {
      section.push_back(ReadLine(Trim(WithoutRemark(line))));
    }
  }
  Flush(section, texts);
  return texts;
}

std::vector<ConfigText> ReadFileTexts(std::string_view name, std::string_view content) {
  static constexpr std::array<std::string_view, 10> kOfLines = {
      ".conf", ".ini", ".properties", ".toml", ".sh", ".env", ".cfg", ".cnf", ".sql", ".lua"};
  const bool of_lines =
      std::ranges::any_of(kOfLines, [name](auto ending) { return name.ends_with(ending); });
  if (!of_lines) {
    const yaml::ScanResult scan = yaml::Scan(content);
    const yaml::NodeView root = yaml::NodeView::Root(scan.outline);
    if (!scan.problem && (root.IsMap() || root.IsSeq())) return ReadTree(root);
  }
  return ReadLines(content);
}

}  // namespace cloudlab::policy::network
