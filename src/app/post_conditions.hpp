// What must hold of every workload that was edited, whichever policies did it: the half of the
// closing look that concerns single pods.
//
//   sidecars  container names are unique, and every volume that is mounted is there; the Secrets
//             that a sidecar reads are made by something in the stream, or the run warns
//   tiers     no request exceeds its limit, but where the chart had it so
#pragma once

#include "app/closing.hpp"
#include "policy/policy.hpp"

namespace cloudlab::app {

/// Adds what was found to the report, and a row to its proofs for each kind of policy that took
/// part.
void ProvePostConditions(const Closing& closing, const policy::Run& run, Report& report);

}  // namespace cloudlab::app
