#include "policy/autoscaling.hpp"

#include "policy/autoscaling/parts.hpp"

namespace cloudlab::policy {

Stage AutoscalingPolicy::stage() const {
  return document().spec.Find("horizontal") != nullptr ? Stage::kScaling : Stage::kBudgets;
}

bool AutoscalingPolicy::ReadsTier(const Subject& subject) const {
  return subject.spec->Find("horizontal") != nullptr &&
         !autoscaling::StatedBound(subject, "minReplicas");
}

void AutoscalingPolicy::Propose(const Subject& subject, const Run& run, Proposal& proposal) const {
  if (!subject.manifest->pod) return;  // Selection skips what has none.
  const autoscaling::Target target(*this, subject, run, proposal);
  if (!kube::IsScalable(target.id())) {
    target.Skip("CL-C-NO-SCALE", "a " + target.id().kind +
                                     " has no scale subresource: nothing can "
                                     "set its number of pods, and a budget could not know it");
    return;
  }
  if (!subject.manifest->root.Find({"metadata", "name"})) {
    target.Skip("CL-C-NO-NAME",
                "it has no metadata.name that an autoscaler or budget could refer to");
    return;
  }
  if (target.replicas() == 0) {
    target.Skip("CL-C-ZERO", "the chart switches the workload off with replicas: 0");
    return;
  }
  const auto scaler = autoscaling::ProposeHorizontal(target);
  // A policy that only gives budgets leaves the number of pods to those who set it.
  const bool scales = target.spec().Find("horizontal") != nullptr && !target.is_borrowed();
  if (scaler && scales) autoscaling::HandOverReplicas(target, *scaler);
  autoscaling::ProposeVertical(target, scaler);
  autoscaling::ProposeBudget(target, scaler);
  autoscaling::ProposeSpread(target);
}

}  // namespace cloudlab::policy
