// What enters pods from outside of the workloads of the stream: ingress controllers and gateways,
// the world, monitoring, and the API server.
//
// Each object that sends something to a Service or a pod is read by what its API says, and its
// ports are followed through the Service to the pod. Where an object does not say which port, as it
// may in a VirtualService, an OpenShift Route or a monitor, all are meant.
//
// No entry comes of a Service or a port that the stream does not have, of a Service without
// selector or with an external name, and of what only serves the mesh. Hooks' pods come and go:
// none leads to them. Controllers, Prometheus and webhooks speak TCP; only a UDPRoute and a Service
// that is open to the world lead to ports of other protocols.
//
// Sources: the API references of Kubernetes, Gateway API, Istio, OpenShift and Prometheus Operator;
// for annotations, the example configuration of Prometheus for Kubernetes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kube/index.hpp"
#include "kube/pod_index.hpp"
#include "policy/network/directory.hpp"
#include "policy/network/protocol.hpp"
#include "policy/network/source.hpp"

namespace cloudlab::policy::network {

/// A way into a pod that begins outside the workloads of the stream.
struct Entry {
  enum class From : std::uint8_t {
    kController,  ///< Of Ingresses, gateways and routes.
    kAnywhere,    ///< Through a Service that is open to the world.
    kMonitoring,
    kApiServer,
  };
  From from = From::kController;
  const kube::Manifest* server = nullptr;  ///< The workload.
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;     ///< Of the pod.
  std::string evidence = {};  ///< "Ingress web", "Service cart (LoadBalancer)".
};

/// What `infer.sources` calls the place where `entry` was found.
Source SourceOf(const Entry& entry);

/// All entries of the stream, by server in the order of the stream, then by origin, protocol and
/// port; each once, with the evidence that comes first in the stream.
std::vector<Entry> FindEntries(const kube::Index& stream, const Directory& directory,
                               const kube::PodIndex& pods);

}  // namespace cloudlab::policy::network
