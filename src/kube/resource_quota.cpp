#include "kube/resource_quota.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "kube/limit_range.hpp"
#include "kube/pod_count.hpp"

namespace cloudlab::kube {
namespace {

using Operator = Selector::Operator;

constexpr std::string_view kHugePages = "hugepages-";
constexpr std::string_view kPriorityClass = "PriorityClass";
constexpr std::array<std::string_view, 4> kPlainScopes{"Terminating", "NotTerminating",
                                                       "BestEffort", "NotBestEffort"};
/// The resources that a quota wants every container to state (pods.go, validationSet).
constexpr std::array<std::string_view, 6> kWanted{"cpu",    "limits.cpu",   "limits.memory",
                                                  "memory", "requests.cpu", "requests.memory"};

std::optional<Operator> ParseOperator(const yaml::NodeView& node) {
  if (node.TextIs("In")) return Operator::kIn;
  if (node.TextIs("NotIn")) return Operator::kNotIn;
  if (node.TextIs("Exists")) return Operator::kExists;
  if (node.TextIs("DoesNotExist")) return Operator::kDoesNotExist;
  return std::nullopt;
}

void AddScope(ResourceQuota& quota, std::string name, std::optional<Operator> op,
              yaml::NodeView values) {
  const bool known =
      name == kPriorityClass || std::ranges::find(kPlainScopes, name) != kPlainScopes.end();
  if (!known || !op) {
    quota.unknown_scope = true;
    return;
  }
  Selector::Requirement scope{std::move(name), *op, {}};
  for (const yaml::NodeView value : values.children()) scope.values.push_back(value.Text());
  quota.scopes.push_back(std::move(scope));
}

/// As a label selector over the one label "PriorityClass".
bool HasPriorityClass(const Selector::Requirement& scope, const std::string& priority_class) {
  const bool contained = !priority_class.empty() &&
                         std::ranges::find(scope.values, priority_class) != scope.values.end();
  switch (scope.op) {
    case Operator::kIn:
      return contained;
    case Operator::kNotIn:
      return !contained;
    case Operator::kExists:
      return !priority_class.empty();
    case Operator::kDoesNotExist:
      return priority_class.empty();
  }
  return false;
}

bool Holds(const Selector::Requirement& scope, const QuotaPod& pod) {
  if (scope.key == "Terminating") return pod.terminating;
  if (scope.key == "NotTerminating") return !pod.terminating;
  if (scope.key == kPriorityClass) return HasPriorityClass(scope, pod.priority_class);
  const bool best_effort = Qos(pod.resources) == QosClass::kBestEffort;
  return scope.key == "BestEffort" ? best_effort : !best_effort;
}

/// What the requests and limits of a container or pod are called in a quota, but for "pods".
ResourceList Named(const ResourceList& requests, const ResourceList& limits) {
  const auto is_compute = [](std::string_view name) {
    return name == "cpu" || name == "memory" || name == "ephemeral-storage";
  };
  ResourceList named;
  for (const auto& [name, quantity] : requests) {
    const bool plain = is_compute(name) || name.starts_with(kHugePages);
    if (plain) named[name] = quantity;
    if (plain || !IsOvercommittable(name)) named["requests." + name] = quantity;
  }
  for (const auto& [name, quantity] : limits) {
    if (is_compute(name)) named["limits." + name] = quantity;
  }
  return named;
}

}  // namespace

ResourceQuota ReadResourceQuota(const Manifest& manifest) {
  const yaml::NodeView spec = manifest.root.Find("spec");
  ResourceQuota quota{.id = manifest.id,
                      .node = spec.Find("hard"),
                      .hard = ReadResourceList(spec.Find("hard").Resolved()),
                      .scopes = {}};
  for (const yaml::NodeView scope : spec.Find("scopes").children()) {
    AddScope(quota, scope.Text(), Operator::kExists, {});
  }
  for (const yaml::NodeView child : spec.Find({"scopeSelector", "matchExpressions"}).children()) {
    const yaml::NodeView item = child.Resolved();
    AddScope(quota, item.Find("scopeName").Text(), ParseOperator(item.Find("operator")),
             item.Find("values"));
  }
  return quota;
}

QuotaPod ReadQuotaPod(const PodTemplate& pod, PodResources resources) {
  const auto deadline = ReadCount(pod.spec.Find("activeDeadlineSeconds"));
  return {.resources = std::move(resources),
          .terminating = deadline.has_value() && *deadline >= 0,
          .priority_class = pod.spec.Find("priorityClassName").Text()};
}

bool Covers(const ResourceQuota& quota, const QuotaPod& pod) {
  if (quota.unknown_scope) return false;
  return std::ranges::all_of(quota.scopes,
                             [&](const Selector::Requirement& scope) { return Holds(scope, pod); });
}

ResourceList QuotaUsage(const PodResources& pod) {
  ResourceList usage = Named(EffectiveRequest(pod), EffectiveLimit(pod));
  usage["pods"] = *Quantity::Parse("1");
  usage["count/pods"] = *Quantity::Parse("1");
  return usage;
}

std::vector<Overcommitment> Overcommitted(const ResourceQuota& quota,
                                          std::span<const PodDemand> demands) {
  constexpr std::int64_t kMostPods = std::numeric_limits<std::int32_t>::max();
  ResourceList used;
  for (const PodDemand& demand : demands) {
    if (demand.count <= 0 || !Covers(quota, *demand.pod)) continue;
    for (const auto& [name, quantity] : QuotaUsage(demand.pod->resources)) {
      if (!quota.hard.contains(name)) continue;
      Quantity& sum = used[name];
      // Beyond 64 bits no quota is left, and the sum must not overflow.
      if (sum.Whole() == std::numeric_limits<std::int64_t>::max()) continue;
      sum += quantity.Times(std::min(demand.count, kMostPods));
    }
  }
  std::vector<Overcommitment> result;
  for (const auto& [name, quantity] : used) {
    const Quantity& hard = quota.hard.find(name)->second;
    if (quantity > hard) result.push_back({.resource = name, .used = quantity, .hard = hard});
  }
  return result;
}

std::vector<UnstatedResource> FindUnstated(const ResourceQuota& quota, const QuotaPod& pod) {
  std::vector<UnstatedResource> result;
  if (pod.resources.HasPodLevel() || !Covers(quota, pod)) return result;
  for (const ContainerResources& container : pod.resources.containers) {
    if (container.type == ContainerType::kEphemeral) continue;
    const ResourceList stated = Named(container.requests, container.limits);
    for (const std::string_view name : kWanted) {
      if (quota.hard.contains(name) && !stated.contains(name)) {
        result.push_back({.container = container.name, .resource = std::string(name)});
      }
    }
  }
  return result;
}

}  // namespace cloudlab::kube
