#include "policy/network/graph.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "base/parallel.hpp"
#include "kube/pod_template.hpp"
#include "policy/network/address.hpp"
#include "policy/network/config_store.hpp"
#include "policy/network/key_words.hpp"
#include "text/ascii.hpp"

namespace cloudlab::policy::network {
namespace {

using Shape = Address::Shape;

/// So many pieces of evidence are kept for an edge.
constexpr std::size_t kMostEvidence = 5;

constexpr std::array<std::pair<Confidence, std::string_view>, 3> kNames = {{
    {Confidence::kToken, "Token"},
    {Confidence::kHost, "Host"},
    {Confidence::kExact, "Exact"},
}};

/// True if `host` looks like a name of the public DNS: several labels, the last one of letters; the
/// cluster's own domain is none.
bool IsPublicName(std::string_view host) {
  const std::size_t dot = host.rfind('.');
  if (dot == std::string_view::npos || host.size() - dot < 3 || host.ends_with("cluster.local")) {
    return false;
  }
  return std::ranges::all_of(host.substr(dot + 1), [](char c) { return c >= 'a' && c <= 'z'; });
}

/// True if nothing but hosts stands in `text`: in sentences and scripts, a dot makes no host.
bool IsListOfHosts(std::string_view text) {
  return text.find_first_of(" $(){}[]<>\"'=/\n") == std::string_view::npos;
}

class Inference {
 public:
  Inference(const kube::Manifest& client, const kube::Index& stream, const Directory& directory)
      : client_(client), directory_(directory), replicated_(HasReplicas(client, stream)) {
    ReadHostAliases();
  }

  void Read(const ConfigText& text, const std::vector<Address>& addresses) {
    called_ = NamesCalled(text.name) || !text.ports.empty();
    lists_hosts_ = EndsAsAddress(text.name) && IsListOfHosts(text.text);
    const bool holds_secret = text.secret || NamesSecret(text.name);
    secret_ = holds_secret && !EndsAsAddress(text.name);
    for (const Address& address : addresses) {
      if (holds_secret && IsTorn(text.text, address)) continue;
      std::string host = text::LowerCase(address.host);
      if (host == kOwnNode) {
        AddOnNode(text, address);
        continue;
      }
      if (const auto alias = host_aliases_.find(host); alias != host_aliases_.end()) {
        if (!IsLocal(alias->second)) AddOutside(text, address, alias->second, /*alias=*/true);
        continue;
      }
      if (IsIpAddress(host)) {
        AddOutside(text, address, host);
        continue;
      }
      const std::string written = host;
      const Destination found = Find(host, text);
      const bool alias = host != written;
      if (secret_ && found.service == nullptr && !alias && !TellsPlace(text.text, address))
        continue;
      switch (found.kind) {
        case Destination::Kind::kService:
        case Destination::Kind::kPod:
          AddService(text, address, found);
          break;
        case Destination::Kind::kApiServer:
          AddApiServer(text, address, host, found.qualified);
          break;
        case Destination::Kind::kUnknown:
          AddUnknown(text, address, found.ns, host);
          break;
        case Destination::Kind::kNothing:
          if (alias) {
            AddOutside(text, address, host, alias);
          } else {
            AddNameless(text, address, host);
          }
          break;
      }
    }
  }

  std::vector<Edge> TakeEdges() {
    std::vector<Edge> edges;
    for (auto& [key, edge] : edges_) edges.push_back(std::move(edge));
    return edges;
  }

 private:
  /// True if other pods of `client` stand beside each, as it says or whoever scales it.
  static bool HasReplicas(const kube::Manifest& client, const kube::Index& stream) {
    const std::string replicas = client.root.Find({"spec", "replicas"}).Given().Text();
    return (!replicas.empty() && replicas != "0" && replicas != "1") ||
           !stream.FindScalers(client.id).empty();
  }

  /// The pods' own hosts file comes before DNS.
  void ReadHostAliases() {
    for (const yaml::NodeView child : client_.pod.spec.Find("hostAliases").children()) {
      const auto [ip, names] = child.Resolved().FindGiven<2>({"ip", "hostnames"});
      if (!IsIpAddress(ip.Text())) continue;
      for (const yaml::NodeView name : names.children()) {
        host_aliases_.try_emplace(text::LowerCase(name.Resolved().Text()), ip.Text());
      }
    }
  }

