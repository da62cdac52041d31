// Who reaches whom under the policies of a stream: the proof that inferred connections pass.
//
// There are two layers. NetworkPolicies and Cilium's policies are one: those of one namespace with
// one selector form a group, groups are kept by the rarest label that they require, and the groups
// of every pod are found once; a question then looks at the rules of those alone. What Istio's
// AuthorizationPolicies refuse at the destination is the other; a connection must pass both.
// Nothing changes after construction, so threads may share it.
//
// Pods are the pod templates of workloads, also of hooks. A side (egress of the source, ingress of
// the destination) is open unless a policy of its direction selects the pod; then a rule of such a
// policy must allow the connection, and none deny it. Both sides must be open. Left as Kubernetes
// leaves it or made strict:
// - Pods in the network of their node are not isolated, and no selector and no port's name finds
//   them, only rules without peers (Kubernetes leaves this open, most plugins do so) and Cilium's
//   entities for nodes.
// - Addresses of pods are not known, so no ipBlock contains a pod, not even 0.0.0.0/0.
// - Blocks of Cilium's policies open neither nodes nor the API server, by whatever address they are
//   asked about: MeshSettings tell which addresses are theirs. A block that denies may mean them.
// - What cannot be read lets nothing through (policy_rules.hpp, cilium_rules.hpp,
//   authorization_rules.hpp).
// - Of two policies or Namespaces with one name the last counts, as with `kubectl apply`; objects
//   that are for tools only (Manifest::local_config) do not count. Policies that are hooks do.
// - AuthorizationPolicies are asked about members of the mesh: workloads for which MeshOf() or
//   MeshSettings say so, and those that a policy beside them selects by labels, for it would have
//   no other sense. Members know one another by mutual TLS. A pod outside of the stream is taken
//   for no member: nobody can tell, and whoever is none has neither account nor namespace.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kube/index.hpp"
#include "policy/network/authorization_gate.hpp"
#include "policy/network/gate.hpp"
#include "policy/network/labels.hpp"
#include "policy/network/mesh.hpp"
#include "policy/network/policy_rules.hpp"

namespace cloudlab::policy::network {

struct Verdict {
  enum class Side : std::uint8_t { kNone, kEgress, kIngress };

  bool open = false;
  /// A policy that denies the connection, else the first in the stream that isolates the closed
  /// side, egress before ingress; null if open, and if there is no pod to ask about.
  const kube::Manifest* closed_by = nullptr;
  Side side = Side::kNone;
};

/// A pod that is not in the stream: of DNS, of an ingress controller, of a monitoring system.
struct OutsidePod {
  /// Empty if it is not known; then no policy and no peer of the stream is beside the pod.
  std::string ns = {};
  /// Beyond those that the stream's Namespace has and `kubernetes.io/metadata.name`, which follows
  /// from `ns`; where `ns` is empty it tells the name.
  LabelTexts namespace_labels = {};
  LabelTexts labels = {};
  /// In the namespace of those objects of the stream that name none; `ns` is empty then.
  bool is_where_nothing_is_said = false;
};

class Reach {
 public:
  /// The policies of `more` hold as if they stood behind those of `stream`; nothing else is read
  /// from it, and its namespaces must be the effective ones. Both, and the outlines behind them,
  /// must outlive it.
  explicit Reach(const kube::Index& stream, std::span<const kube::Manifest> more = {},
                 MeshSettings mesh = {});

  /// Whether a pod of `from` reaches a pod of `to`, workloads of the stream. A pod always reaches
  /// itself, and no policy is asked; if both are one workload, the answer is for two of its pods.
  Verdict Between(const kube::Manifest& from, const kube::Manifest& to, Port port) const;

  /// The same with an address outside of the cluster. No block contains one that cannot be read.
  Verdict ToAddress(const kube::Manifest& from, std::string_view ip, Port port) const;
  Verdict FromAddress(std::string_view ip, const kube::Manifest& to, Port port) const;
  /// The same with every address outside of the cluster: isolated pods need a rule without peers or
  /// with 0.0.0.0/0, nothing excepted. Blocks are not added up.
  Verdict ToAnywhere(const kube::Manifest& from, Port port) const;
  Verdict FromAnywhere(const kube::Manifest& to, Port port) const;

  /// The same with a host outside of the cluster by its DNS name. Its addresses are not known, but
  /// taken to be of the internet: 0.0.0.0/0 contains them, also where private ones are excepted.
  Verdict ToHost(const kube::Manifest& from, const std::string& host, Port port) const;
  /// The same with the API server at an address that is not known: as with every address, but
  /// Cilium's entity `kube-apiserver` is it.
  Verdict ToApiServer(const kube::Manifest& from, Port port) const;
  Verdict FromApiServer(const kube::Manifest& to, Port port) const;

