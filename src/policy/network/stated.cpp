#include "policy/network/stated.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "kube/pod_template.hpp"
#include "kube/workload.hpp"
#include "policy/network/access.hpp"
#include "policy/network/address.hpp"
#include "policy/network/policy_rules.hpp"
#include "text/ascii.hpp"

namespace cloudlab::policy::network {
namespace {

/// A workload that is named, and perhaps one of its ports.
struct Reference {
  std::string kind = {};
  std::string name = {};
  std::string ns = {};
  std::uint16_t port = 0;
};

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

std::uint16_t ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? port : std::uint16_t{0};
}

/// `[Kind/]name[.namespace][:port]`; `ns` where it names none.
Reference ReadReference(std::string word, const std::string& ns) {
  Reference reference{.ns = ns};
  if (const std::size_t colon = word.rfind(':'); colon != std::string::npos) {
    reference.port = ParsePort(std::string_view(word).substr(colon + 1));
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

/// The workloads that `reference` names: of one name there may be several kinds.
std::vector<const kube::Manifest*> FindWorkloads(const Reference& reference,
                                                 const kube::Index& stream) {
  std::vector<const kube::Manifest*> found;
  for (const kube::WorkloadKind& kind : kube::WorkloadKinds()) {
    if (!reference.kind.empty() && reference.kind != kind.kind) continue;
    const kube::Manifest* workload =
        stream.Find(kind.group, kind.kind, reference.ns, reference.name);
    if (workload != nullptr && workload->pod) found.push_back(workload);
  }
  return found;
}

std::vector<std::pair<Protocol, std::uint16_t>> DeclaredPorts(const kube::Manifest& workload) {
  std::set<std::pair<Protocol, std::uint16_t>> ports;
  for (const kube::Container& container : kube::Containers(workload.pod)) {
    if (container.type == kube::ContainerType::kInit) continue;
    for (const yaml::NodeView child : container.node.Find("ports").children()) {
      const auto [number, protocol] = child.Resolved().FindEach<2>({"containerPort", "protocol"});
      const auto known = ParseProtocol(protocol.Text());
      if (known && ReadPort(number) != 0) ports.emplace(*known, ReadPort(number));
    }
  }
  return {ports.begin(), ports.end()};
}

Edge Stated(Edge edge, const std::string& evidence) {
  edge.confidence = Confidence::kExact;
  edge.evidence = {evidence};
  edge.Support(Source::kStated, Confidence::kExact);
  return edge;
}

/// Edges to pods of `server`: to `port`, or to all that it declares, or to any if it declares none.
void AddToWorkload(const kube::Manifest& client, const kube::Manifest& server, std::uint16_t port,
                   const std::string& evidence, std::vector<Edge>& edges) {
  std::vector<std::pair<Protocol, std::uint16_t>> ports = {{Protocol::kTcp, port}};
  if (port == 0) ports = DeclaredPorts(server);
  if (ports.empty()) ports.emplace_back(Protocol::kTcp, std::uint16_t{0});
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
  if (!service.external_name.empty()) {
    edges.push_back(Stated({.client = &client,
                            .to = Edge::To::kOutside,
                            .host = text::LowerCase(service.external_name),
                            .port = number},
                           evidence));
    return;
  }
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
    AddToWorkload(client, *server, number, evidence, edges);
  }
  if (!service.workloads.empty()) return;
  edges.push_back(Stated({.client = &client,
                          .to = Edge::To::kNamespace,
                          .host = service.manifest->id.name,
                          .ns = service.manifest->id.ns,
                          .port = number},
                         evidence));
}

/// A rule for more workloads than this is not about one connection.
constexpr std::size_t kMostPods = 16;

/// The namespaces that a selector names one by one.
std::vector<std::string> NamesOf(const kube::Selector& namespaces) {
  for (const auto& requirement : namespaces.requirements()) {
    if (requirement.key == "kubernetes.io/metadata.name" &&
        requirement.op == kube::Selector::Operator::kIn) {
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
  Reader(const kube::Manifest& workload, const kube::Index& stream, const Directory& directory,
         std::vector<Edge>& edges, std::vector<Flaw>& flaws)
      : workload_(workload), stream_(stream), directory_(directory), edges_(edges), flaws_(flaws) {}

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
      const Destination found = directory_.Find(host, workload_.id.ns);
      if (found.service != nullptr) {
        AddToService(workload_, *found.service, port, evidence, edges_);
        return;
      }
      if (found.kind == Destination::Kind::kUnknown) {
        edges_.push_back(Stated({.client = &workload_,
                                 .to = Edge::To::kNamespace,
                                 .host = host,
                                 .ns = found.ns,
                                 .port = port},
                                evidence));
        return;
      }
      if (host.find('.') != std::string::npos || IsIpAddress(host)) {
        edges_.push_back(
            Stated({.client = &workload_, .to = Edge::To::kOutside, .host = host, .port = port},
                   evidence));
        return;
      }
    }
    const Reference reference = ReadReference(word, workload_.id.ns);
    const std::vector<const kube::Manifest*> servers = FindWorkloads(reference, stream_);
    for (const kube::Manifest* server : servers) {
      AddToWorkload(workload_, *server, reference.port, evidence, edges_);
    }
    if (!servers.empty()) return;
    flaws_.push_back({&workload_, node,
                      std::string(kConnectsTo) + " names \"" + word +
                          "\", which is no Service, no workload of the stream and no host",
                      "write a Service, a workload, or a host with its domain: db, db.shared, "
                      "api.example.com:443"});
  }

  void AcceptFrom(yaml::NodeView node, const std::string& word) {
    const Reference reference = ReadReference(word, workload_.id.ns);
    const std::vector<const kube::Manifest*> clients = FindWorkloads(reference, stream_);
    for (const kube::Manifest* client : clients) {
      AddToWorkload(*client, workload_, reference.port,
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

  const kube::Manifest& workload_;
  const kube::Index& stream_;
  const Directory& directory_;
  std::vector<Edge>& edges_;
  std::vector<Flaw>& flaws_;
};

}  // namespace

void ReadStatedEdges(const kube::Manifest& workload, const kube::Index& stream,
                     const Directory& directory, std::vector<Edge>& edges,
                     std::vector<Flaw>& flaws) {
  Reader(workload, stream, directory, edges, flaws).Run();
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
  if (const Service* service = directory.FindService(ns, egress.service)) {
    AddToService(client, *service, egress.port, evidence, edges);
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
