#include "policy/network/gate.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "policy/network/host_pattern.hpp"

namespace cloudlab::policy::network {

Labels RarestLabels(const LabelSelector& selector,
                    const std::unordered_map<Label, std::uint32_t, LabelHash>& counts,
                    std::uint32_t& count) {
  Labels rarest;
  count = std::numeric_limits<std::uint32_t>::max();
  for (Labels& labels : selector.RequiredLabels()) {
    std::uint32_t sum = 0;
    for (const Label& label : labels) {
      const auto found = counts.find(label);
      if (found != counts.end()) sum += found->second;
    }
    if (sum >= count) continue;
    count = sum;
    rarest = std::move(labels);
  }
  return rarest;
}

void Gate::Add(std::uint32_t policy, const std::vector<PolicyRule>& rules,
               const LabelCounts& counts, LabelNames& names) {
  for (const PolicyRule& rule : rules) {
    const auto number = static_cast<std::uint32_t>(rules_.size());
    rules_.push_back({policy, rule.any_port, rule.ports});
    if (rule.any_peer) open_.push_back(number);
    if (rule.nodes) nodes_.push_back(number);
    if (rule.api_server) api_servers_.push_back(number);
    for (const PodPeer& peer : rule.pods) {
      AddPeer({number, peer.same_namespace, LabelSelector(peer.namespaces, names),
               LabelSelector(peer.pods, names)},
              counts);
    }
    for (const BlockPeer& peer : rule.blocks) blocks_.push_back({number, peer});
    for (const std::string& host : rule.hosts) {
      if (IsHostPattern(host)) {
        host_patterns_.push_back({number, host});
      } else {
        by_host_[HostKey(host)].push_back(number);
      }
    }
  }
}

void Gate::AddPeer(Peer peer, const LabelCounts& counts) {
  const auto place = static_cast<std::uint32_t>(peers_.size());
  std::uint32_t with_label = 0;
  std::uint32_t with_namespace = 0;
  const Labels labels = RarestLabels(peer.pods, counts.pods, with_label);
  const Labels of_namespace = RarestLabels(peer.namespaces, counts.namespaces, with_namespace);
  if (labels.empty() && of_namespace.empty()) {
    others_.push_back(place);
  } else if (with_label <= with_namespace) {
    for (const Label& label : labels) by_label_[label].push_back(place);
  } else {
    for (const Label& label : of_namespace) by_namespace_label_[label].push_back(place);
  }
  peers_.push_back(std::move(peer));
}

bool Gate::Takes(std::uint32_t rule, const To& to) const {
  return rules_[rule].any_port ||
         std::ranges::any_of(rules_[rule].ports,
                             [&](const PolicyPort& item) { return item.Takes(to.port, to.ports); });
}

Gate::Found Gate::FirstOf(const Places& rules, const To& to) const {
  const auto found =
      std::ranges::find_if(rules, [&](std::uint32_t rule) { return Takes(rule, to); });
  return found == rules.end() ? Found() : *found;
}

bool Gate::Contains(const BlockPeer& block, const End& other) const {
  const bool all = kind_ == Rules::kAllow;
  if (all && block.outside && (other.node || other.api_server)) return false;
  if (other.address != nullptr) return block.Contains(*other.address);
  if (other.host != nullptr) {
    return all ? block.block.IsAllOfIpv4() && std::ranges::all_of(block.except, &IpBlock::IsPrivate)
               : !block.block.IsPrivate();
  }
  return other.anywhere && (!all || (block.block.IsAllOfIpv4() && block.except.empty()));
}

Gate::Found Gate::FindPods(const End& other, std::uint32_t ns, const To& to) const {
  const auto find = [&](const Places& places) {
    for (const std::uint32_t place : places) {
      const Peer& peer = peers_[place];
      const bool there =
          peer.same_namespace ? other.ns == ns : peer.namespaces.Matches(*other.namespace_labels);
      if (there && peer.pods.Matches(*other.labels) && Takes(peer.rule, to)) {
        return Found(peer.rule);
      }
    }
    return Found();
  };
  const auto find_by = [&](const auto& places_by_label, const Labels& labels) {
    if (places_by_label.empty()) return Found();
    for (const Label& label : labels) {
      const auto places = places_by_label.find(label);
      if (places == places_by_label.end()) continue;
      if (const Found found = find(places->second)) return found;
    }
    return Found();
  };
  if (const Found found = find_by(by_label_, *other.labels)) return found;
  if (const Found found = find_by(by_namespace_label_, *other.namespace_labels)) return found;
  return find(others_);
}

Gate::Found Gate::FindOthers(const End& other, const To& to) const {
  for (const Block& block : blocks_) {
    if (Contains(block.peer, other) && Takes(block.rule, to)) return block.rule;
  }
  if (other.host != nullptr) {
    const auto named = by_host_.find(HostKey(*other.host));
    if (named != by_host_.end()) {
      if (const Found found = FirstOf(named->second, to)) return found;
    }
    for (const Host& host : host_patterns_) {
      if (HostMatches(host.pattern, *other.host) && Takes(host.rule, to)) return host.rule;
    }
  }
  Found found;
  if (other.node) found = FirstOf(nodes_, to);
  return !found && other.api_server ? FirstOf(api_servers_, to) : found;
}

std::optional<std::uint32_t> Gate::Find(const End& other, std::uint32_t ns, Port port,
                                        std::span<const NamedPort> ports) const {
  if (rules_.empty()) return std::nullopt;
  const To to{port, ports};
  Found found = FirstOf(open_, to);
  if (!found) found = other.labels != nullptr ? FindPods(other, ns, to) : FindOthers(other, to);
  return found ? Found(rules_[*found].policy) : found;
}

}  // namespace cloudlab::policy::network
