#include "policy/sidecar/metadata.hpp"

#include <algorithm>
#include <optional>

#include "policy/mask.hpp"
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
      injection.AddError("CL-A-PRESET",
                         key + " is `" + MaskText(key, value.text()) + "` in " + field + " and `" +
                             MaskText(key, *other) + "` by a preset",
                         "say it in one place");
    }
  }
}

/// True if the workload's selector would not find its pods any more with `value` (nothing: without
/// the label). The API server refuses such a workload, or its pods are orphaned.
bool BreaksSelector(const Injection& injection, const std::string& label,
                    const std::optional<std::string>& value) {
  const auto selector = kube::Selector::OfPods(*injection.subject.manifest);
  if (!selector) return false;
  const yaml::NodeView found = injection.pod.metadata.Find({"labels", label});
  const auto before = found ? std::optional(found.Text()) : std::nullopt;
  return std::ranges::any_of(selector->requirements(), [&](const auto& requirement) {
    if (requirement.key != label || requirement.Holds(value)) return false;
    // What is broken already is no reason to change it once more.
    return before.has_value() || requirement.Holds(before);
  });
}

/// An annotation or label that is to be put, and where.
struct Entry {
  const char* field;  ///< Of the policy.
  const char* map;    ///< Of the pod's metadata.
  const std::string& key;
  const std::string& value;

  std::string Display() const { return std::string(map) + "." + key + " of the pod"; }
  bool IsLabel() const { return std::string_view(map) == "labels"; }
};

/// True if the chart has no other value, or the policy replaces it.
bool WinsOver(const Injection& injection, const Entry& entry, yaml::NodeView found,
              ConflictPolicy policy) {
  const std::string what =
      entry.Display() + " is `" + MaskText(entry.key, found.Text()) + "` in the chart";
  if (policy == ConflictPolicy::kFail) {
    injection.AddError("CL-A-CONFLICT",
                       what + " and `" + MaskText(entry.key, entry.value) +
                           "` in the policy, and conflictPolicy is Fail",
                       "change the chart's value or the policy", found);
    return false;
  }
  if (policy == ConflictPolicy::kReplace || policy == ConflictPolicy::kMerge) return true;
  injection.proposal.AddSkip("CL-A-KEPT", what + " and stays so");
  return false;
}

/// Puts one annotation or label.
void ProposeEntry(Injection& injection, const Entry& entry) {
  const yaml::NodeView found = injection.pod.metadata.Find({entry.map, entry.key});
  if (found && !found.IsNull()) {
    const ConflictPolicy policy =
        injection.conflicts.Of(std::string(entry.field) + "." + entry.key);
    if (found.TextIs(entry.value)) return injection.Agree(found, policy);
    if (!WinsOver(injection, entry, found, policy)) return;
  }
  if (entry.IsLabel() && BreaksSelector(injection, entry.key, entry.value)) {
    injection.proposal.AddSkip("CL-A-KEPT",
                               entry.Display() + (found ? " stays so" : " is not added") +
                                   ": the workload selects its pods by it, and `" +
                                   MaskText(entry.key, entry.value) + "` would not fit");
    return;
  }
  injection.proposal.Put(injection.subject.manifest->root,
                         injection.pod.PathTo({"metadata", entry.map, entry.key}),
                         yaml::Value::String(entry.value), injection.origin());
  injection.proposal.Relabel();
}

void RemoveEntries(Injection& injection, const char* map, const PodMetadata::Entries& entries) {
  const yaml::NodeView parent = injection.pod.metadata.Find(map);
  const bool labels = std::string_view(map) == "labels";
  std::vector<yaml::NodeView> removed;
  for (const yaml::NodeView entry : parent.children()) {
    const std::string key = entry.Key();
    const std::string* value = PodMetadata::Find(entries, key);
    if (value == nullptr || !entry.TextIs(*value)) continue;
    if (labels && BreaksSelector(injection, key, std::nullopt)) continue;
    removed.push_back(entry);
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
    ProposeEntry(injection, {"podAnnotations", "annotations", key, value});
  }
  for (const auto& [key, value] : metadata.labels) {
    ProposeEntry(injection, {"podLabels", "labels", key, value});
  }
}

void RemoveMetadata(Injection& injection, const PodMetadata& metadata) {
  RemoveEntries(injection, "annotations", metadata.annotations);
  RemoveEntries(injection, "labels", metadata.labels);
}

}  // namespace cloudlab::policy::sidecar
