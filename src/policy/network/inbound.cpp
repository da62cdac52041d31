#include "policy/network/inbound.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "kube/pod_template.hpp"
#include "policy/network/service_index.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy::network {
namespace {

using kube::Manifest;
using yaml::NodeView;

constexpr std::string_view kScrape = "prometheus.io/scrape";
constexpr std::string_view kScrapePort = "prometheus.io/port";

/// What all entries that one object makes have in common.
struct Origin {
  Entry::From from = Entry::From::kController;
  std::string evidence;
};

/// The origin of what `manifest` sends: "Ingress web".
Origin OriginOf(Entry::From from, const Manifest& manifest) {
  return {from, manifest.id.kind + " " + manifest.id.name};
}

/// A port by number or name, as a field that takes either says it.
struct PortRef {
  std::uint16_t number = 0;
  std::string name = {};

  bool empty() const { return number == 0 && name.empty(); }
};

/// The text at `node`, or `fallback` if there is none.
std::string TextOr(NodeView node, const std::string& fallback) {
  const std::string text = node.Given().Text();
  return text.empty() ? fallback : text;
}

PortRef ReadPortRef(NodeView node) {
  if (!node.Given()) return {};
  const std::uint16_t number = ReadPort(node);
  return {number, number == 0 ? node.Text() : std::string()};
}

/// The TCP ports that containers of `workload` declare under `name`, or under any if it is empty:
/// Prometheus takes those of all containers, where a Service takes the first.
std::vector<std::uint16_t> DeclaredPorts(const Manifest& workload, std::string_view name) {
  std::vector<std::uint16_t> ports;
  for (const kube::Container& container : kube::Containers(workload.pod)) {
    if (container.type == kube::ContainerType::kInit) continue;
    for (const NodeView child : container.node.Find("ports").children()) {
      const auto [own_name, protocol, number] =
          child.Resolved().FindGiven<3>({"name", "protocol", "containerPort"});
      if (ParseProtocol(protocol.Text()) != Protocol::kTcp) continue;
      if (name.empty() || own_name.TextIs(name)) ports.push_back(ReadPort(number));
    }
  }
  return ports;
}

class Reader {
 public:
  Reader(const kube::Index& stream, const Directory& directory, const kube::PodIndex& pods)
      : stream_(stream), directory_(directory), pods_(pods) {}

  std::vector<Entry> Run() {
    for (const Manifest& manifest : stream_.manifests()) {
      if (!manifest.local_config) Read(manifest);
    }
    std::vector<Entry> entries;
    for (auto& [key, evidence] : found_) {
      const auto& [place, from, protocol, port] = key;
      entries.push_back({from, &stream_.manifests()[place], protocol, port, std::move(evidence)});
    }
    return entries;
  }

 private:
  void Read(const Manifest& manifest) {
    struct Kind {
      std::string_view group;
      std::string_view kind;
      void (Reader::*read)(const Manifest&);
    };
    static constexpr std::string_view kGateway = "gateway.networking.k8s.io";
    static constexpr std::string_view kAdmission = "admissionregistration.k8s.io";
    static constexpr std::array<Kind, 16> kKinds = {{
        {"", "Service", &Reader::ReadService},
        {"networking.k8s.io", "Ingress", &Reader::ReadIngress},
        {"extensions", "Ingress", &Reader::ReadIngress},
        {kGateway, "HTTPRoute", &Reader::ReadGatewayRoute},
        {kGateway, "GRPCRoute", &Reader::ReadGatewayRoute},
        {kGateway, "TLSRoute", &Reader::ReadGatewayRoute},
        {kGateway, "TCPRoute", &Reader::ReadGatewayRoute},
        {kGateway, "UDPRoute", &Reader::ReadGatewayRoute},
        {"networking.istio.io", "VirtualService", &Reader::ReadVirtualService},
        {"route.openshift.io", "Route", &Reader::ReadOpenShiftRoute},
        {"monitoring.coreos.com", "ServiceMonitor", &Reader::ReadServiceMonitor},
        {"monitoring.coreos.com", "PodMonitor", &Reader::ReadPodMonitor},
        {kAdmission, "ValidatingWebhookConfiguration", &Reader::ReadWebhooks},
        {kAdmission, "MutatingWebhookConfiguration", &Reader::ReadWebhooks},
        {"apiextensions.k8s.io", "CustomResourceDefinition", &Reader::ReadDefinition},
        {"apiregistration.k8s.io", "APIService", &Reader::ReadApiService},
    }};
    if (manifest.pod && !manifest.hook) ReadPodAnnotations(manifest);
    const auto* kind = std::ranges::find_if(kKinds, [&](const Kind& row) {
      return manifest.id.kind == row.kind && manifest.id.group() == row.group;
    });
    if (kind != kKinds.end()) (this->*kind->read)(manifest);
  }

