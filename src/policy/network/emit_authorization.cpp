// AuthorizationPolicy, security.istio.io/v1: who of the mesh may connect to the workload, by the
// accounts of clients. What it does not allow it closes, so without rules nobody may connect.
//
// - A client of the stream that is a member of the mesh is known by its principal. Whoever is no
//   member has no identity, and of pods outside of the stream nobody can tell what they are: their
//   namespace too is only known by mutual TLS. Then the ports are open to everybody, so that no
//   route is closed.
// - Only TCP is seen by proxies. Hosts by name and ranges of ports cannot be written: hosts are
//   left out, and instead of a range every port is open to its peers.
// - The selector knows matchLabels alone. Expressions beside them are left out.
//
// Sources: Istio documentation, "Authorization Policy" (reference), "Security" (Dependency on
// mutual TLS).
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "policy/network/api_access.hpp"
#include "policy/network/emit.hpp"

namespace cloudlab::policy::network {
namespace {

using yaml::Value;

bool IsSeen(const Opening& opening) {
  return (opening.port.IsAny() || opening.port.protocol == Protocol::kTcp) &&
         opening.peer.kind != Peer::Kind::kHost;
}

/// True if `peer` is known by its account.
bool IsMember(const Peer& peer) {
  return peer.kind == Peer::Kind::kPods && peer.workload != nullptr && peer.mesh != Mesh::kNone;
}

void AddText(Value& list, std::string text) {
  Value item = Value::String(std::move(text));
  if (std::ranges::find(list.items(), item) == list.items().end()) list.Append(std::move(item));
}

/// Where connections of some peers come from.
struct Sources {
  bool anybody = false;
  Value principals = Value::Seq();
  Value blocks = Value::Seq();  ///< Those without exceptions.
  std::vector<Value> others;

  /// Items of `from`.
  std::vector<Value> Items() const {
    std::vector<Value> sources;
    const auto add = [&](const char* key, const Value& list) {
      if (!list.items().empty()) sources.push_back(Value::Map({{key, list}}));
    };
    add("principals", principals);
    add("ipBlocks", blocks);
    sources.insert(sources.end(), others.begin(), others.end());
    for (Value& source : sources) source = Value::Map({{"source", std::move(source)}});
    return sources;
  }
};

void AddBlock(const Peer& peer, Sources& sources) {
  if (peer.except.empty()) {
    AddText(sources.blocks, peer.cidr);
    return;
  }
  Value except = Value::Seq();
  for (const std::string& cidr : peer.except) except.Append(Value::String(cidr));
  sources.others.push_back(Value::Map(
      {{"ipBlocks", Value::Seq({Value::String(peer.cidr)})}, {"notIpBlocks", std::move(except)}}));
}

void AddPeer(const Peer& peer, const Settings& settings, Sources& sources) {
  if (IsMember(peer)) {
    AddText(sources.principals, settings.trust_domain + "/ns/" + peer.workload->id.ns + "/sa/" +
                                    AccountOf(*peer.workload));
  } else if (peer.kind == Peer::Kind::kBlock) {
    AddBlock(peer, sources);
  } else {
    sources.anybody = true;
  }
}

Value ToRule(const Rule& rule, const Settings& settings) {
  Sources sources;
  for (const Peer* peer : rule.peers) AddPeer(*peer, settings, sources);
  Value value;
  if (!sources.anybody) value.Put("from", Value::Seq(sources.Items()));
  const bool has_range = std::ranges::any_of(
      rule.ports, [](const PortRange& port) { return port.first != port.last; });
  if (rule.ports.empty() || has_range) return value;
  Value ports = Value::Seq();
  for (const PortRange& port : rule.ports) AddText(ports, std::to_string(port.first));
  value.Put("to",
            Value::Seq({Value::Map({{"operation", Value::Map({{"ports", std::move(ports)}})}})}));
  return value;
}

}  // namespace

Value AuthorizationPolicySpec(const Access& access, const Settings& settings) {
  Value spec;
  if (const Value* labels = access.pods.Find("matchLabels")) {
    spec.Put("selector", Value::Map({{"matchLabels", *labels}}));
  }
  spec.Put("action", Value::String("ALLOW"));
  std::vector<Opening> seen;
  std::ranges::copy_if(access.ingress, std::back_inserter(seen), IsSeen);
  Value rules = Value::Seq();
  for (const Rule& rule : Merge(seen)) {
    Value item = ToRule(rule, settings);
    const auto known = std::ranges::find(rules.items(), item);
    if (known == rules.items().end()) rules.Append(std::move(item));
  }
  if (!rules.items().empty()) spec.Put("rules", std::move(rules));
  return spec;
}

std::string AuthorizationObstacle(const Access& access) {
  const auto filled = [&](const char* key) {
    const Value* part = access.pods.Find(key);
    return part != nullptr && !part->IsEmptyCollection();
  };
  if (filled("matchExpressions") && !filled("matchLabels")) {
    return "its pods are selected by expressions, which an AuthorizationPolicy does not know; "
           "give them a label of their own";
  }
  if (!access.isolates_ingress) {
    return "an AuthorizationPolicy is about what comes in, and policyTypes leaves that out";
  }
  if (!access.closes) {
    return "an AuthorizationPolicy closes what it does not open, and defaultDeny is None";
  }
  for (const Opening& opening : access.ingress) {
    if (!IsSeen(opening) || !IsMember(opening.peer)) continue;
    const kube::Manifest& client = *opening.peer.workload;
    if (client.id.ns.empty()) {
      return client.id.Display() +
             " connects to it from a namespace that is not known, and identities are of "
             "namespaces; say where the release goes with --namespace";
    }
    if (AccountOf(client) == "default") {
      return client.id.Display() +
             " connects to it with the ServiceAccount default, which it may share with others; "
             "give it an account of its own";
    }
  }
  return {};
}

}  // namespace cloudlab::policy::network
