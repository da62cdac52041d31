// NetworkPolicy, networking.k8s.io/v1: peers are selectors and blocks, and a rule without peers is
// open to everybody. It knows no names of hosts, so that openings to them are left out, and no API
// server, whose address is anybody's.
#include <algorithm>
#include <string>
#include <utility>

#include "policy/network/emit.hpp"

namespace cloudlab::policy::network {
namespace {

using yaml::Value;

Value Texts(const std::vector<std::string>& texts) {
  std::vector<Value> items;
  for (const std::string& text : texts) items.push_back(Value::String(text));
  return Value::Seq(std::move(items));
}

Value ToValue(const Peer& peer) {
  if (peer.kind == Peer::Kind::kBlock) {
    Value block = Value::Map({{"cidr", Value::String(peer.cidr)}});
    if (!peer.except.empty()) block.Put("except", Texts(peer.except));
    return Value::Map({{"ipBlock", std::move(block)}});
  }
  Value value;
  if (peer.other_namespaces) value.Put("namespaceSelector", peer.namespaces);
  // Without a podSelector all pods of those namespaces are meant; alone it must be there.
  if (!peer.pods.entries().empty() || !peer.other_namespaces) value.Put("podSelector", peer.pods);
  return value;
}

Value ToValue(const PortRange& port) {
  Value value = Value::Map({{"port", Value::Int(port.first)}});
  if (port.last != port.first) value.Put("endPort", Value::Int(port.last));
  value.Put("protocol", Value::String(std::string(Name(port.protocol))));
  return value;
}

/// The rules of one direction; `peers` is `from` or `to`.
Value Rules(std::span<const Opening> openings, const char* peers) {
  std::vector<Value> items;
  for (const Rule& rule : Merge(openings)) {
    const Peer::Kind kind = rule.peers.front()->kind;
    if (kind == Peer::Kind::kHost) continue;
    Value item;
    if (kind == Peer::Kind::kPods || kind == Peer::Kind::kBlock) {
      std::vector<Value> all;
      for (const Peer* peer : rule.peers) {
        Value value = ToValue(*peer);
        // Workloads of one chart may have the same labels, as its tests have.
        if (all.empty() || all.back() != value) all.push_back(std::move(value));
      }
      item.Put(peers, Value::Seq(std::move(all)));
    }
    if (!rule.ports.empty()) {
      std::vector<Value> all;
      for (const PortRange& port : rule.ports) all.push_back(ToValue(port));
      item.Put("ports", Value::Seq(std::move(all)));
    }
    items.push_back(std::move(item));
  }
  return Value::Seq(std::move(items));
}

}  // namespace

Value NetworkPolicySpec(const Access& access) {
  Value spec = Value::Map({{"podSelector", access.pods}});
  std::vector<Value> types;
  if (access.isolates_ingress) types.push_back(Value::String("Ingress"));
  if (access.isolates_egress) types.push_back(Value::String("Egress"));
  spec.Put("policyTypes", Value::Seq(std::move(types)));
  if (access.isolates_ingress) {
    Value rules = Rules(access.ingress, "from");
    if (!rules.items().empty()) spec.Put("ingress", std::move(rules));
  }
  if (access.isolates_egress) {
    Value rules = Rules(access.egress, "to");
    if (!rules.items().empty()) spec.Put("egress", std::move(rules));
  }
  return spec;
}

}  // namespace cloudlab::policy::network
