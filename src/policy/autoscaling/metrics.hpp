// What an autoscaler measures, in the policy's words, after it was held against the pod.
//
// A share of a request can be computed only if the request exists: of every container and native
// sidecar for the metric of a pod, of one container for the metric of a container (rule C2;
// kubernetes pkg/controller/podautoscaler/replica_calculator.go). A proxy that a mesh adds later is
// not in the manifest, so pods of a mesh are measured by their main container.
#pragma once

#include <optional>
#include <vector>

#include "policy/autoscaling/target.hpp"

namespace cloudlab::policy::autoscaling {

/// The metrics of the policy, or its default (cpu at 80 percent), with containers by name and with
/// Resource turned into ContainerResource where it could not be computed. Nothing after a finding.
std::optional<std::vector<yaml::Value>> ReadMetrics(const Target& target);

/// A metric as a HorizontalPodAutoscaler has it (autoscaling/v2, MetricSpec).
yaml::Value AsHpaMetric(const yaml::Value& metric);
/// A metric as a trigger of a KEDA ScaledObject; nothing for metrics that KEDA reads from sources
/// of its own.
std::optional<yaml::Value> AsKedaTrigger(const yaml::Value& metric);

}  // namespace cloudlab::policy::autoscaling
