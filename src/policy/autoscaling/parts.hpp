// The parts of an AutoscalingPolicy that follow from who sets the number of pods.
#pragma once

#include <optional>

#include "policy/autoscaling/horizontal.hpp"
#include "policy/autoscaling/target.hpp"

namespace cloudlab::policy::autoscaling {

/// Does with `spec.replicas` what `replicasPolicy` says, and tells what the next rollout will do
/// under each host (rule C3).
void HandOverReplicas(const Target& target, const Scaler& scaler);

/// Proposes a VerticalPodAutoscaler that shares no resource with `scaler` (rule C5).
void ProposeVertical(const Target& target, const std::optional<Scaler>& scaler);

/// Proposes a PodDisruptionBudget under which at least one pod can always be evicted (rules C6,
/// C7).
void ProposeBudget(const Target& target, const std::optional<Scaler>& scaler);

/// Proposes topologySpreadConstraints for the pods.
void ProposeSpread(const Target& target);

}  // namespace cloudlab::policy::autoscaling