  // Ingress controllers and gateways.

  void ReadIngress(const Manifest& ingress) {
    const auto [fallback, old_fallback, rules] =
        ingress.root.Find("spec").FindEach<3>({"defaultBackend", "backend", "rules"});
    AddIngressBackend(ingress, fallback);
    AddIngressBackend(ingress, old_fallback);
    for (const NodeView rule : rules.children()) {
      for (const NodeView path : rule.Resolved().Find({"http", "paths"}).children()) {
        AddIngressBackend(ingress, path.Resolved().Find("backend"));
      }
    }
  }

  void AddIngressBackend(const Manifest& ingress, NodeView backend) {
    const auto [service, old_name, old_port] =
        backend.FindEach<3>({"service", "serviceName", "servicePort"});
    const auto [number, name] = service.Find("port").FindEach<2>({"number", "name"});
    const NodeView port = number.Given() ? number : name;
    AddBackend(OriginOf(Entry::From::kController, ingress), ingress.id.ns,
               service.Given() ? service.Find("name").Text() : old_name.Text(),
               ReadPortRef(service.Given() ? port : old_port));
  }

  void ReadGatewayRoute(const Manifest& route) {
    const auto [parents, rules] = route.root.Find("spec").FindEach<2>({"parentRefs", "rules"});
    if (IsOfMesh(parents)) return;
    for (const NodeView child : rules.children()) {
      const auto [backends, filters] = child.Resolved().FindEach<2>({"backendRefs", "filters"});
      AddMirrors(route, filters);
      for (const NodeView backend : backends.children()) {
        AddGatewayBackend(route, backend.Resolved());
        AddMirrors(route, backend.Resolved().Find("filters"));
      }
    }
  }

  /// True if a route is attached to Services only: it is about calls inside the mesh.
  static bool IsOfMesh(NodeView parents) {
    const NodeView::Children all = parents.children();
    return !all.empty() && std::ranges::all_of(all.begin(), all.end(), [](NodeView parent) {
      return parent.Resolved().Find("kind").TextIs("Service");
    });
  }

  void AddMirrors(const Manifest& route, NodeView filters) {
    for (const NodeView filter : filters.children()) {
      AddGatewayBackend(route, filter.Resolved().Find({"requestMirror", "backendRef"}));
    }
  }

  void AddGatewayBackend(const Manifest& route, NodeView backend) {
    const auto [group, kind, name, ns, port] =
        backend.FindEach<5>({"group", "kind", "name", "namespace", "port"});
    if (!IsService(kind) || !TextOr(group, "").empty()) return;
    AddBackend(OriginOf(Entry::From::kController, route), TextOr(ns, route.id.ns), name.Text(),
               {.number = ReadPort(port)},
               route.id.kind == "UDPRoute" ? Protocol::kUdp : Protocol::kTcp);
  }

  static bool IsService(NodeView kind) { return TextOr(kind, "Service") == "Service"; }

