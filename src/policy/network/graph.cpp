#include "policy/network/graph.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/parallel.hpp"
#include "policy/network/address.hpp"
#include "policy/network/config_text.hpp"
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

/// True if `host` looks like a name of the public DNS: several labels, the last one of letters.
bool IsPublicName(std::string_view host) {
  const std::size_t dot = host.rfind('.');
  if (dot == std::string_view::npos || host.size() - dot < 3) return false;
  return std::ranges::all_of(host.substr(dot + 1), [](char c) { return c >= 'a' && c <= 'z'; });
}

class Inference {
 public:
  Inference(const kube::Manifest& client, const Directory& directory)
      : client_(client), directory_(directory) {}

  void Read(const ConfigText& text) {
    for (const Address& address : FindAddresses(text.text)) {
      const std::string host = text::LowerCase(address.host);
      if (IsIpAddress(host)) {
        AddOutside(text, address, host);
        continue;
      }
      const Destination found = directory_.Find(host, client_.id.ns);
      switch (found.kind) {
        case Destination::Kind::kService:
        case Destination::Kind::kPod:
          AddService(text, address, found);
          break;
        case Destination::Kind::kUnknown:
          AddUnknown(text, address, found.ns, host);
          break;
        case Destination::Kind::kNothing:
          AddNameless(text, address, host);
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
    if (address.shape == Shape::kWhole && !text.ports.empty()) return text.ports;
    if (const auto usual = DefaultPort(address.scheme)) return {*usual};
    return {};
  }

  void AddService(const ConfigText& text, const Address& address, const Destination& found) {
    const Service& service = *found.service;
    if (!service.external_name.empty()) {
      AddOutside(text, address, text::LowerCase(service.external_name));
      return;
    }
    const std::vector<std::uint16_t> stated = StatedPorts(text, address);
    bool any = false;
    for (const std::uint16_t number : stated) {
      for (const ServicePort& port : service.ports) {
        if (port.number != number) continue;
        AddPort(text, found, port, Confidence::kExact);
        any = true;
      }
      // Names of a headless Service lead to the pods: any of their ports can be meant.
      const bool direct = found.kind == Destination::Kind::kPod || service.headless;
      if (!any && direct && address.port) {
        AddPort(text, found, {.number = number, .target = number}, Confidence::kExact);
        any = true;
      }
    }
    if (any) return;
    // A port that the Service does not have leads nowhere: perhaps another host is meant.
    const Confidence confidence =
        address.port ? Confidence::kToken : OfName(text, address, found.qualified);
    for (const ServicePort& port : service.ports) AddPort(text, found, port, confidence);
  }

  void AddPort(const ConfigText& text, const Destination& found, const ServicePort& port,
               Confidence confidence) {
    for (const kube::Manifest* server : found.service->workloads) {
      // A workload that names itself says who it is, unless its members look for each other.
      const bool members = found.kind == Destination::Kind::kPod || found.service->headless;
      if (server == &client_ && !members) continue;
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

  /// Not a name of the cluster as far as the stream tells.
  void AddNameless(const ConfigText& text, const Address& address, const std::string& host) {
    if (IsPublicName(host)) {
      AddOutside(text, address, host);
    } else if (host.find('.') == std::string::npos && NamesAddress(text.name) &&
               (address.shape == Shape::kUrl || address.shape == Shape::kHostPort)) {
      AddUnknown(text, address, client_.id.ns, host);  // A Service of another release.
    }
  }

  void AddOutside(const ConfigText& text, const Address& address, const std::string& host) {
    const bool plain = address.shape == Shape::kWhole || address.shape == Shape::kWord;
    if (plain && !NamesAddress(text.name)) return;  // A version, a file, a class.
    const std::vector<std::uint16_t> stated = StatedPorts(text, address);
    Add(text, {.client = &client_,
               .to = Edge::To::kOutside,
               .host = host,
               .port = stated.empty() ? std::uint16_t{0} : stated.front(),
               .confidence = stated.empty() ? Confidence::kHost : Confidence::kExact});
  }

  void Add(const ConfigText& text, Edge edge) {
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

/// By server in the order of the stream, then by name: never by where things lie in memory.
void Sort(std::vector<Edge>& edges) {
  std::ranges::stable_sort(edges, {}, [](const Edge& edge) {
    const std::size_t document = edge.server == nullptr ? SIZE_MAX : edge.server->document;
    return std::tuple(document, edge.ns, edge.host, edge.port, edge.protocol);
  });
}

}  // namespace

std::uint16_t Edge::PodPort() const {
  const bool stated = by_source[static_cast<std::size_t>(Source::kStated)].has_value();
  return to == To::kNamespace && !stated ? std::uint16_t{0} : port;
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

std::vector<Edge> InferEdgesOf(const kube::Manifest& client, const kube::Index& stream,
                               const Directory& directory) {
  Inference inference(client, directory);
  for (const ConfigText& text : ReadConfigTexts(client, stream)) inference.Read(text);
  std::vector<Edge> edges = inference.TakeEdges();
  DropRepeated(edges);
  Sort(edges);
  return edges;
}

std::vector<Edge> InferEdges(const kube::Index& stream, const Directory& directory) {
  const std::vector<kube::Manifest>& manifests = stream.manifests();
  return CollectFromChunks<Edge>(manifests.size(), [&](std::size_t i, std::vector<Edge>& found) {
    if (!manifests[i].pod || manifests[i].local_config) return;
    auto edges = InferEdgesOf(manifests[i], stream, directory);
    std::move(edges.begin(), edges.end(), std::back_inserter(found));
  });
}

}  // namespace cloudlab::policy::network
