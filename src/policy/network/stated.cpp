#include "policy/network/stated.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "kube/pod_template.hpp"
#include "policy/network/access.hpp"
#include "policy/network/address.hpp"
#include "policy/network/labels.hpp"
#include "policy/network/policy_rules.hpp"
#include "policy/network/read_spec.hpp"
#include "text/ascii.hpp"

namespace cloudlab::policy::network {
namespace {

/// A workload that is named, and perhaps one of its ports.
struct Reference {
  std::string kind = {};
  std::string name = {};
  std::string ns = {};
  std::string port = {};  ///< A number or a name; empty for none.
};

using PodPorts = std::vector<std::pair<Protocol, std::uint16_t>>;

std::vector<std::string> Words(const std::string& list) {
  constexpr std::string_view kBetween = ", \t\r\n";
  std::vector<std::string> words;
  std::size_t at = 0;
  while ((at = list.find_first_not_of(kBetween, at)) != std::string::npos) {
    const std::size_t end = std::min(list.find_first_of(kBetween, at), list.size());
    words.push_back(list.substr(at, end - at));
    at = end;
  }
  return words;
}

/// `[Kind/]name[.namespace][:port]`; `ns` where it names none.
Reference ReadReference(std::string word, const std::string& ns) {
  Reference reference{.ns = ns};
  if (const std::size_t colon = word.rfind(':'); colon != std::string::npos) {
    reference.port = word.substr(colon + 1);
    word.resize(colon);
  }
  if (const std::size_t slash = word.find('/'); slash != std::string::npos) {
    reference.kind = word.substr(0, slash);
    word.erase(0, slash + 1);
  }
  if (const std::size_t dot = word.find('.'); dot != std::string::npos) {
    reference.ns = word.substr(dot + 1);
    word.resize(dot);
  }
  reference.name = std::move(word);
  return reference;
}

PodPorts DeclaredPorts(const kube::Manifest& workload) {
  std::set<std::pair<Protocol, std::uint16_t>> ports;
  for (const kube::Container& container : kube::Containers(workload.pod)) {
    if (container.type == kube::ContainerType::kInit) continue;
    for (const yaml::NodeView child : container.node.Find("ports").children()) {
      const auto [number, protocol] = child.Resolved().FindGiven<2>({"containerPort", "protocol"});
      const auto known = ParseProtocol(protocol.Text());
      if (known && ReadPort(number) != 0) ports.emplace(*known, ReadPort(number));
    }
  }
  return {ports.begin(), ports.end()};
}

/// The ports of `server` that `port` means: that number, those that containers declare by that
/// name, or if it is empty all that they declare and any if they declare none. Nothing, if it can
/// be no port.
std::optional<PodPorts> PortsAt(const kube::Manifest& server, const std::string& port) {
  if (port.empty()) {
    PodPorts ports = DeclaredPorts(server);
    if (ports.empty()) ports.emplace_back(Protocol::kTcp, std::uint16_t{0});
    return ports;
  }
  if (const auto number = ParsePortNumber(port)) return PodPorts{{Protocol::kTcp, *number}};
  PodPorts ports;
  for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp}) {
    const std::uint16_t number = NumberOfPort(server, port, protocol);
    if (number != 0) ports.emplace_back(protocol, number);
  }
  return ports.empty() ? std::nullopt : std::optional(std::move(ports));
}

Edge Stated(Edge edge, const std::string& evidence) {
  edge.confidence = Confidence::kExact;
  edge.evidence = {evidence};
  edge.Support(Source::kStated, Confidence::kExact);
  return edge;
}

void AddToWorkload(const kube::Manifest& client, const kube::Manifest& server,
                   const PodPorts& ports, const std::string& evidence, std::vector<Edge>& edges) {
  for (const auto& [protocol, number] : ports) {
    edges.push_back(Stated({.client = &client,
                            .server = &server,
                            .host = server.id.name,
                            .ns = server.id.ns,
                            .protocol = protocol,
                            .service_port = number,
                            .port = number},
                           evidence));
  }
}

