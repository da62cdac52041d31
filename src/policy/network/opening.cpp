#include "policy/network/opening.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "kube/pod_template.hpp"
#include "kube/workload.hpp"
#include "policy/companion.hpp"
#include "policy/glob.hpp"
#include "policy/network/address.hpp"
#include "policy/network/ip_block.hpp"
#include "policy/network/labels.hpp"

namespace cloudlab::policy::network {
namespace {

using yaml::Value;

constexpr std::uint16_t kIstiod = 15012;         // Certificates and configuration of proxies.
constexpr std::uint16_t kHbone = 15008;          // Between members of an ambient mesh.
constexpr std::uint16_t kMergedMetrics = 15020;  // Of the proxy and its application together.
/// From where the kubelet's probes come to pods of an ambient mesh (Istio, "Ambient and Kubernetes
/// NetworkPolicy").
constexpr std::string_view kAmbientProbes = "169.254.7.127/32";

constexpr std::string_view kNameThem =
    "name those who do in the annotation cloudlab.dev/accepts-from, or under spec.allow";

/// Labels that change with each version of a chart or with each pod: a selector of them would let
/// go of the pods at the next upgrade.
constexpr std::array<std::string_view, 13> kPassing = {
    "pod-template-hash",
    "controller-revision-hash",
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "job-name",
    "batch.kubernetes.io/job-name",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "helm.sh/chart",
    "chart",
    "app.kubernetes.io/version",
    "version",
    "heritage",
};

std::string Short(const kube::Manifest& workload) {
  return workload.id.kind + "/" + workload.id.name;
}

PortRange OnePort(Protocol protocol, std::uint16_t number) { return {protocol, number, number}; }

Peer Block(std::string cidr, std::vector<std::string> except = {}) {
  Peer peer;
  peer.kind = Peer::Kind::kBlock;
  peer.cidr = std::move(cidr);
  peer.except = std::move(except);
  return peer;
}

Peer Of(Peer::Kind kind) {
  Peer peer;
  peer.kind = kind;
  return peer;
}

/// The block of one address.
Peer AddressBlock(const std::string& address) {
  return Block(address + (address.find(':') == std::string::npos ? "/32" : "/128"));
}

/// Every address outside of the cluster, but for `except`.
std::vector<Peer> World(const std::vector<std::string>& except) {
  std::vector<std::string> v4;
  std::vector<std::string> v6;
  for (const std::string& block : except) {
    (block.find(':') == std::string::npos ? v4 : v6).push_back(block);
  }
  return {Block("0.0.0.0/0", std::move(v4)), Block("::/0", std::move(v6))};
}

std::string EvidenceOf(const Edge& edge) {
  std::string evidence = Short(*edge.client);
  for (std::size_t i = 0; i < edge.evidence.size(); ++i) {
    evidence += (i == 0 ? " " : ", ") + edge.evidence[i];
  }
  return evidence;
}

class Opener {
 public:
  Opener(const kube::Manifest& workload, const Settings& settings, const Traffic& traffic,
         std::vector<Notice>& notices)
      : workload_(workload), settings_(settings), traffic_(traffic), notices_(notices) {}

  Access Run(Value pods) {
    access_.workload = &workload_;
    access_.pods = std::move(pods);
    access_.mesh = MeshOf(workload_, settings_, traffic_.stream());
    access_.isolates_ingress = settings_.ingress;
    access_.isolates_egress = settings_.egress;
    if (settings_.deny == Settings::Deny::kNone) {
      access_.closes = false;
      // Opening without closing: only what somebody else closes needs a rule.
      access_.isolates_ingress &= Isolates(Verdict::Side::kIngress);
      access_.isolates_egress &= Isolates(Verdict::Side::kEgress);
    }
    OpenIngress();
    OpenEgress();
    TellIfNobody();
    OpenForHooks();
    if (access_.mesh == Mesh::kAmbient) OpenHbone();
    for (const Flaw* flaw : traffic_.FlawsOf(workload_)) {
      notices_.push_back(
          {text::Severity::kWarning, "CL-D-ANNOTATION", flaw->message, flaw->hint, flaw->node});
    }
    return std::move(access_);
  }

