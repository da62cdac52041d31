#include "policy/sidecar/metadata.hpp"

#include <algorithm>

#include "policy/ownership.hpp"
#include "policy/sidecar/presets.hpp"

namespace cloudlab::policy::sidecar {
namespace {

/// Adds the entries of a map of the policy; a preset that says otherwise is an error.
void AddEntries(const Injection& injection, const char* field, PodMetadata::Entries& entries) {
  const yaml::Value* map = injection.spec.Find(field);
  if (map == nullptr) return;
  for (const auto& [key, value] : map->entries()) {
    const std::string* other = PodMetadata::Find(entries, key);
    if (other == nullptr) {
      entries.emplace_back(key, value.text());
    } else if (*other != value.text()) {
      injection.AddError(
          "CL-A-PRESET",
          key + " is `" + value.text() + "` in " + field + " and `" + *other + "` by a preset",
          "say it in one place");
    }
  }
}

/// True if the workload's selector speaks of the label: another value would orphan its pods.
bool IsSelected(const Injection& injection, const std::string& label) {
  const yaml::NodeView selector = injection.subject.manifest->root.Find({"spec", "selector"});
  return static_cast<bool>(selector.Find({"matchLabels", label})) ||
         static_cast<bool>(selector.Find(label));
}

/// Puts one annotation or label.
void ProposeEntry(Injection& injection, const char* field, const char* map, const std::string& key,
                  const std::string& value) {
  const yaml::NodeView found = injection.pod.metadata.Find({map, key});
  if (found && !found.IsNull()) {
    const ConflictPolicy policy = injection.conflicts.Of(std::string(field) + "." + key);
    if (found.TextIs(value)) return injection.Agree(found, policy);
    const std::string what =
        std::string(map) + "." + key + " of the pod is `" + found.Text() + "` in the chart";
    if (policy == ConflictPolicy::kFail) {
      injection.AddError("CL-A-CONFLICT",
                         what + " and `" + value + "` in the policy, and conflictPolicy is Fail",
                         "change the chart's value or the policy", found);
      return;
    }
    const bool replaced = policy == ConflictPolicy::kReplace || policy == ConflictPolicy::kMerge;
    const bool selected = std::string_view(map) == "labels" && IsSelected(injection, key);
    if (!replaced || selected) {
      injection.proposal.AddSkip(
          "CL-A-KEPT",
          what + " and stays so" + (selected ? ": the workload selects its pods by it" : ""));
      return;
    }
  }
  injection.proposal.Put(injection.subject.manifest->root,
                         injection.pod.PathTo({"metadata", map, key}), yaml::Value::String(value),
                         injection.origin());
  injection.proposal.Relabel();
}

void RemoveEntries(Injection& injection, const char* map, const PodMetadata::Entries& entries) {
  const yaml::NodeView parent = injection.pod.metadata.Find(map);
  std::vector<yaml::NodeView> removed;
  for (const yaml::NodeView entry : parent.children()) {
    const std::string* value = PodMetadata::Find(entries, entry.Key());
    if (value != nullptr && entry.TextIs(*value)) removed.push_back(entry);
  }
  if (removed.empty()) return;
  RemoveChildren(parent, removed, injection.proposal);
  injection.proposal.Relabel();
}

}  // namespace

const std::string* PodMetadata::Find(const Entries& entries, std::string_view key) {
  const auto found = std::ranges::find(entries, key, &Entries::value_type::first);
  return found == entries.end() ? nullptr : &found->second;
}

PodMetadata WantedMetadata(const Injection& injection) {
  PodMetadata metadata;
  if (const yaml::Value* presets = injection.spec.Find("presets")) {
    for (const yaml::Value& preset : presets->items()) AddPreset(injection, preset, metadata);
  }
  AddEntries(injection, "podAnnotations", metadata.annotations);
  AddEntries(injection, "podLabels", metadata.labels);
  OrderVaultAndIstio(injection, metadata);
  CheckProxyResources(injection, metadata);
  return metadata;
}

void ProposeMetadata(Injection& injection, const PodMetadata& metadata) {
  for (const auto& [key, value] : metadata.annotations) {
    ProposeEntry(injection, "podAnnotations", "annotations", key, value);
  }
  for (const auto& [key, value] : metadata.labels) {
    ProposeEntry(injection, "podLabels", "labels", key, value);
  }
}

void RemoveMetadata(Injection& injection, const PodMetadata& metadata) {
  RemoveEntries(injection, "annotations", metadata.annotations);
  RemoveEntries(injection, "labels", metadata.labels);
}

}  // namespace cloudlab::policy::sidecar
