// AutoscalingPolicy: gives a workload an autoscaler, a recommender and a disruption budget that do
// not contradict each other, nor what the stream already holds (rules C1 to C7).
//
// Autoscalers and budgets of the chart are read first and win, unless `conflictPolicy` says
// otherwise; objects that an earlier run of the same policy made are brought up to date. The stage
// comes after sidecars and tiers, so that their containers and requests count. Policies with
// `horizontal` come before those without, whose budgets go by the bounds that the former set.
//
// Left alone, with a reason: kinds without a scale subresource, workloads that the chart switches
// off with `replicas: 0`, and pods that are too few for a budget. Refused: a metric that could
// never be computed because a request is missing, and bounds that are none.
#pragma once

#include "policy/policy.hpp"

namespace cloudlab::policy {

class AutoscalingPolicy : public Policy {
 public:
  using Policy::Policy;

  Stage stage() const override;
  void Propose(const Subject& subject, const Run& run, Proposal& proposal) const override;
  bool ReadsTier(const Subject& subject) const override;
};

}  // namespace cloudlab::policy