 private:
  void Tell(text::Severity severity, std::string code, std::string message, std::string hint) {
    const bool known = std::ranges::any_of(
        notices_, [&](const Notice& n) { return n.code == code && n.message == message; });
    if (known) return;
    notices_.push_back({severity, std::move(code), std::move(message), std::move(hint)});
  }

  /// True if policies of the chart do so by themselves.
  bool Isolates(Verdict::Side side) const { return traffic_.Isolates(workload_, side); }

  // Peers.

  /// A list would copy what is in it.
  static std::vector<Peer> One(Peer peer) {
    std::vector<Peer> peers;
    peers.push_back(std::move(peer));
    return peers;
  }

  /// The pods of another workload; in place of what no selector finds, who else may be meant.
  std::vector<Peer> PeersOf(const kube::Manifest& other) {
    if (kube::UsesHostNetwork(other.pod)) return Nodes(other);
    Peer peer;
    if (std::optional<Value> pods = NetworkSelectorOf(other)) {
      peer.pods = *std::move(pods);
      peer.workload = &other;
      peer.mesh = MeshOf(other, settings_, traffic_.stream());
    } else {
      Tell(text::Severity::kWarning, "CL-D-NO-LABELS",
           Short(other) +
               " has no labels that tell its pods from others: all pods of its "
               "namespace are let through in its place",
           "give its pods a label of their own");
    }
    return One(InNamespace(std::move(peer), other.id.ns));
  }

  /// Those of a Service that the stream knows without its pods; else any.
  static Peer PodsOf(const Edge& edge) {
    Peer peer;
    if (edge.service == nullptr) return peer;
    const yaml::NodeView selector = edge.service->manifest->root.Find({"spec", "selector"});
    peer.pods = Value::Map({{"matchLabels", Value::From(selector)}});
    return peer;
  }

  Peer InNamespace(Peer peer, const std::string& ns) {
    if (ns == workload_.id.ns) return peer;
    peer.other_namespaces = true;
    if (ns.empty()) {
      Tell(text::Severity::kWarning, "CL-D-NAMESPACE",
           "it is connected with workloads of another namespace, and which one is not known: every "
           "namespace is let through",
           "say where the release goes with --namespace");
      return peer;
    }
    peer.namespaces = PodsOfNamespace(ns).namespaces;
    return peer;
  }

  std::vector<Peer> Nodes(const kube::Manifest& other) {
    if (!settings_.nodes.empty()) return settings_.nodes;
    Tell(text::Severity::kWarning, "CL-D-HOST-NETWORK-PEER",
         Short(other) +
             " uses the network of its node, where no selector finds it: what it needs "
             "is open to everybody",
         "give the addresses of the nodes as spec.nodeCIDRs");
    return {Of(Peer::Kind::kAnywhere)};
  }

  /// Those that the policy names, or every pod of the cluster.
  std::vector<Peer> Configured(const std::vector<Peer>& peers, const char* field,
                               const std::string& evidence) {
    if (!peers.empty()) return peers;
    Tell(text::Severity::kInfo, "CL-D-ANY-POD",
         evidence +
             " leads here, and the policy does not say from where: every pod of the cluster "
             "is let through",
         std::string("name them under spec.") + field);
    return {AllPods()};
  }

  std::vector<Peer> Outside(const Edge& edge) {
    if (IsIpAddress(edge.host)) {
      return {AddressBlock(edge.host)};
    }
    if (settings_.external == Settings::External::kFqdn) {
      Peer peer = Of(Peer::Kind::kHost);
      peer.host = edge.host;
      return {peer};
    }
    return World(settings_.except);
  }

  // Openings.

  static void Add(std::vector<Opening>& openings, std::vector<Peer> peers, const PortRange& port,
                  const std::string& who, const std::string& evidence) {
    for (Peer& peer : peers) openings.push_back({std::move(peer), port, who, evidence});
  }

  static PortRange PortOf(const Edge& edge) {
    const std::uint16_t first = edge.PodPort();
    if (first == 0) return {};
    return {edge.protocol, first, std::max(first, edge.last_port)};
  }

