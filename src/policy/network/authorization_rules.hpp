// AuthorizationPolicies of Istio (security.istio.io/v1 and v1beta1): whom a policy is about, and
// which connections its rules match.
//
// Only what a connection shows is compared: identities, namespaces, addresses, ports. Conditions of
// layer 7 (hosts, paths, methods, tokens) and of `when` are marked; the one who asks decides what
// they are worth (authorization_gate.hpp). What cannot be read (unknown fields, lists of what
// should be texts, ports that are no text of digits, empty sources) matches nothing where it would
// allow and everything where it would deny. An unknown action allows nothing.
//
// No policy of pods, and not read: those with `targetRefs` (gateways, waypoints), of the actions
// CUSTOM and AUDIT, and dry runs. One whose selector cannot be read is about nobody.
//
// Sources: Istio documentation, "Authorization Policy" (reference), "Security" (concepts, Value
// matching), "Authorization Policy Conditions".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/manifest.hpp"
#include "kube/pod_template.hpp"
#include "policy/network/ip_block.hpp"
#include "policy/network/mesh.hpp"

namespace cloudlab::policy::network {

/// Who connects, as a proxy of the mesh sees it.
struct Caller {
  std::string principal;  ///< `<trust domain>/ns/<namespace>/sa/<account>`; empty for no member.
  std::string ns;         ///< Empty for no member.
};

/// A list of texts and how each is compared: `x`, `x*`, `*x`, or `*` for any that is not empty.
class AuthorizationTexts {
 public:
  bool Add(std::string text);
  bool IsEmpty() const { return texts_.empty(); }
  bool Matches(std::string_view text) const;
  /// The texts, if none of them is a pattern; else nothing.
  std::optional<std::vector<std::string>> Exact() const;

 private:
  std::vector<std::string> texts_;
};

/// An item of `from`; what is empty is not asked.
struct AuthorizationSource {
  AuthorizationTexts principals;
  AuthorizationTexts not_principals;
  AuthorizationTexts namespaces;
  AuthorizationTexts not_namespaces;
  std::vector<IpBlock> blocks;
  std::vector<IpBlock> not_blocks;
  bool has_layer7 = false;
};

/// An item of `to`.
struct AuthorizationOperation {
  std::vector<std::uint16_t> ports;
  std::vector<std::uint16_t> not_ports;
  bool has_layer7 = false;
};

struct AuthorizationRule {
  bool any_source = false;  ///< There is no `from`.
  std::vector<AuthorizationSource> from;
  bool any_operation = false;  ///< There is no `to`.
  std::vector<AuthorizationOperation> to;
  bool has_conditions = false;  ///< There is a `when`.
  bool has_layer7 = false;      ///< One that is about requests.
};

struct AuthorizationPolicy {
  kube::Selector pods;
  bool everywhere = false;  ///< In all namespaces, not only its own.
  bool denies = false;
  std::vector<AuthorizationRule> rules;
};

bool IsAuthorizationPolicy(const kube::Manifest& manifest);

std::optional<AuthorizationPolicy> ReadAuthorizationPolicy(const kube::Manifest& manifest,
                                                           const MeshSettings& mesh);

}  // namespace cloudlab::policy::network
