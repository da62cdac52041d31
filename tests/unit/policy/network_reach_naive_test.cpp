// The answers of Reach against the rules written down as directly as possible, over small clusters
// that are made up. The naive evaluator reads plain data, never the YAML that is written from it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "network_given.hpp"
#include "policy/network/reach.hpp"

namespace cloudlab::policy::network {
namespace {

// A cluster as plain data, which the naive evaluator reads and the YAML is written from.

struct GivenExpression {
  std::string key;
  std::string op;
  std::vector<std::string> values;
};
struct GivenSelector {
  LabelTexts labels;
  std::vector<GivenExpression> expressions;
};
struct GivenBlock {
  std::uint32_t base = 0;
  int bits = 0;
};
struct GivenPeer {
  std::optional<GivenSelector> pods;
  std::optional<GivenSelector> namespaces;
  std::optional<GivenBlock> block;
  std::vector<GivenBlock> except;
};
struct GivenPort {
  std::optional<std::string> protocol;
  std::optional<int> number;
  std::optional<int> end;
  std::optional<std::string> name;
};
struct GivenRule {
  std::optional<std::vector<GivenPeer>> peers;
  std::optional<std::vector<GivenPort>> ports;
};
struct GivenPolicy {
  std::string name;
  std::string ns;
  std::optional<GivenSelector> pods;
  std::vector<std::string> types;
  std::optional<std::vector<GivenRule>> ingress;
  std::optional<std::vector<GivenRule>> egress;
};
struct GivenContainerPort {
  std::string name;
  std::string protocol;
  int number = 0;
};
struct GivenPod {
  std::string name;
  std::string ns;
  LabelTexts labels;
  bool host_network = false;
  std::vector<GivenContainerPort> ports;
};
struct GivenCluster {
  std::map<std::string, LabelTexts> objects;  // Of Namespaces.
  std::vector<GivenPod> pods;
  std::vector<GivenPolicy> policies;
};

const std::vector<std::string> kNamespaces{"n0", "n1", "n2"};
const std::vector<std::string> kProtocols{"TCP", "UDP", "SCTP"};
const std::vector<std::string> kPortNames{"http", "dns"};
const std::vector<std::uint32_t> kAddresses{0x0a000001, 0x0a000101, 0x0a010001, 0xc0a80001};
constexpr int kPorts = 4;

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  GivenCluster Cluster() {
    GivenCluster cluster;
    for (const std::string& ns : kNamespaces) {
      if (Chance(70)) cluster.objects[ns] = Labels();
    }
    for (int i = Number(2, 5); i > 0; --i) {
      GivenPod pod{"w" + std::to_string(i), Pick(kNamespaces), Labels(), Chance(12), {}};
      for (int k = Number(0, 2); k > 0; --k) {
        pod.ports.push_back({Pick(kPortNames), Pick(kProtocols), Number(1, kPorts)});
      }
      cluster.pods.push_back(pod);
    }
    for (int i = Number(0, 5); i > 0; --i) {
      GivenPolicy policy{"p" + std::to_string(i), Pick(kNamespaces), {}, {}, {}, {}};
      if (Chance(80)) policy.pods = Selector();
      if (Chance(40)) policy.types.emplace_back("Ingress");
      if (Chance(40)) policy.types.emplace_back("Egress");
      if (Chance(70)) policy.ingress = Rules();
      if (Chance(70)) policy.egress = Rules();
      cluster.policies.push_back(policy);
    }
    return cluster;
  }

  LabelTexts Labels() {
    LabelTexts labels;
    for (const char* key : {"a", "b", "c"}) {
      if (Chance(60)) labels[key] = Value();
    }
    return labels;
  }