  void OpenIngress() {
    OpenEntries(Entry::From::kController);
    OpenEntries(Entry::From::kAnywhere);
    for (const Edge* edge : traffic_.Into(workload_)) {
      if (!settings_.Wants(*edge)) continue;
      Add(access_.ingress, PeersOf(*edge->client), PortOf(*edge), edge->client->id.Display(),
          EvidenceOf(*edge));
    }
    for (const AllowRule& rule : settings_.allow) {
      if (IsAt(rule.to, workload_)) OpenAllowed(access_.ingress, rule, rule.from, rule.to);
    }
    OpenEntries(Entry::From::kMonitoring);
    OpenEntries(Entry::From::kApiServer);
    if (IsDns()) {
      for (const PortRange& port : settings_.dns_ports) {
        Add(access_.ingress, {AllPods()}, port, "every pod", "spec.dns");
      }
    }
    if (workload_.id.ns == settings_.mesh_namespace && workload_.pod.Label("app") == "istiod") {
      Add(access_.ingress, {AllPods()}, OnePort(Protocol::kTcp, kIstiod), "every proxy",
          "spec.mesh");
    }
    OpenHostPorts();
  }

  /// A port of the node leads to the pod, for whoever reaches the node.
  void OpenHostPorts() {
    for (const kube::Container& container : kube::Containers(workload_.pod)) {
      for (const yaml::NodeView child : container.node.Find("ports").children()) {
        const auto [host, number, protocol] =
            child.Resolved().FindEach<3>({"hostPort", "containerPort", "protocol"});
        const auto known = ParseProtocol(protocol.Text());
        if (ReadPort(host) == 0 || ReadPort(number) == 0 || !known) continue;
        Add(access_.ingress, {Of(Peer::Kind::kAnywhere)}, OnePort(*known, ReadPort(number)),
            "everybody", "hostPort " + host.Text());
      }
    }
  }

  /// Hooks often share the labels of what they prepare or test, and policies are not for them
  /// unless they say so: whom the selector takes as well, it isolates as well.
  void OpenForHooks() {
    const auto selector = kube::Selector::Parse(access_.pods);
    if (workload_.hook || !selector) return;
    for (const kube::Manifest* hook : traffic_.HooksOf(*selector, workload_.id.ns)) {
      Opener other(*hook, settings_, traffic_, notices_);
      other.access_.workload = hook;
      other.OpenIngress();
      other.OpenEgress();
      const auto add = [](std::vector<Opening>& to, std::vector<Opening>& from) {
        std::move(from.begin(), from.end(), std::back_inserter(to));
      };
      add(access_.ingress, other.access_.ingress);
      add(access_.egress, other.access_.egress);
    }
  }

  /// A Service is there for somebody, and so is each of its ports.
  void TellIfNobody() {
    const Service* service = traffic_.ServiceOf(workload_);
    if (service == nullptr || !access_.isolates_ingress || !access_.closes) return;
    if (Isolates(Verdict::Side::kIngress)) return;
    const std::string name = service->manifest->id.name;
    if (access_.ingress.empty()) {
      Tell(
          text::Severity::kWarning, "CL-D-NOBODY",
          (traffic_.Into(workload_).empty()
               ? "nothing in the stream connects to its Service " + name
               : "what seems to connect to its Service " + name + " does not count by spec.infer") +
              ": it is closed to everybody",
          std::string(kNameThem));
      return;
    }
    std::string ports;
    for (const ServicePort& port : service->ports) {
      const std::uint16_t target = TargetOf(port, workload_);
      const bool open = std::ranges::any_of(access_.ingress, [&](const Opening& opening) {
        const PortRange& range = opening.port;
        return range.IsAny() ||
               (range.protocol == port.protocol && range.first <= target && target <= range.last);
      });
      if (!open) ports += (ports.empty() ? "" : ", ") + std::to_string(port.number);
    }
    if (ports.empty()) return;
    // Metrics alone are nobody's reason to run a server.
    const bool only_watched = std::ranges::all_of(access_.ingress, [](const Opening& opening) {
      return opening.who == WhoSends(Entry::From::kMonitoring);
    });
    Tell(only_watched ? text::Severity::kWarning : text::Severity::kInfo, "CL-D-NOBODY",
         "nothing in the stream connects to port " + ports + " of its Service " + name +
             ": closed to everybody",
         std::string(kNameThem));
  }

