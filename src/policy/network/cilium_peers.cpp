#include "policy/network/cilium_peers.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/network/labels.hpp"
#include "policy/network/read_spec.hpp"

namespace cloudlab::policy::network {
namespace {

using yaml::Value;

constexpr std::string_view kPodNamespace = "io.kubernetes.pod.namespace";
constexpr std::string_view kNamespaceLabels = "io.cilium.k8s.namespace.labels.";
/// Labels of endpoints that come from no manifest.
constexpr std::string_view kCiliumLabels = "io.cilium.k8s.";

/// Where a key of a selector belongs.
struct Key {
  bool of_namespace = false;
  std::string name;
};

/// Nothing for a label that no manifest tells.
std::optional<Key> ReadKey(std::string_view key) {
  const std::size_t colon = key.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view source = key.substr(0, colon);
    if (source != "k8s" && source != "any") return std::nullopt;
    key.remove_prefix(colon + 1);
  }
  if (key == kPodNamespace) return Key{true, std::string(kNamespaceName)};
  if (key.starts_with(kNamespaceLabels)) {
    return Key{true, std::string(key.substr(kNamespaceLabels.size()))};
  }
  if (key.starts_with(kCiliumLabels)) return std::nullopt;
  return Key{false, std::string(key)};
}

/// Every namespace has its name for a label: nothing is asked.
bool AsksNothing(const Key& key, const Value& expression) {
  const Value* op = expression.Find("operator");
  return key.of_namespace && key.name == kNamespaceName && op != nullptr && op->text() == "Exists";
}

/// The expression that `label` stands for.
Value InExpression(const std::string& key, const Value& label) {
  return Value::Map({{"key", Value::String(key)},
                     {"operator", Value::String("In")},
                     {"values", Value::Seq({label})}});
}

}  // namespace

std::optional<PodPeer> ReadEndpoints(const Value& selector) {
  // What is wrong with its form is found here, so that the parts can be read below.
  if (!ReadSelector(selector)) return std::nullopt;
  std::vector<Value> expressions;
  if (const Value* labels = Given(selector, "matchLabels")) {
    for (const auto& [key, value] : labels->entries()) {
      expressions.push_back(InExpression(key, value));
    }
  }
  if (const Value* given = Given(selector, "matchExpressions")) {
    std::ranges::copy(given->items(), std::back_inserter(expressions));
  }
  PodPeer peer;
  Value of_pods = Value::Seq();
  Value of_namespaces = Value::Seq();
  for (Value& expression : expressions) {
    const auto key = ReadKey(expression.Find("key")->text());
    if (!key) return std::nullopt;
    if (key->of_namespace) peer.same_namespace = false;
    if (AsksNothing(*key, expression)) continue;
    expression.Put("key", Value::String(key->name));
    (key->of_namespace ? of_namespaces : of_pods).Append(std::move(expression));
  }
  const auto parse = [](Value all) {
    return *kube::Selector::Parse(Value::Map({{"matchExpressions", std::move(all)}}));
  };
  peer.pods = parse(std::move(of_pods));
  peer.namespaces = parse(std::move(of_namespaces));
  return peer;
}

