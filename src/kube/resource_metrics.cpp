#include "kube/resource_metrics.hpp"

namespace cloudlab::kube {
namespace {

bool IsUtilization(yaml::NodeView metric) {
  const yaml::NodeView target = metric.Find("target");
  // autoscaling/v2beta1 has no target map.
  if (!target) return static_cast<bool>(metric.Find("targetAverageUtilization"));
  return target.Find("type").TextIs("Utilization");
}

std::vector<ResourceMetric> ReadHpa(const Manifest& hpa) {
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

std::vector<ResourceMetric> ReadTriggers(const Manifest& scaled_object) {
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

}  // namespace

std::vector<ResourceMetric> ReadResourceMetrics(const Manifest& scaler) {
  return scaler.id.kind == "ScaledObject" ? ReadTriggers(scaler) : ReadHpa(scaler);
}

}  // namespace cloudlab::kube