  /// The same with a pod outside of the stream. Policies of the stream that select it count; the
  /// names of its ports are not known.
  Verdict ToPeer(const kube::Manifest& from, const OutsidePod& to, Port port) const;
  Verdict FromPeer(const OutsidePod& from, const kube::Manifest& to, Port port) const;

  /// Whether a NetworkPolicy or one of Cilium's isolates this side of the pods of `workload`.
  bool Isolates(const kube::Manifest& workload, Verdict::Side side) const;

 private:
  using Numbers = std::vector<std::uint32_t>;
  /// The namespace of a pod that is in none of the stream, and of a group that is in all.
  static constexpr std::uint32_t kElsewhere = ~std::uint32_t{0};

  struct GroupIndex {
    std::unordered_map<Label, Numbers, LabelHash> by_label;
    Numbers others;
  };
  struct Namespace {
    Labels labels;
    std::uint32_t pods = 0;
    GroupIndex groups;
  };
  struct Pod {
    std::uint32_t ns = 0;
    bool host_network = false;
    Labels labels;
    std::vector<NamedPort> ports;
    Numbers groups;  // That select it.
    Mesh mesh = Mesh::kNone;
    Caller caller;  // If it is a member.
  };
  /// Of the first layer. A gate is large, and few groups have all of theirs: without rules null.
  struct Direction {
    std::optional<std::uint32_t> isolated_by;  // The first policy that does.
    std::unique_ptr<Gate> allow;
    std::unique_ptr<Gate> deny;
  };
  struct Group {
    Group(std::uint32_t in, LabelSelector of) : ns(in), pods(std::move(of)) {}

    std::uint32_t ns;
    std::optional<LabelSelector> namespaces;  // Of a policy that holds in more than one.
    LabelSelector pods;
    Direction ingress;
    Direction egress;
    std::unique_ptr<AuthorizationGate> authorization;  // Null without policies.
  };
  /// One side of a connection: what isolates it, and what the other one sees of it.
  struct Party {
    std::span<const std::uint32_t> groups = {};
    std::span<const NamedPort> ports = {};
    End end = {};
    Mesh mesh = Mesh::kNone;
    const Caller* caller = nullptr;
  };
  /// An OutsidePod in numbers.
  struct Stranger {
    Labels labels;
    Labels namespace_labels;
    Numbers groups;
    std::uint32_t ns = 0;
  };

  std::uint32_t AddNamespace(const std::string& name);
  void ReadNamespaces(const kube::Index& stream);
  void ReadPods(const kube::Index& stream);
  void ReadPolicies(const LabelCounts& counts);
  Group& GroupFor(std::uint32_t ns, const kube::Selector* namespaces, const kube::Selector& pods);
  void FileGroups(const LabelCounts& counts);
  LabelCounts CountLabels() const;
  Numbers GroupsOf(std::uint32_t ns, const Labels& labels) const;
  void SettleMembership(Pod& pod) const;
  std::string PrincipalOf(const std::string& ns, const std::string& account) const;

  Stranger Know(const OutsidePod& pod) const;
  const Pod* Find(const kube::Manifest& workload) const;
  Party PartyOf(const Pod& pod) const;
  Party PartyOf(const Stranger& stranger) const;
  /// `address` may be null.
  Party PartyAt(const IpAddress* address) const;
  Verdict Decide(const Party& from, const Party& to, Port port) const;
  Verdict DecideTo(const kube::Manifest& from, const Party& to, Port port) const;
  Verdict DecideFrom(const Party& from, const kube::Manifest& to, Port port) const;
  const kube::Manifest* ClosedBy(const Party& party, Direction Group::*direction, const End& other,
                                 Port port, std::span<const NamedPort> ports) const;
  const kube::Manifest* RefusedBy(const Party& from, const Party& to, Port port) const;

  MeshSettings mesh_;
  std::vector<const kube::Manifest*> policies_;  // That count, in the order of the stream.
  LabelNames names_;
  std::unordered_map<std::string, std::uint32_t> namespace_numbers_;
  std::vector<Namespace> namespaces_;
  std::unordered_map<const kube::Manifest*, std::uint32_t> pod_numbers_;
  std::vector<Pod> pods_;
  std::unordered_map<std::string, std::size_t> group_numbers_;  // Only while policies are read.
  std::vector<Group> groups_;
  GroupIndex everywhere_;  // Groups with `namespaces`.
};

}  // namespace cloudlab::policy::network
