// What a sidecar needs around it: volumes of the pod, and variables and mounts in the containers of
// the chart. Sidecars of other policies are never touched.
#pragma once

#include <set>
#include <string>

#include "policy/sidecar/injection.hpp"

namespace cloudlab::policy::sidecar {

/// Volumes, by name. A volume of the chart that has the name of ours but is another one is an
/// error, unless `conflicts` names `volumes`: our container would mount something else.
void ProposeVolumes(Injection& injection);
/// `env` and `volumeMounts`, for the containers that each selects; left out, for App containers.
void ProposeEnvironment(Injection& injection);

/// The names of the volumes that the pod has, or will have once the policy applied.
std::set<std::string> KnownVolumes(const Injection& injection);

/// Takes out what the policy would put there and nobody else needs.
void RemoveVolumes(Injection& injection);
void RemoveEnvironment(Injection& injection);

}  // namespace cloudlab::policy::sidecar
