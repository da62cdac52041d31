// Whether the pods of a workload are part of an Istio mesh, as far as the stream tells.
//
// Labels and annotations of the pod hold before those of its Namespace (Istio, "Installing the
// Sidecar" and "Add workloads to an ambient mesh"). A Namespace that is labelled outside of the
// stream is not seen.
#pragma once

#include <cstdint>

#include "kube/index.hpp"

namespace cloudlab::policy::network {

enum class Mesh : std::uint8_t {
  kNone,
  kSidecar,  ///< Each pod has a proxy of its own; connections keep their ports.
  kAmbient,  ///< A proxy on each node; connections between members use one port (HBONE).
};

/// `stream` gives the Namespace of `workload`.
Mesh MeshOf(const kube::Manifest& workload, const kube::Index& stream);

}  // namespace cloudlab::policy::network