  /// True if an `@` stands behind the host of a URL: then it is a part of a password with a slash.
  static bool IsTorn(std::string_view text, const Address& address) {
    std::string_view rest =
        text.substr(static_cast<std::size_t>(address.host.data() - text.data()));
    rest = rest.substr(0, rest.find_first_of(" \t\r\n\"'`,;<>|{}()[]"));
    return rest.find('@') != std::string_view::npos;
  }

  /// True if a secret says by its form where the place is that it is for: `scheme://user@host`,
  /// `user@tcp(host:1)`, `host=`.
  static bool TellsPlace(std::string_view text, const Address& address) {
    if (address.shape == Shape::kPair) return true;
    if (address.shape != Shape::kUrl && address.shape != Shape::kHostPort) return false;
    text = text.substr(0, static_cast<std::size_t>(address.host.data() - text.data()));
    const std::size_t user = text.rfind('@');
    if (user == std::string_view::npos) return false;
    return text.substr(0, user).find("://") != std::string_view::npos ||
           text.substr(user).starts_with("@tcp(");
  }

  /// Members of a StatefulSet may name each other without the Service that their names need. An
  /// ExternalName is what it stands for; `host` becomes that.
  Destination Find(std::string& host, const ConfigText& text) const {
    Destination found = directory_.Follow(host, client_.id.ns);
    if (found.kind != Destination::Kind::kNothing || client_.id.kind == "Pod") return found;
    if (!IsPodOf(client_, host)) return found;
    if (!NamesAddress(text.name)) return found;
    found.service =
        directory_.FindService(client_.id.ns, client_.root.Find({"spec", "serviceName"}).Text());
    if (found.service != nullptr) found.kind = Destination::Kind::kPod;
    return found;
  }

  /// How sure it is that a name without a port is meant as an address.
  static Confidence OfName(const ConfigText& text, const Address& address, bool qualified) {
    const bool stated = address.shape == Shape::kUrl || address.shape == Shape::kPair ||
                        address.shape == Shape::kHostPort;
    return stated || qualified || NamesAddress(text.name) ? Confidence::kHost : Confidence::kToken;
  }

  /// The ports of the Service that the text names: with a port of its own, beside it, or that of
  /// its scheme. None, if it does not say.
  static std::vector<std::uint16_t> StatedPorts(const ConfigText& text, const Address& address) {
    if (address.port) return {*address.port};
    const bool alone = address.shape == Shape::kWhole || address.shape == Shape::kWord;
    if (alone && !text.ports.empty()) return text.ports;
    if (const auto usual = DefaultPort(address.scheme)) return {*usual};
    return {};
  }

  void AddService(const ConfigText& text, const Address& address, const Destination& found) {
    const Service& service = *found.service;
    if (AddStatedPorts(text, address, found)) return;
    // A port that the Service does not have leads nowhere: perhaps another host is meant.
    const bool wrong = address.port && address.shape != Shape::kSpaced;
    const Confidence confidence =
        wrong ? Confidence::kToken : OfName(text, address, found.qualified);
    for (const ServicePort& port : service.ports) AddPort(text, found, port, confidence);
    if (!wrong && IsDirect(found)) AddPortsAmongMembers(text, found, confidence);
  }

  /// True if the name leads to the pods: any of their ports can be meant.
  static bool IsDirect(const Destination& found) {
    return found.kind == Destination::Kind::kPod || found.service->headless;
  }

  /// True if the text says a port, by number or name, that can be reached.
  bool AddStatedPorts(const ConfigText& text, const Address& address, const Destination& found) {
    bool any = false;
    for (const ServicePort& port : found.service->ports) {
      if (address.port || address.port_name.empty() || port.name != address.port_name) continue;
      AddPort(text, found, port, Confidence::kExact);
      any = true;
    }
    for (const std::uint16_t number : StatedPorts(text, address)) {
      bool known = false;
      for (const ServicePort& port : found.service->ports) {
        if (port.number != number) continue;
        AddPort(text, found, port, Confidence::kExact);
        known = true;
      }
      if (!known && IsDirect(found) && address.port && address.shape != Shape::kSpaced) {
        AddPort(text, found, {.number = number, .target = number}, Confidence::kExact);
        known = true;
      }
      any = any || known;
    }
    return any;
  }

