// Whether the pods of a workload are part of an Istio mesh, as far as the stream tells.
//
// Labels and annotations of the pod hold before those of its Namespace (Istio, "Installing the
// Sidecar" and "Add workloads to an ambient mesh"). A Namespace that is labelled outside of the
// stream is not seen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kube/index.hpp"
#include "policy/network/ip_block.hpp"

namespace cloudlab::policy::network {

enum class Mesh : std::uint8_t {
  kNone,
  kSidecar,  ///< Each pod has a proxy of its own; connections keep their ports.
  kAmbient,  ///< A proxy on each node; connections between members use one port (HBONE).
};

/// What a stream does not tell of its mesh, and of who else is in the cluster.
struct MeshSettings {
  std::string trust_domain = "cluster.local";
  /// Policies in it hold for all namespaces.
  std::string root_namespace = "istio-system";
  /// What every workload is that has a network of its own; nothing: as MeshOf() finds.
  std::optional<Mesh> mode = {};
  /// The addresses of nodes and of the API server, which Cilium does not know as addresses.
  std::vector<IpBlock> nodes = {};
  std::vector<IpBlock> api_servers = {};
};

/// `stream` gives the Namespace of `workload`.
Mesh MeshOf(const kube::Manifest& workload, const kube::Index& stream);

}  // namespace cloudlab::policy::network
