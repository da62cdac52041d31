#include "policy/network/cilium_rules.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "policy/network/cilium_peers.hpp"
#include "policy/network/read_spec.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy::network {
namespace {

using yaml::Value;

constexpr std::string_view kClusterwide = "CiliumClusterwideNetworkPolicy";
constexpr std::uint16_t kLastPort = std::numeric_limits<std::uint16_t>::max();

/// True for what is more than an empty list.
bool IsFilled(const Value* list) {
  return list != nullptr && !(list->IsSeq() && list->items().empty());
}

/// The protocols that a port is about; nothing if the word is not known.
std::optional<std::vector<Protocol>> ReadProtocols(const Value* name) {
  if (name == nullptr || name->text().empty() || name->text() == "ANY") {
    return std::vector{Protocol::kTcp, Protocol::kUdp, Protocol::kSctp};
  }
  constexpr std::array<std::string_view, 4> kOthers{"ICMP", "ICMPv6", "VRRP", "IGMP"};
  if (std::ranges::find(kOthers, name->text()) != kOthers.end()) return std::vector<Protocol>();
  const auto protocol = ParseProtocol(name->text());
  return protocol ? std::optional(std::vector{*protocol}) : std::nullopt;
}

/// Adds an item of `ports`; false if it cannot be read.
bool AddPort(const Value& item, PolicyRule& rule) {
  const Value* port = Given(item, "port");
  const Value* end = Given(item, "endPort");
  const auto protocols = ReadProtocols(Given(item, "protocol"));
  // The API server wants a text.
  if (!HasOnly(item, {"port", "endPort", "protocol"}) || !protocols || port == nullptr ||
      port->kind() != Value::Kind::kString || port->text().empty()) {
    return false;
  }
  PolicyPort read{.last = kLastPort, .name = {}};
  const std::string& text = port->text();
  const bool is_number = text.find_first_not_of("0123456789") == std::string::npos;
  if (!is_number) {
    read.name = text;
  } else if (text != "0") {  // Which stands for all.
    const auto first = ParsePortNumber(text);
    const auto last = end == nullptr ? first : ReadPortNumber(*end);
    if (!first || !last || *last < *first) return false;
    read.first = *first;
    read.last = *last;
  }
  for (const Protocol protocol : *protocols) {
    read.protocol = protocol;
    rule.ports.push_back(read);
  }
  return true;
}

/// Reads `toPorts`; false if some of it cannot be read.
bool ReadPorts(const Value& list, PolicyRule& rule) {
  if (!list.IsSeq()) return false;
  bool all_read = true;
  for (const Value& item : list.items()) {
    // Layer 7 narrows down what the ports allow.
    const Value* ports = Given(item, "ports");
    if (!HasOnly(item, {"ports", "rules", "serverNames", "terminatingTLS", "originatingTLS",
                        "listener"}) ||
        ports == nullptr || !ports->IsSeq()) {
      all_read = false;
      continue;
    }
    for (const Value& port : ports->items()) all_read = AddPort(port, rule) && all_read;
  }
  return all_read;
}

PolicyRule ReadRule(const Value& item, const CiliumReading& reading) {
  const auto is_known = [&](const Value::Entry& entry) {
    return entry.first == "toPorts" || entry.first == "icmps" || entry.first == "authentication" ||
           IsPeerList(entry.first, reading.ingress);
  };
  if (!item.IsMap() || !std::ranges::all_of(item.entries(), is_known)) {
    return {.any_peer = reading.deny, .any_port = reading.deny};
  }
  PolicyRule rule;
  const CiliumPeers peers = ReadCiliumPeers(item, reading, rule);
  const Value* ports = Given(item, "toPorts");
  const bool has_ports = IsFilled(ports);
  const bool ports_read = !has_ports || ReadPorts(*ports, rule);
  rule.any_port = !has_ports && Given(item, "icmps") == nullptr;
  if (peers == CiliumPeers::kNone && (has_ports || reading.deny)) rule.any_peer = true;
  if (reading.deny && peers == CiliumPeers::kUnreadable) rule.any_peer = true;
  if (reading.deny && !ports_read) rule.any_port = true;
  return rule;
}

std::vector<PolicyRule> ReadList(const Value* list, const CiliumReading& reading) {
  std::vector<PolicyRule> rules;
  if (list == nullptr) return rules;
  if (!list->IsSeq() && reading.deny) rules.push_back({.any_peer = true, .any_port = true});
  for (const Value& item : list->items()) rules.push_back(ReadRule(item, reading));
  return rules;
}

PolicyRules ReadDirection(const Value& spec, bool ingress, bool clusterwide) {
  const std::string_view name = ingress ? "ingress" : "egress";
  const Value* allow = Given(spec, name);
  const Value* deny = Given(spec, std::string(name) + "Deny");
  PolicyRules rules{.isolates = IsFilled(allow) || IsFilled(deny),
                    .allow = ReadList(allow, {ingress, false, clusterwide}),
                    .deny = ReadList(deny, {ingress, true, clusterwide})};
  // What it requires of the peers of other rules is not known to any rule here.
  const std::string_view requires_name = ingress ? "fromRequires" : "toRequires";
  const auto requires_labels = [&](const Value& item) { return Given(item, requires_name); };
  if (allow != nullptr && std::ranges::any_of(allow->items(), requires_labels)) {
    rules.deny.push_back({.any_peer = true, .any_port = true});
  }
  if (const Value* defaults = Given(spec, "enableDefaultDeny")) {
    const Value* given = Given(*defaults, name);
    if (given != nullptr && given->text() == "false") rules.isolates = false;
    if (given != nullptr && given->text() == "true") rules.isolates = true;
  }
  return rules;
}

std::optional<NetworkPolicy> ReadSpec(const Value& spec, bool clusterwide) {
  const Value* selector = Given(spec, "endpointSelector");
  if (selector == nullptr) return std::nullopt;
  auto pods = ReadEndpoints(*selector);
  if (!pods) return std::nullopt;
  NetworkPolicy policy{.pods = std::move(pods->pods),
                       .clusterwide = clusterwide,
                       .namespaces = std::move(pods->namespaces)};
  policy.ingress = ReadDirection(spec, true, clusterwide);
  policy.egress = ReadDirection(spec, false, clusterwide);
  constexpr std::array<std::string_view, 10> kKnown{
      "endpointSelector",  "nodeSelector", "ingress", "egress",
      "ingressDeny",       "egressDeny",   "labels",  "description",
      "enableDefaultDeny", "log"};
  const bool known = std::ranges::all_of(spec.entries(), [&](const Value::Entry& entry) {
    return std::ranges::find(kKnown, entry.first) != kKnown.end();
  });
  if (!known) {
    policy.ingress.allow.clear();
    policy.egress.allow.clear();
  }
  return policy;
}

}  // namespace

bool IsCiliumPolicy(const kube::Manifest& manifest) {
  return manifest.id.api_version == "cilium.io/v2" &&
         (manifest.id.kind == "CiliumNetworkPolicy" || manifest.id.kind == kClusterwide);
}

std::vector<NetworkPolicy> ReadCiliumPolicy(const kube::Manifest& manifest) {
  const bool clusterwide = manifest.id.kind == kClusterwide;
  std::vector<NetworkPolicy> policies;
  const auto add = [&](const Value& spec) {
    if (auto policy = ReadSpec(spec, clusterwide)) policies.push_back(*std::move(policy));
  };
  if (const yaml::NodeView spec = manifest.root.Find("spec")) add(Value::From(spec));
  if (const yaml::NodeView specs = manifest.root.Find("specs")) {
    const Value all = Value::From(specs);
    for (const Value& spec : all.items()) add(spec);
  }
  return policies;
}

}  // namespace cloudlab::policy::network
