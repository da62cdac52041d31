// Whether the containers that metrics measure are there, and the requests of those that are shares.

#include <algorithm>
#include <utility>

#include "kube/resource_metrics.hpp"
#include "policy/closure/checks.hpp"

namespace cloudlab::policy {
namespace {

using kube::ContainerResources;
using kube::ContainerType;
using kube::ResourceMetric;
using text::Severity;

/// The containers that metrics are taken of: those that run beside one another.
bool Runs(const ContainerResources& container) {
  return container.type == ContainerType::kApp || container.type == ContainerType::kSidecar;
}

/// False if `metric` is that of one container and `workload` has no such one.
bool HasContainer(const ResourceMetric& metric, const ClosureWorkload& workload) {
  return metric.container.empty() ||
         std::ranges::any_of(workload.admitted.resources.containers, [&](const auto& container) {
           return Runs(container) && container.name == metric.container;
         });
}

/// Which requests a share lacks in `workload`, and the way out; both empty if none.
std::pair<std::string, std::string> Lacking(const ResourceMetric& metric,
                                            const ClosureWorkload& workload) {
  const kube::PodResources& pod = workload.admitted.resources;
  const std::string field = "requests." + metric.resource;
  std::string without;
  std::string with;
  for (const ContainerResources& container : pod.containers) {
    if (!Runs(container) || (!metric.container.empty() && container.name != metric.container)) {
      continue;
    }
    std::string& list = container.requests.contains(metric.resource) ? with : without;
    list += (list.empty() ? "" : ", ") + container.name;
  }
  if (without.empty()) return {};
  if (metric.container.empty() && pod.HasPodLevel() &&
      kube::EffectiveRequest(pod).contains(metric.resource)) {
    return {};
  }
  std::string hint = "give " + without + " " + field;
  if (!with.empty()) hint += ", or measure " + with + " alone with a ContainerResource metric";
  return {"states no " + field + " in " + without, std::move(hint)};
}

}  // namespace

void CheckMetrics(const ClosureStream& stream, std::vector<ClosureFinding>& findings) {
  for (const Scaler& scaler : stream.scalers()) {
    if (scaler.target.manifest == nullptr) continue;
    const ClosureWorkload* workload = stream.WorkloadOf(scaler.target.manifest);
    if (workload == nullptr) continue;
    for (const ResourceMetric& metric : kube::ReadResourceMetrics(*scaler.manifest)) {
      if (!HasContainer(metric, *workload)) {
        findings.push_back(FindingAt("CL-C-NO-CONTAINER", Severity::kError,
                                     {scaler.manifest, workload->manifest}, metric.node,
                                     scaler.manifest->id.Display() + " measures the use of " +
                                         metric.resource + " by " + metric.container + ", but " +
                                         workload->manifest->id.Display() +
                                         " runs no container of that name",
                                     "name one of its containers, or put the sidecar in before"));
        continue;
      }
      if (!metric.utilization) continue;
      auto [lacking, hint] = Lacking(metric, *workload);
      if (lacking.empty()) continue;
      findings.push_back(FindingAt(
          "CL-C-NO-REQUEST", Severity::kError, {scaler.manifest, workload->manifest}, metric.node,
          scaler.manifest->id.Display() + " measures the use of " + metric.resource +
              " as a share of requests, but " + workload->manifest->id.Display() + " " + lacking,
          std::move(hint)));
    }
  }
}

}  // namespace cloudlab::policy
