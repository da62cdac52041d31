#include "policy/sidecar/container.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "kube/quantity.hpp"
#include "policy/ownership.hpp"
#include "policy/sidecar/lists.hpp"
#include "policy/sidecar/order.hpp"
#include "policy/sizing.hpp"
#include "policy/text_at.hpp"
#include "yaml/surroundings.hpp"

namespace cloudlab::policy::sidecar {
namespace {

constexpr std::string_view kDefaultContainer = "kubectl.kubernetes.io/default-container";

/// Lists whose items are told apart by a field; all other lists are one value.
struct KeyedList {
  std::string_view list;
  std::string_view key;
};
constexpr std::array<KeyedList, 4> kKeyedLists{{{"env", "name"},
                                                {"ports", "containerPort"},
                                                {"volumeMounts", "mountPath"},
                                                {"volumeDevices", "devicePath"}}};

std::string_view KeyOfList(std::string_view list) {
  const auto* found = std::ranges::find(kKeyedLists, list, &KeyedList::list);
  return found == kKeyedLists.end() ? std::string_view() : found->key;
}

/// Brings the fields of a container that is already there in line with those of the policy.
class Merge {
 public:
  /// `ours`: the container was made by this policy, so the policy's word holds everywhere.
  Merge(Injection& injection, yaml::NodeView node, bool ours)
      : injection_(injection), proposal_(injection.proposal), node_(node), ours_(ours) {}

  void Apply(const yaml::Value& wanted);
  const std::set<std::string>& kept() const { return kept_; }

 private:
  void Field(const std::string& key, const yaml::Value& wanted);
  void List(const std::string& key, std::string_view item_key, const yaml::Value& wanted,
            ConflictPolicy policy);
  void Map(const std::string& key, const yaml::Value& wanted, ConflictPolicy policy);
  void Resources(const yaml::Value& wanted);
  void Resource(const std::string& resource, const Sides& wanted);
  void RemoveOthers(const yaml::Value& wanted);
  void Differ(const std::string& key, yaml::NodeView node);
  ConflictPolicy PolicyOf(const std::string& key) const {
    return ours_ ? ConflictPolicy::kMerge : injection_.conflicts.Of("container." + key);
  }