  /// Without `gateways`, or with "mesh" alone, it is about calls inside the mesh.
  void ReadVirtualService(const Manifest& object) {
    const auto [gateways, rules] = object.root.Find("spec").FindEach<2>({"gateways", "http"});
    const NodeView::Children names = gateways.children();
    if (std::ranges::all_of(names.begin(), names.end(),
                            [](NodeView gateway) { return gateway.Resolved().TextIs("mesh"); })) {
      return;
    }
    AddDestinations(object);
    for (const NodeView rule : rules.children()) {
      const auto [ns, name] = rule.Resolved().Find("delegate").FindEach<2>({"namespace", "name"});
      if (!name.Given()) continue;
      const Manifest* delegate = stream_.Find("networking.istio.io", "VirtualService",
                                              TextOr(ns, object.id.ns), name.Text());
      if (delegate != nullptr && delegates_.insert(delegate).second) AddDestinations(*delegate);
    }
  }

  void AddDestinations(const Manifest& object) {
    for (const NodeView list : object.root.Find("spec").FindEach<3>({"http", "tls", "tcp"})) {
      for (const NodeView child : list.children()) {
        const auto [routes, mirror, mirrors] =
            child.Resolved().FindEach<3>({"route", "mirror", "mirrors"});
        AddDestination(object, mirror);
        for (const NodeView shares : {routes, mirrors}) {
          for (const NodeView share : shares.children()) {
            AddDestination(object, share.Resolved().Find("destination"));
          }
        }
      }
    }
  }

  void AddDestination(const Manifest& object, NodeView destination) {
    const Destination found = directory_.Find(destination.Find("host").Text(), object.id.ns);
    if (found.kind != Destination::Kind::kService) return;
    AddPorts(OriginOf(Entry::From::kController, object), *found.service,
             ReadPortRef(destination.Find({"port", "number"})), Protocol::kTcp);
  }

  void ReadOpenShiftRoute(const Manifest& route) {
    const auto [to, others, port] =
        route.root.Find("spec").FindEach<3>({"to", "alternateBackends", "port"});
    const PortRef target = ReadPortRef(port.Find("targetPort"));
    AddRouteTarget(route, to, target);
    for (const NodeView other : others.children()) AddRouteTarget(route, other.Resolved(), target);
  }

  /// A router compares `target` with endpoints: a name is that of the Service's port, but a number
  /// is that of the pod's.
  void AddRouteTarget(const Manifest& route, NodeView to, const PortRef& target) {
    const Service* service = directory_.FindService(route.id.ns, to.Find("name").Text());
    if (service == nullptr || !IsService(to.Find("kind"))) return;
    const Origin origin = OriginOf(Entry::From::kController, route);
    if (target.number == 0) {
      AddPorts(origin, *service, target, Protocol::kTcp);
      return;
    }
    for (const ServicePort& port : service->ports) {
      if (port.protocol == Protocol::kTcp) AddPort(origin, *service, port, target.number);
    }
  }

  // The world.

  void ReadService(const Manifest& manifest) {
    const Service* service = directory_.FindService(manifest.id.ns, manifest.id.name);
    if (service == nullptr) return;
    if (manifest.Annotation(kScrape) == "true") {
      AddScraped(*service, ReadPort(manifest.annotations.Find(kScrapePort)));
    }
    const auto [type, addresses] = manifest.root.Find("spec").FindEach<2>({"type", "externalIPs"});
    std::string how = type.Text();
    if (how != "LoadBalancer" && how != "NodePort") {
      if (addresses.children().empty()) return;
      how = "externalIPs";
    }
    Origin origin = OriginOf(Entry::From::kAnywhere, manifest);
    origin.evidence += " (" + how + ")";
    for (const ServicePort& port : service->ports) AddPort(origin, *service, port);
  }

  // Monitoring.

  static Origin Scraped() {
    return {Entry::From::kMonitoring, "annotation " + std::string(kScrape)};
  }

  void ReadPodAnnotations(const Manifest& workload) {
    if (workload.pod.Annotation(kScrape) != "true") return;
    const NodeView port = workload.pod.metadata.Find("annotations").Find(kScrapePort);
    AddPodPorts(Scraped(), workload, {.number = ReadPort(port)});
  }