/// Edges to the pods behind `service`: of the port that it or, if it is a pod's own, they call so.
void AddToService(const kube::Manifest& client, const Service& service, std::uint16_t number,
                  const std::string& evidence, std::vector<Edge>& edges) {
  bool found = false;
  for (const ServicePort& port : service.ports) {
    if (number != 0 && port.number != number) continue;
    if (service.workloads.empty()) {
      for (Edge& edge : EdgesBehind(service, port, {.client = &client})) {
        edges.push_back(Stated(std::move(edge), evidence));
        found = true;
      }
    }
    for (const kube::Manifest* server : service.workloads) {
      const std::uint16_t target = TargetOf(port, *server);
      if (target == 0) continue;
      found = true;
      edges.push_back(Stated({.client = &client,
                              .server = server,
                              .host = service.manifest->id.name,
                              .ns = server->id.ns,
                              .protocol = port.protocol,
                              .service_port = port.number,
                              .port = target},
                             evidence));
    }
  }
  if (found) return;
  for (const kube::Manifest* server : service.workloads) {
    const PodPorts ports = number != 0 ? PodPorts{{Protocol::kTcp, number}} : *PortsAt(*server, {});
    AddToWorkload(client, *server, ports, evidence, edges);
  }
  if (!service.workloads.empty()) return;
  edges.push_back(Stated({.client = &client,
                          .to = Edge::To::kNamespace,
                          .host = service.manifest->id.name,
                          .ns = service.manifest->id.ns,
                          .port = number},
                         evidence));
}

/// Edges to whatever `host` means to `client`; false if that is nothing.
bool AddToHost(const kube::Manifest& client, std::string host, std::uint16_t port,
               const Directory& directory, const std::string& evidence, std::vector<Edge>& edges) {
  const std::string written = host;
  const Destination found = directory.Follow(host, client.id.ns);
  if (found.service != nullptr) {
    AddToService(client, *found.service, port, evidence, edges);
    return true;
  }
  Edge edge{.client = &client, .to = Edge::To::kOutside, .host = host, .port = port};
  if (found.kind == Destination::Kind::kUnknown) {
    edge.to = Edge::To::kNamespace;
    edge.ns = found.ns;
  } else if (found.kind == Destination::Kind::kApiServer) {
    constexpr std::uint16_t kHttps = 443;
    if (!found.qualified) return false;
    edge.to = Edge::To::kApiServer;
    edge.port = port != 0 ? port : kHttps;
    edge.service_port = edge.port;
  } else if (host == written && host.find('.') == std::string::npos && !IsIpAddress(host)) {
    return false;
  }
  edges.push_back(Stated(std::move(edge), evidence));
  return true;
}

/// A rule for more workloads than this is not about one connection.
constexpr std::size_t kMostPods = 16;

/// The namespaces that a selector names one by one.
std::vector<std::string> NamesOf(const kube::Selector& namespaces) {
  for (const auto& requirement : namespaces.requirements()) {
    if (requirement.key == kNamespaceName && requirement.op == kube::Selector::Operator::kIn) {
      return requirement.values;
    }
  }
  return {};
}

/// The workloads that the peers of `rule` name by labels of their own.
std::vector<const kube::Manifest*> PodsOf(const PolicyRule& rule, const std::string& ns,
                                          const kube::PodIndex& pods) {
  std::vector<const kube::Manifest*> all;
  for (const PodPeer& peer : rule.pods) {
    if (peer.pods.requirements().empty()) continue;
    const std::vector<std::string> spaces =
        peer.same_namespace ? std::vector<std::string>{ns} : NamesOf(peer.namespaces);
    for (const std::string& space : spaces) {
      const auto found = pods.WorkloadsOf(peer.pods, space, kMostPods + 1);
      if (found.size() <= kMostPods) all.insert(all.end(), found.begin(), found.end());
    }
  }
  return all;
}

