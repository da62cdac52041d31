// What is known about the network of a stream, gathered once for all policies: Services, edges with
// their evidence, by the workload that they begin and end at.
#pragma once

#include <cstddef>
#include <span>
#include <unordered_map>
#include <vector>

#include "kube/index.hpp"
#include "kube/pod_index.hpp"
#include "policy/network/directory.hpp"
#include "policy/network/graph.hpp"

namespace cloudlab::policy::network {

class Model {
 public:
  /// Of the stream as it will be written; it must outlive the model.
  explicit Model(const kube::Index& stream);
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const kube::Index& stream() const { return stream_; }
  const Directory& directory() const { return directory_; }
  /// All edges, by client in the order of the stream.
  const std::vector<Edge>& edges() const { return edges_; }
  std::vector<const Edge*> From(const kube::Manifest& client) const;
  std::vector<const Edge*> To(const kube::Manifest& server) const;

 private:
  using Places = std::unordered_map<const kube::Manifest*, std::vector<std::uint32_t>>;
  std::vector<const Edge*> At(const Places& places, const kube::Manifest& workload) const;

  const kube::Index& stream_;
  kube::PodIndex pods_;
  Directory directory_;
  std::vector<Edge> edges_;
  Places from_;
  Places to_;
};

}  // namespace cloudlab::policy::network
