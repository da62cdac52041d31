// NetworkAccessPolicy: gives a workload the network policies that follow from what it and the rest
// of the stream are configured with (rules D1 to D10).
//
// Who connects to whom is inferred once for the whole stream (network/traffic.hpp); here it becomes
// the openings of one workload (network/opening.hpp), written as objects of the kinds that the
// policy asks for (network/emit.hpp). Whether all of that leaves every route open is proven at the
// end of the run (network/proof.hpp). Policy objects of the chart stay as they are: policies add
// up.
//
// Left alone, with a reason: pods in the network of their node, where policies are undefined; pods
// that no label tells from others; and, for AuthorizationPolicies, workloads that have one already
// or whose clients have no identity of their own. Refused: closing a namespace that may hold other
// releases.
#pragma once

#include "policy/network/settings.hpp"
#include "policy/policy.hpp"

namespace cloudlab::policy {

class NetworkAccessPolicy : public Policy {
 public:
  explicit NetworkAccessPolicy(const Document& document)
      : Policy(document), settings_(document.spec) {}

  Stage stage() const override { return Stage::kNetwork; }
  void Propose(const Subject& subject, const Run& run, Proposal& proposal) const override;

 private:
  network::Settings settings_;
};

}  // namespace cloudlab::policy
