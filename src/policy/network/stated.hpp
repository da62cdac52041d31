// Connections that people state, because nothing else tells of them: in NetworkPolicies that the
// chart brings along, under `egress` of a SidecarPolicy, and on their own objects:
//
//   cloudlab.dev/connects-to: "db:5432, search.shared, https://api.example.com"
//   cloudlab.dev/accepts-from: "report, CronJob/import, front.web:8080"
//
// The latter are lists with commas or blanks between their words, on the workload or its pod
// template. connects-to names hosts as configuration does, or a workload of the namespace;
// accepts-from names workloads, `name`, `Kind/name` or `name.namespace`, with a port of its own
// pods, by number or name, if only that one is meant. A word that leads nowhere is a flaw, never a
// guess.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kube/index.hpp"
#include "kube/pod_index.hpp"
#include "policy/network/directory.hpp"
#include "policy/network/graph.hpp"

namespace cloudlab::policy::network {

inline constexpr std::string_view kConnectsTo = "cloudlab.dev/connects-to";
inline constexpr std::string_view kAcceptsFrom = "cloudlab.dev/accepts-from";

/// The workloads of a stream by name, of whatever kind, made once for all who are named.
class Workloads {
 public:
  /// `stream` must outlive it.
  explicit Workloads(const kube::Index& stream);

  /// Those of namespace `ns` called `name`, in the order of the stream; only of `kind` if that is
  /// not empty.
  std::vector<const kube::Manifest*> Find(std::string_view ns, std::string_view name,
                                          std::string_view kind = {}) const;

 private:
  std::unordered_map<std::string, std::vector<const kube::Manifest*>> by_name_;  // "ns/name"
};

/// Something that somebody stated and nobody can make sense of.
struct Flaw {
  const kube::Manifest* manifest = nullptr;
  yaml::NodeView node;
  std::string message;
  std::string hint;
};

/// What a SidecarPolicy says that its sidecar must reach.
struct StatedEgress {
  kube::ObjectId workload;
  std::string policy;
  std::string service;
  std::string ns;  ///< Empty: that of the workload.
  std::uint16_t port = 0;
};

/// Adds the edges that annotations of `workload` state to `edges`; those of accepts-from have other
/// workloads as their clients.
void ReadStatedEdges(const kube::Manifest& workload, const Workloads& workloads,
                     const Directory& directory, std::vector<Edge>& edges,
                     std::vector<Flaw>& flaws);

/// Adds the edges that a NetworkPolicy of the chart tells of: whoever it lets in, or out, by labels
/// of their own. A rule for more pods than that says nothing about a particular connection.
void AddPolicyEdges(const kube::Manifest& policy, const kube::PodIndex& pods,
                    std::vector<Edge>& edges);

/// Adds the edges that `egress` stands for; `client` is its workload.
void AddStatedEgress(const StatedEgress& egress, const kube::Manifest& client,
                     const Directory& directory, std::vector<Edge>& edges);

}  // namespace cloudlab::policy::network