  /// `number` is that of the pods; 0 for the ports of the Service.
  void AddScraped(const Service& service, std::uint16_t number) {
    if (number == 0) {
      AddPorts(Scraped(), service, {}, Protocol::kTcp);
    } else {
      AddPodPorts(Scraped(), service, {.number = number});
    }
  }

  void ReadServiceMonitor(const Manifest& monitor) {
    const auto selector = SelectorOf(monitor);
    if (!selector) return;
    if (!services_) services_.emplace(directory_);
    const Origin origin = OriginOf(Entry::From::kMonitoring, monitor);
    const NodeView endpoints = monitor.root.Find({"spec", "endpoints"});
    for (const std::string& ns : NamespacesOf(monitor)) {
      for (const Service* service : services_->Find(*selector, ns)) {
        for (const NodeView endpoint : endpoints.children()) {
          const auto [port, target] = endpoint.Resolved().FindEach<2>({"port", "targetPort"});
          const std::string name = TextOr(port, "");
          if (name.empty() && target.Given()) {
            AddPodPorts(origin, *service, ReadPortRef(target));
          } else {
            AddPorts(origin, *service, {.name = name}, Protocol::kTcp);
          }
        }
      }
    }
  }

  void ReadPodMonitor(const Manifest& monitor) {
    const auto selector = SelectorOf(monitor);
    if (!selector) return;
    const Origin origin = OriginOf(Entry::From::kMonitoring, monitor);
    const NodeView endpoints = monitor.root.Find({"spec", "podMetricsEndpoints"});
    for (const std::string& ns : NamespacesOf(monitor)) {
      for (const Manifest* workload : pods_.WorkloadsOf(*selector, ns)) {
        for (const NodeView endpoint : endpoints.children()) {
          const auto [name, number, target] =
              endpoint.Resolved().FindEach<3>({"port", "portNumber", "targetPort"});
          const std::string port = TextOr(name, "");
          AddPodPorts(
              origin, *workload,
              port.empty() ? ReadPortRef(number.Given() ? number : target) : PortRef{.name = port});
        }
      }
    }
  }

  /// Nothing if there is none (it is required), or if it cannot be read. An empty one takes all.
  static std::optional<kube::Selector> SelectorOf(const Manifest& monitor) {
    const NodeView selector = monitor.root.Find({"spec", "selector"});
    if (!selector.Resolved().IsMap()) return std::nullopt;
    return kube::Selector::Parse(yaml::Value::From(selector));
  }

  /// Where a monitor looks: its own namespace if it does not say.
  std::vector<std::string> NamespacesOf(const Manifest& monitor) {
    const auto [any, names] =
        monitor.root.Find({"spec", "namespaceSelector"}).FindEach<2>({"any", "matchNames"});
    if (kube::IsTrue(any)) return AllNamespaces();
    std::vector<std::string> namespaces;
    for (const NodeView name : names.children()) namespaces.push_back(name.Resolved().Text());
    if (namespaces.empty()) namespaces.push_back(monitor.id.ns);
    return namespaces;
  }

  /// Those of the stream that have pods, and so those of all Services with pods.
  const std::vector<std::string>& AllNamespaces() {
    if (namespaces_.empty()) {
      std::set<std::string> names;
      for (const Manifest& manifest : stream_.manifests()) {
        if (manifest.pod) names.insert(manifest.id.ns);
      }
      namespaces_.assign(names.begin(), names.end());
    }
    return namespaces_;
  }

  // The API server.

  void ReadWebhooks(const Manifest& configuration) {
    for (const NodeView webhook : configuration.root.Find("webhooks").children()) {
      AddCalled(configuration, webhook.Resolved().Find({"clientConfig", "service"}));
    }
  }

  void ReadDefinition(const Manifest& definition) {
    AddCalled(definition,
              definition.root.Find({"spec", "conversion", "webhook", "clientConfig", "service"}));
  }

  void ReadApiService(const Manifest& object) {
    AddCalled(object, object.root.Find({"spec", "service"}));
  }

