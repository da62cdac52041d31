#include "policy/network/traffic.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "base/parallel.hpp"
#include "policy/network/authorization_rules.hpp"
#include "policy/network/cilium_rules.hpp"

namespace cloudlab::policy::network {

Traffic::Traffic(const kube::Index& stream, const std::vector<StatedEgress>& stated)
    : stream_(stream), pods_(stream), directory_(stream, pods_), api_access_(stream) {
  ForEachTask(2, [&](std::size_t task) {
    if (task == 0) {
      ReadEdges(stated);
      FileEdges();
    } else {
      entries_ = FindEntries(stream_, directory_, pods_);
      ReadAuthorizations();
      for (const Service& service : directory_.services()) {
        for (const kube::Manifest* workload : service.workloads) {
          services_.try_emplace(workload, &service);
        }
      }
    }
  });
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Range& range = entries_by_server_[entries_[i].server];
    if (range.count++ == 0) range.first = i;
  }
}

/// Inferred edges, with those that people state in between: by client, which need not be the
/// workload that states them.
void Traffic::ReadEdges(const std::vector<StatedEgress>& stated) {
  edges_ = InferEdges(stream_, directory_);
  const std::size_t inferred = edges_.size();
  const Workloads workloads(stream_);
  for (const kube::Manifest& manifest : stream_.manifests()) {
    if (manifest.local_config) continue;
    if (manifest.pod) ReadStatedEdges(manifest, workloads, directory_, edges_, flaws_);
    if (manifest.pod && manifest.hook) {
      const auto place = static_cast<std::uint32_t>(&manifest - stream_.manifests().data());
      hooks_.Add(place, manifest.id.ns, manifest.pod.metadata.Find("labels"));
    }
    has_policies_ = has_policies_ || IsNetworkPolicy(manifest) || IsCiliumPolicy(manifest);
    if (IsNetworkPolicy(manifest)) AddPolicyEdges(manifest, pods_, edges_);
  }
  for (const StatedEgress& egress : stated) {
    const kube::Manifest* client = stream_.Find(egress.workload);
    if (client != nullptr && client->pod) AddStatedEgress(egress, *client, directory_, edges_);
  }
  if (edges_.size() == inferred) return;
  // Manifests lie in the order of the stream.
  std::ranges::stable_sort(edges_, {}, &Edge::client);
  using Key = std::tuple<Edge::To, const kube::Manifest*, std::string, std::string, Protocol,
                         std::uint16_t, std::uint16_t>;
  std::map<Key, std::size_t> of_client;  // -> its place in united
  std::vector<Edge> united;
  for (Edge& edge : edges_) {
    if (!united.empty() && united.back().client != edge.client) of_client.clear();
    const auto [known, added] = of_client.try_emplace(
        Key{edge.to, edge.server, edge.ns, edge.server != nullptr ? std::string() : edge.host,
            edge.protocol, edge.port, edge.last_port},
        united.size());
    if (added) {
      united.push_back(std::move(edge));
      continue;
    }
    Edge& same = united[known->second];
    same.confidence = std::max(same.confidence, edge.confidence);
    for (std::size_t i = 0; i < kSourceCount; ++i) {
      if (edge.by_source[i]) same.Support(static_cast<Source>(i), *edge.by_source[i]);
    }
    std::move(edge.evidence.begin(), edge.evidence.end(), std::back_inserter(same.evidence));
  }
  edges_ = std::move(united);
}

void Traffic::FileEdges() {
  for (std::size_t i = 0; i < edges_.size(); ++i) {
    Range& range = by_client_[edges_[i].client];
    if (range.count++ == 0) range.first = i;
    if (edges_[i].server != nullptr) by_server_[edges_[i].server].push_back(i);
  }
}

void Traffic::ReadAuthorizations() {
  for (const kube::Manifest& manifest : stream_.manifests()) {
    if (manifest.local_config || !IsAuthorizationPolicy(manifest)) continue;
    // Who it allows is not asked, so that it does not matter what the mesh is like.
    const auto policy = ReadAuthorizationPolicy(manifest, {});
    if (policy && !policy->denies) {
      authorizations_[manifest.id.ns].push_back({policy->pods, &manifest});
    }
  }
}

std::span<const Edge> Traffic::From(const kube::Manifest& client) const {
  const auto found = by_client_.find(&client);
  if (found == by_client_.end()) return {};
  return std::span(edges_).subspan(found->second.first, found->second.count);
}

std::vector<const Edge*> Traffic::Into(const kube::Manifest& server) const {
  std::vector<const Edge*> edges;
  const auto found = by_server_.find(&server);
  if (found == by_server_.end()) return edges;
  for (const std::size_t i : found->second) edges.push_back(&edges_[i]);
  std::ranges::stable_sort(edges, {}, [](const Edge* edge) { return NameOf(edge->client); });
  return edges;
}

std::span<const Entry> Traffic::EntriesOf(const kube::Manifest& server) const {
  const auto found = entries_by_server_.find(&server);
  if (found == entries_by_server_.end()) return {};
  return std::span(entries_).subspan(found->second.first, found->second.count);
}

std::vector<const Flaw*> Traffic::FlawsOf(const kube::Manifest& workload) const {
  std::vector<const Flaw*> flaws;
  for (const Flaw& flaw : flaws_) {
    if (flaw.manifest == &workload) flaws.push_back(&flaw);
  }
  return flaws;
}

const Service* Traffic::ServiceOf(const kube::Manifest& workload) const {
  const auto found = services_.find(&workload);
  return found == services_.end() ? nullptr : found->second;
}

const kube::Manifest* Traffic::AuthorizationOf(const kube::Manifest& workload,
                                               const std::string& root) const {
  for (const std::string& ns : {workload.id.ns, root}) {
    const auto found = authorizations_.find(ns);
    if (found == authorizations_.end()) continue;
    for (const Authorization& one : found->second) {
      if (one.selector.Matches(workload.pod.metadata.Find("labels"))) return one.policy;
    }
  }
  return nullptr;
}

std::vector<const kube::Manifest*> Traffic::HooksOf(const kube::Selector& selector,
                                                    const std::string& ns) const {
  std::vector<const kube::Manifest*> hooks;
  for (const std::uint32_t place : hooks_.Select(ns, selector)) {
    hooks.push_back(&stream_.manifests()[place]);
  }
  return hooks;
}

bool Traffic::Isolates(const kube::Manifest& workload, Verdict::Side side) const {
  return has_policies_ && before().Isolates(workload, side);  // Most streams have none.
}

const Reach& Traffic::before() const {
  std::call_once(reach_once_, [this] { reach_ = std::make_unique<const Reach>(stream_); });
  return *reach_;
}

}  // namespace cloudlab::policy::network
