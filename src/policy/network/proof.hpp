// The proof at the end of a run: with every policy of the stream in force, those of the chart and
// those that were made, does everything that is to be open still pass?
//
//   edges    every connection that a policy of the run opens, on both of its sides
//   entries  ingress controllers, everybody, monitoring and webhooks, to the ports that routes name
//   names    DNS, for each pod whose egress is isolated
//   server   the API server, for those whose ServiceAccount is bound
//
// It goes by Reach alone, which reads the policies as they will be written and knows nothing of how
// they came to be. What was closed before the run by policies of the chart is told apart from what
// is closed now.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "policy/network/reach.hpp"
#include "policy/network/settings.hpp"
#include "policy/network/traffic.hpp"
#include "text/diagnostic.hpp"

namespace cloudlab::policy::network {

/// A workload that a NetworkAccessPolicy was for.
struct Protected {
  const kube::Manifest* workload = nullptr;  ///< Of the stream of the traffic.
  const Settings* settings = nullptr;
};

/// An edge that does not pass in the end.
struct Closed {
  const Edge* edge = nullptr;
  std::string by;       ///< "NetworkPolicy/shop/db".
  bool before = false;  ///< It was closed before the run already.
  bool wanted = false;  ///< A policy opens it, on one side at least.
};

struct ProofFinding {
  text::Severity severity = text::Severity::kError;
  std::string code;
  const kube::Manifest* manifest = nullptr;  ///< Whom it is about.
  std::string message;
  std::string hint = {};
};

struct Proof {
  bool passed = true;
  std::vector<Closed> closed;
  std::vector<ProofFinding> findings;
};

/// `policies` are the settings of all policies that count, at least one; where no policy is for a
/// workload, the strictest of them holds, and what the first one says of DNS. `written` are the
/// policy objects of this run as they will stand in the stream.
Proof Prove(const Traffic& traffic, std::span<const Protected> workloads,
            std::span<const Settings* const> policies, std::span<const kube::Manifest> written);

}  // namespace cloudlab::policy::network
