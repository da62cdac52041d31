// What a NetworkAccessPolicy asks for, read once from a spec that passed the schema.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/network/access.hpp"
#include "policy/network/graph.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy::network {

enum class Emit : std::uint8_t { kNetworkPolicy, kCiliumNetworkPolicy, kAuthorizationPolicy };

/// The pods of namespace `ns` that the label selector `pods` takes.
Peer PodsOfNamespace(std::string ns, yaml::Value pods = {});
/// All pods of the cluster.
Peer AllPods();

/// One end of an `allow` rule: workloads of the stream by name, or a peer as in
/// `ingressControllers`.
struct AllowEnd {
  std::string name;  ///< A glob; empty: any.
  std::string kind;  ///< Empty: any.
  std::string ns;    ///< A glob; empty: that of the other end.
  std::optional<Peer> peer;
};

/// A connection that nothing in the stream tells of.
struct AllowRule {
  AllowEnd from;
  AllowEnd to;
  std::vector<PortRange> ports = {};
};

struct Settings {
  enum class Deny : std::uint8_t { kWorkload, kNamespace, kNone };
  enum class External : std::uint8_t { kDeny, kPortOnly, kFqdn };
  enum class ApiServer : std::uint8_t { kRbac, kAlways, kNever };

  explicit Settings(const yaml::Value& spec);

  /// True if `edge` is to be open: its sources count, and it is sure enough.
  bool Wants(const Edge& edge) const;
  /// How sure `edge` is, going by the sources that count; nothing if none of them speaks for it.
  std::optional<Confidence> ConfidenceOf(const Edge& edge) const;
  /// True if what enters by way of `source` is opened.
  bool Reads(Source source) const { return sources.Contains(source); }
  bool Emits(Emit kind) const;
  /// What is to be assumed of the mesh, and where nodes and the API server are.
  MeshSettings ForReach() const;

  std::vector<Emit> emit;
  Deny deny = Deny::kWorkload;
  std::vector<std::string> owned_namespaces;  ///< Globs.
  bool ingress = true;                        ///< `policyTypes` names it.
  bool egress = true;
  SourceSet sources;
  Confidence min_confidence = Confidence::kHost;
  std::vector<Peer> dns;  ///< Its pods, and the cache on the node.
  std::vector<PortRange> dns_ports;
  yaml::Value dns_labels;
  std::string dns_namespace;
  std::vector<Peer> controllers;
  std::vector<Peer> monitoring;
  External external = External::kPortOnly;
  std::vector<std::string> except;
  ApiServer api_server = ApiServer::kRbac;
  std::vector<Peer> api_servers;  ///< Blocks, or the API server wherever it is.
  std::vector<PortRange> api_ports;
  std::vector<Peer> nodes;  ///< Blocks of addresses.
  std::vector<AllowRule> allow;
  std::optional<Mesh> mesh;  ///< Nothing: as the stream tells.
  std::string mesh_namespace;
  std::string trust_domain;
  bool annotates_evidence = false;
  bool verifies_strictly = true;
};

}  // namespace cloudlab::policy::network
