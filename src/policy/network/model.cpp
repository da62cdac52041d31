#include "policy/network/model.hpp"

namespace cloudlab::policy::network {

Model::Model(const kube::Index& stream)
    : stream_(stream),
      pods_(stream),
      directory_(stream, pods_),
      edges_(InferEdges(stream, directory_)) {
  for (std::uint32_t i = 0; i < edges_.size(); ++i) {
    from_[edges_[i].client].push_back(i);
    if (edges_[i].server != nullptr) to_[edges_[i].server].push_back(i);
  }
}

std::vector<const Edge*> Model::At(const Places& places, const kube::Manifest& workload) const {
  std::vector<const Edge*> edges;
  const auto found = places.find(&workload);
  if (found == places.end()) return edges;
  for (const std::uint32_t number : found->second) edges.push_back(&edges_[number]);
  return edges;
}

std::vector<const Edge*> Model::From(const kube::Manifest& client) const {
  return At(from_, client);
}

std::vector<const Edge*> Model::To(const kube::Manifest& server) const { return At(to_, server); }

}  // namespace cloudlab::policy::network
