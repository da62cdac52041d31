// What metrics measure, and whether the requests that they are measured by are there.

#include <algorithm>
#include <utility>

#include "policy/closure/checks.hpp"

namespace cloudlab::policy {
namespace {

using kube::ContainerResources;
using kube::ContainerType;
using text::Severity;

bool IsUtilization(yaml::NodeView metric) {
  const yaml::NodeView target = metric.Find("target");
  // autoscaling/v2beta1 has no target map.
  if (!target) return static_cast<bool>(metric.Find("targetAverageUtilization"));
  return target.Find("type").TextIs("Utilization");
}

std::vector<ResourceMetric> ReadHpa(const kube::Manifest& hpa) {
  const yaml::NodeView spec = hpa.root.Find("spec");
  std::vector<ResourceMetric> metrics;
  for (const yaml::NodeView child : spec.Find("metrics").children()) {
    const yaml::NodeView item = child.Resolved();
    const bool of_container = item.Find("type").TextIs("ContainerResource");
    const yaml::NodeView metric = item.Find(of_container ? "containerResource" : "resource");
    if (!metric || (!of_container && !item.Find("type").TextIs("Resource"))) continue;
    metrics.push_back({.resource = metric.Find("name").Text(),
                       .container = metric.Find("container").Text(),
                       .utilization = IsUtilization(metric),
                       .node = metric});
  }
  const bool elsewhere = !hpa.Annotation("autoscaling.alpha.kubernetes.io/metrics").empty();
  if (spec.Find("metrics").children().empty() && !elsewhere) {
    const yaml::NodeView v1 = spec.Find("targetCPUUtilizationPercentage");
    metrics.push_back(
        {.resource = "cpu", .container = {}, .utilization = true, .node = v1 ? v1 : spec});
  }
  return metrics;
}

std::vector<ResourceMetric> ReadTriggers(const kube::Manifest& scaled_object) {
  std::vector<ResourceMetric> metrics;
  for (const yaml::NodeView child : scaled_object.root.Find({"spec", "triggers"}).children()) {
    const yaml::NodeView item = child.Resolved();
    const std::string type = item.Find("type").Text();
    if (type != "cpu" && type != "memory") continue;
    const yaml::NodeView metadata = item.Find("metadata");
    // The older place of the metric's type is the metadata.
    const yaml::NodeView metric_type = item.Find("metricType");
    const yaml::NodeView kind = metric_type ? metric_type : metadata.Find("type");
    metrics.push_back({.resource = type,
                       .container = metadata.Find("containerName").Text(),
                       .utilization = kind.TextIs("Utilization"),
                       .node = item});
  }
  return metrics;
}

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

std::vector<ResourceMetric> ReadResourceMetrics(const Scaler& scaler) {
  return scaler.keda ? ReadTriggers(*scaler.manifest) : ReadHpa(*scaler.manifest);
}

void CheckMetrics(const ClosureStream& stream, std::vector<ClosureFinding>& findings) {
  for (const Scaler& scaler : stream.scalers()) {
    if (scaler.target.manifest == nullptr) continue;
    const ClosureWorkload* workload = stream.WorkloadOf(scaler.target.manifest);
    if (workload == nullptr) continue;
    for (const ResourceMetric& metric : ReadResourceMetrics(scaler)) {
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
