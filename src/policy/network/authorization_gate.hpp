// What some AuthorizationPolicies decide about connections to the same pods.
//
// A connection is judged, not a request (Istio, "Authorization Policy"; "Use Layer 4 security
// policy"):
// - With a proxy of its own (sidecar), conditions of layer 7 let some requests through: a rule that
//   allows matches all the same, one that denies does not.
// - In an ambient mesh they are not for ztunnel, which closes: a rule that allows matches nothing,
//   one that denies matches whatever else it says.
// - Conditions of `when` are taken to let some connections through, and others not be denied.
// Addresses of pods are not known, so no block contains one.
//
// Rules that name all their callers by principal are found by it, so that a database with thousands
// of clients finds the one that asks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/network/authorization_rules.hpp"
#include "policy/network/ip_block.hpp"
#include "policy/network/mesh.hpp"

namespace cloudlab::policy::network {

/// A connection as the proxy of its destination sees it.
struct Arrival {
  const Caller* caller = nullptr;      ///< Null for who is no member of the mesh.
  const IpAddress* address = nullptr;  ///< Null if it is not known.
  bool anywhere = false;               ///< From any address: rules must be about all of them.
  std::uint16_t port = 0;
  Mesh mesh = Mesh::kSidecar;  ///< Of the destination.
};

class AuthorizationGate {
 public:
  /// Policies come in the order of the stream.
  void Add(std::uint32_t policy, const AuthorizationPolicy& rules);

  bool IsEmpty() const { return !allows_ && denying_.rules.empty(); }
  /// The first policy that allows something, so that all else is closed; nothing if there is none.
  std::optional<std::uint32_t> first() const { return allows_; }
  /// A policy that denies the connection; nothing if none does.
  std::optional<std::uint32_t> FindDenial(const Arrival& arrival) const;
  bool Allows(const Arrival& arrival) const;

 private:
  struct Rule {
    std::uint32_t policy = 0;
    AuthorizationRule rule;
  };
  struct Rules {
    std::vector<Rule> rules;
    std::unordered_map<std::string, std::vector<std::uint32_t>> by_principal;
    std::vector<std::uint32_t> others;

    void Add(std::uint32_t policy, const AuthorizationRule& rule);
  };
  static std::optional<std::uint32_t> Find(const Rules& rules, const Arrival& arrival, bool denies);

  std::optional<std::uint32_t> allows_;
  Rules allowing_;
  Rules denying_;
};

}  // namespace cloudlab::policy::network
