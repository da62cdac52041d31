#include "policy/network/config_file.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
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

bool IsComment(std::string_view line, bool dashes) {
  static constexpr std::array<std::string_view, 4> kMarks = {"#", ";", "//", "<!--"};
  return std::ranges::any_of(kMarks, [line](auto mark) { return line.starts_with(mark); }) ||
         (dashes && line.starts_with("--"));
}

/// The line without what stands behind ` #`.
std::string_view WithoutRemark(std::string_view line) {
  const std::size_t remark = line.find(" #");
  return remark == std::string_view::npos ? line : line.substr(0, remark);
}

/// `<key>value</key>`; nothing if the line is no such element.
std::optional<ConfigText> ReadElement(std::string_view line) {
  const std::size_t open = line.find('>');
  const std::size_t close = line.rfind("</");
  if (!line.starts_with('<') || !line.ends_with('>') || close == std::string_view::npos ||
      open > close) {
    return std::nullopt;
  }
  const std::string_view key = line.substr(1, line.find_first_of(" \t>") - 1);
  return ConfigText{std::string(key), std::string(Trim(line.substr(open + 1, close - open - 1))),
                    ""};
}

/// `key = value`, `key: value`, `key => value` or `key value;`. A line without a key is all text.
ConfigText ReadLine(std::string_view line) {
  if (auto element = ReadElement(line)) return *std::move(element);
  if (line.starts_with("export ")) line = Trim(line.substr(line.find(' ')));
  const std::size_t end = line.find_first_of(" \t=:");
  if (end == std::string_view::npos || end == 0) return {"", std::string(Unquote(line)), ""};
  const std::string_view key = line.substr(0, end);
  std::string_view value = Trim(line.substr(end));
  const bool separated = value.starts_with('=') || value.starts_with(':');
  // `http://cart` and `cart:80` are no keys.
  if (separated && line[end] == ':' && end + 1 < line.size() && !IsSpace(line[end + 1])) {
    return {"", std::string(Unquote(line)), ""};
  }
  if (separated) value = Trim(value.substr(value.starts_with("=>") ? 2 : 1));
  while (value.ends_with(';') || value.ends_with(',')) value.remove_suffix(1);
  return {std::string(Unquote(key)), std::string(Unquote(value)), ""};
}

/// The name that a line of blanks gives to a group of servers: `upstream cart {` (nginx), `backend
/// cart` (HAProxy). Empty, if it does not.
std::string_view NameOfGroup(std::string_view line) {
  const bool upstream = line.starts_with("upstream ") && line.ends_with('{');
  const bool backend = line.starts_with("backend ") || line.starts_with("frontend ");
  if (!upstream && !backend) return {};
  std::string_view name = Trim(line.substr(line.find(' ')));
  if (upstream) name = Trim(name.substr(0, name.size() - 1));
  return name.find_first_of(" \t=:\"") == std::string_view::npos ? name : std::string_view();
}

/// True if `text` leads to a group that the same file names: `proxy_pass http://cart;`,
/// `default_backend cart`. `groups` is sorted.
bool LeadsToGroup(const ConfigText& text, const std::vector<std::string>& groups) {
  std::string_view place = text.text;
  place = place.substr(0, place.find(' '));
  if (text.name.ends_with("_pass")) {
    const std::size_t scheme = place.find("://");
    if (scheme != std::string_view::npos) place.remove_prefix(scheme + 3);
    place = place.substr(0, place.find_first_of(":/;$"));
  } else if (!text.name.ends_with("_backend")) {
    return false;
  }
  return std::ranges::binary_search(groups, place);
}

void Flush(std::vector<ConfigText>& section, std::vector<ConfigText>& texts) {
  GivePorts(section);
  std::move(section.begin(), section.end(), std::back_inserter(texts));
  section.clear();
}

