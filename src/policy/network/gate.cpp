#include "policy/network/gate.hpp"

#include <algorithm>
#include <limits>
#include <utility>

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
  if (!first_) first_ = policy;
  for (const PolicyRule& rule : rules) {
    const auto number = static_cast<std::uint32_t>(rules_.size());
    rules_.push_back({rule.any_port, rule.ports});
    if (rule.any_peer) open_.push_back(number);
    for (const PodPeer& peer : rule.pods) {
      AddPeer({number, peer.same_namespace, LabelSelector(peer.namespaces, names),
               LabelSelector(peer.pods, names)},
              counts);
    }
    for (const BlockPeer& peer : rule.blocks) blocks_.push_back({number, peer});
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

bool Gate::Takes(std::uint32_t rule, Port port, std::span<const NamedPort> ports) const {
  return rules_[rule].any || std::ranges::any_of(rules_[rule].items, [&](const PolicyPort& item) {
           return item.Takes(port, ports);
         });
}

bool Gate::LetsBlocks(const End& other, Port port, std::span<const NamedPort> ports) const {
  if (other.address == nullptr && !other.anywhere) return false;
  return std::ranges::any_of(blocks_, [&](const Block& block) {
    const bool inside = other.address != nullptr
                            ? block.peer.Contains(*other.address)
                            : block.peer.block.IsAllOfIpv4() && block.peer.except.empty();
    return inside && Takes(block.rule, port, ports);
  });
}

bool Gate::Lets(const End& other, std::uint32_t ns, Port port,
                std::span<const NamedPort> ports) const {
  const auto takes = [&](std::uint32_t rule) { return Takes(rule, port, ports); };
  if (std::ranges::any_of(open_, takes)) return true;
  if (other.labels == nullptr) return LetsBlocks(other, port, ports);
  const auto lets = [&](std::uint32_t place) {
    const Peer& peer = peers_[place];
    return (peer.same_namespace ? other.ns == ns
                                : peer.namespaces.Matches(*other.namespace_labels)) &&
           peer.pods.Matches(*other.labels) && takes(peer.rule);
  };
  const auto lets_by = [&](const auto& places_by_label, const Labels& labels) {
    return !places_by_label.empty() && std::ranges::any_of(labels, [&](const Label& label) {
      const auto found = places_by_label.find(label);
      return found != places_by_label.end() && std::ranges::any_of(found->second, lets);
    });
  };
  return lets_by(by_label_, *other.labels) ||
         lets_by(by_namespace_label_, *other.namespace_labels) ||
         std::ranges::any_of(others_, lets);
}

}  // namespace cloudlab::policy::network