  /// Members of a StatefulSet talk on ports that their Service need not list (gossip,
  /// replication). Other Services may stand before them for one purpose: their ports are all.
  void AddPortsAmongMembers(const ConfigText& text, const Destination& found,
                            Confidence confidence) {
    const auto& workloads = found.service->workloads;
    if (client_.id.kind != "StatefulSet" ||
        std::ranges::find(workloads, &client_) == workloads.end() ||
        !client_.root.Find({"spec", "serviceName"}).TextIs(found.service->manifest->id.name)) {
      return;
    }
    for (const kube::Container& container : kube::Containers(client_.pod)) {
      if (container.type == kube::ContainerType::kInit) continue;
      for (const yaml::NodeView child : container.node.Find("ports").children()) {
        const auto [number, protocol] =
            child.Resolved().FindGiven<2>({"containerPort", "protocol"});
        const std::uint16_t port = ReadPort(number);
        if (port == 0) continue;
        AddPort(text, found,
                {.protocol = ParseProtocol(protocol.Text()).value_or(Protocol::kTcp),
                 .number = port,
                 .target = port},
                confidence, &client_);
      }
    }
  }

  void AddPodless(const ConfigText& text, const Service& service, const ServicePort& port,
                  Confidence confidence) {
    Edge edge{.client = &client_, .confidence = confidence};
    for (Edge& one : EdgesBehind(service, port, std::move(edge))) Add(text, std::move(one));
  }

  /// The port of each workload behind a Service, or of `only` one of them.
  void AddPort(const ConfigText& text, const Destination& found, const ServicePort& port,
               Confidence confidence, const kube::Manifest* only = nullptr) {
    if (found.service->workloads.empty()) AddPodless(text, *found.service, port, confidence);
    for (const kube::Manifest* server : found.service->workloads) {
      if (only != nullptr && server != only) continue;
      // A workload that names itself says who it is, unless its members look for each other. An
      // address of its own Service leads to its other replicas.
      const bool says_who =
          !replicated_ || !called_ || confidence == Confidence::kToken || NamesItself(text.name);
      if (server == &client_ && says_who && !IsDirect(found)) continue;
      const std::uint16_t target = TargetOf(port, *server);
      if (target == 0) continue;
      Add(text, {.client = &client_,
                 .to = Edge::To::kWorkload,
                 .server = server,
                 .host = found.service->manifest->id.name,
                 .ns = server->id.ns,
                 .protocol = port.protocol,
                 .service_port = port.number,
                 .port = target,
                 .confidence = confidence});
    }
  }

  /// An agent on the own node. Without a port, it could be any.
  void AddOnNode(const ConfigText& text, const Address& address) {
    for (const std::uint16_t number : StatedPorts(text, address)) {
      for (const HostPort& agent : directory_.OnNode(number)) {
        Add(text, {.client = &client_,
                   .to = Edge::To::kWorkload,
                   .server = agent.workload,
                   .host = agent.workload->id.name,
                   .ns = agent.workload->id.ns,
                   .protocol = agent.port.protocol,
                   .service_port = number,
                   .port = agent.port.target,
                   .confidence = Confidence::kExact});
      }
    }
  }

  void AddUnknown(const ConfigText& text, const Address& address, const std::string& ns,
                  const std::string& host) {
    const std::vector<std::uint16_t> stated = StatedPorts(text, address);
    Add(text, {.client = &client_,
               .to = Edge::To::kNamespace,
               .host = host,
               .ns = ns,
               .port = stated.empty() ? std::uint16_t{0} : stated.front(),
               .confidence = stated.empty() ? Confidence::kHost : Confidence::kExact});
  }

  /// The word "kubernetes" alone says something else more often.
  void AddApiServer(const ConfigText& text, const Address& address, const std::string& host,
                    bool qualified) {
    const bool plain = address.shape != Shape::kUrl && address.shape != Shape::kHostPort &&
                       address.shape != Shape::kPair;
    if (plain && !qualified) return;
    constexpr std::uint16_t kHttps = 443;
    const std::vector<std::uint16_t> stated = StatedPorts(text, address);
    const std::uint16_t port = stated.empty() ? kHttps : stated.front();
    Add(text, {.client = &client_,
               .to = Edge::To::kApiServer,
               .host = host,
               .service_port = port,
               .port = port,
               .confidence = stated.empty() ? Confidence::kHost : Confidence::kExact});
  }

