// CiliumNetworkPolicy, cilium.io/v2: endpoints by labels, blocks, entities, and names of hosts.
//
// - A rule has one kind of peers, as Merge() makes them; Cilium refuses several.
// - A section of nothing but `{}` isolates and opens nothing; an empty or absent one does neither.
//   With enableDefaultDeny (Cilium 1.16) rules open without isolating.
// - Namespaces are labels of endpoints: `k8s:io.kubernetes.pod.namespace`, and with a prefix those
//   that a Namespace has itself. A selector that names no namespace means that of the policy;
//   before 1.15 one that only asks for labels of a Namespace does so too, so that any name is asked
//   for beside them.
// - Anybody is the entity `all`: `world` is outside alone, and a rule without peers and ports opens
//   nothing.
// - Blocks contain neither nodes nor the API server, unless policy-cidr-match-mode says so. Beside
//   blocks that are meant for these stand their entities.
// - What the API server calls is open to everybody: on the way through a tunnel of the control
//   plane it loses its address, and with it the entity `kube-apiserver`.
// - Names of hosts are learned from the answers of DNS: its rules then send questions through
//   Cilium's proxy, with a rule that lets every name pass. They come first, and by themselves,
//   since ranges of ports and other protocols than TCP and UDP cannot be watched so.
//
// Sources: Cilium documentation, "Layer 3 Policies" (Entities based, CIDR based), "Layer 4
// Policies", "Layer 7 Policies" (DNS), "Policy Enforcement Modes", "Using Kubernetes Constructs in
// Policy".
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "policy/network/emit.hpp"
#include "policy/network/ip_block.hpp"
#include "policy/network/labels.hpp"

