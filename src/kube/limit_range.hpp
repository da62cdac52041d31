// What LimitRanges of a namespace make of a pod: the requests and limits that they fill in, and the
// bounds that the pod then breaks, for which the API server refuses it.
//
// The order is that of the API server: requests default to limits, then each LimitRange fills what
// is still missing in every container, then all bounds are compared. Items of type
// PersistentVolumeClaim are not about pods and are left out, as are quantities that cannot be read.
//
// Sources: https://kubernetes.io/docs/concepts/policy/limit-range/, kubernetes
// plugin/pkg/admission/limitranger/admission.go, and SetDefaults_LimitRangeItem in
// pkg/apis/core/v1/defaults.go.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kube/manifest.hpp"
#include "kube/pod_resources.hpp"

namespace cloudlab::kube {

/// One item of `spec.limits`, its own defaults filled in: the default limit from max, the default
/// request from the default limit, else from min.
struct LimitRangeItem {
  bool of_pod = false;  ///< Type Pod: the bounds are those of all containers together.
  ResourceList default_limit;
  ResourceList default_request;
  ResourceList min;
  ResourceList max;
  ResourceList max_ratio;  ///< `maxLimitRequestRatio`.
};

struct LimitRange {
  ObjectId id;
  yaml::NodeView node;  ///< `spec.limits`.
  std::vector<LimitRangeItem> items;
};

/// The LimitRange in `manifest`, which is of that kind.
LimitRange ReadLimitRange(const Manifest& manifest);

/// A bound that a pod breaks.
struct LimitViolation {
  enum class Bound : std::uint8_t {
    kMin,
    kMax,
    kRatio,    ///< The limit is more than `allowed` times the request.
    kDefault,  ///< The limit that the LimitRange fills in is under the container's own request.
  };

  ObjectId limit_range;
  std::string container;  ///< Empty: the pod as a whole.
  std::string resource;
  Bound bound = Bound::kMin;
  bool of_limit = false;  ///< `stated` is the limit; else the request.
  /// What the pod says, or nothing if it says none and the bound wants one. For kRatio the limit;
  /// see `request`.
  std::optional<Quantity> stated;
  std::optional<Quantity> request;  ///< For kRatio only.
  Quantity allowed;

  /// "container app has limits.memory 2Gi over the maximum 1Gi".
  std::string Describe() const;
};

/// Fills in what the API server and `ranges` fill in, and returns the bounds that the pod then
/// breaks. Where several LimitRanges name a default the first one counts; Kubernetes leaves the
/// order open.
std::vector<LimitViolation> ApplyLimitRanges(std::span<const LimitRange> ranges, PodResources& pod);

/// Fills in the requests that default to limits (SetDefaults_Pod).
void ApplyRequestDefaults(PodResources& pod);

/// The limit of the pod as a whole (component-helpers, PodLimits): the counterpart of
/// EffectiveRequest(). Overhead counts only where there is a limit.
ResourceList EffectiveLimit(const PodResources& pod);

}  // namespace cloudlab::kube
