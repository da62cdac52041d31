#include "policy/network/emit.hpp"

#include <algorithm>
#include <unordered_map>

namespace cloudlab::policy::network {
namespace {

/// What is opened to one peer.
struct OfPeer {
  const Peer* peer = nullptr;
  std::vector<PortRange> ports;
};

/// Adds `port`; where every port is open already, or becomes so, there is nothing else to say.
void AddPort(std::vector<PortRange>& ports, const PortRange& port) {
  if (ports.size() == 1 && ports.front().IsAny()) return;
  if (port.IsAny()) ports.clear();
  if (std::ranges::find(ports, port) == ports.end()) ports.push_back(port);
}

}  // namespace

std::vector<Rule> Merge(std::span<const Opening> openings) {
  std::vector<OfPeer> by_peer;
  std::unordered_map<const kube::Manifest*, std::size_t> of_workload;
  std::vector<std::size_t> others;  // Few: those that are no workload of the stream.
  const auto place_of = [&](const Peer& peer) {
    if (peer.workload != nullptr) {
      return of_workload.try_emplace(peer.workload, by_peer.size()).first->second;
    }
    const auto known = std::ranges::find_if(
        others, [&](std::size_t other) { return *by_peer[other].peer == peer; });
    if (known != others.end()) return *known;
    others.push_back(by_peer.size());
    return by_peer.size();
  };
  for (const Opening& opening : openings) {
    const std::size_t place = place_of(opening.peer);
    if (place == by_peer.size()) by_peer.push_back({&opening.peer, {}});
    AddPort(by_peer[place].ports, opening.port);
  }
  std::vector<Rule> rules;
  for (OfPeer& one : by_peer) {
    std::ranges::sort(one.ports);
    if (one.ports.front().IsAny()) one.ports.clear();
    // Whoever may be anybody stands alone: in most kinds that is a rule without peers.
    const auto joins = [&](const Rule& rule) {
      return rule.ports == one.ports && rule.peers.front()->kind == one.peer->kind;
    };
    const auto known =
        one.peer->kind == Peer::Kind::kAnywhere || one.peer->kind == Peer::Kind::kApiServer
            ? rules.end()
            : std::ranges::find_if(rules, joins);
    if (known == rules.end()) {
      rules.push_back({{one.peer}, std::move(one.ports)});
    } else {
      known->peers.push_back(one.peer);
    }
  }
  return rules;
}

}  // namespace cloudlab::policy::network
