// VerticalPodAutoscalers: two on one target, or one against an autoscaler that measures what it
// moves.

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "kube/resource_metrics.hpp"
#include "policy/closure/checks.hpp"

namespace cloudlab::policy {
namespace {

using text::Severity;

constexpr std::string_view kEveryContainer = "*";

/// True if the policy `node` of a VerticalPodAutoscaler lets it move `resource`.
bool Moves(yaml::NodeView node, std::string_view resource) {
  if (node.Find("mode").TextIs("Off")) return false;
  const yaml::NodeView controlled = node.Find("controlledResources");
  if (!controlled || controlled.IsNull()) return resource == "cpu" || resource == "memory";
  return std::ranges::any_of(controlled.children(),
                             [&](yaml::NodeView item) { return item.Resolved().TextIs(resource); });
}

/// True if `scaler` moves the request for `resource` of `container`. A policy for the container
/// counts, else the one for "*", else both resources are moved.
bool Moves(const VerticalScaler& scaler, std::string_view container, std::string_view resource) {
  yaml::NodeView fallback;
  for (const yaml::NodeView child :
       scaler.manifest->root.Find({"spec", "resourcePolicy", "containerPolicies"}).children()) {
    const yaml::NodeView item = child.Resolved();
    const yaml::NodeView name = item.Find("containerName");
    if (name.TextIs(container)) return Moves(item, resource);
    if (name.TextIs(kEveryContainer)) fallback = item;
  }
  return Moves(fallback, resource);
}

/// The containers of `metric` that a VerticalPodAutoscaler looks at: it leaves init containers
/// alone. For a target that is not in the stream, one without a name.
std::vector<std::string> Measured(const kube::ResourceMetric& metric,
                                  const ClosureWorkload* workload) {
  if (!metric.container.empty()) return {metric.container};
  if (workload == nullptr) return {std::string()};
  std::vector<std::string> names;
  for (const kube::ContainerResources& container : workload->admitted.resources.containers) {
    if (container.type == kube::ContainerType::kApp) names.push_back(container.name);
  }
  return names;
}

void CheckAgainst(const ClosureStream& stream, const Scaler& scaler, const VerticalScaler& vertical,
                  std::vector<ClosureFinding>& findings) {
  const ClosureWorkload* workload =
      scaler.target.manifest == nullptr ? nullptr : stream.WorkloadOf(scaler.target.manifest);
  for (const kube::ResourceMetric& metric : kube::ReadResourceMetrics(*scaler.manifest)) {
    if (metric.resource != "cpu" && metric.resource != "memory") continue;
    const std::vector<std::string> names = Measured(metric, workload);
    const auto moved = std::ranges::find_if(
        names, [&](const std::string& name) { return Moves(vertical, name, metric.resource); });
    if (moved == names.end()) continue;
    const std::string other = metric.resource == "cpu" ? "memory" : "cpu";
    const std::string of = moved->empty() ? "" : " of container " + *moved;
    findings.push_back(FindingAt(
        "CL-C-HPA-VPA", Severity::kError, {vertical.manifest, scaler.manifest},
        vertical.target.node,
        vertical.manifest->id.Display() + " moves the " + metric.resource + " request" + of +
            ", by whose use " + scaler.manifest->id.Display() + " scales " +
            scaler.target.Display(),
        "set `controlledResources: [" + other + "]` or `updateMode: \"Off\"` in the VPA"));
  }
}

}  // namespace

void CheckVerticalScalers(const ClosureStream& stream, std::vector<ClosureFinding>& findings) {
  std::unordered_map<std::string, const VerticalScaler*> first;
  std::unordered_map<std::string, std::vector<const VerticalScaler*>> acting;
  for (const VerticalScaler& scaler : stream.vertical_scalers()) {
    if (scaler.target.name.empty()) continue;
    const std::string key = scaler.target.Key();
    if (scaler.acts) acting[key].push_back(&scaler);
    const auto [place, added] = first.try_emplace(key, &scaler);
    if (added) continue;
    const VerticalScaler& other = *place->second;
    // One that only recommends does no harm, but nobody knows whose numbers are used.
    const bool both = scaler.acts && acting[key].size() > 1;
    findings.push_back(FindingAt("CL-C-TWO-VPAS", both ? Severity::kError : Severity::kWarning,
                                 {scaler.manifest, other.manifest}, scaler.target.node,
                                 scaler.manifest->id.Display() + " and " +
                                     other.manifest->id.Display() + " both size " +
                                     scaler.target.Display(),
                                 "keep one of them"));
  }
  for (const Scaler& scaler : stream.scalers()) {
    if (scaler.target.name.empty()) continue;
    const auto found = acting.find(scaler.target.Key());
    if (found == acting.end()) continue;
    for (const VerticalScaler* vertical : found->second) {
      CheckAgainst(stream, scaler, *vertical, findings);
    }
  }
}

}  // namespace cloudlab::policy