namespace cloudlab::policy::network {
namespace {

using yaml::Value;

constexpr std::string_view kPodNamespace = "k8s:io.kubernetes.pod.namespace";
constexpr std::string_view kNamespaceLabels = "k8s:io.cilium.k8s.namespace.labels.";
/// More in one item the API server refuses.
constexpr std::size_t kMostPorts = 40;

Value Text(std::string_view text) { return Value::String(std::string(text)); }

/// The label of endpoints for the label `key` of their Namespace.
std::string EndpointKey(const std::string& key) {
  if (key == kNamespaceName) return std::string(kPodNamespace);
  return std::string(kNamespaceLabels) + key;
}

/// Adds what `namespaces` asks for to a selector of endpoints.
void AddNamespaces(const Value& namespaces, Value& labels, Value& expressions) {
  bool named = false;
  const auto key_for = [&](const std::string& key) {
    named = named || key == kNamespaceName;
    return EndpointKey(key);
  };
  if (const Value* given = namespaces.Find("matchLabels")) {
    for (const auto& [key, value] : given->entries()) labels.Put(key_for(key), value);
  }
  if (const Value* given = namespaces.Find("matchExpressions")) {
    for (Value expression : given->items()) {
      Value& key = *expression.Find("key");
      key = Value::String(key_for(key.text()));
      expressions.Append(std::move(expression));
    }
  }
  if (named) return;
  expressions.Append(Value::Map({{"key", Text(kPodNamespace)}, {"operator", Text("Exists")}}));
}

Value Endpoints(const Peer& peer) {
  if (!peer.other_namespaces) return peer.pods;
  const Value* pod_labels = peer.pods.Find("matchLabels");
  const Value* pod_expressions = peer.pods.Find("matchExpressions");
  Value labels = pod_labels == nullptr ? Value() : *pod_labels;
  Value expressions = pod_expressions == nullptr ? Value::Seq() : *pod_expressions;
  AddNamespaces(peer.namespaces, labels, expressions);
  Value selector;
  if (!labels.IsEmptyCollection()) selector.Put("matchLabels", std::move(labels));
  if (!expressions.IsEmptyCollection()) selector.Put("matchExpressions", std::move(expressions));
  return selector;
}

Value Block(const Peer& peer) {
  Value block = Value::Map({{"cidr", Value::String(peer.cidr)}});
  if (peer.except.empty()) return block;
  Value& except = block.Put("except", Value::Seq());
  for (const std::string& cidr : peer.except) except.Append(Value::String(cidr));
  return block;
}

Value Host(const Peer& peer) {
  const bool is_pattern = peer.host.find('*') != std::string::npos;
  return Value::Map({{is_pattern ? "matchPattern" : "matchName", Value::String(peer.host)}});
}

/// A list of peers: its name, without `from` or `to`, and an item of it.
std::pair<std::string, Value> ToItem(const Peer& peer, bool ingress) {
  switch (peer.kind) {
    case Peer::Kind::kPods:
      return {"Endpoints", Endpoints(peer)};
    case Peer::Kind::kBlock:
      return {"CIDRSet", Block(peer)};
    case Peer::Kind::kHost:
      return {"FQDNs", Host(peer)};
    case Peer::Kind::kAnywhere:
      return {"Entities", Text("all")};
    case Peer::Kind::kApiServer:
      return {"Entities", Text(ingress ? "all" : "kube-apiserver")};
  }
  return {std::string(), Value()};
}

/// Items of toPorts, each with `rules` if there are any.
Value ToPorts(const std::vector<PortRange>& ports, const Value& rules) {
  Value items = Value::Seq();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (i % kMostPorts == 0) {
      Value item = Value::Map({{"ports", Value::Seq()}});
      if (!rules.IsEmptyCollection()) item.Put("rules", rules);
      items.Append(std::move(item));
    }
    const PortRange& range = ports[i];
    Value port = Value::Map({{"port", Value::String(std::to_string(range.first))}});
    if (range.last != range.first) port.Put("endPort", Value::Int(range.last));
    port.Put("protocol", Text(Name(range.protocol)));
    items.mutable_items().back().Find("ports")->Append(std::move(port));
  }
  return items;
}

/// True if the block of `peer` is one of `blocks`, or a part of one.
bool IsIn(const std::vector<Peer>& blocks, const Peer& peer) {
  const auto block = IpBlock::Parse(peer.cidr);
  return block && std::ranges::any_of(blocks, [&](const Peer& other) {
           if (other.kind != Peer::Kind::kBlock) return false;
           const auto whole = IpBlock::Parse(other.cidr);
           return other.cidr == peer.cidr || (whole && whole->HasInside(*block));
         });
}

/// Whom the blocks of `rule` are meant for, of those whom no block contains.
Value EntitiesBeside(const Rule& rule, bool ingress, const Settings& settings) {
  const auto is_for = [&](const std::vector<Peer>& blocks) {
    return std::ranges::any_of(rule.peers, [&](const Peer* peer) {
      return peer->kind == Peer::Kind::kBlock && IsIn(blocks, *peer);
    });
  };
  // Controllers and monitoring in the network of their node are given by its addresses.
  const bool nodes = is_for(settings.nodes) ||
                     (ingress && (is_for(settings.controllers) || is_for(settings.monitoring)));
  Value entities = Value::Seq();
  if (is_for(settings.api_servers)) entities.Append(Text("kube-apiserver"));
  // The cache of names on a node has an address of that node.
  if (nodes || (!ingress && is_for(settings.dns))) entities.Append(Text("host"));
  if (nodes) entities.Append(Text("remote-node"));
  return entities;
}

/// Appends the rules for `openings` to `list`.
void AddRules(std::span<const Opening> openings, bool ingress, const Settings& settings,
              const Value& layer7, Value& list) {
  const std::string prefix = ingress ? "from" : "to";
  for (const Rule& rule : Merge(openings)) {
    Value item;
    for (const Peer* peer : rule.peers) {
      auto [name, value] = ToItem(*peer, ingress);
      Value* peers = item.Find(prefix + name);
      if (peers == nullptr) peers = &item.Put(prefix + name, Value::Seq());
      const auto& known = peers->items();
      if (known.empty() || known.back() != value) peers->Append(std::move(value));
    }
    if (!rule.ports.empty()) item.Put("toPorts", ToPorts(rule.ports, layer7));
    list.Append(std::move(item));
    Value entities = EntitiesBeside(rule, ingress, settings);
    if (entities.items().empty()) continue;
    Value beside = Value::Map({{prefix + "Entities", std::move(entities)}});
    if (!rule.ports.empty()) beside.Put("toPorts", ToPorts(rule.ports, layer7));
    list.Append(std::move(beside));
  }
}

/// True for questions of DNS that Cilium's proxy can watch.
bool IsWatchable(const Opening& opening, const Settings& settings) {
  return opening.evidence == "spec.dns" && opening.port.first == opening.port.last &&
         opening.port.protocol != Protocol::kSctp &&
         std::ranges::find(settings.dns_ports, opening.port) != settings.dns_ports.end();
}

Value Egress(std::span<const Opening> openings, const Settings& settings) {
  Value list = Value::Seq();
  const bool has_hosts = std::ranges::any_of(
      openings, [](const Opening& opening) { return opening.peer.kind == Peer::Kind::kHost; });
  const Value none;
  if (!has_hosts) {
    AddRules(openings, false, settings, none, list);
    return list;
  }
  std::vector<Opening> names;
  std::vector<Opening> rest;
  std::ranges::partition_copy(
      openings, std::back_inserter(names), std::back_inserter(rest),
      [&](const Opening& opening) { return IsWatchable(opening, settings); });
  const Value every_name =
      Value::Map({{"dns", Value::Seq({Value::Map({{"matchPattern", Text("*")}})})}});
  AddRules(names, false, settings, every_name, list);
  AddRules(rest, false, settings, none, list);
  return list;
}

Value Ingress(std::span<const Opening> openings, const Settings& settings) {
  // Nobody calls by the name of a host.
  std::vector<Opening> known;
  std::ranges::copy_if(openings, std::back_inserter(known), [](const Opening& opening) {
    return opening.peer.kind != Peer::Kind::kHost;
  });
  Value list = Value::Seq();
  AddRules(known, true, settings, {}, list);
  return list;
}

}  // namespace

Value CiliumNetworkPolicySpec(const Access& access, const Settings& settings) {
  Value spec = Value::Map({{"endpointSelector", access.pods}});
  if (!access.closes) {
    spec.Put("enableDefaultDeny",
             Value::Map({{"ingress", Value::Bool(false)}, {"egress", Value::Bool(false)}}));
  }
  const auto put = [&](const char* name, Value list) {
    if (list.items().empty() && access.closes) list.Append({});
    if (!list.items().empty()) spec.Put(name, std::move(list));
  };
  if (access.isolates_ingress) put("ingress", Ingress(access.ingress, settings));
  if (access.isolates_egress) put("egress", Egress(access.egress, settings));
  return spec;
}

}  // namespace cloudlab::policy::network
