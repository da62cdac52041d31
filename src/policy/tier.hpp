// ResourceTierPolicy: gives the containers of a workload the requests and limits of a named tier of
// their environment, and the workload its number of replicas (rules B1 to B8).
//
// Which tier a container gets, from weak to strong: the policy's `tier` (for App containers), the
// annotation cloudlab.dev/tier of the Namespace, the object or the pod (for the same containers),
// the first rule of `containers` that selects it, and the annotation tier.cloudlab.dev/<container>.
// Sidecars that this tool injected bring their own resources: only a rule or an annotation of their
// own reaches them.
//
// Left alone: pods that say for themselves as a whole what they need (spec.resources), the number
// of devices, and replicas that an autoscaler sets, that are 0, or that belong to a StatefulSet
// (unless `conflicts.replicas` is given).
#pragma once

#include "policy/policy.hpp"

namespace cloudlab::policy {

class ResourceTierPolicy : public Policy {
 public:
  using Policy::Policy;

  Stage stage() const override { return Stage::kTiers; }
  void Propose(const Subject& subject, const Run& run, Proposal& proposal) const override;
  bool ReadsTier(const Subject& /*subject*/) const override { return true; }
};

}  // namespace cloudlab::policy