 private:
  int Number(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool Chance(int percent) { return Number(1, 100) <= percent; }
  std::string Pick(const std::vector<std::string>& from) {
    return from[static_cast<std::size_t>(Number(0, static_cast<int>(from.size()) - 1))];
  }
  std::string Value() { return Pick({"x", "y"}); }

  GivenSelector Selector() {
    GivenSelector selector;
    for (int i = Number(0, 2) * Number(0, 1); i > 0; --i) selector.labels[Key()] = Value();
    for (int i = Number(0, 2) * Number(0, 1); i > 0; --i) {
      GivenExpression expression{Key(), Pick({"In", "NotIn", "Exists", "DoesNotExist"}), {}};
      if (expression.op.ends_with("In")) {
        for (int k = Number(1, 2); k > 0; --k) expression.values.push_back(Value());
      }
      selector.expressions.push_back(expression);
    }
    return selector;
  }
  std::string Key() { return Chance(10) ? "kubernetes.io/metadata.name" : Pick({"a", "b", "c"}); }

  std::vector<GivenRule> Rules() {
    std::vector<GivenRule> rules(static_cast<std::size_t>(Number(0, 2)));
    for (GivenRule& rule : rules) {
      if (Chance(80)) {
        rule.peers.emplace();
        for (int i = Number(0, 4) == 0 ? 0 : Number(1, 3); i > 0; --i) {
          rule.peers->push_back(Peer());
        }
      }
      if (!Chance(70)) continue;
      rule.ports.emplace();
      for (int i = Number(0, 2); i > 0; --i) rule.ports->push_back(Port());
    }
    return rules;
  }

  GivenPeer Peer() {
    GivenPeer peer;
    switch (Number(0, 3)) {
      case 0: {
        const int bits = Chance(20) ? 0 : 8 * Number(1, 3);
        peer.block = GivenBlock{kAddresses[static_cast<std::size_t>(Number(0, 3))], bits};
        if (Chance(40)) peer.except.push_back({peer.block->base, bits + Number(1, 8)});
        break;
      }
      case 1:
        peer.pods = Selector();
        break;
      case 2:
        peer.namespaces = Selector();
        break;
      default:
        peer.pods = Selector();
        peer.namespaces = Selector();
    }
    return peer;
  }

  GivenPort Port() {
    GivenPort port;
    if (Chance(50)) port.protocol = Pick(kProtocols);
    if (Chance(20)) return port;
    if (Chance(30)) {
      port.name = Pick(kPortNames);
      return port;
    }
    port.number = Number(1, kPorts);
    if (Chance(30)) port.end = *port.number + Number(0, 2);
    return port;
  }

  std::mt19937 random_;
};

// YAML.

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

std::string Print(const LabelTexts& labels) {
  std::string text = "{";
  for (const auto& [key, value] : labels) text += key + ": " + Quoted(value) + ", ";
  return text + "}";
}

std::string Print(const GivenSelector& selector) {
  std::string text = "{";
  if (!selector.labels.empty()) text += "matchLabels: " + Print(selector.labels) + ", ";
  if (selector.expressions.empty()) return text + "}";
  text += "matchExpressions: [";
  for (const GivenExpression& expression : selector.expressions) {
    text += "{key: " + expression.key + ", operator: " + expression.op;
    if (!expression.values.empty()) {
      text += ", values: [";
      for (const std::string& value : expression.values) text += Quoted(value) + ", ";
      text += "]";
    }
    text += "}, ";
  }
  return text + "]}";
}

std::string Address(std::uint32_t address) {
  std::string text;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    text += (text.empty() ? "" : ".") + std::to_string((address >> shift) & 255U);
  }
  return text;
}

std::string Print(const GivenBlock& block) {
  return Address(block.base) + "/" + std::to_string(block.bits);
}

std::string Print(const GivenPeer& peer) {
  std::string text = "{";
  if (peer.block) {
    text += "ipBlock: {cidr: " + Print(*peer.block);
    if (!peer.except.empty()) text += ", except: [" + Print(peer.except.front()) + "]";
    text += "}";
  }
  if (peer.pods) text += "podSelector: " + Print(*peer.pods) + ", ";
  if (peer.namespaces) text += "namespaceSelector: " + Print(*peer.namespaces);
  return text + "}";
}

std::string Print(const GivenPort& port) {
  std::string text = "{";
  if (port.protocol) text += "protocol: " + *port.protocol + ", ";
  if (port.number) text += "port: " + std::to_string(*port.number) + ", ";
  if (port.name) text += "port: " + *port.name + ", ";
  if (port.end) text += "endPort: " + std::to_string(*port.end);
  return text + "}";
}

template <typename Item>
std::string PrintAll(const std::vector<Item>& items) {
  std::string text = "[";
  for (const Item& item : items) text += Print(item) + ", ";
  return text + "]";
}

std::string Print(const std::vector<GivenRule>& rules, const std::string& peers) {
  std::string text = "[";
  for (const GivenRule& rule : rules) {
    text += "{";
    if (rule.peers) text += peers + ": " + PrintAll(*rule.peers) + ", ";
    if (rule.ports) text += "ports: " + PrintAll(*rule.ports);
    text += "}, ";
  }
  return text + "]";
}

std::string Print(const GivenCluster& cluster) {
  std::string text;
  for (const auto& [name, labels] : cluster.objects) {
    text += "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + name +
            ", labels: " + Print(labels) + "}\n---\n";
  }
  for (const GivenPod& pod : cluster.pods) {
    std::string ports;
    for (const GivenContainerPort& port : pod.ports) {
      ports += "{name: " + port.name + ", protocol: " + port.protocol +
               ", containerPort: " + std::to_string(port.number) + "}, ";
    }
    text += Object("apps/v1", "Deployment", pod.name + ", namespace: " + pod.ns,
                   "{template: {metadata: {labels: " + Print(pod.labels) + "}, spec: {" +
                       (pod.host_network ? "hostNetwork: true, " : "") +
                       "containers: [{name: c, ports: [" + ports + "]}]}}}");
  }
  for (const GivenPolicy& policy : cluster.policies) {
    std::string spec = "{";
    if (policy.pods) spec += "podSelector: " + Print(*policy.pods) + ", ";
    if (!policy.types.empty()) {
      spec += "policyTypes: [";
      for (const std::string& type : policy.types) spec += type + ", ";
      spec += "], ";
    }
    if (policy.ingress) spec += "ingress: " + Print(*policy.ingress, "from") + ", ";
    if (policy.egress) spec += "egress: " + Print(*policy.egress, "to");
    text += Netpol(policy.name, spec + "}", policy.ns);
  }
  return text;
}

// The rules of the API reference, one after the other.

/// One end of a connection: a pod, an address, or (neither) every address.
struct NaivePeer {
  const GivenPod* pod = nullptr;
  std::optional<std::uint32_t> address;
};

class Naive {
 public:
  explicit Naive(const GivenCluster& cluster) : cluster_(cluster) {}

