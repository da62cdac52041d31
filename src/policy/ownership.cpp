#include "policy/ownership.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cloudlab::policy {
namespace {

bool Contains(std::span<const std::string> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::vector<std::string> SplitNames(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view name = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

}  // namespace

void RemoveChildren(yaml::NodeView parent, std::span<const yaml::NodeView> children,
                    Proposal& proposal) {
  const yaml::ChangeSet& pending = proposal.pending();
  std::vector<yaml::NodeView> removed;
  for (const yaml::NodeView child : children) {
    // What another policy wants to be there, too, stays.
    if (!pending.IsWanted(child.id())) removed.push_back(child);
  }
  if (removed.empty()) return;
  const auto all = parent.children();
  const yaml::NodeChange* change = pending.Find(parent.id());
  const bool grows = change != nullptr && change->HasAdditions();
  const auto count = static_cast<std::size_t>(std::distance(all.begin(), all.end()));
  if (count == removed.size() && !grows) {
    proposal.Remove(parent);
    return;
  }
  for (const yaml::NodeView child : removed) proposal.Remove(child);
}

std::vector<std::string> Managers(const kube::Manifest& manifest) {
  return SplitNames(manifest.Annotation(kManagedByAnnotation));
}

bool IsManagedBy(const kube::Manifest& manifest, std::string_view policy) {
  return Contains(Managers(manifest), policy);
}

bool IsManagedByAny(const kube::Manifest& manifest, std::span<const std::string> policies) {
  return std::ranges::any_of(Managers(manifest), [policies](const std::string& manager) {
    return Contains(policies, manager);
  });
}

void CopyAppLabels(const kube::Manifest& workload, yaml::Value& metadata) {
  constexpr std::string_view kAppLabels = "app.kubernetes.io/";
  const yaml::Value* written = metadata.Find("labels");
  yaml::Value labels = written == nullptr ? yaml::Value() : *written;
  for (const yaml::NodeView label : workload.root.Find({"metadata", "labels"}).children()) {
    const std::string key = label.Key();
    if (key.starts_with(kAppLabels) && labels.Find(key) == nullptr) {
      labels.Put(key, yaml::Value::String(label.Text()));
    }
  }
  if (!labels.IsEmptyCollection()) metadata.Put("labels", std::move(labels));
}

bool IsInjected(const kube::Manifest& manifest, const Run& run, const kube::Container& container) {
  if (run.sidecars.empty()) return false;
  const std::vector<std::string> managers = Managers(manifest);
  return std::ranges::any_of(run.sidecars, [&](const Sidecar& sidecar) {
    return sidecar.container == container.name && Contains(managers, sidecar.policy);
  });
}

kube::ContainerType RoleOf(const kube::Manifest& manifest, const Run& run,
                           const kube::Container& container) {
  return IsInjected(manifest, run, container) ? kube::ContainerType::kSidecar : container.type;
}

void UpdateMark(std::span<const std::string> owners, std::span<const std::string> withdrawn,
                Proposal& proposal) {
  const kube::Manifest& manifest = proposal.manifest();
  std::vector<std::string> names = Managers(manifest);
  std::erase_if(names, [&](const std::string& name) { return Contains(withdrawn, name); });
  for (const std::string& owner : owners) {
    if (!Contains(names, owner)) names.push_back(owner);
  }
  if (names == Managers(manifest)) return;
  if (names.empty()) {
    const yaml::NodeView annotations = manifest.annotations;
    const yaml::NodeView mark = annotations.Find(kManagedByAnnotation);
    RemoveChildren(annotations, {&mark, 1}, proposal);
    return;
  }
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  proposal.Put(manifest.root, {"metadata", "annotations", std::string(kManagedByAnnotation)},
               yaml::Value::String(std::move(text)));
}

}  // namespace cloudlab::policy