  /// Not a name of the cluster as far as the stream tells.
  void AddNameless(const ConfigText& text, const Address& address, const std::string& host) {
    if (IsPublicName(host)) {
      AddOutside(text, address, host);
    } else if (host.find('.') == std::string::npos && NamesAddress(text.name) &&
               (address.shape == Shape::kUrl || address.shape == Shape::kHostPort)) {
      AddUnknown(text, address, client_.id.ns, host);  // A Service of another release.
    }
  }

  /// `alias` tells that `host` is what a name of the pod's own stands for.
  void AddOutside(const ConfigText& text, const Address& address, const std::string& host,
                  bool alias = false) {
    if (secret_ && !alias && !TellsPlace(text.text, address)) return;
    const bool plain = address.shape != Shape::kUrl && address.shape != Shape::kHostPort &&
                       address.shape != Shape::kPair;
    // A version, a file, a class: they have dots as well.
    if (plain && alias && !NamesAddress(text.name) && text.ports.empty()) return;
    if (plain && !alias && (!lists_hosts_ || host != std::string_view(address.host))) return;
    const std::vector<std::uint16_t> stated = StatedPorts(text, address);
    Add(text, {.client = &client_,
               .to = Edge::To::kOutside,
               .host = host,
               .port = stated.empty() ? std::uint16_t{0} : stated.front(),
               .confidence = stated.empty() ? Confidence::kHost : Confidence::kExact});
  }

  void Add(const ConfigText& text, Edge edge) {
    if (!called_) edge.confidence = Confidence::kToken;
    edge.evidence = {text.evidence};
    edge.Support(text.source, edge.confidence);
    const Key key{edge.to,       edge.server,
                  edge.ns,       edge.to == Edge::To::kWorkload ? "" : edge.host,
                  edge.protocol, edge.port};
    const auto [place, added] = edges_.try_emplace(key, edge);
    if (added) return;
    Edge& known = place->second;
    known.Support(text.source, edge.confidence);
    if (std::ranges::find(known.evidence, text.evidence) != known.evidence.end() &&
        known.confidence >= edge.confidence) {
      return;
    }
    if (edge.confidence > known.confidence) {
      known.confidence = edge.confidence;
      known.host = edge.host;
      std::erase(known.evidence, text.evidence);
      known.evidence.insert(known.evidence.begin(), text.evidence);
    } else {
      known.evidence.push_back(text.evidence);
    }
    if (known.evidence.size() > kMostEvidence) known.evidence.pop_back();
  }

  using Key = std::tuple<Edge::To, const kube::Manifest*, std::string, std::string, Protocol,
                         std::uint16_t>;

