// CiliumNetworkPolicies and CiliumClusterwideNetworkPolicies (cilium.io/v2), lowered to the rules
// of policy_rules.hpp. Cilium unites them with the NetworkPolicies of the same pod.
//
// Peers are read in cilium_peers.hpp. Left as Cilium leaves it or made strict:
// - A section (`ingress`, `egress`, and their Deny twins) isolates if it is not empty, unless
//   enableDefaultDeny says otherwise. A rule without peers and ports (`- {}`) allows nothing, one
//   with ports alone allows all peers.
// - What cannot be read allows nothing, and denies everything: unknown fields, several kinds of
//   peers in one rule, toServices, toGroups, nodes by labels, groups of CIDRs, labels that no
//   manifest tells (accounts, clusters). `fromRequires` closes its direction.
// - Rules of layer 7 let some requests through, so they allow. Rules of ICMP are about no port.
// - `toFQDNs` works if the same pods ask DNS through Cilium's proxy; that is not checked.
// - `host` is the node of the pod alone, so only together with `remote-node` it stands for nodes.
// - A policy for nodes (nodeSelector) is about no pod. One whose endpointSelector cannot be read
//   isolates nobody and allows nobody.
//
// Sources: Cilium documentation, "Endpoint default policy", "Layer 3 Policies", "Layer 4 Policies",
// "Deny Policies", "Using Kubernetes Constructs in Policy".
#pragma once

#include <vector>

#include "kube/manifest.hpp"
#include "policy/network/policy_rules.hpp"

namespace cloudlab::policy::network {

bool IsCiliumPolicy(const kube::Manifest& manifest);

/// What `spec` and the items of `specs` say, those that can be read.
std::vector<NetworkPolicy> ReadCiliumPolicy(const kube::Manifest& manifest);

}  // namespace cloudlab::policy::network
