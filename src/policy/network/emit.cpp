#include "policy/network/emit.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

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

/// Equal for equal hosts and blocks, which may be many; empty for other peers.
std::string KeyOf(const Peer& peer) {
  if (peer.kind == Peer::Kind::kHost) return "h" + peer.host;
  if (peer.kind != Peer::Kind::kBlock) return {};
  std::string key = "b" + peer.cidr;
  for (const std::string& cidr : peer.except) key += " " + cidr;
  return key;
}

/// Finds the place of a peer among those that came before it.
class Places {
 public:
  /// Where `peer` is in `by_peer`, or its end if it is new.
  std::size_t Of(const Peer& peer, const std::vector<OfPeer>& by_peer) {
    if (peer.workload != nullptr) {
      return of_workload_.try_emplace(peer.workload, by_peer.size()).first->second;
    }
    if (std::string key = KeyOf(peer); !key.empty()) {
      return by_key_.try_emplace(std::move(key), by_peer.size()).first->second;
    }
    const auto known = std::ranges::find_if(
        others_, [&](std::size_t other) { return *by_peer[other].peer == peer; });
    if (known != others_.end()) return *known;
    others_.push_back(by_peer.size());
    return by_peer.size();
  }

 private:
  std::unordered_map<const kube::Manifest*, std::size_t> of_workload_;
  std::unordered_map<std::string, std::size_t> by_key_;
  std::vector<std::size_t> others_;  // Few: those that the policy names.
};

}  // namespace

std::vector<Rule> Merge(std::span<const Opening> openings) {
  std::vector<OfPeer> by_peer;
  Places places;
  for (const Opening& opening : openings) {
    const std::size_t place = places.Of(opening.peer, by_peer);
    if (place == by_peer.size()) by_peer.push_back({&opening.peer, {}});
    AddPort(by_peer[place].ports, opening.port);
  }
  std::vector<Rule> rules;
  std::map<std::pair<Peer::Kind, std::vector<PortRange>>, std::size_t> known;
  for (OfPeer& one : by_peer) {
    std::ranges::sort(one.ports);
    if (one.ports.front().IsAny()) one.ports.clear();
    // Whoever may be anybody stands alone: in most kinds that is a rule without peers.
    const Peer::Kind kind = one.peer->kind;
    const bool alone = kind == Peer::Kind::kAnywhere || kind == Peer::Kind::kApiServer;
    const auto place =
        alone ? known.end() : known.try_emplace({kind, one.ports}, rules.size()).first;
    if (place != known.end() && place->second < rules.size()) {
      rules[place->second].peers.push_back(one.peer);
    } else {
      rules.push_back({{one.peer}, std::move(one.ports)});
    }
  }
  return rules;
}

}  // namespace cloudlab::policy::network
