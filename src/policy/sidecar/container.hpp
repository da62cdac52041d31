// The sidecar's container: how it is to look, and how it gets there.
//
// Three cases. A pod without a container of that name gets a new one, at the place that `order`
// says. One that an earlier run put there is made to look as the policy says now. One of the chart
// stays where it is and keeps what it says; the policy fills in the rest (rule A2, conflictPolicy).
#pragma once

#include "policy/sidecar/injection.hpp"

namespace cloudlab::policy::sidecar {

/// The container as the policy wants it. A native sidecar gets `restartPolicy: Always` and, so that
/// nothing starts before it is ready, a startupProbe like its readinessProbe (rule A3).
yaml::Value WantedContainer(const yaml::Value& container, bool native);

/// Proposes the container. False if there was an error.
bool ProposeContainer(Injection& injection);

/// Proposes to take our container out again.
void RemoveContainer(Injection& injection);

}  // namespace cloudlab::policy::sidecar
