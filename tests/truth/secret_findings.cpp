// What policy::secrets finds in a stream of manifests, for the test in tests/truth: manifests on
// stdin, a line of stdout for each finding, as
//
//   Kind/name TAB field path TAB score TAB kind
//
// and at the end `# N env entries`. Searched are the values of variables, the lists of commands
// and arguments, and the data of ConfigMaps and Secrets, decoded. A value is never printed. A
// stream that is no YAML ends the program with 2.
#include <deque>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/manifest.hpp"
#include "policy/secrets/detection/detect.hpp"
#include "policy/secrets/detection/encoding.hpp"
#include "yaml/outline.hpp"
#include "yaml/stream.hpp"
#include "yaml/view.hpp"

namespace {

using cloudlab::policy::secrets::Found;
using cloudlab::yaml::NodeView;

struct Report {
  std::string object;
  std::size_t entries = 0;

  void Print(const std::string& path, const Found& found) const {
    std::cout << object << "\t" << path << "\t" << found.score << "\t" << found.kind << "\n";
  }
};

void ReadEnv(NodeView container, const std::string& path, Report& report) {
  for (const NodeView entry : container.Find("env").children()) {
    const NodeView value = entry.Find("value");
    if (!value.IsScalar()) continue;
    ++report.entries;
    const std::string name = entry.Find("name").Text();
    for (const Found& found : cloudlab::policy::secrets::FindInValue(name, value.Text())) {
      report.Print(path + ".env[" + name + "]", found);
    }
  }
}

void ReadArguments(NodeView container, const std::string& path, Report& report) {
  std::vector<std::string> arguments;
  for (const char* field : {"command", "args"}) {
    for (const NodeView argument : container.Find(field).children()) {
      arguments.push_back(argument.Text());
    }
  }
  for (const auto& [index, found] : cloudlab::policy::secrets::FindInArguments(arguments)) {
    report.Print(path + ".arguments[" + std::to_string(index) + "]", found);
  }
}

void ReadData(NodeView root, std::string_view field, bool encoded, Report& report) {
  for (const NodeView entry : root.Find(field).children()) {
    std::string text = entry.Text();
    if (encoded) text = cloudlab::policy::secrets::DecodeBase64(text).value_or("");
    for (const Found& found : cloudlab::policy::secrets::FindInValue(entry.Key(), text)) {
      std::string at;
      std::size_t line = 1;
      for (const char c : std::string_view(text).substr(0, found.span.begin))
        line += c == '\n' ? 1 : 0;
      if (text.find('\n') != std::string::npos) at = ":" + std::to_string(line);
      report.Print(std::string(field) + "[" + entry.Key() + "]" + at, found);
    }
  }
}

/// Containers wherever they are: this must not depend on the program's table of kinds.
void ReadContainers(NodeView root, Report& report) {
  std::vector<std::pair<NodeView, std::string>> work = {{root, ""}};
  while (!work.empty()) {
    const auto [node, path] = work.back();
    work.pop_back();
    if (node.IsMap() && node.Find("image").IsScalar() && node.Find("name").IsScalar()) {
      ReadEnv(node, path, report);
      ReadArguments(node, path, report);
    }
    std::size_t index = 0;
    for (const NodeView child : node.children()) {
      if (!child.IsMap() && !child.IsSeq()) continue;
      const std::string step = node.IsMap() ? "." + child.Key() : "[" + std::to_string(index) + "]";
      ++index;
      work.emplace_back(child, path + step);
    }
  }
}

}  // namespace

int main() {
  const std::string stream{std::istreambuf_iterator<char>(std::cin), {}};
  Report report;
  for (const auto& slice : cloudlab::yaml::Split(stream)) {
    const auto scan = cloudlab::yaml::Scan(slice.text, slice.offset == 0);
    if (scan.problem) {
      std::cerr << "secret_findings: " << scan.problem->message << "\n";
      return 2;
    }
    if (scan.outline.empty()) continue;
    const NodeView root = NodeView::Root(scan.outline);
    const std::string kind = root.Find("kind").Text();
    if (kind == "CustomResourceDefinition") continue;
    report.object = kind + "/" + root.Find("metadata").Find("name").Text();
    if (kind == "ConfigMap" || kind == "Secret") {
      ReadData(root, "data", kind == "Secret", report);
      ReadData(root, "stringData", false, report);
    }
    ReadContainers(root, report);
  }
  std::cout << "# " << report.entries << " env entries\n";
}