  void OpenEntries(Entry::From from) {
    bool any = false;
    for (const Entry& entry : traffic_.EntriesOf(workload_)) {
      if (entry.from != from || !settings_.Reads(SourceOf(entry))) continue;
      any = true;
      Add(access_.ingress, Senders(entry), OnePort(entry.protocol, entry.port), WhoSends(from),
          entry.evidence);
    }
    // The proxy collects the metrics of its application and offers both.
    if (any && from == Entry::From::kMonitoring && access_.mesh == Mesh::kSidecar) {
      Add(access_.ingress, Configured(settings_.monitoring, "monitoring", "monitoring"),
          OnePort(Protocol::kTcp, kMergedMetrics), WhoSends(from), "merged metrics of the mesh");
    }
  }

  std::vector<Peer> Senders(const Entry& entry) {
    switch (entry.from) {
      case Entry::From::kController:
        return Configured(settings_.controllers, "ingressControllers", entry.evidence);
      case Entry::From::kMonitoring:
        return Configured(settings_.monitoring, "monitoring", entry.evidence);
      case Entry::From::kApiServer:
        return {Of(Peer::Kind::kApiServer)};
      case Entry::From::kAnywhere:
        break;
    }
    return {Of(Peer::Kind::kAnywhere)};
  }

  static std::string WhoSends(Entry::From from) {
    switch (from) {
      case Entry::From::kController:
        return "ingress controllers";
      case Entry::From::kMonitoring:
        return "monitoring";
      case Entry::From::kApiServer:
        return "the API server";
      case Entry::From::kAnywhere:
        break;
    }
    return "everybody";
  }

  bool IsDns() const {
    if (workload_.id.ns != settings_.dns_namespace) return false;
    const auto& labels = settings_.dns_labels.entries();
    return std::ranges::all_of(labels, [&](const Value::Entry& label) {
      return workload_.pod.Label(label.first) == label.second.text();
    });
  }

  void OpenEgress() {
    const std::vector<Peer> resolvers = ResolversOf(workload_, settings_);
    for (const PortRange& port : settings_.dns_ports) {
      Add(access_.egress, resolvers, port, "DNS", "spec.dns");
      if (IsDns()) Add(access_.egress, World({}), port, "DNS outside", "spec.dns");
    }
    // In an ambient mesh only the proxies of the nodes ask istiod.
    if (access_.mesh == Mesh::kSidecar) {
      Value labels = Value::Map({{"app", Value::String("istiod")}});
      Add(access_.egress,
          {PodsOfNamespace(settings_.mesh_namespace,
                           Value::Map({{"matchLabels", std::move(labels)}}))},
          OnePort(Protocol::kTcp, kIstiod), "istiod", "spec.mesh");
    }
    OpenApiServer();
    OpenAsSender(Entry::From::kController, settings_.controllers);
    OpenAsSender(Entry::From::kMonitoring, settings_.monitoring);
    for (const Edge& edge : traffic_.From(workload_)) {
      if (settings_.Wants(edge)) OpenEdge(edge);
    }
    for (const AllowRule& rule : settings_.allow) {
      if (IsAt(rule.from, workload_)) OpenAllowed(access_.egress, rule, rule.to, rule.from);
    }
  }

  /// An ingress controller or a Prometheus that is in the stream itself must get where its routes
  /// and monitors lead.
  void OpenAsSender(Entry::From from, const std::vector<Peer>& senders) {
    const bool is_sender = std::ranges::any_of(senders, [&](const Peer& peer) {
      return peer.kind == Peer::Kind::kPods && peer.other_namespaces && IsMeant(peer);
    });
    if (!is_sender) return;
    for (const Entry& entry : traffic_.entries()) {
      if (entry.from != from || !settings_.Reads(SourceOf(entry))) continue;
      Add(access_.egress, PeersOf(*entry.server), OnePort(entry.protocol, entry.port),
          entry.server->id.Display(), entry.evidence);
    }
  }