/// The ports that `rule` opens at `server`.
std::vector<PortRange> PortsOf(const PolicyRule& rule, const kube::Manifest& server) {
  if (rule.any_port) return {PortRange()};
  std::vector<PortRange> ports;
  for (const PolicyPort& port : rule.ports) {
    // Every port of one protocol begins with 1: 0 would be every protocol.
    PortRange range{port.protocol, std::max(port.first, std::uint16_t{1}), port.last};
    if (!port.name.empty()) {
      range.first = range.last = NumberOfPort(server, port.name, port.protocol);
      if (range.first == 0) continue;
    }
    ports.push_back(range);
  }
  return ports;
}

class Reader {
 public:
  Reader(const kube::Manifest& workload, const Workloads& workloads, const Directory& directory,
         std::vector<Edge>& edges, std::vector<Flaw>& flaws)
      : workload_(workload),
        workloads_(workloads),
        directory_(directory),
        edges_(edges),
        flaws_(flaws) {}

  void Run() {
    for (const yaml::NodeView annotations :
         {workload_.annotations, workload_.pod.metadata.Find("annotations")}) {
      const yaml::NodeView to = annotations.Find(kConnectsTo);
      for (const std::string& word : Words(to.Text())) ConnectTo(to, word);
      const yaml::NodeView from = annotations.Find(kAcceptsFrom);
      for (const std::string& word : Words(from.Text())) AcceptFrom(from, word);
      if (workload_.id.kind == "Pod") break;  // Both are one.
    }
  }

 private:
  void ConnectTo(yaml::NodeView node, const std::string& word) {
    const std::string evidence = "annotation " + std::string(kConnectsTo);
    const std::vector<Address> addresses = FindAddresses(word);
    if (!addresses.empty()) {
      const Address& address = addresses.front();
      const std::string host = text::LowerCase(address.host);
      std::uint16_t port = address.port.value_or(0);
      if (port == 0) port = DefaultPort(address.scheme).value_or(0);
      if (AddToHost(workload_, host, port, directory_, evidence, edges_)) return;
    }
    const Reference reference = ReadReference(word, workload_.id.ns);
    const std::vector<const kube::Manifest*> servers = Find(reference);
    bool found = false;
    for (const kube::Manifest* server : servers) {
      const auto ports = PortsAt(*server, reference.port);
      if (ports) AddToWorkload(workload_, *server, *ports, evidence, edges_);
      found = found || ports;
    }
    if (found) return;
    if (!servers.empty()) {
      AddPortFlaw(node, kConnectsTo, word, reference.port, *servers.front());
      return;
    }
    flaws_.push_back({&workload_, node,
                      std::string(kConnectsTo) + " names \"" + word +
                          "\", which is no Service, no workload of the stream and no host",
                      "write a Service, a workload, or a host with its domain: db, db.shared, "
                      "api.example.com:443"});
  }

  void AcceptFrom(yaml::NodeView node, const std::string& word) {
    const Reference reference = ReadReference(word, workload_.id.ns);
    const std::vector<const kube::Manifest*> clients = Find(reference);
    const auto ports = PortsAt(workload_, reference.port);
    if (!clients.empty() && !ports) {
      AddPortFlaw(node, kAcceptsFrom, word, reference.port, workload_);
      return;
    }
    for (const kube::Manifest* client : clients) {
      AddToWorkload(*client, workload_, *ports,
                    "annotation " + std::string(kAcceptsFrom) + " of " + workload_.id.kind + "/" +
                        workload_.id.name,
                    edges_);
    }
    if (!clients.empty()) return;
    flaws_.push_back(
        {&workload_, node,
         std::string(kAcceptsFrom) + " names \"" + word + "\", which is no workload of the stream",
         "write name, Kind/name or name.namespace; for others, use `allow` of the "
         "policy"});
  }

