// The number of pods: a HorizontalPodAutoscaler (autoscaling/v2) or a KEDA ScaledObject.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/autoscaling/target.hpp"

namespace cloudlab::policy::autoscaling {

/// Who sets the number of pods of a workload at the end of the run.
struct Scaler {
  std::string name;  ///< For messages: `HorizontalPodAutoscaler shop/cart`.
  Bounds bounds;
  std::vector<std::string> resources;  ///< "cpu", "memory": what it measures.
};

/// Proposes the autoscaler, unless the chart has one that wins. Returns the one that there will be;
/// nothing if there is none, or after a finding.
std::optional<Scaler> ProposeHorizontal(const Target& target);

}  // namespace cloudlab::policy::autoscaling