  std::string Ask(const NaivePeer& from, const NaivePeer& to, const std::string& protocol,
                  int port) const {
    const std::string egress = Closed(from, to, to, "Egress", protocol, port);
    if (!egress.empty()) return "egress " + egress;
    const std::string ingress = Closed(to, from, to, "Ingress", protocol, port);
    if (!ingress.empty()) return "ingress " + ingress;
    return "open";
  }

 private:
  static bool Matches(const GivenSelector& selector, const LabelTexts& labels) {
    for (const auto& [key, value] : selector.labels) {
      if (!labels.contains(key) || labels.at(key) != value) return false;
    }
    for (const GivenExpression& expression : selector.expressions) {
      const bool present = labels.contains(expression.key);
      bool inside = false;
      for (const std::string& value : expression.values) {
        if (present && labels.at(expression.key) == value) inside = true;
      }
      if (expression.op == "In" && !inside) return false;
      if (expression.op == "NotIn" && inside) return false;
      if (expression.op == "Exists" && !present) return false;
      if (expression.op == "DoesNotExist" && present) return false;
    }
    return true;
  }

  LabelTexts NamespaceLabels(const std::string& ns) const {
    LabelTexts labels;
    if (cluster_.objects.contains(ns)) labels = cluster_.objects.at(ns);
    labels["kubernetes.io/metadata.name"] = ns;
    return labels;
  }

  static bool Contains(const GivenBlock& block, std::uint32_t address) {
    for (int bit = 0; bit < block.bits; ++bit) {
      const auto shift = static_cast<unsigned>(31 - bit);
      if (((block.base >> shift) & 1U) != ((address >> shift) & 1U)) return false;
    }
    return true;
  }

  bool Matches(const GivenPolicy& policy, const GivenPeer& peer, const NaivePeer& end) const {
    if (peer.block) {
      if (end.pod != nullptr) return false;
      if (!end.address) return peer.block->bits == 0 && peer.except.empty();
      for (const GivenBlock& hole : peer.except) {
        if (Contains(hole, *end.address)) return false;
      }
      return Contains(*peer.block, *end.address);
    }
    if (end.pod == nullptr || end.pod->host_network) return false;
    if (peer.namespaces && !Matches(*peer.namespaces, NamespaceLabels(end.pod->ns))) return false;
    if (!peer.namespaces && end.pod->ns != policy.ns) return false;
    return !peer.pods || Matches(*peer.pods, end.pod->labels);
  }

  static bool Matches(const GivenPort& item, const NaivePeer& to, const std::string& protocol,
                      int port) {
    if (item.protocol.value_or("TCP") != protocol) return false;
    if (item.number) return *item.number <= port && port <= item.end.value_or(*item.number);
    if (!item.name) return true;
    if (to.pod == nullptr || to.pod->host_network) return false;
    for (const GivenContainerPort& named : to.pod->ports) {
      if (named.name == *item.name && named.protocol == protocol && named.number == port) {
        return true;
      }
    }
    return false;
  }