/// The texts of a tree, each with the key that it, or the list that it is in, stands at. Scalars of
/// several lines are files of their own: they are left in `files`, with their keys.
std::vector<ConfigText> ReadTree(yaml::NodeView root, std::vector<ConfigText>& files) {
  struct Step {
    yaml::NodeView node;
    std::string name;
  };
  std::vector<ConfigText> texts;
  std::vector<std::string> names;  // Of things in this file: Envoy's clusters, Traefik's services.
  std::vector<Step> steps = {{root, ""}};
  while (!steps.empty()) {
    const Step step = std::move(steps.back());
    steps.pop_back();
    std::vector<ConfigText> scope;
    for (const yaml::NodeView child : step.node.children()) {
      std::string name = step.node.IsMap() ? child.Key() : step.name;
      if (child.IsMap() || child.IsSeq()) {
        steps.push_back({child, std::move(name)});
        continue;
      }
      if (!child.IsScalar()) continue;
      std::string text = child.Text();
      if (name == "name") names.push_back(text);
      const bool file = text.find('\n') != std::string::npos;
      (file ? files : scope).push_back({std::move(name), std::move(text), ""});
    }
    Flush(scope, texts);
  }
  // `cluster: cart` beside `name: cart` refers to that.
  std::ranges::sort(names);
  std::erase_if(texts, [&](const ConfigText& text) {
    return (text.name == "cluster" || text.name == "backend" || text.name == "upstream") &&
           std::ranges::binary_search(names, text.text);
  });
  return texts;
}

/// A file inside of a YAML file: a tree again, or lines. Files inside of that are lines.
std::vector<ConfigText> ReadInnerFile(const ConfigText& file) {
  std::vector<ConfigText> texts;
  const yaml::ScanResult scan = yaml::Scan(file.text);
  const yaml::NodeView root = yaml::NodeView::Root(scan.outline);
  if (!scan.problem && root.IsMap()) {
    std::vector<ConfigText> files;
    texts = ReadTree(root, files);
    for (const ConfigText& inner : files) {
      for (ConfigText& text : ReadLines(inner.text)) texts.push_back(std::move(text));
    }
  } else {
    texts = ReadLines(file.text);
  }
  for (ConfigText& text : texts) {
    if (text.name.empty()) text.name = file.name;
  }
  return texts;
}

}  // namespace

std::vector<ConfigText> ReadLines(std::string_view content, bool dashes) {
  std::vector<ConfigText> texts;
  std::vector<ConfigText> section;
  std::vector<std::string> groups;
  std::string list;     // The key of a list that goes on: `hosts = [`.
  std::string element;  // `<name>hosts</name>`, before `<value>`.
  while (!content.empty()) {
    const std::size_t newline = content.find('\n');
    const std::string_view line = Trim(content.substr(0, newline));
    content = newline == std::string_view::npos ? std::string_view() : content.substr(newline + 1);
    if (line.starts_with('[') && line.ends_with(']') && line.find_first_of("\",:") == line.npos) {
      Flush(section, texts);
      continue;
    }
    if (line.empty() || IsComment(line, dashes)) continue;
    if (const std::string_view group = NameOfGroup(line); !group.empty()) {
      groups.emplace_back(group);
      continue;
    }
    ConfigText text = ReadLine(Trim(WithoutRemark(line)));
    if (text.name == "name") element = text.text;
    if (text.name == "value" && !element.empty()) text.name = std::exchange(element, {});
    if (text.name.empty()) text.name = list;
    if (line.ends_with('[')) list = text.name;
    if (line.starts_with(']')) list.clear();
    section.push_back(std::move(text));
  }
  Flush(section, texts);
  std::ranges::sort(groups);
  std::erase_if(texts, [&](const ConfigText& text) { return LeadsToGroup(text, groups); });
  return texts;
}

std::vector<ConfigText> ReadFileTexts(std::string_view name, std::string_view content) {
  static constexpr std::array<std::string_view, 10> kOfLines = {
      ".conf", ".ini", ".properties", ".toml", ".sh", ".env", ".cfg", ".cnf", ".sql", ".lua"};
  const auto ends = [name](std::string_view ending) { return name.ends_with(ending); };
  if (!std::ranges::any_of(kOfLines, ends)) {
    const yaml::ScanResult scan = yaml::Scan(content);
    const yaml::NodeView root = yaml::NodeView::Root(scan.outline);
    if (!scan.problem && (root.IsMap() || root.IsSeq())) {
      std::vector<ConfigText> files;
      std::vector<ConfigText> texts = ReadTree(root, files);
      for (const ConfigText& file : files) {
        for (ConfigText& inner : ReadInnerFile(file)) texts.push_back(std::move(inner));
      }
      return texts;
    }
  }
  return ReadLines(content, ends(".sql") || ends(".lua"));
}

}  // namespace cloudlab::policy::network
