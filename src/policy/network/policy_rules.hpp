// NetworkPolicies (networking.k8s.io/v1) as the API reference reads them: whom a policy selects, in
// which directions it isolates, and what its rules let through.
//
// What cannot be read lets nothing through, so that nobody relies on it: a peer or a port with an
// unknown field, operator, protocol or block matches nothing, and a rule that is no map, has an
// unknown field (`form:`) or a `from` that is no list allows nothing. The API server refuses most
// of them. A policy with unknown policyTypes isolates in both directions and allows nothing; one
// whose podSelector cannot be read isolates nobody and allows nobody, for it is not known whom it
// is about.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kube/manifest.hpp"
#include "kube/pod_template.hpp"
#include "policy/network/ip_block.hpp"
#include "policy/network/protocol.hpp"

namespace cloudlab::policy::network {

/// Where a connection goes to.
struct Port {
  Protocol protocol = Protocol::kTcp;
  std::uint16_t number = 0;
};

/// A port that a container of the pod declares under a name.
struct NamedPort {
  std::string name;
  Protocol protocol = Protocol::kTcp;
  std::uint16_t number = 0;
};

/// An item of `ports`: numbers of a protocol, or a port that the destination pod names.
struct PolicyPort {
  Protocol protocol = Protocol::kTcp;
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  std::string name;  ///< Empty: the numbers hold.

  /// `names` are those of the pod at the end of the connection.
  bool Takes(Port port, std::span<const NamedPort> names) const;
};

/// Pods that `from` or `to` names. An absent podSelector is empty here: it takes all pods.
struct PodPeer {
  bool same_namespace = true;  ///< There is no namespaceSelector: pods beside the policy.
  kube::Selector namespaces;
  kube::Selector pods;
};

struct BlockPeer {
  IpBlock block;
  std::vector<IpBlock> except;  ///< Each inside of `block`.
  /// It opens neither nodes nor the API server, whatever their addresses: Cilium knows them as
  /// entities.
  bool outside = false;

  bool Contains(const IpAddress& address) const;
};

/// An item of `ingress` or `egress`. Without `any_peer` only those are meant that the lists and
/// flags name, without `any_port` only `ports`.
struct PolicyRule {
  bool any_peer = false;  ///< `from` or `to` is missing or empty.
  std::vector<PodPeer> pods = {};
  std::vector<BlockPeer> blocks = {};
  std::vector<std::string> hosts = {};  ///< Names outside of the cluster (host_pattern.hpp).
  bool nodes = false;                   ///< And pods in their network.
  bool api_server = false;
  bool any_port = false;  ///< `ports` is missing or empty.
  std::vector<PolicyPort> ports = {};
};

/// One direction of a policy.
struct PolicyRules {
  bool isolates = false;  ///< What no rule of any policy allows is closed.
  std::vector<PolicyRule> allow = {};
  std::vector<PolicyRule> deny = {};  ///< Win over what any policy allows.
};

struct NetworkPolicy {
  kube::Selector pods = {};
  bool clusterwide = false;  ///< The pods are in `namespaces`, else in that of the policy.
  kube::Selector namespaces = {};
  PolicyRules ingress = {};
  PolicyRules egress = {};
};

bool IsNetworkPolicy(const kube::Manifest& manifest);
/// Nothing if the spec is no map or its podSelector cannot be read.
std::optional<NetworkPolicy> ReadNetworkPolicy(const kube::Manifest& manifest);

/// Of containers and native sidecars; init containers have ended when others connect.
std::vector<NamedPort> NamedPorts(const kube::PodTemplate& pod);

}  // namespace cloudlab::policy::network