  /// True if a peer of the policy takes the pods of the workload.
  bool IsMeant(const Peer& peer) const {
    const auto pods = kube::Selector::Parse(peer.pods);
    const auto namespaces = kube::Selector::Parse(peer.namespaces);
    if (!pods || !namespaces || !pods->Matches(workload_.pod.metadata.Find("labels"))) return false;
    const kube::Manifest* ns = traffic_.stream().FindNamespace(workload_.id.ns);
    return std::ranges::all_of(namespaces->requirements(), [&](const auto& requirement) {
      std::string label = ns == nullptr ? std::string() : ns->Label(requirement.key);
      if (requirement.key == kNamespaceName) label = workload_.id.ns;
      return requirement.Holds(label.empty() ? std::nullopt : std::optional(std::move(label)));
    });
  }

  void OpenApiServer() {
    const std::string evidence = ApiServerEvidence(workload_, settings_, traffic_);
    if (evidence.empty()) return;
    for (const PortRange& port : settings_.api_ports) {
      Add(access_.egress, settings_.api_servers, port, "the API server", evidence);
    }
  }

  void OpenEdge(const Edge& edge) {
    std::vector<Peer> peers;
    std::string who = edge.host;
    switch (edge.to) {
      case Edge::To::kWorkload:
        peers = PeersOf(*edge.server);
        who = edge.server->id.Display();
        break;
      case Edge::To::kNamespace:
        peers = One(InNamespace(PodsOf(edge), edge.ns));
        break;
      case Edge::To::kOutside:
        if (settings_.external == Settings::External::kDeny) {
          Tell(text::Severity::kInfo, "CL-D-OUTSIDE",
               edge.host + " is outside of the cluster and stays closed (" + EvidenceOf(edge) + ")",
               "open it with spec.external.mode, or with a rule under spec.allow");
          return;
        }
        peers = Outside(edge);
        break;
      case Edge::To::kApiServer:
        return;  // OpenApiServer() has opened it.
    }
    if (edge.PodPort() == 0) {
      Tell(text::Severity::kInfo, "CL-D-ANY-PORT",
           edge.to == Edge::To::kNamespace && edge.service == nullptr
               ? edge.host + " is not in the stream, and the port of its pods is not known (" +
                     EvidenceOf(edge) + "): every port is open to that namespace"
               : "the port of " + edge.host + " is not known (" + EvidenceOf(edge) +
                     "): every port is open there",
           "write the port into the annotation cloudlab.dev/connects-to");
    }
    Add(access_.egress, std::move(peers), PortOf(edge), who, EvidenceOf(edge));
  }

  /// `other` and `own` are the ends of the rule.
  void OpenAllowed(std::vector<Opening>& openings, const AllowRule& rule, const AllowEnd& other,
                   const AllowEnd& own) {
    if (other.peer) {
      const std::string who =
          other.peer->kind == Peer::Kind::kBlock ? other.peer->cidr : "pods by their labels";
      for (const PortRange& port : rule.ports) {
        Add(openings, {*other.peer}, port, who, "spec.allow");
      }
      return;
    }
    for (const kube::Manifest* end : WorkloadsAt(other, own, workload_.id.ns, traffic_.stream())) {
      for (const PortRange& port : rule.ports) {
        Add(openings, PeersOf(*end), port, end->id.Display(), "spec.allow");
      }
    }
  }

  /// Members of an ambient mesh talk to each other through one port.
  void OpenHbone() {
    for (std::vector<Opening>* openings : {&access_.ingress, &access_.egress}) {
      const std::size_t count = openings->size();
      for (std::size_t i = 0; i < count; ++i) {
        Opening through = (*openings)[i];
        // Whoever is open to everybody is so for members of the mesh as well.
        if (through.peer.kind == Peer::Kind::kAnywhere) through.peer = AllPods();
        if (through.peer.kind != Peer::Kind::kPods || through.evidence == "spec.dns" ||
            through.evidence == "spec.mesh") {
          continue;
        }
        through.port = OnePort(Protocol::kTcp, kHbone);
        openings->push_back(std::move(through));
      }
    }
    Add(access_.ingress, {Block(std::string(kAmbientProbes))}, {}, "the kubelet",
        "probes in an ambient mesh");
  }