  void AddCalled(const Manifest& object, NodeView service) {
    constexpr std::uint16_t kHttps = 443;  // The default of all three kinds.
    const auto [ns, name, port] = service.FindEach<3>({"namespace", "name", "port"});
    AddBackend(OriginOf(Entry::From::kApiServer, object), ns.Text(), name.Text(),
               {.number = port.Given() ? ReadPort(port) : kHttps});
  }

  // Ports of Services and pods.

  /// The port of a Service that must be named.
  void AddBackend(const Origin& origin, std::string_view ns, std::string_view name,
                  const PortRef& wanted, Protocol protocol = Protocol::kTcp) {
    const Service* service = directory_.FindService(ns, name);
    if (service != nullptr && !wanted.empty()) AddPorts(origin, *service, wanted, protocol);
  }

  /// The ports of a Service that are `wanted`; if that is empty, all of them.
  void AddPorts(const Origin& origin, const Service& service, const PortRef& wanted,
                Protocol protocol) {
    for (const ServicePort& port : service.ports) {
      const bool is_wanted = wanted.empty() || (wanted.number != 0 ? port.number == wanted.number
                                                                   : port.name == wanted.name);
      if (is_wanted && port.protocol == protocol) AddPort(origin, service, port);
    }
  }

  /// The port of each pod that `port` leads to, if it is `only` or that is 0.
  void AddPort(const Origin& origin, const Service& service, const ServicePort& port,
               std::uint16_t only = 0) {
    if (!service.external_name.empty()) return;
    for (const Manifest* server : service.workloads) {
      const std::uint16_t target = TargetOf(port, *server);
      if (only == 0 || target == only) Add(origin, *server, port.protocol, target);
    }
  }

  /// Ports that the pods of a Service have beside it.
  void AddPodPorts(const Origin& origin, const Service& service, const PortRef& wanted) {
    if (!service.external_name.empty()) return;
    for (const Manifest* server : service.workloads) AddPodPorts(origin, *server, wanted);
  }

  /// The pod's port of that number, or those of that name that it declares; if `wanted` is empty,
  /// all that it declares.
  void AddPodPorts(const Origin& origin, const Manifest& server, const PortRef& wanted) {
    if (wanted.number != 0) {
      Add(origin, server, Protocol::kTcp, wanted.number);
      return;
    }
    for (const std::uint16_t port : DeclaredPorts(server, wanted.name)) {
      Add(origin, server, Protocol::kTcp, port);
    }
  }

  void Add(const Origin& origin, const Manifest& server, Protocol protocol, std::uint16_t port) {
    if (port == 0 || server.local_config) return;
    const auto place = static_cast<std::size_t>(&server - stream_.manifests().data());
    found_.try_emplace({place, origin.from, protocol, port}, origin.evidence);
  }

  using Key = std::tuple<std::size_t, Entry::From, Protocol, std::uint16_t>;

  const kube::Index& stream_;
  const Directory& directory_;
  const kube::PodIndex& pods_;
  std::map<Key, std::string> found_;  // -> evidence
  std::unordered_set<const Manifest*> delegates_;
  std::optional<ServiceIndex> services_;  // Of a stream with a ServiceMonitor.
  std::vector<std::string> namespaces_;   // Of a stream with a monitor that looks into all.
};

}  // namespace

Source SourceOf(const Entry& entry) {
  switch (entry.from) {
    case Entry::From::kController:
      return entry.evidence.starts_with("Ingress ") ? Source::kIngress : Source::kGateway;
    case Entry::From::kMonitoring:
      return Source::kServiceMonitor;
    case Entry::From::kApiServer:
      return Source::kWebhook;
    case Entry::From::kAnywhere:
      break;  // The Service says it itself.
  }
  return Source::kStated;
}

std::vector<Entry> FindEntries(const kube::Index& stream, const Directory& directory,
                               const kube::PodIndex& pods) {
  return Reader(stream, directory, pods).Run();
}

}  // namespace cloudlab::policy::network
