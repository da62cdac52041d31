// Where a sidecar goes among the containers of a pod, and in which order several policies add
// theirs.
//
// A native sidecar stands in `initContainers`, which start one after the other: whatever stands
// behind it can use it. A classic one stands in `containers`, behind the others, because kubectl
// takes the first one for the main one; only an explicit `before` moves it forward. A policy says
// `before` and `after` of containers by name; names that are not there mean nothing. Refused are
// wishes that contradict each other, or the order in which containers stand.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "policy/policy.hpp"
#include "text/diagnostic.hpp"
#include "yaml/change.hpp"

namespace cloudlab::policy::sidecar {

/// A place for a new container, or why there is none.
struct Placement {
  yaml::ItemPlace place;
  bool first_of_existing = false;  ///< Before every container that the list has.
  std::string error;
};

/// Where the container of `self` goes. `list` is the `initContainers` (if `native`) or `containers`
/// of the pod, and may be invalid. `pending` are the changes of the stage so far.
Placement FindPlacement(const Sidecar& self, std::span<const Sidecar> others,
                        const kube::PodTemplate& pod, bool native, const yaml::ChangeSet& pending);

}  // namespace cloudlab::policy::sidecar

namespace cloudlab::policy {

/// What each SidecarPolicy among `documents` says of its container; for Run::sidecars.
std::vector<Sidecar> CollectSidecars(const DocumentSet& documents);

/// Puts the sidecar policies among `policies` into the order in which they must propose, so that
/// each finds the containers that start before its own already there: by `before` and `after`, then
/// by position, then by name. All others keep their places. A cycle is an error.
void SortSidecars(std::vector<std::unique_ptr<Policy>>& policies, text::Diagnostics& diagnostics);

}  // namespace cloudlab::policy
