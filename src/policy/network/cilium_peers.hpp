// Who is meant by the peers of a rule of Cilium (cilium_rules.hpp): endpoints by labels, entities,
// blocks of addresses and names of hosts.
//
// A selector of endpoints speaks of labels of pods and, with keys of their own, of the name and the
// labels of their namespace; here these become two selectors. The prefixes `k8s:` and `any:` of a
// key say nothing more, for the labels of pods are all Kubernetes'.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "policy/network/policy_rules.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy::network {

/// An endpoint selector. Without a word about namespaces it is about those beside the policy.
/// Nothing if it cannot be read, or asks for labels that no manifest tells.
std::optional<PodPeer> ReadEndpoints(const yaml::Value& selector);

/// What a rule is read as.
struct CiliumReading {
  bool ingress = true;
  bool deny = false;
  bool clusterwide = false;
};

enum class CiliumPeers : std::uint8_t {
  kNone,  ///< The rule names no peers, not even none in an empty list.
  kRead,
  kUnreadable,  ///< Those that can be read are added all the same.
};

/// Adds the peers of a rule to `rule`.
CiliumPeers ReadCiliumPeers(const yaml::Value& item, const CiliumReading& reading,
                            PolicyRule& rule);

/// True for the name of a list of peers.
bool IsPeerList(std::string_view key, bool ingress);

}  // namespace cloudlab::policy::network