  std::vector<const kube::Manifest*> Find(const Reference& reference) const {
    return workloads_.Find(reference.ns, reference.name, reference.kind);
  }

  void AddPortFlaw(yaml::NodeView node, std::string_view annotation, const std::string& word,
                   const std::string& port, const kube::Manifest& server) {
    flaws_.push_back({&workload_, node,
                      std::string(annotation) + " names \"" + word + "\", but \"" + port +
                          "\" is no port of " + server.id.kind + "/" + server.id.name,
                      "write a number from 1 to 65535, or the name of a container port"});
  }

  const kube::Manifest& workload_;
  const Workloads& workloads_;
  const Directory& directory_;
  std::vector<Edge>& edges_;
  std::vector<Flaw>& flaws_;
};

}  // namespace

Workloads::Workloads(const kube::Index& stream) {
  for (const kube::Manifest& manifest : stream.manifests()) {
    if (!manifest.pod || manifest.local_config) continue;
    by_name_[manifest.id.ns + "/" + manifest.id.name].push_back(&manifest);
  }
}

std::vector<const kube::Manifest*> Workloads::Find(std::string_view ns, std::string_view name,
                                                   std::string_view kind) const {
  const auto named = by_name_.find(std::string(ns) + "/" + std::string(name));
  if (named == by_name_.end()) return {};
  std::vector<const kube::Manifest*> found = named->second;
  if (!kind.empty()) {
    std::erase_if(found, [&](const kube::Manifest* each) { return each->id.kind != kind; });
  }
  return found;
}

void ReadStatedEdges(const kube::Manifest& workload, const Workloads& workloads,
                     const Directory& directory, std::vector<Edge>& edges,
                     std::vector<Flaw>& flaws) {
  Reader(workload, workloads, directory, edges, flaws).Run();
}

void AddPolicyEdges(const kube::Manifest& policy, const kube::PodIndex& pods,
                    std::vector<Edge>& edges) {
  const std::optional<NetworkPolicy> read = ReadNetworkPolicy(policy);
  if (!read) return;
  const std::vector<const kube::Manifest*> own =
      pods.WorkloadsOf(read->pods, policy.id.ns, kMostPods + 1);
  if (own.empty() || own.size() > kMostPods) return;
  const std::string evidence = policy.id.kind + " " + policy.id.name;
  const auto add = [&](const std::vector<PolicyRule>& rules, bool ingress) {
    for (const PolicyRule& rule : rules) {
      for (const kube::Manifest* other : PodsOf(rule, policy.id.ns, pods)) {
        for (const kube::Manifest* one : own) {
          const kube::Manifest& client = ingress ? *other : *one;
          const kube::Manifest& server = ingress ? *one : *other;
          for (const PortRange& port : PortsOf(rule, server)) {
            edges.push_back(Stated({.client = &client,
                                    .server = &server,
                                    .host = server.id.name,
                                    .ns = server.id.ns,
                                    .protocol = port.protocol,
                                    .service_port = port.first,
                                    .port = port.first,
                                    .last_port = port.last},
                                   evidence));
          }
        }
      }
    }
  };
  add(read->ingress.allow, /*ingress=*/true);
  add(read->egress.allow, /*ingress=*/false);
}

void AddStatedEgress(const StatedEgress& egress, const kube::Manifest& client,
                     const Directory& directory, std::vector<Edge>& edges) {
  const std::string evidence = "SidecarPolicy " + egress.policy + " egress";
  const std::string ns = egress.ns.empty() ? client.id.ns : egress.ns;
  if (directory.FindService(ns, egress.service) != nullptr) {
    AddToHost(client, egress.service + "." + ns + ".svc", egress.port, directory, evidence, edges);
    return;
  }
  edges.push_back(Stated({.client = &client,
                          .to = Edge::To::kNamespace,
                          .host = egress.service,
                          .ns = ns,
                          .port = egress.port},
                         evidence));
}

}  // namespace cloudlab::policy::network
