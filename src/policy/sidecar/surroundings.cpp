// Everything here goes into lists whose items have names. A list is looked at as it will be: the
// items that it has, and those that other policies of the stage are about to add.

#include "policy/sidecar/surroundings.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "policy/match.hpp"
#include "policy/ownership.hpp"
#include "policy/sidecar/lists.hpp"
#include "policy/text_at.hpp"

namespace cloudlab::policy::sidecar {
namespace {

/// One kind of addition to the containers of the chart.
struct Addition {
  const char* list;      ///< Of the policy and of the container alike.
  std::string_view key;  ///< What tells items apart.
  const char* what;      ///< For messages.
  const char* code;      ///< Of a clash.
};
constexpr Addition kVariable{"env", "name", "variable", "CL-A-CLASH-ENV"};
constexpr Addition kMount{"volumeMounts", "mountPath", "mount", "CL-A-CLASH-MOUNT"};

/// The item without `containers`, which is ours to read and not Kubernetes'.
yaml::Value WithoutSelector(const yaml::Value& item) {
  yaml::Value result;
  for (const auto& [key, value] : item.entries()) {
    if (key != "containers") result.Put(key, value);
  }
  return result;
}

/// The chart's containers that an item is for.
std::vector<const kube::Container*> Targets(const Injection& injection, const yaml::Value& item) {
  const yaml::Value* value = item.Find("containers");
  const ContainerSelector selector(value);
  std::vector<const kube::Container*> targets;
  for (const kube::Container& container : injection.containers) {
    if (!injection.IsOfChart(container) || container.name == injection.container_name()) continue;
    const bool type_fits = value != nullptr || container.type == kube::ContainerType::kApp;
    if (type_fits && selector.Matches(container)) targets.push_back(&container);
  }
  return targets;
}

/// The pending item with this name, or nothing.
std::optional<yaml::Value> FindPending(const Injection& injection, yaml::NodeView map,
                                       const char* list, std::string_view key,
                                       const std::string& name) {
  for (yaml::NewItem& item : PendingItems(injection.proposal.pending(), map, list)) {
    if (TextAt(item.value, key) == name) return std::move(item.value);
  }
  return std::nullopt;
}

/// False, with an error, if `item` is a mount without a volume.
bool HasVolume(const Injection& injection, const kube::Container& container,
               const Addition& addition, const yaml::Value& item) {
  if (&addition != &kMount || KnownVolumes(injection).contains(NameOf(item))) return true;
  injection.AddError("CL-A-NO-VOLUME",
                     "container " + container.name + " would mount volume " + NameOf(item) +
                         ", which the pod does not have",
                     "add it under spec.volumes of the policy", container.node);
  return false;
}

void Add(Injection& injection, const kube::Container& container, const Addition& addition,
         const yaml::Value& item) {
  const std::string name = TextAt(item, addition.key);
  const std::string what =
      std::string(addition.what) + " " + name + " of container " + container.name;
  const yaml::NodeView found = FindItem(container.node.Find(addition.list), addition.key, name);
  if (!found) {
    const auto pending = FindPending(injection, container.node, addition.list, addition.key, name);
    if (!pending) {
      if (!HasVolume(injection, container, addition, item)) return;
      injection.proposal.Append(container.node, {addition.list}, item, {}, injection.origin());
    } else if (*pending != item) {
      injection.AddError(addition.code, what + " has two different values in the policies",
                         "let one policy set it, or narrow `containers`", container.node);
    }
    return;
  }
  const ConflictPolicy policy = injection.conflicts.Of(std::string(addition.list) + "." + name);
  if (SameContent(found, item)) return injection.Agree(found, policy);
  switch (policy) {
    case ConflictPolicy::kReplace:
    case ConflictPolicy::kMerge:
      if (!HasVolume(injection, container, addition, item)) return;
      injection.proposal.Replace(found, item, injection.origin());
      return;
    case ConflictPolicy::kFail:
      injection.AddError(addition.code,
                         what + " differs between chart and policy, and conflictPolicy is Fail",
                         "change the chart's value or the policy", found);
      return;
    default:
      injection.proposal.AddSkip(addition.code, what + " stays as the chart says");
  }
}

void AddAll(Injection& injection, const Addition& addition) {
  const yaml::Value* items = injection.spec.Find(addition.list);
  if (items == nullptr) return;
  for (const yaml::Value& item : items->items()) {
    const yaml::Value content = WithoutSelector(item);
    for (const kube::Container* target : Targets(injection, item)) {
      Add(injection, *target, addition, content);
    }
  }
}

void RemoveAll(Injection& injection, const Addition& addition) {
  const yaml::Value* items = injection.spec.Find(addition.list);
  if (items == nullptr) return;
  for (const kube::Container& container : injection.containers) {
    std::vector<yaml::NodeView> removed;
    const yaml::NodeView list = container.node.Find(addition.list);
    for (const yaml::NodeView entry : list.children()) {
      const bool ours = std::ranges::any_of(items->items(), [&](const yaml::Value& item) {
        const auto targets = Targets(injection, item);
        return std::ranges::find(targets, &container) != targets.end() &&
               SameContent(entry, WithoutSelector(item));
      });
      if (ours) removed.push_back(entry);
    }
    RemoveChildren(list, removed, injection.proposal);
  }
}

void ProposeVolume(Injection& injection, const yaml::Value& volume) {
  const std::string name = NameOf(volume);
  const yaml::NodeView found = FindItem(injection.pod.spec.Find("volumes"), "name", name);
  const std::string hint =
      "rename the policy's volume, or say under conflicts.volumes which of the two holds";
  if (!found) {
    const auto pending = FindPending(injection, injection.pod.spec, "volumes", "name", name);
    if (!pending) {
      injection.proposal.Append(injection.pod.spec, {"volumes"}, volume, {}, injection.origin());
    } else if (*pending != volume) {
      injection.AddError("CL-A-CLASH-VOLUME",
                         "volume " + name + " is another one in another policy", hint);
    }
    return;
  }
  const bool decided = injection.conflicts.Names("volumes");
  const ConflictPolicy policy = injection.conflicts.Of("volumes");
  if (SameContent(found, volume)) {
    return injection.Agree(found, decided ? policy : ConflictPolicy::kFail);
  }
  if (decided && policy == ConflictPolicy::kKeep) {
    injection.proposal.AddSkip("CL-A-KEPT", "volume " + name + " stays as the chart says");
  } else if (injection.marked || (decided && policy != ConflictPolicy::kFail)) {
    injection.proposal.Replace(found, volume, injection.origin());
  } else {
    injection.AddError("CL-A-CLASH-VOLUME", "the chart has another volume of the name " + name,
                       hint, found);
  }
}

/// True if a container that stays mounts the volume.
bool IsMounted(const Injection& injection, const std::string& volume) {
  return std::ranges::any_of(injection.containers, [&](const kube::Container& container) {
    return container.name != injection.container_name() &&
           static_cast<bool>(FindItem(container.node.Find("volumeMounts"), "name", volume));
  });
}

}  // namespace

std::set<std::string> KnownVolumes(const Injection& injection) {
  std::set<std::string> known;
  for (const yaml::NodeView volume : injection.pod.spec.Find("volumes").children()) {
    known.insert(volume.Resolved().Find("name").Text());
  }
  // A StatefulSet's claims are volumes of its pods.
  const yaml::NodeView root = injection.subject.manifest->root;
  for (const yaml::NodeView claim : root.Find({"spec", "volumeClaimTemplates"}).children()) {
    known.insert(claim.Resolved().Find({"metadata", "name"}).Text());
  }
  if (const yaml::Value* volumes = injection.spec.Find("volumes")) {
    for (const yaml::Value& volume : volumes->items()) known.insert(NameOf(volume));
  }
  for (const yaml::NewItem& item :
       PendingItems(injection.proposal.pending(), injection.pod.spec, "volumes")) {
    known.insert(NameOf(item.value));
  }
  return known;
}

void ProposeVolumes(Injection& injection) {
  const yaml::Value* volumes = injection.spec.Find("volumes");
  if (volumes == nullptr) return;
  for (const yaml::Value& volume : volumes->items()) ProposeVolume(injection, volume);
}

void ProposeEnvironment(Injection& injection) {
  AddAll(injection, kVariable);
  AddAll(injection, kMount);
}

void RemoveVolumes(Injection& injection) {
  const yaml::Value* volumes = injection.spec.Find("volumes");
  if (volumes == nullptr) return;
  std::vector<yaml::NodeView> removed;
  const yaml::NodeView list = injection.pod.spec.Find("volumes");
  for (const yaml::Value& volume : volumes->items()) {
    if (IsMounted(injection, NameOf(volume))) continue;
    for (const yaml::NodeView entry : list.children()) {
      if (SameContent(entry, volume)) removed.push_back(entry);
    }
  }
  RemoveChildren(list, removed, injection.proposal);
}

void RemoveEnvironment(Injection& injection) {
  RemoveAll(injection, kVariable);
  RemoveAll(injection, kMount);
}

}  // namespace cloudlab::policy::sidecar
