// Sources: kubernetes api/networking/v1/types.go, pkg/apis/networking/v1/defaults.go and
// pkg/apis/networking/validation.
#include "policy/network/policy_rules.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "policy/network/read_spec.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy::network {
namespace {

using yaml::NodeView;
using yaml::Value;

constexpr std::uint16_t kLastPort = std::numeric_limits<std::uint16_t>::max();

std::optional<PolicyPort> ReadPort(NodeView item) {
  if (!HasOnly(item, {"protocol", "port", "endPort"})) return std::nullopt;
  PolicyPort result{.last = kLastPort, .name = {}};
  if (const NodeView protocol = Given(item, "protocol")) {
    const std::string name = protocol.Text();
    const auto known = ParseProtocol(name);
    if (!known || name.empty()) return std::nullopt;
    result.protocol = *known;
  }
  const NodeView end = Given(item, "endPort");
  const NodeView number = Given(item, "port");
  if (!number) return end ? std::nullopt : std::optional(result);
  const Value port = Value::From(number);
  if (port.kind() == Value::Kind::kString) {
    if (end || port.text().empty()) return std::nullopt;
    result.name = port.text();
    return result;
  }
  const auto first = ReadPortNumber(port);
  const auto last = end ? ReadPortNumber(Value::From(end)) : first;
  if (!first || !last || *last < *first) return std::nullopt;
  result.first = *first;
  result.last = *last;
  return result;
}

std::optional<BlockPeer> ReadBlock(NodeView block) {
  if (!HasOnly(block, {"cidr", "except"})) return std::nullopt;
  const auto whole = IpBlock::Parse(Given(block, "cidr").Text());
  if (!whole) return std::nullopt;
  BlockPeer result{*whole, {}};
  const NodeView except = Given(block, "except");
  if (!except) return result;
  if (!except.IsSeq()) return std::nullopt;
  for (const NodeView item : except.children()) {
    const auto hole = IpBlock::Parse(item.Text());
    if (!hole || !whole->HasInside(*hole)) return std::nullopt;
    result.except.push_back(*hole);
  }
  return result;
}

/// Adds an item of `from` or `to`, if it can be read. One that says nothing names nobody.
void ReadPeer(NodeView item, PolicyRule& rule) {
  if (!HasOnly(item, {"podSelector", "namespaceSelector", "ipBlock"})) return;
  const auto has_pods = static_cast<bool>(Given(item, "podSelector"));
  const auto has_namespaces = static_cast<bool>(Given(item, "namespaceSelector"));
  if (const NodeView block = Given(item, "ipBlock")) {
    if (has_pods || has_namespaces) return;
    if (auto peer = ReadBlock(block)) rule.blocks.push_back(*std::move(peer));
    return;
  }
  if (!has_pods && !has_namespaces) return;
  auto pods = SelectorAt(item, "podSelector");
  auto namespaces = SelectorAt(item, "namespaceSelector");
  if (pods && namespaces) {
    rule.pods.push_back({!has_namespaces, *std::move(namespaces), *std::move(pods)});
  }
}

/// `peers` is "from" or "to".
PolicyRule ReadRule(NodeView item, std::string_view peers) {
  if (!HasOnly(item, {peers, "ports"})) return {};
  PolicyRule rule;
  const NodeView ends = Given(item, peers);
  const NodeView ports = Given(item, "ports");
  if ((ends && !ends.IsSeq()) || (ports && !ports.IsSeq())) return {};
  rule.any_peer = ends.children().empty();
  rule.any_port = ports.children().empty();
  for (const NodeView end : ends.children()) ReadPeer(end, rule);
  for (const NodeView port : ports.children()) {
    if (auto read = ReadPort(port)) rule.ports.push_back(*std::move(read));
  }
  return rule;
}

/// `list` is `ingress` or `egress`, or invalid. What is no list allows nothing.
std::vector<PolicyRule> ReadRules(NodeView list, std::string_view peers) {
  std::vector<PolicyRule> rules;
  if (!list.IsSeq()) return rules;
  for (const NodeView item : list.children()) rules.push_back(ReadRule(item, peers));
  return rules;
}

bool IsEmptyList(NodeView node) { return node.IsSeq() && node.children().empty(); }

}  // namespace

bool PolicyPort::Takes(Port port, std::span<const NamedPort> names) const {
  if (port.protocol != protocol) return false;
  if (name.empty()) return first <= port.number && port.number <= last;
  return std::ranges::any_of(names, [&](const NamedPort& named) {
    return named.number == port.number && named.protocol == protocol && named.name == name;
  });
}

bool BlockPeer::Contains(const IpAddress& address) const {
  return block.Contains(address) &&
         std::ranges::none_of(except, [&](const IpBlock& hole) { return hole.Contains(address); });
}

bool IsNetworkPolicy(const kube::Manifest& manifest) {
  return manifest.id.kind == "NetworkPolicy" && manifest.id.api_version == "networking.k8s.io/v1";
}

std::optional<NetworkPolicy> ReadNetworkPolicy(const kube::Manifest& manifest) {
  const NodeView spec = Given(manifest.root, "spec");
  if (spec && !spec.IsMap()) return std::nullopt;
  auto pods = SelectorAt(spec, "podSelector");
  if (!pods) return std::nullopt;
  NetworkPolicy policy{.pods = *std::move(pods)};
  const NodeView ingress = Given(spec, "ingress");
  const NodeView egress = Given(spec, "egress");
  const NodeView types = Given(spec, "policyTypes");
  if (!types || IsEmptyList(types)) {
    policy.ingress = {true, ReadRules(ingress, "from"), {}};
    if (egress && !IsEmptyList(egress)) policy.egress = {true, ReadRules(egress, "to"), {}};
    return policy;
  }
  const auto is_known = [](NodeView type) {
    return type.TextIs("Ingress") || type.TextIs("Egress");
  };
  if (!types.IsSeq() || !std::ranges::all_of(types.children(), is_known)) {
    policy.ingress.isolates = true;
    policy.egress.isolates = true;
    return policy;
  }
  for (const NodeView type : types.children()) {
    if (type.TextIs("Ingress")) {
      policy.ingress = {true, ReadRules(ingress, "from"), {}};
    } else {
      policy.egress = {true, ReadRules(egress, "to"), {}};
    }
  }
  return policy;
}

std::vector<NamedPort> NamedPorts(const kube::PodTemplate& pod) {
  std::vector<NamedPort> ports;
  for (const kube::Container& container : kube::Containers(pod)) {
    if (container.type != kube::ContainerType::kApp &&
        container.type != kube::ContainerType::kSidecar) {
      continue;
    }
    for (const NodeView item : container.node.Find("ports").children()) {
      const auto [name, number, protocol] = item.FindEach<3>({"name", "containerPort", "protocol"});
      if (!name || name.IsNull()) continue;
      const auto read = number ? ReadPortNumber(Value::From(number)) : std::nullopt;
      const auto known =
          protocol.IsNull() ? std::optional(Protocol::kTcp) : ParseProtocol(protocol.Text());
      if (read && known) ports.push_back({name.Text(), *known, *read});
    }
  }
  return ports;
}

}  // namespace cloudlab::policy::network
