// SidecarPolicy: puts a container, and all that it needs, into the pods of workloads (rules A1 to
// A7): volumes, variables for the chart's containers, annotations that steer other injectors,
// objects of its own.
//
// Left alone, with a reason: pods on the network of their node if the sidecar redirects traffic,
// system namespaces (unless the workload itself asks for it by inject.cloudlab.dev/<policy>).
// Refused: a classic sidecar in a Job, which would never end; wishes for an order that contradict
// each other; whatever must not meet in one pod (sidecar/clashes.hpp).
//
// The parts, in the order in which they work: sidecar/{variables, clashes, container, order,
// surroundings, metadata, presets, objects}. Of the pipeline this policy asks four things:
// SortSidecars() and CollectSidecars() (sidecar/order.hpp) before the run, UpdateMark()
// (ownership.hpp) after each workload, and ObjectPool, UpdateObject() and FindOrphans()
// (sidecar/objects.hpp) for the objects.
#pragma once

#include "policy/policy.hpp"

namespace cloudlab::policy {

class SidecarPolicy : public Policy {
 public:
  using Policy::Policy;

  Stage stage() const override { return Stage::kSidecars; }
  void Propose(const Subject& subject, const Run& run, Proposal& proposal) const override;
  void Withdraw(const Subject& subject, const Run& run, Proposal& proposal) const override;
};

}  // namespace cloudlab::policy