  bool Allows(const GivenPolicy& policy, const GivenRule& rule, const NaivePeer& other,
              const NaivePeer& to, const std::string& protocol, int port) const {
    bool peer_matches = !rule.peers || rule.peers->empty();
    if (rule.peers) {
      for (const GivenPeer& peer : *rule.peers) {
        if (Matches(policy, peer, other)) peer_matches = true;
      }
    }
    bool port_matches = !rule.ports || rule.ports->empty();
    if (rule.ports) {
      for (const GivenPort& item : *rule.ports) {
        if (Matches(item, to, protocol, port)) port_matches = true;
      }
    }
    return peer_matches && port_matches;
  }

  static bool Isolates(const GivenPolicy& policy, const GivenPod& pod, const std::string& type) {
    if (policy.ns != pod.ns) return false;
    if (policy.pods && !Matches(*policy.pods, pod.labels)) return false;
    if (policy.types.empty()) {
      return type == "Ingress" || (policy.egress && !policy.egress->empty());
    }
    return std::ranges::find(policy.types, type) != policy.types.end();
  }

  /// The first policy that closes the side of `self`, or empty.
  std::string Closed(const NaivePeer& self, const NaivePeer& other, const NaivePeer& to,
                     const std::string& type, const std::string& protocol, int port) const {
    if (self.pod == nullptr || self.pod->host_network) return {};
    std::string first;
    for (const GivenPolicy& policy : cluster_.policies) {
      if (!Isolates(policy, *self.pod, type)) continue;
      if (first.empty()) first = policy.name;
      const auto& rules = type == "Ingress" ? policy.ingress : policy.egress;
      if (!rules) continue;
      for (const GivenRule& rule : *rules) {
        if (Allows(policy, rule, other, to, protocol, port)) return {};
      }
    }
    return first;
  }

  const GivenCluster& cluster_;
};

TEST_CASE("500 made-up clusters, against the rules as they are written", "[policy][network]") {
  int asked = 0;
  std::map<std::string, int> seen;
  for (unsigned seed = 1; seed <= 500; ++seed) {
    Generator generator(seed);
    const GivenCluster cluster = generator.Cluster();
    const GivenStream given(Print(cluster));
    const Reach reach(given.index());
    const Naive naive(cluster);
    // A pod outside of the stream, in one of its namespaces.
    const GivenPod stranger{"stranger", "n0", generator.Labels(), false, {}};
    const OutsidePod outside{stranger.ns, {}, stranger.labels};

    const auto check = [&](const Verdict& verdict, const std::string& expected,
                           const std::string& question) {
      ++asked;
      ++seen[expected.substr(0, expected.find(' '))];
      if (Text(verdict) == expected) return;
      INFO("seed " << seed << ": " << question << "\n" << Print(cluster));
      CHECK(Text(verdict) == expected);
    };
    for (int number = 1; number <= kPorts; ++number) {
      for (const std::string& protocol : kProtocols) {
        const Port port{*ParseProtocol(protocol), static_cast<std::uint16_t>(number)};
        const std::string at = " " + std::to_string(number) + " " + protocol;
        const auto ask = [&](const NaivePeer& from, const NaivePeer& to) {
          return naive.Ask(from, to, protocol, number);
        };
        for (const GivenPod& pod : cluster.pods) {
          const kube::Manifest& self = *FindPod(given.index(), pod.name);
          for (const GivenPod& other : cluster.pods) {
            check(reach.Between(self, *FindPod(given.index(), other.name), port),
                  ask({&pod, {}}, {&other, {}}), pod.name + " to " + other.name + at);
          }
          check(reach.ToPeer(self, outside, port), ask({&pod, {}}, {&stranger, {}}),
                pod.name + " to the stranger" + at);
          check(reach.FromPeer(outside, self, port), ask({&stranger, {}}, {&pod, {}}),
                "the stranger to " + pod.name + at);
          check(reach.ToAnywhere(self, port), ask({&pod, {}}, {}), pod.name + " to anywhere" + at);
          check(reach.FromAnywhere(self, port), ask({}, {&pod, {}}),
                "anywhere to " + pod.name + at);
          for (const std::uint32_t address : kAddresses) {
            const std::string text = Address(address);
            check(reach.ToAddress(self, text, port), ask({&pod, {}}, {nullptr, address}),
                  pod.name + " to " + text + at);
            check(reach.FromAddress(text, self, port), ask({nullptr, address}, {&pod, {}}),
                  text + " to " + pod.name + at);
          }
        }
      }
    }
  }
  // The clusters are worth asking: neither all open nor all closed.
  CHECK(asked > 100000);
  CHECK(seen["open"] > asked / 5);
  CHECK(seen["egress"] > asked / 20);
  CHECK(seen["ingress"] > asked / 20);
}

}  // namespace
}  // namespace cloudlab::policy::network
