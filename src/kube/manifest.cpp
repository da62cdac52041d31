// Opens lists with a stack of its own, so that a deep input cannot exhaust ours. A list that stands
// behind an alias stays closed: nobody writes one, and following it would let a few lines name
// millions of objects.

#include "kube/manifest.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "kube/workload.hpp"

namespace cloudlab::kube {
namespace {

constexpr std::string_view kHookAnnotation = "helm.sh/hook";
constexpr std::string_view kLocalAnnotation = "config.kubernetes.io/local-config";
/// As go-yaml reads them for Helm and kubectl; yEs is a string.
constexpr std::array<std::string_view, 11> kTrue = {"y",  "Y",  "yes",  "Yes",  "YES", "on",
                                                    "On", "ON", "true", "True", "TRUE"};
constexpr std::string_view kSourceComment = "# Source: ";

/// A node that may be an object, and what a typed list says about its items.
struct Candidate {
  yaml::NodeView node;
  bool in_list = false;
  std::string item_api_version;
  std::string item_kind;
};

/// The path behind the first `# Source:` line above the document's content, as Helm writes it.
std::string SourceComment(const yaml::Outline& outline) {
  std::string_view head = outline.text().substr(0, outline.node(0).value.begin);
  while (!head.empty()) {
    const std::size_t newline = head.find('\n');
    std::string_view line = head.substr(0, newline);
    head = newline == std::string_view::npos ? std::string_view() : head.substr(newline + 1);
    if (!line.starts_with(kSourceComment)) continue;
    line.remove_prefix(kSourceComment.size());
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    return std::string(line);
  }
  return {};
}

/// `items` of a list, or an invalid view if `node` is none (kubectl's rule: the kind ends with
/// "List" and `items` is a sequence).
yaml::NodeView ListItems(yaml::NodeView node, std::string_view kind) {
  if (!kind.ends_with("List")) return {};
  const yaml::NodeView items = node.Find("items");
  return items.IsSeq() ? items : yaml::NodeView();
}

/// The items of a list, last first, so that a stack yields them in order. An item of a typed list
/// need not repeat apiVersion and kind (apimachinery, unstructured decoding of lists).
void PushItems(const Candidate& list, yaml::NodeView items, std::string_view kind,
               std::vector<Candidate>& stack) {
  const std::size_t bottom = stack.size();
  const std::string_view item_kind = kind.substr(0, kind.size() - std::string_view("List").size());
  for (const yaml::NodeView item : items.children()) {
    Candidate candidate{item, true, {}, {}};
    if (!item_kind.empty()) {
      candidate.item_api_version = list.node.Find("apiVersion").Text();
      candidate.item_kind = item_kind;
    }
    stack.push_back(std::move(candidate));
  }
  std::reverse(stack.begin() + static_cast<std::ptrdiff_t>(bottom), stack.end());
}

void ReadMetadata(yaml::NodeView metadata, Manifest& manifest) {
  const auto [name, generate_name, ns, annotations] =
      metadata.FindEach<4>({"name", "generateName", "namespace", "annotations"});
  manifest.id.name = name.Text();
  if (manifest.id.name.empty()) manifest.id.name = generate_name.Text();
  manifest.id.ns = ns.Text();
  manifest.annotations = annotations;
  const auto [local, hook] = annotations.FindEach<2>({kLocalAnnotation, kHookAnnotation});
  manifest.local_config = local.TextIs("true");
  manifest.hook = static_cast<bool>(hook);
}

/// `[name=x]` if no other item is called that, else the item's index.
std::string ItemSegment(yaml::NodeView sequence, yaml::NodeView item) {
  const std::string name = item.Resolved().Find("name").Text();
  std::size_t index = 0;
  std::size_t position = 0;
  std::size_t namesakes = 0;
  for (const yaml::NodeView sibling : sequence.children()) {
    if (sibling == item) position = index;
    ++index;
    if (!name.empty() && sibling.Resolved().Find("name").TextIs(name)) ++namesakes;
  }
  if (namesakes == 1) return "[name=" + name + "]";
  return "[" + std::to_string(position) + "]";
}

}  // namespace

std::string Manifest::Annotation(std::string_view key) const {
  return annotations.Find(key).Text();
}

std::string Manifest::Label(std::string_view key) const {
  return root.Find({"metadata", "labels"}).Find(key).Text();
}

std::string Manifest::Source() const {
  const std::string filename = Annotation(kFilenameAnnotation);
  return filename.empty() ? SourceComment(root.outline()) : filename;
}

std::vector<Manifest> Manifests(const yaml::Outline& outline, std::size_t document,
                                std::span<const PodTemplatePath> paths) {
  std::vector<Manifest> manifests;
  if (outline.empty()) return manifests;
  std::vector<Candidate> stack;
  stack.push_back({yaml::NodeView::Root(outline), false, {}, {}});
  while (!stack.empty()) {
    const Candidate candidate = std::move(stack.back());
    stack.pop_back();
    const yaml::NodeView node = candidate.node.Resolved();
    if (!node.IsMap()) continue;
    const auto [kind_node, api_version, metadata] =
        node.FindEach<3>({"kind", "apiVersion", "metadata"});
    std::string kind = kind_node.Text();
    if (kind.empty()) kind = candidate.item_kind;
    if (kind.empty()) continue;
    if (const yaml::NodeView items = ListItems(node, kind)) {
      if (node == candidate.node) PushItems(candidate, items, kind, stack);
      continue;
    }
    Manifest manifest;
    manifest.root = node;
    manifest.document = document;
    manifest.in_list = candidate.in_list;
    manifest.id.kind = std::move(kind);
    manifest.id.api_version = api_version.Text();
    if (manifest.id.api_version.empty()) manifest.id.api_version = candidate.item_api_version;
    ReadMetadata(metadata, manifest);
    manifest.pod = FindPodTemplate(manifest, paths);
    manifests.push_back(std::move(manifest));
  }
  return manifests;
}

bool IsTrue(yaml::NodeView node) {
  node = node.Resolved();
  if (!node.IsScalar() || node.node().style != yaml::Style::kPlain) return false;
  return std::ranges::find(kTrue, node.Text()) != kTrue.end();
}

void AppendKey(std::string& path, const std::string& key) {
  if (!key.empty() && key.find_first_of("./[]\"\\ ") == std::string::npos) {
    if (!path.empty()) path += '.';
    path += key;
    return;
  }
  path += "[\"";
  for (const char c : key) {
    if (c == '"' || c == '\\') path += '\\';
    path += c;
  }
  path += "\"]";
}

std::string FieldPath(yaml::NodeView root, yaml::NodeView node) {
  std::vector<yaml::NodeView> steps;
  for (; node && node != root && node.parent(); node = node.parent()) steps.push_back(node);
  std::string path;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (step->parent().IsSeq()) {
      path += ItemSegment(step->parent(), *step);
    } else {
      AppendKey(path, step->Key());
    }
  }
  return path;
}

}  // namespace cloudlab::kube