  const kube::Manifest& workload_;
  const Settings& settings_;
  const Traffic& traffic_;
  std::vector<Notice>& notices_;
  Access access_;
};

bool HasGlob(const std::string& text) { return text.find_first_of("*?[") != std::string::npos; }

bool MatchesEnd(const AllowEnd& end, const kube::Manifest& workload) {
  const std::string qualified = std::string(workload.id.group()) + "/" + workload.id.kind;
  const bool kind = end.kind.empty() || end.kind == "Workload" || end.kind == workload.id.kind ||
                    end.kind == qualified;
  return kind && (end.name.empty() || GlobMatches(end.name, workload.id.name));
}

}  // namespace

std::optional<Value> NetworkSelectorOf(const kube::Manifest& workload) {
  if (std::optional<Value> selector = PodSelectorOf(workload)) {
    const auto& parts = selector->entries();
    const bool selects = std::ranges::any_of(parts, [](const Value::Entry& part) {
      return !part.second.entries().empty() || !part.second.items().empty();
    });
    if (selects) return selector;
  }
  Value labels;
  for (const yaml::NodeView label : workload.pod.metadata.Find("labels").children()) {
    std::string key = label.Key();
    if (std::ranges::find(kPassing, key) != kPassing.end()) continue;
    labels.Put(std::move(key), Value::String(label.Text()));
  }
  if (labels.entries().empty()) return std::nullopt;
  return Value::Map({{"matchLabels", std::move(labels)}});
}

std::string ApiServerEvidence(const kube::Manifest& workload, const Settings& settings,
                              const Traffic& traffic) {
  if (settings.api_server == Settings::ApiServer::kNever) return {};
  if (std::string binding = traffic.ApiEvidence(workload); !binding.empty()) return binding;
  for (const Edge& edge : traffic.From(workload)) {
    if (edge.to == Edge::To::kApiServer && settings.Wants(edge)) return EvidenceOf(edge);
  }
  return settings.api_server == Settings::ApiServer::kAlways ? "spec.apiServer" : std::string();
}

std::vector<Peer> ResolversOf(const kube::Manifest& workload, const Settings& settings) {
  const yaml::NodeView policy = workload.pod.spec.Find("dnsPolicy");
  if (policy.TextIs("Default")) return World({});
  if (!policy.TextIs("None")) return settings.dns;
  std::vector<Peer> resolvers;
  for (const yaml::NodeView server :
       workload.pod.spec.Find({"dnsConfig", "nameservers"}).children()) {
    const std::string address = server.Resolved().Text();
    if (IpAddress::Parse(address)) resolvers.push_back(AddressBlock(address));
  }
  return resolvers;
}

Mesh MeshOf(const kube::Manifest& workload, const Settings& settings, const kube::Index& stream) {
  if (kube::UsesHostNetwork(workload.pod)) return Mesh::kNone;
  return settings.mesh ? *settings.mesh : MeshOf(workload, stream);
}

bool IsAt(const AllowEnd& end, const kube::Manifest& workload) {
  return !end.peer && MatchesEnd(end, workload) &&
         (end.ns.empty() || GlobMatches(end.ns, workload.id.ns));
}

std::vector<const kube::Manifest*> WorkloadsAt(const AllowEnd& end, const AllowEnd& other,
                                               const std::string& ns, const kube::Index& stream) {
  std::vector<const kube::Manifest*> found;
  const bool same_namespace = end.ns.empty() && other.ns.empty();
  const std::string& where = same_namespace ? ns : end.ns;
  // A name and a namespace are looked up; only globs ask everybody.
  if (!end.name.empty() && !HasGlob(end.name) && !where.empty() && !HasGlob(where)) {
    for (const kube::WorkloadKind& kind : kube::WorkloadKinds()) {
      const kube::Manifest* workload = stream.Find(kind.group, kind.kind, where, end.name);
      if (workload != nullptr && workload->pod && MatchesEnd(end, *workload)) {
        found.push_back(workload);
      }
    }
    return found;
  }
  for (const kube::Manifest& workload : stream.manifests()) {
    if (!workload.pod || workload.local_config || !IsAt(end, workload)) continue;
    if (!same_namespace || workload.id.ns == ns) found.push_back(&workload);
  }
  return found;
}

std::optional<Access> Open(const kube::Manifest& workload, const Settings& settings,
                           const Traffic& traffic, std::vector<Notice>& notices) {
  std::optional<Value> pods = NetworkSelectorOf(workload);
  if (!pods) return std::nullopt;
  return Opener(workload, settings, traffic, notices).Run(*std::move(pods));
}

}  // namespace cloudlab::policy::network