  const kube::Manifest& client_;
  const Directory& directory_;
  const bool replicated_;
  // Of the text at hand: what it names is called (see NamesCalled()), and is nothing but hosts.
  bool called_ = true;
  bool lists_hosts_ = false;
  bool secret_ = false;  // And is a secret itself: something in it may only look like a host.
  std::map<std::string, std::string, std::less<>> host_aliases_;
  std::map<Key, Edge> edges_;
};

/// A word that names a server says nothing new where an address of that server is given as well.
void DropRepeated(std::vector<Edge>& edges) {
  std::set<const kube::Manifest*> sure;
  for (const Edge& edge : edges) {
    if (edge.confidence > Confidence::kToken && edge.server != nullptr) sure.insert(edge.server);
  }
  std::erase_if(edges, [&](const Edge& edge) {
    return edge.confidence == Confidence::kToken && sure.contains(edge.server);
  });
}

/// What can be named in this stream by a word alone: Services and host aliases.
std::unordered_set<std::string> NamesIn(const kube::Index& stream, const Directory& directory) {
  std::unordered_set<std::string> names = {"kubernetes"};
  for (const Service& service : directory.services()) names.insert(service.manifest->id.name);
  for (const kube::Manifest& manifest : stream.manifests()) {
    for (const yaml::NodeView alias : manifest.pod.spec.Find("hostAliases").children()) {
      for (const yaml::NodeView name : alias.Resolved().Find("hostnames").children()) {
        names.insert(text::LowerCase(name.Resolved().Text()));
      }
    }
  }
  return names;
}

/// False if no pod can reach anything by `address`: a word that names nothing. Large files are full
/// of them. `names` are those of the stream.
bool LeadsSomewhere(const std::unordered_set<std::string>& names, const ConfigText& text,
                    const Address& address) {
  if (address.shape == Shape::kUrl || address.shape == Shape::kHostPort ||
      address.shape == Shape::kPair) {
    return true;
  }
  const std::string host = text::LowerCase(address.host);
  if (host.empty() || host == kOwnNode || names.contains(host)) return true;
  const std::size_t dot = host.find('.');
  // Members of a StatefulSet name each other: m-0.
  if (dot == std::string::npos) return host.back() >= '0' && host.back() <= '9';
  const std::size_t next = host.find('.', dot + 1);
  return names.contains(host.substr(0, dot)) ||
         names.contains(host.substr(dot + 1, next - dot - 1)) || host.ends_with(".svc") ||
         host.find(".svc.") != std::string::npos ||
         (EndsAsAddress(text.name) && IsListOfHosts(text.text));
}

/// By the name of the server, those without one last: never by where things lie in memory, nor in
/// the stream, which kustomize orders anew.
void Sort(std::vector<Edge>& edges) {
  std::ranges::stable_sort(edges, {}, [](const Edge& edge) {
    const kube::Manifest* server = edge.server;
    return std::tuple(server == nullptr, NameOf(server), edge.ns, edge.host, edge.port,
                      edge.protocol);
  });
}

}  // namespace

std::tuple<std::string_view, std::string_view, std::string_view> NameOf(
    const kube::Manifest* manifest) {
  if (manifest == nullptr) return {};
  return {manifest->id.ns, manifest->id.name, manifest->id.kind};
}

std::uint16_t Edge::PodPort() const {
  const bool stated = by_source[static_cast<std::size_t>(Source::kStated)].has_value();
  if (to == To::kApiServer) return 0;
  return to == To::kNamespace && !stated && service == nullptr ? std::uint16_t{0} : port;
}

void Edge::Support(Source source, Confidence by) {
  std::optional<Confidence>& known = by_source[static_cast<std::size_t>(source)];
  if (!known || *known < by) known = by;
}

std::optional<Confidence> Edge::ConfidenceBy(SourceSet sources) const {
  std::optional<Confidence> best;
  for (std::size_t i = 0; i < by_source.size(); ++i) {
    if (!by_source[i] || !sources.Contains(static_cast<Source>(i))) continue;
    if (!best || *best < *by_source[i]) best = by_source[i];
  }
  return best;
}

std::string_view Name(Confidence confidence) {
  return kNames[static_cast<std::size_t>(confidence)].second;
}

std::optional<Confidence> ParseConfidence(std::string_view name) {
  const auto* found =
      std::ranges::find(kNames, name, &std::pair<Confidence, std::string_view>::second);
  return found == kNames.end() ? std::nullopt : std::optional(found->first);
}

std::vector<Edge> EdgesBehind(const Service& service, const ServicePort& port, Edge edge) {
  edge.host = service.manifest->id.name;
  edge.protocol = port.protocol;
  edge.service_port = port.number;
  if (service.has_selector) {
    edge.to = Edge::To::kNamespace;
    edge.service = &service;
    edge.ns = service.manifest->id.ns;
    edge.port = port.target;
    return {edge};
  }
  edge.to = Edge::To::kOutside;
  std::vector<Edge> edges;
  for (const Endpoint& endpoint : service.endpoints) {
    if (endpoint.port_name != port.name || endpoint.protocol != port.protocol) continue;
    edge.host = endpoint.address;
    edge.port = endpoint.port;
    edges.push_back(edge);
  }
  if (!edges.empty()) return edges;
  edge.port = port.target != 0 ? port.target : port.number;
  return {edge};
}

std::vector<Edge> InferEdges(const kube::Index& stream, const Directory& directory) {
  const std::vector<kube::Manifest>& manifests = stream.manifests();
  const std::unordered_set<std::string> names = NamesIn(stream, directory);
  ConfigStore store([&](const ConfigText& text, const Address& address) {
    return LeadsSomewhere(names, text, address);
  });
  return CollectFromChunks<Edge>(manifests.size(), [&](std::size_t i, std::vector<Edge>& found) {
    if (!manifests[i].pod || manifests[i].local_config) return;
    Inference inference(manifests[i], stream, directory);
    for (const AddressedTexts& group : ReadConfigTexts(manifests[i], stream, store)) {
      for (const AddressedText& text : *group) inference.Read(text.text, text.addresses);
    }
    std::vector<Edge> edges = inference.TakeEdges();
    DropRepeated(edges);
    Sort(edges);
    std::move(edges.begin(), edges.end(), std::back_inserter(found));
  });
}

}  // namespace cloudlab::policy::network