namespace {

// Each of these adds an item of its list to `rule`; false if it cannot be read.

bool AddEndpoints(const Value& item, const CiliumReading& reading, PolicyRule& rule) {
  auto peer = ReadEndpoints(item);
  if (!peer) return false;
  if (reading.clusterwide) peer->same_namespace = false;
  rule.pods.push_back(*std::move(peer));
  return true;
}

bool AddCidr(const Value& item, const CiliumReading& /*reading*/, PolicyRule& rule) {
  const auto block = IpBlock::ParseWithAddress(item.text());
  if (block) rule.blocks.push_back({*block, {}, /*outside=*/true});
  return block.has_value();
}

bool AddCidrSet(const Value& item, const CiliumReading& /*reading*/, PolicyRule& rule) {
  const Value* cidr = Given(item, "cidr");
  const Value* except = Given(item, "except");
  const auto block = cidr == nullptr ? std::nullopt : IpBlock::Parse(cidr->text());
  if (!HasOnly(item, {"cidr", "except"}) || !block) return false;
  BlockPeer peer{*block, {}, /*outside=*/true};
  if (except != nullptr && !except->IsSeq()) return false;
  if (except != nullptr) {
    for (const Value& text : except->items()) {
      const auto hole = IpBlock::Parse(text.text());
      if (!hole) return false;
      peer.except.push_back(*hole);
    }
  }
  rule.blocks.push_back(std::move(peer));
  return true;
}

bool AddHost(const Value& item, const CiliumReading& /*reading*/, PolicyRule& rule) {
  if (!HasOnly(item, {"matchName", "matchPattern"}) || item.entries().size() != 1) return false;
  const auto& [key, value] = item.entries().front();
  const bool has_wildcard = value.text().find('*') != std::string::npos;
  if (value.text().empty() || (key == "matchName" && has_wildcard)) return false;
  rule.hosts.push_back(value.text());
  return true;
}

bool AddEntity(const Value& item, const CiliumReading& /*reading*/, PolicyRule& rule) {
  const std::string& name = item.text();
  const bool world = name == "world";
  const bool cluster = name == "cluster";
  if (name == "all") rule.any_peer = true;
  const auto add_world = [&](std::string_view block) {
    rule.blocks.push_back({*IpBlock::Parse(block), {}, /*outside=*/true});
  };
  if (world || name == "world-ipv4") add_world("0.0.0.0/0");
  if (world || name == "world-ipv6") add_world("::/0");
  if (cluster) rule.pods.push_back({.same_namespace = false, .namespaces = {}, .pods = {}});
  if (cluster) rule.nodes = true;
  if (name == "kube-apiserver") rule.api_server = true;
  constexpr std::array<std::string_view, 13> kKnown{
      "all",  "world",  "world-ipv4", "world-ipv6", "cluster", "host",          "remote-node",
      "init", "health", "unmanaged",  "ingress",    "none",    "kube-apiserver"};
  return std::ranges::find(kKnown, name) != kKnown.end();
}

/// A list of peers by its name without `from` or `to`, and who reads its items.
struct PeerList {
  std::string_view name;
  bool (*add)(const Value&, const CiliumReading&, PolicyRule&);
};
constexpr std::array<PeerList, 8> kPeerLists{{{"Endpoints", AddEndpoints},
                                              {"Entities", AddEntity},
                                              {"CIDR", AddCidr},
                                              {"CIDRSet", AddCidrSet},
                                              {"FQDNs", AddHost},
                                              // Nobody reads these.
                                              {"Services", nullptr},
                                              {"Groups", nullptr},
                                              {"Nodes", nullptr}}};

/// True if the entities of `list` are the nodes; `some` of them, if that is enough.
bool HasNodes(const Value& list, bool some) {
  const auto has = [&](std::string_view name) {
    return std::ranges::find(list.items(), name, &Value::text) != list.items().end();
  };
  return some ? has("host") || has("remote-node") : has("host") && has("remote-node");
}

/// The name of `kind` in a rule.
std::string NameOf(const PeerList& kind, bool ingress) {
  return (ingress ? "from" : "to") + std::string(kind.name);
}

}  // namespace

bool IsPeerList(std::string_view key, bool ingress) {
  return std::ranges::any_of(kPeerLists,
                             [&](const PeerList& kind) { return key == NameOf(kind, ingress); });
}

CiliumPeers ReadCiliumPeers(const Value& item, const CiliumReading& reading, PolicyRule& rule) {
  CiliumPeers found = CiliumPeers::kNone;
  for (const PeerList& kind : kPeerLists) {
    const Value* list = Given(item, NameOf(kind, reading.ingress));
    if (list == nullptr) continue;
    // Cilium refuses a rule with two kinds of peers, and knows hosts by name only where they are
    // let out to.
    const bool misplaced = kind.add == AddHost && (reading.ingress || reading.deny);
    if (found != CiliumPeers::kNone || !list->IsSeq() || kind.add == nullptr || misplaced) {
      rule = {};
      return CiliumPeers::kUnreadable;
    }
    found = CiliumPeers::kRead;
    for (const Value& peer : list->items()) {
      if (!kind.add(peer, reading, rule)) found = CiliumPeers::kUnreadable;
    }
    if (kind.add == AddEntity && HasNodes(*list, reading.deny)) rule.nodes = true;
  }
  return found;
}

}  // namespace cloudlab::policy::network
