// The kinds of policy objects that an Access can be written as. Each writes only the spec; name and
// metadata are the policy's business (policy/network.cpp).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/network/access.hpp"
#include "policy/network/settings.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy::network {

/// Openings that say the same of several peers or ports, put together.
struct Rule {
  std::vector<const Peer*> peers;  ///< Equal ones once.
  std::vector<PortRange> ports;    ///< Sorted; empty: every port.
};

/// `openings` as few rules as possible, in the order of the first opening of each.
std::vector<Rule> Merge(std::span<const Opening> openings);

/// A NetworkPolicy (networking.k8s.io/v1). Hosts by name it cannot express: they are left out.
yaml::Value NetworkPolicySpec(const Access& access);

/// A CiliumNetworkPolicy (cilium.io/v2), DNS names included.
yaml::Value CiliumNetworkPolicySpec(const Access& access, const Settings& settings);

/// An AuthorizationPolicy (security.istio.io/v1) about who may connect to the workload, where
/// AuthorizationObstacle() is empty.
yaml::Value AuthorizationPolicySpec(const Access& access, const Settings& settings);

/// Why no AuthorizationPolicy can be made for `access`: a client has no ServiceAccount of its own,
/// or its namespace is not known, so that it could not be told from others. Empty if one can be
/// made.
std::string AuthorizationObstacle(const Access& access);

}  // namespace cloudlab::policy::network
