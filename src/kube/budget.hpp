// How many pods a PodDisruptionBudget lets people evict at a time.
//
// The arithmetic is that of the disruption controller, for the day on which all pods are healthy:
// a budget that allows nothing then never allows anything, and every node drain waits for ever.
//
// Sources: kubernetes pkg/controller/disruption/disruption.go (getExpectedPodCount,
// updatePdbStatus) and apimachinery pkg/util/intstr (GetScaledValueFromIntOrPercent). Refused as
// the API server refuses it: negative numbers, fractions, a number in quotes, a percentage above
// 100.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "yaml/view.hpp"

namespace cloudlab::kube {

/// A number of pods, or a share of them: `3`, `50%`.
struct IntOrPercent {
  std::int64_t value = 0;
  bool percent = false;

  /// Nothing if `text` is neither a whole number up to 2^31 - 1 nor a whole percentage up to 100.
  static std::optional<IntOrPercent> Parse(std::string_view text);
  /// How many of `pods` that is; a share is rounded up (intstr, roundUp = true).
  std::int64_t ScaledUp(std::int64_t pods) const;
  /// "3" or "50%".
  std::string Print() const;

  friend bool operator==(const IntOrPercent&, const IntOrPercent&) = default;
};

/// The value at `node`. Nothing if it is none, or a number in quotes, which the API server takes
/// for a string without a percent sign.
std::optional<IntOrPercent> ReadIntOrPercent(yaml::NodeView node);

/// `minAvailable` and `maxUnavailable`, of which the API server accepts one.
struct Budget {
  std::optional<IntOrPercent> min_available;
  std::optional<IntOrPercent> max_unavailable;
};

/// The budget in the `spec` of a PodDisruptionBudget; nothing if one of its fields cannot be read.
std::optional<Budget> ReadBudget(yaml::NodeView spec);

/// How many of `pods` healthy pods may be evicted now; never negative. `pods` is also the
/// `spec.replicas` that the controller takes shares of. A budget that says nothing allows nothing,
/// because the controller then expects no pods.
std::int64_t AllowedDisruptions(const Budget& budget, std::int64_t pods);

/// The budget under which `voters` members of a quorum keep a majority while pods are evicted:
/// at most floor((voters - 1) / 2) of them are away.
Budget QuorumBudget(std::int64_t voters);

}  // namespace cloudlab::kube