  Injection& injection_;
  Proposal& proposal_;
  yaml::NodeView node_;
  bool ours_;
  std::set<std::string> kept_;
};

void Merge::Apply(const yaml::Value& wanted) {
  for (const auto& [key, value] : wanted.entries()) {
    if (key == "name") continue;
    // Whether a container of the chart is a sidecar is the chart's decision.
    if (!ours_ && (key == "restartPolicy" || key == "startupProbe")) continue;
    if (key == "resources") {
      Resources(value);
    } else {
      Field(key, value);
    }
  }
  if (ours_) RemoveOthers(wanted);
}

void Merge::Differ(const std::string& key, yaml::NodeView node) {
  injection_.AddError("CL-A-CONFLICT",
                      key + " of container " + injection_.container_name() +
                          " differs between chart and policy, and conflictPolicy is Fail",
                      "change the chart's value or the policy", node);
}

void Merge::Field(const std::string& key, const yaml::Value& wanted) {
  const yaml::NodeView found = node_.Find(key);
  const bool automatic = key == "image" && found.TextIs("auto");  // Rule A2.
  if (!found || found.IsNull() || automatic) {
    proposal_.Put(node_, {key}, wanted, injection_.origin());
    return;
  }
  const ConflictPolicy policy = PolicyOf(key);
  const std::string_view item_key = KeyOfList(key);
  // Into a container of ours, other policies put variables and mounts, but nothing else.
  const bool by_item =
      ours_ ? key == "env" || key == "volumeMounts" : policy != ConflictPolicy::kReplace;
  if (!item_key.empty() && wanted.IsSeq() && by_item) {
    List(key, item_key, wanted, policy);
  } else if (key == "securityContext" && wanted.IsMap() && !ours_ &&
             policy != ConflictPolicy::kReplace) {
    Map(key, wanted, policy);
  } else if (policy == ConflictPolicy::kReplace || policy == ConflictPolicy::kMerge) {
    proposal_.Put(node_, {key}, wanted, injection_.origin());
  } else if (SameContent(found, wanted)) {
    injection_.Agree(found, policy);
  } else if (policy == ConflictPolicy::kFail) {
    Differ(key, found);
  } else {
    kept_.insert(key);
  }
}

void Merge::List(const std::string& key, std::string_view item_key, const yaml::Value& wanted,
                 ConflictPolicy policy) {
  for (const yaml::Value& item : wanted.items()) {
    const yaml::NodeView list = node_.Find(key);
    const yaml::NodeView found = key == "ports" ? FindPort(list, ReadPort(item))
                                                : FindItem(list, item_key, TextAt(item, item_key));
    if (!found) {
      proposal_.Append(node_, {key}, item, {}, injection_.origin());
    } else if (SameContent(found, item)) {
      injection_.Agree(found, policy);
    } else if (policy == ConflictPolicy::kMerge) {
      proposal_.Replace(found, item, injection_.origin());
    } else if (policy == ConflictPolicy::kFail) {
      Differ(key, found);
    } else {
      kept_.insert(key);
    }
  }
}

/// The entries of a map, each on its own.
void Merge::Map(const std::string& key, const yaml::Value& wanted, ConflictPolicy policy) {
  for (const auto& [name, value] : wanted.entries()) {
    const yaml::NodeView found = node_.Find({key, name});
    if (!found || found.IsNull() || policy == ConflictPolicy::kMerge) {
      proposal_.Put(node_, {key, name}, value, injection_.origin());
    } else if (SameContent(found, value)) {
      injection_.Agree(found, policy);
    } else if (policy == ConflictPolicy::kFail) {
      Differ(key, found);
    } else {
      kept_.insert(key);
    }
  }
}

void Merge::Resources(const yaml::Value& wanted) {
  std::vector<std::string> names;
  for (const auto& [side, list] : wanted.entries()) {
    if (side != "requests" && side != "limits") {
      if (!node_.Find({"resources", side}) || ours_) {
        proposal_.Put(node_, {"resources", side}, list, injection_.origin());
      }
      continue;
    }
    for (const auto& [name, unused] : list.entries()) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  }
  for (const std::string& name : names) {
    const auto amount = [&](std::string_view side) -> std::optional<Amount> {
      const yaml::Value* list = wanted.Find(side);
      const yaml::Value* value = list == nullptr ? nullptr : list->Find(name);
      return value == nullptr ? std::nullopt : Amount::Parse(value->text());
    };
    Resource(name, {amount("requests"), amount("limits")});
  }
}

void Merge::Resource(const std::string& resource, const Sides& wanted) {
  Sides found;
  for (const char* side : {"requests", "limits"}) {
    const yaml::NodeView node = node_.Find({"resources", side}).Find(resource);
    if (!node || node.IsNull()) continue;
    const auto value = kube::ReadQuantity(node);
    if (!value && !ours_) {
      kept_.insert("resources");
      return;
    }
    if (value) (side[0] == 'r' ? found.request : found.limit) = Amount{*value, node.Text()};
  }
  Sides write;
  bool claims_request = false;
  bool claims_limit = false;
  if (ours_) {
    const auto differs = [](const std::optional<Amount>& a, const std::optional<Amount>& b) {
      return b && (!a || a->value != b->value);
    };
    if (differs(found.request, wanted.request)) write.request = wanted.request;
    if (differs(found.limit, wanted.limit)) write.limit = wanted.limit;
    claims_request = wanted.request && !write.request;
    claims_limit = wanted.limit && !write.limit;
  } else {
    const Conflicts& conflicts = injection_.conflicts;
    const Sizing sizing = Size(resource, found, wanted,
                               {.request = conflicts.Of("container.resources.requests." + resource),
                                .limit = conflicts.Of("container.resources.limits." + resource)});
    if (!sizing.error.empty()) {
      injection_.AddError(
          "CL-A-CONFLICT",
          resource + " of container " + injection_.container_name() + ": " + sizing.error,
          "change the chart's value or the policy", node_);
      return;
    }
    write = sizing.write;
    claims_request = sizing.claims_request;
    claims_limit = sizing.claims_limit;
  }
  const auto settle = [&](const char* side, const std::optional<Amount>& amount, bool claims,
                          const std::optional<Amount>& stands) {
    const std::vector<std::string> path = {"resources", side, resource};
    if (amount) proposal_.Put(node_, path, QuantityValue(amount->text), injection_.origin());
    if (claims) proposal_.Claim(node_, path);
    const std::optional<Amount>& wants = amount ? amount : stands;
    if ((amount || claims) && wants) {
      proposal_.State(injection_.container_name(), side, resource, wants->value);
    }
  };
  settle("requests", write.request, claims_request, found.request);
  settle("limits", write.limit, claims_limit, found.limit);
}

/// Takes fields out of our container that the policy does not name any more. Variables, mounts and
/// resources may be the work of other policies, and stay.
void Merge::RemoveOthers(const yaml::Value& wanted) {
  static constexpr std::array<std::string_view, 5> kShared{"name", "env", "envFrom", "volumeMounts",
                                                           "resources"};
  for (const yaml::NodeView entry : node_.children()) {
    const std::string key = entry.Key();
    if (wanted.Find(key) != nullptr || std::ranges::find(kShared, key) != kShared.end()) continue;
    proposal_.Remove(entry, injection_.origin());
  }
}

/// Tells later stages what a new container asks for.
void StateResources(Injection& injection, const yaml::Value& wanted) {
  const yaml::Value* resources = wanted.Find("resources");
  if (resources == nullptr) return;
  for (const char* side : {"requests", "limits"}) {
    const yaml::Value* list = resources->Find(side);
    if (list == nullptr) continue;
    for (const auto& [name, value] : list->entries()) {
      const auto amount = Amount::Parse(value.text());
      if (amount) injection.proposal.State(NameOf(wanted), side, name, amount->value);
    }
  }
}

/// A host that copies comments by position (Run::comments_by_position) would give those of the item
/// that stands at `placement` to the new one: then it goes to the end.
void KeepCommentsInPlace(Injection& injection, const char* key, Placement& placement) {
  const yaml::NodeView list = injection.pod.spec.Find(key);
  if (!injection.run.comments_by_position || !list ||
      placement.place.side == yaml::ItemPlace::Side::kEnd ||
      !yaml::Surroundings(list.outline()).HasComments(list.id())) {
    return;
  }
  placement = {};
  injection.proposal.AddFinding(
      text::Severity::kWarning, "CL-A-COMMENTS",
      "container " + injection.container_name() + " goes to the end of " + key +
          ", behind containers that it was to start before: kpt and kustomize fn hand comments out "
          "by position, and those of this list would move to other containers",
      list, "take the comments out of the list, or write them above it");
}

/// A new container at the place that `order` says.
bool Insert(Injection& injection, const yaml::Value& wanted) {
  const auto sidecar =
      std::ranges::find(injection.run.sidecars, injection.policy.name(), &Sidecar::policy);
  Sidecar self;
  if (sidecar != injection.run.sidecars.end()) self = *sidecar;
  self.container = injection.container_name();  // The workload may have overridden it.
  Placement placement = FindPlacement(self, injection.run.sidecars, injection.pod, injection.native,
                                      injection.proposal.pending());
  if (!placement.error.empty()) {
    injection.AddError("CL-A-ORDER",
                       "container " + self.container + " has no place: " + placement.error,
                       "correct spec.order of the policy");
    return false;
  }
  const char* list = injection.native ? "initContainers" : "containers";
  KeepCommentsInPlace(injection, list, placement);
  injection.proposal.Append(injection.pod.spec, {list}, wanted, placement.place,
                            injection.origin());
  StateResources(injection, wanted);
  if (injection.native || !placement.first_of_existing) return true;
  // kubectl takes the first container for the main one, unless it is told (rule A7).
  const auto app =
      std::ranges::find(injection.containers, kube::ContainerType::kApp, &kube::Container::type);
  if (app != injection.containers.end() && injection.pod.Annotation(kDefaultContainer).empty()) {
    injection.proposal.Put(injection.subject.manifest->root,
                           injection.pod.PathTo({"metadata", "annotations", kDefaultContainer}),
                           yaml::Value::String(app->name), injection.origin());
    injection.proposal.Relabel();
  }
  return true;
}

/// The list that holds `container`.
yaml::NodeView ListOf(const Injection& injection, const kube::Container& container) {
  const bool main = container.type == kube::ContainerType::kApp;
  return injection.pod.spec.Find(main ? "containers" : "initContainers");
}

void RemoveFrom(yaml::NodeView list, const std::string& name, Proposal& proposal) {
  for (const yaml::NodeView item : list.children()) {
    if (!item.Resolved().Find("name").TextIs(name)) continue;
    RemoveChildren(list, {&item, 1}, proposal);
    return;
  }
}

/// The mark says that an earlier run put a container of this policy here, and none has its name.
/// The mark does not say which one it was (ADR 0003).
void WarnOfOldName(Injection& injection) {
  injection.proposal.AddFinding(text::Severity::kWarning, "CL-A-RENAMED",
                                "an earlier run put a container of the policy " +
                                    injection.policy.name() + " here, and none is called " +
                                    injection.container_name() +
                                    "; if the policy called it otherwise then, it is still there",
                                injection.subject.manifest->annotations.Find(kManagedByAnnotation),
                                "take the old container out, or render the chart anew");
}

}  // namespace

yaml::Value WantedContainer(const yaml::Value& container, bool native) {
  yaml::Value wanted;
  for (const auto& [key, value] : container.entries()) {
    if (key == "restartPolicy") continue;
    wanted.Put(key, value);
    if (key == "image" && native) wanted.Put("restartPolicy", yaml::Value::String("Always"));
    if (key != "readinessProbe" || !native || container.Find("startupProbe") != nullptr) continue;
    yaml::Value startup;
    for (const auto& [field, of_probe] : value.entries()) {
      // A startup probe knows only one success.
      if (field != "successThreshold") startup.Put(field, of_probe);
    }
    wanted.Put("startupProbe", std::move(startup));
  }
  return wanted;
}

bool ProposeContainer(Injection& injection) {
  const yaml::Value* container = injection.container();
  if (container == nullptr) return true;
  const yaml::Value wanted = WantedContainer(*container, injection.native);
  const kube::Container* existing = injection.FindExisting();
  if (existing == nullptr) {
    if (injection.marked) WarnOfOldName(injection);
    if (!Insert(injection, wanted)) return false;
    injection.proposal.Own();
    return true;
  }
  if (!injection.marked) {
    Merge merge(injection, existing->node, /*ours=*/false);
    merge.Apply(wanted);
    if (merge.kept().empty()) return true;
    std::string fields;
    for (const std::string& field : merge.kept()) fields += (fields.empty() ? "" : ", ") + field;
    injection.proposal.AddSkip(
        "CL-A-KEPT", "container " + existing->name + " is the chart's; it keeps its " + fields);
    return true;
  }
  injection.proposal.Own();
  const bool stands_native = existing->type != kube::ContainerType::kApp;
  if (stands_native == injection.native) {
    Merge(injection, existing->node, /*ours=*/true).Apply(wanted);
    return true;
  }
  RemoveFrom(ListOf(injection, *existing), existing->name, injection.proposal);
  return Insert(injection, wanted);
}

void RemoveContainer(Injection& injection) {
  const kube::Container* existing = injection.FindExisting();
  if (existing == nullptr) return;
  RemoveFrom(ListOf(injection, *existing), existing->name, injection.proposal);
}

}  // namespace cloudlab::policy::sidecar
