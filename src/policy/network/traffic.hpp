// Everything that a stream tells about who connects to whom, gathered once: edges between
// workloads and to hosts outside, ways in, who talks to the API server, and what people stated.
//
// The stream is the one that is about to be written, sidecars and their configuration included, so
// that the next run comes to the same result. Objects that an earlier run of a NetworkAccessPolicy
// made are no part of it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kube/index.hpp"
#include "kube/label_index.hpp"
#include "kube/pod_index.hpp"
#include "policy/network/api_access.hpp"
#include "policy/network/directory.hpp"
#include "policy/network/graph.hpp"
#include "policy/network/inbound.hpp"
#include "policy/network/reach.hpp"
#include "policy/network/stated.hpp"

namespace cloudlab::policy::network {

class Traffic {
 public:
  /// `stream` must outlive it.
  Traffic(const kube::Index& stream, const std::vector<StatedEgress>& stated);
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  const kube::Index& stream() const { return stream_; }
  /// By client in the order of the stream, then by server.
  const std::vector<Edge>& edges() const { return edges_; }
  std::span<const Edge> From(const kube::Manifest& client) const;
  std::vector<const Edge*> Into(const kube::Manifest& server) const;
  /// By server in the order of the stream.
  const std::vector<Entry>& entries() const { return entries_; }
  std::span<const Entry> EntriesOf(const kube::Manifest& server) const;
  /// See ApiAccess.
  std::string ApiEvidence(const kube::Manifest& workload) const {
    return api_access_.Evidence(workload);
  }
  std::vector<const Flaw*> FlawsOf(const kube::Manifest& workload) const;
  /// The workloads of namespace `ns` that are hooks and whose pods `selector` takes, in the order
  /// of the stream.
  std::vector<const kube::Manifest*> HooksOf(const kube::Selector& selector,
                                             const std::string& ns) const;
  /// The first Service of the stream that leads to the pods of `workload`, or null.
  const Service* ServiceOf(const kube::Manifest& workload) const;
  /// The first AuthorizationPolicy of the stream that allows something, or nothing, for the pods of
  /// `workload`, or null: one beside it, else one of the `root` namespace, which holds everywhere.
  const kube::Manifest* AuthorizationOf(const kube::Manifest& workload,
                                        const std::string& root) const;
  /// True if policies of the stream, as it is, isolate this side of the pods of `workload`.
  bool Isolates(const kube::Manifest& workload, Verdict::Side side) const;
  /// What the policies of the stream let through as it is. Made when it is first asked for; threads
  /// may share it.
  const Reach& before() const;

 private:
  struct Authorization {
    kube::Selector selector;
    const kube::Manifest* policy = nullptr;
  };
  struct Range {
    std::size_t first = 0;
    std::size_t count = 0;
  };

  void ReadEdges(const std::vector<StatedEgress>& stated);
  void FileEdges();
  void ReadAuthorizations();

  const kube::Index& stream_;
  kube::PodIndex pods_;
  Directory directory_;
  ApiAccess api_access_;
  std::vector<Edge> edges_;
  std::vector<Entry> entries_;
  std::vector<Flaw> flaws_;
  std::unordered_map<const kube::Manifest*, Range> by_client_;
  std::unordered_map<const kube::Manifest*, std::vector<std::size_t>> by_server_;
  std::unordered_map<const kube::Manifest*, Range> entries_by_server_;
  std::unordered_map<const kube::Manifest*, const Service*> services_;             // The first.
  std::map<std::string, std::vector<Authorization>, std::less<>> authorizations_;  // By namespace.
  kube::LabelIndex hooks_;  // Numbers are places in the stream.
  bool has_policies_ = false;
  mutable std::once_flag reach_once_;
  mutable std::unique_ptr<const Reach> reach_;
};

}  // namespace cloudlab::policy::network
