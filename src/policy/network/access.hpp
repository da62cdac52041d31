// What one workload may do in the network: the model that every emitter writes in its own words
// (emit.hpp). It knows workloads, addresses and ports, but no kind of policy object.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kube/manifest.hpp"
#include "policy/network/mesh.hpp"
#include "policy/network/protocol.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy::network {

/// Who is at the other end of a connection.
struct Peer {
  enum class Kind : std::uint8_t {
    kPods,
    kBlock,      ///< Addresses of `cidr`.
    kHost,       ///< Whatever the DNS name `host` stands for.
    kAnywhere,   ///< Everybody, inside of the cluster and outside.
    kApiServer,  ///< The API server at an address that is not known.
  };
  Kind kind = Kind::kPods;

  /// Of kPods: label selectors as Kubernetes writes them; an empty map takes all. Without
  /// `other_namespaces` the pods stand in the namespace of the workload whose access this is.
  yaml::Value pods = {};
  bool other_namespaces = false;
  yaml::Value namespaces = {};
  /// Of kPods: the workload of the stream whose pods these are, if they are one's.
  const kube::Manifest* workload = nullptr;
  Mesh mesh = Mesh::kNone;  ///< Of `workload`.

  std::string cidr = {};                 ///< Of kBlock.
  std::vector<std::string> except = {};  ///< Blocks inside `cidr`.
  std::string host = {};                 ///< Of kHost.

  friend bool operator==(const Peer&, const Peer&) = default;
};

/// Ports of the pod that is connected to; `first` 0 means every port of every protocol.
struct PortRange {
  Protocol protocol = Protocol::kTcp;
  std::uint16_t first = 0;
  std::uint16_t last = 0;

  bool IsAny() const { return first == 0; }
  friend auto operator<=>(const PortRange&, const PortRange&) = default;
};

/// One opening, with the reason for it.
struct Opening {
  Peer peer;
  PortRange port;
  std::string who;       ///< The other end for people: "Deployment/shop/cart", "api.example.com".
  std::string evidence;  ///< "Deployment/cart env REDIS_ADDR", "Ingress web", "spec.dns".
};

struct Access {
  const kube::Manifest* workload = nullptr;
  yaml::Value pods;  ///< The label selector of its pods.
  Mesh mesh = Mesh::kNone;
  bool isolates_ingress = true;
  bool isolates_egress = true;
  /// Whether what is not opened is closed (`defaultDeny` is not None). Kinds that can open without
  /// isolating say so.
  bool closes = true;
  std::vector<Opening> ingress;  ///< In the order in which people should read them.
  std::vector<Opening> egress;
};

}  // namespace cloudlab::policy::network
