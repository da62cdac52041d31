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

using yaml::Value;

constexpr std::uint16_t kLastPort = std::numeric_limits<std::uint16_t>::max();

std::optional<PolicyPort> ReadPort(const Value& item) {
  if (!HasOnly(item, {"protocol", "port", "endPort"})) return std::nullopt;
  PolicyPort result{.last = kLastPort, .name = {}};
  if (const Value* protocol = Given(item, "protocol")) {
    const auto known = ParseProtocol(protocol->text());
    if (!known || protocol->text().empty()) return std::nullopt;
    result.protocol = *known;
  }
  const Value* port = Given(item, "port");
  const Value* end = Given(item, "endPort");
  if (port == nullptr) return end == nullptr ? std::optional(result) : std::nullopt;
  if (port->kind() == Value::Kind::kString) {
    if (end != nullptr || port->text().empty()) return std::nullopt;
    result.name = port->text();
    return result;
  }
  const auto first = ReadPortNumber(*port);
  const auto last = end == nullptr ? first : ReadPortNumber(*end);
  if (!first || !last || *last < *first) return std::nullopt;
  result.first = *first;
  result.last = *last;
  return result;
}

std::optional<BlockPeer> ReadBlock(const Value& block) {
  if (!HasOnly(block, {"cidr", "except"})) return std::nullopt;
  const Value* cidr = Given(block, "cidr");
  const auto whole = cidr == nullptr ? std::nullopt : IpBlock::Parse(cidr->text());
  if (!whole) return std::nullopt;
  BlockPeer result{*whole, {}};
  const Value* except = Given(block, "except");
  if (except == nullptr) return result;
  if (!except->IsSeq()) return std::nullopt;
  for (const Value& item : except->items()) {
    const auto hole = IpBlock::Parse(item.text());
    if (!hole || !whole->HasInside(*hole)) return std::nullopt;
    result.except.push_back(*hole);
  }
  return result;
}

/// Adds an item of `from` or `to`, if it can be read. One that says nothing names nobody.
void ReadPeer(const Value& item, PolicyRule& rule) {
  if (!HasOnly(item, {"podSelector", "namespaceSelector", "ipBlock"})) return;
  const bool has_pods = Given(item, "podSelector") != nullptr;
  const bool has_namespaces = Given(item, "namespaceSelector") != nullptr;
  if (const Value* block = Given(item, "ipBlock")) {
    if (has_pods || has_namespaces) return;
    if (auto peer = ReadBlock(*block)) rule.blocks.push_back(*std::move(peer));
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
PolicyRule ReadRule(const Value& item, std::string_view peers) {
  if (!HasOnly(item, {peers, "ports"})) return {};
  PolicyRule rule;
  const Value* ends = Given(item, peers);
  const Value* ports = Given(item, "ports");
  if ((ends != nullptr && !ends->IsSeq()) || (ports != nullptr && !ports->IsSeq())) return {};
  rule.any_peer = ends == nullptr || ends->items().empty();
  rule.any_port = ports == nullptr || ports->items().empty();
  if (!rule.any_peer) {
    for (const Value& end : ends->items()) ReadPeer(end, rule);
  }
  if (!rule.any_port) {
    for (const Value& port : ports->items()) {
      if (auto read = ReadPort(port)) rule.ports.push_back(*std::move(read));
    }
  }
  return rule;
}

/// `list` is `ingress` or `egress`, or null. What is no list allows nothing.
std::vector<PolicyRule> ReadRules(const Value* list, std::string_view peers) {
  std::vector<PolicyRule> rules;
  if (list == nullptr) return rules;
  for (const Value& item : list->items()) rules.push_back(ReadRule(item, peers));
  return rules;
}

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
  const yaml::NodeView node = manifest.root.Find("spec");
  const Value spec = !node || node.IsNull() ? Value() : Value::From(node);
  if (!spec.IsMap()) return std::nullopt;
  auto pods = SelectorAt(spec, "podSelector");
  if (!pods) return std::nullopt;
  NetworkPolicy policy{.pods = *std::move(pods)};
  const Value* ingress = Given(spec, "ingress");
  const Value* egress = Given(spec, "egress");
  const Value* types = Given(spec, "policyTypes");
  if (types == nullptr || (types->IsSeq() && types->items().empty())) {
    policy.ingress = {true, ReadRules(ingress, "from"), {}};
    const bool has_rules = egress != nullptr && !(egress->IsSeq() && egress->items().empty());
    if (has_rules) policy.egress = {true, ReadRules(egress, "to"), {}};
    return policy;
  }
  const auto is_known = [](const Value& type) {
    return type.text() == "Ingress" || type.text() == "Egress";
  };
  if (!types->IsSeq() || !std::ranges::all_of(types->items(), is_known)) {
    policy.ingress.isolates = true;
    policy.egress.isolates = true;
    return policy;
  }
  for (const Value& type : types->items()) {
    if (type.text() == "Ingress") {
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
    for (const yaml::NodeView item : container.node.Find("ports").children()) {
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
