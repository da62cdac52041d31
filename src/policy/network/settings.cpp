#include "policy/network/settings.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "policy/network/ip_block.hpp"
#include "policy/network/labels.hpp"
#include "policy/text_at.hpp"

namespace cloudlab::policy::network {
namespace {

using yaml::Value;

constexpr std::uint16_t kDnsPort = 53;

/// A number, or two with a dash between them, as the schema let it pass.
PortRange ReadRange(std::string_view text, Protocol protocol) {
  PortRange range{.protocol = protocol};
  const char* end = text.data() + text.size();
  const auto [dash, error] = std::from_chars(text.data(), end, range.first);
  range.last = range.first;
  if (error == std::errc() && dash != end) std::from_chars(dash + 1, end, range.last);
  return range;
}

/// The ports at `key`, or the `usual` ones, each with all `protocols`.
std::vector<PortRange> PortsAt(const Value& map, std::string_view key,
                               std::initializer_list<std::uint16_t> usual,
                               std::initializer_list<Protocol> protocols) {
  std::vector<std::uint16_t> numbers;
  for (const std::string& text : TextsAt(map, key)) {
    numbers.push_back(ReadRange(text, Protocol::kTcp).first);
  }
  if (numbers.empty()) numbers = usual;
  std::vector<PortRange> ports;
  for (const Protocol protocol : protocols) {
    for (const std::uint16_t number : numbers) ports.push_back({protocol, number, number});
  }
  return ports;
}

Peer ReadPeer(const Value& value) {
  Peer peer;
  if (const Value* block = value.Find("ipBlock")) {
    peer.kind = Peer::Kind::kBlock;
    peer.cidr = TextAt(*block, "cidr");
    peer.except = TextsAt(*block, "except");
    return peer;
  }
  peer.pods = MapAt(value, "podSelector");
  peer.other_namespaces = value.Find("namespaceSelector") != nullptr;
  peer.namespaces = MapAt(value, "namespaceSelector");
  return peer;
}

std::vector<Peer> PeersAt(const Value& map, std::string_view key) {
  std::vector<Peer> peers;
  for (const Value& item : MapAt(map, key).items()) peers.push_back(ReadPeer(item));
  return peers;
}

std::vector<Peer> BlocksAt(const Value& map, std::string_view key) {
  std::vector<Peer> peers;
  for (std::string& cidr : TextsAt(map, key)) {
    Peer peer;
    peer.kind = Peer::Kind::kBlock;
    peer.cidr = std::move(cidr);
    peers.push_back(std::move(peer));
  }
  return peers;
}

AllowEnd ReadEnd(const Value& value) {
  AllowEnd end;
  end.name = TextAt(value, "name");
  end.kind = TextAt(value, "kind");
  end.ns = TextAt(value, "namespace");
  const bool workload = !end.name.empty() || !end.kind.empty() || !end.ns.empty();
  if (!workload) end.peer = ReadPeer(value);
  return end;
}

std::vector<AllowRule> AllowAt(const Value& spec) {
  std::vector<AllowRule> rules;
  for (const Value& item : MapAt(spec, "allow").items()) {
    AllowRule rule{.from = ReadEnd(MapAt(item, "from")), .to = ReadEnd(MapAt(item, "to"))};
    const Protocol protocol = ParseProtocol(TextAt(item, "protocol")).value_or(Protocol::kTcp);
    for (const std::string& text : TextsAt(item, "ports")) {
      rule.ports.push_back(ReadRange(text, protocol));
    }
    if (rule.ports.empty()) rule.ports.emplace_back();
    rules.push_back(std::move(rule));
  }
  return rules;
}

/// The value that a word of an enum stands for; the first one if the field is missing.
template <typename T>
T OneOf(const std::string& word, std::initializer_list<std::pair<std::string_view, T>> known) {
  for (const auto& [name, value] : known) {
    if (name == word) return value;
  }
  return known.begin()->second;
}

}  // namespace

Peer PodsOfNamespace(std::string ns, Value pods) {
  Peer peer;
  peer.pods = std::move(pods);
  peer.other_namespaces = true;
  peer.namespaces = Value::Map(
      {{"matchLabels", Value::Map({{std::string(kNamespaceName), Value::String(std::move(ns))}})}});
  return peer;
}

Peer AllPods() {
  Peer peer;
  peer.other_namespaces = true;
  return peer;
}

namespace {

/// `names` is spec.dns. An empty selector means every pod of the namespace.
Peer DnsPods(const Value& names, const std::string& ns, const Value& labels) {
  const Value* selector = names.Find("selector");
  const bool all = selector != nullptr && selector->IsMap() && selector->entries().empty();
  return PodsOfNamespace(ns, all ? Value() : Value::Map({{"matchLabels", labels}}));
}

}  // namespace

Settings::Settings(const Value& spec) {
  for (const std::string& word : TextsAt(spec, "emit")) {
    emit.push_back(OneOf<Emit>(word, {{"NetworkPolicy", Emit::kNetworkPolicy},
                                      {"CiliumNetworkPolicy", Emit::kCiliumNetworkPolicy},
                                      {"AuthorizationPolicy", Emit::kAuthorizationPolicy}}));
  }
  if (emit.empty()) emit = {Emit::kNetworkPolicy};
  deny = OneOf<Deny>(
      TextAt(spec, "defaultDeny"),
      {{"Workload", Deny::kWorkload}, {"Namespace", Deny::kNamespace}, {"None", Deny::kNone}});
  owned_namespaces = TextsAt(spec, "ownedNamespaces");
  const std::vector<std::string> types = TextsAt(spec, "policyTypes");
  const auto isolates = [&](std::string_view type) {
    return types.empty() || std::ranges::find(types, type) != types.end();
  };
  ingress = isolates("Ingress");
  egress = isolates("Egress");

  const Value& infer = MapAt(spec, "infer");
  const std::vector<std::string> words = TextsAt(infer, "sources");
  sources = infer.Find("sources") == nullptr ? SourceSet::All() : SourceSet();
  for (const auto& [source, name] : kSourceNames) {
    if (std::ranges::find(words, name) != words.end()) sources.Add(source);
  }
  min_confidence = ParseConfidence(TextAt(infer, "minConfidence")).value_or(Confidence::kHost);

  const Value& names = MapAt(spec, "dns");
  dns_labels = MapAt(names, "selector");
  if (dns_labels.entries().empty()) dns_labels.Put("k8s-app", Value::String("kube-dns"));
  dns_namespace = TextAt(names, "namespace");
  dns.push_back(DnsPods(names, dns_namespace, dns_labels));
  if (const std::string cache = TextAt(names, "nodeLocalCIDR"); !cache.empty()) {
    dns.emplace_back();
    dns.back().kind = Peer::Kind::kBlock;
    dns.back().cidr = cache;
  }
  dns_ports = PortsAt(names, "ports", {kDnsPort}, {Protocol::kUdp, Protocol::kTcp});

  controllers = PeersAt(spec, "ingressControllers");
  monitoring = PeersAt(spec, "monitoring");
  const Value& outside = MapAt(spec, "external");
  external = OneOf<External>(
      TextAt(outside, "mode"),
      {{"PortOnly", External::kPortOnly}, {"Deny", External::kDeny}, {"FQDN", External::kFqdn}});
  except = TextsAt(outside, "except");
  const Value& server = MapAt(spec, "apiServer");
  api_server = OneOf<ApiServer>(
      TextAt(server, "when"),
      {{"RBAC", ApiServer::kRbac}, {"Always", ApiServer::kAlways}, {"Never", ApiServer::kNever}});
  api_servers = BlocksAt(server, "cidrs");
  if (api_servers.empty()) {
    api_servers.emplace_back();
    api_servers.back().kind = Peer::Kind::kApiServer;
  }
  constexpr std::uint16_t kServicePort = 443;
  constexpr std::uint16_t kEndpointPort = 6443;
  api_ports = PortsAt(server, "ports", {kServicePort, kEndpointPort}, {Protocol::kTcp});
  nodes = BlocksAt(spec, "nodeCIDRs");
  allow = AllowAt(spec);

  const Value& istio = MapAt(spec, "mesh");
  mesh = OneOf<std::optional<Mesh>>(TextAt(istio, "mode"), {{"Auto", std::nullopt},
                                                            {"Sidecar", Mesh::kSidecar},
                                                            {"Ambient", Mesh::kAmbient},
                                                            {"None", Mesh::kNone}});
  mesh_namespace = TextAt(istio, "namespace");
  trust_domain = TextAt(istio, "trustDomain");
  annotates_evidence = TextAt(spec, "evidence") == "Annotation";
  verifies_strictly = TextAt(spec, "verify") != "Warn";
}

std::optional<Confidence> Settings::ConfidenceOf(const Edge& edge) const {
  return edge.ConfidenceBy(sources);
}

bool Settings::Wants(const Edge& edge) const {
  const std::optional<Confidence> confidence = ConfidenceOf(edge);
  return confidence && *confidence >= min_confidence;
}

MeshSettings Settings::ForReach() const {
  const auto blocks = [](const std::vector<Peer>& peers) {
    std::vector<IpBlock> all;
    for (const Peer& peer : peers) {
      if (const auto block = IpBlock::Parse(peer.cidr)) all.push_back(*block);
    }
    return all;
  };
  MeshSettings settings{.trust_domain = trust_domain,
                        .mode = mesh,
                        .nodes = blocks(nodes),
                        .api_servers = blocks(api_servers)};
  if (!mesh_namespace.empty()) settings.root_namespace = mesh_namespace;
  return settings;
}

bool Settings::Emits(Emit kind) const { return std::ranges::find(emit, kind) != emit.end(); }

}  // namespace cloudlab::policy::network
