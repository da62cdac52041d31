// What must not meet in one pod (rule A6), checked before anything is proposed: Kubernetes accepts
// most of it, and the pod then fails at run time.
#pragma once

#include "policy/sidecar/injection.hpp"

namespace cloudlab::policy::sidecar {

/// Reports every clash of the policy with the pod and with what other policies of the stage are
/// about to add; each kind has its own code. False if there was one.
bool CheckClashes(const Injection& injection);

}  // namespace cloudlab::policy::sidecar
