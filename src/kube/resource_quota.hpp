// What pods count against a ResourceQuota: whether it is about a pod at all, what a pod uses, which
// sums exceed it, and which containers do not say what it wants said.
//
// Only the pods of the caller are summed; what else lives in the namespace is not known here, so
// no finding does not mean that the quota holds. Quotas of other things (services, storage,
// count/...) are left out, and a quota with a scope that cannot be judged from a manifest
// (CrossNamespacePodAffinity, VolumeAttributesClass) covers no pod.
//
// Sources: https://kubernetes.io/docs/concepts/policy/resource-quotas/ and kubernetes
// pkg/quota/v1/evaluator/core/pods.go.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kube/manifest.hpp"
#include "kube/pod_resources.hpp"
#include "kube/pod_template.hpp"

namespace cloudlab::kube {

struct ResourceQuota {
  ObjectId id;
  yaml::NodeView node;  ///< `spec.hard`.
  ResourceList hard;
  /// `scopes` (as Exists) and `scopeSelector`; the keys are names of scopes. All must hold.
  std::vector<Selector::Requirement> scopes;
  bool unknown_scope = false;
};

/// The ResourceQuota in `manifest`, which is of that kind.
ResourceQuota ReadResourceQuota(const Manifest& manifest);

/// What a quota looks at in a pod.
struct QuotaPod {
  /// As admitted: what the API server and LimitRanges fill in is there (ApplyLimitRanges).
  PodResources resources;
  bool terminating = false;  ///< The pod (not its Job) has `activeDeadlineSeconds`.
  std::string priority_class;
};

QuotaPod ReadQuotaPod(const PodTemplate& pod, PodResources resources);

/// True if `quota` is about such a pod: all its scopes hold.
bool Covers(const ResourceQuota& quota, const QuotaPod& pod);

/// What one pod uses, under the names that quotas have for it: "pods", "requests.cpu" and "cpu",
/// "limits.memory", "requests.nvidia.com/gpu", ...
ResourceList QuotaUsage(const PodResources& pod);

/// So many pods of one kind.
struct PodDemand {
  const QuotaPod* pod = nullptr;
  std::int64_t count = 0;
};

struct Overcommitment {
  std::string resource;  ///< As the quota names it.
  Quantity used;
  Quantity hard;
};

/// The resources of which the covered pods use more than `quota` has, in the order of their names.
std::vector<Overcommitment> Overcommitted(const ResourceQuota& quota,
                                          std::span<const PodDemand> demands);

struct UnstatedResource {
  std::string container;
  std::string resource;  ///< As the quota names it.
};

/// What containers and init containers of a covered pod must say and do not: a quota of cpu or
/// memory refuses pods without it, whatever is left of the quota. Nothing for a pod that speaks for
/// itself (`spec.resources`).
std::vector<UnstatedResource> FindUnstated(const ResourceQuota& quota, const QuotaPod& pod);

}  // namespace cloudlab::kube
