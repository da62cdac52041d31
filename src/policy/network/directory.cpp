#include "policy/network/directory.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/parallel.hpp"
#include "kube/pod_template.hpp"
#include "text/ascii.hpp"

namespace cloudlab::policy::network {
namespace {

std::vector<ServicePort> ReadPorts(yaml::NodeView list) {
  std::vector<ServicePort> ports;
  for (const yaml::NodeView child : list.children()) {
    const auto [name, protocol, number, target] =
        child.Resolved().FindGiven<4>({"name", "protocol", "port", "targetPort"});
    ServicePort port{.name = name.Text(), .number = ReadPort(number)};
    port.protocol = ParseProtocol(protocol.Text()).value_or(Protocol::kTcp);
    port.target = target ? ReadPort(target) : port.number;
    if (target && port.target == 0) port.target_name = target.Text();
    if (port.number != 0) ports.push_back(std::move(port));
  }
  return ports;
}

/// So many ExternalNames are followed, for they can name each other in a circle.
constexpr int kMostAliases = 8;

/// `kubernetes.default[.svc[.domain]]`, and in the namespace `default` alone.
bool NamesApiServer(const std::vector<std::string_view>& labels, std::string_view ns) {
  if (labels.empty() || labels[0] != "kubernetes") return false;
  if (labels.size() == 1) return ns == "default";
  return labels[1] == "default" && (labels.size() == 2 || labels[2] == "svc");
}

/// The parts of a host name: "m-0.mongo.shop.svc" has four.
std::vector<std::string_view> Labels(std::string_view host) {
  std::vector<std::string_view> labels;
  while (!host.empty()) {
    const std::size_t dot = host.find('.');
    labels.push_back(host.substr(0, dot));
    host = dot == std::string_view::npos ? std::string_view() : host.substr(dot + 1);
  }
  return labels;
}

}  // namespace

bool IsPodOf(const kube::Manifest& workload, std::string_view name) {
  const std::string& own = workload.id.name;
  if (workload.id.kind == "Pod") return name == own;
  if (workload.id.kind != "StatefulSet" || name.size() < own.size() + 2) return false;
  return name.starts_with(own) && name[own.size()] == '-' &&
         std::ranges::all_of(name.substr(own.size() + 1),
                             [](char c) { return c >= '0' && c <= '9'; });
}

std::uint16_t ReadPort(yaml::NodeView node) {
  const std::string text = node.Text();
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? port : std::uint16_t{0};
}

std::uint16_t NumberOfPort(const kube::Manifest& workload, std::string_view name,
                           Protocol protocol) {
  for (const kube::Container& container : kube::Containers(workload.pod)) {
    if (container.type == kube::ContainerType::kInit) continue;
    for (const yaml::NodeView child : container.node.Find("ports").children()) {
      const auto [own_name, own_protocol, number] =
          child.Resolved().FindGiven<3>({"name", "protocol", "containerPort"});
      if (own_name.TextIs(name) && ParseProtocol(own_protocol.Text()) == protocol) {
        return ReadPort(number);
      }
    }
  }
  return 0;
}

std::uint16_t TargetOf(const ServicePort& port, const kube::Manifest& workload) {
  return port.target != 0 ? port.target : NumberOfPort(workload, port.target_name, port.protocol);
}

Directory::Directory(const kube::Index& stream, const kube::PodIndex& pods) : stream_(stream) {
  const std::vector<kube::Manifest>& manifests = stream.manifests();
  services_ =
      CollectFromChunks<Service>(manifests.size(), [&](std::size_t i, std::vector<Service>& found) {
        const kube::Manifest& manifest = manifests[i];
        const bool is_service = manifest.id.kind == "Service" && manifest.id.group().empty();
        if (is_service && !manifest.local_config) found.push_back(ReadService(manifest, pods));
      });
  for (std::size_t i = 0; i < services_.size(); ++i) by_manifest_.emplace(services_[i].manifest, i);
  for (const kube::Manifest& manifest : manifests) {
    if (manifest.local_config) continue;
    if (manifest.pod && manifest.id.kind == "DaemonSet") AddHostPorts(manifest);
    ReadEndpoints(manifest);
  }
  std::ranges::stable_sort(host_ports_, {}, [](const HostPort& each) { return each.port.number; });
}

Service Directory::ReadService(const kube::Manifest& manifest, const kube::PodIndex& pods) const {
  const auto [type, selector, ports, cluster_ip, external] =
      manifest.root.Find("spec").FindGiven<5>(
          {"type", "selector", "ports", "clusterIP", "externalName"});
  Service service;
  service.manifest = &manifest;
  service.ports = ReadPorts(ports);
  service.headless = cluster_ip.TextIs("None");
  if (type.TextIs("ExternalName")) service.external_name = external.Text();
  service.has_selector = !selector.children().empty();
  if (service.has_selector) service.workloads = WorkloadsBehind(manifest, selector, pods);
  return service;
}

/// The label that names a single pod is not in templates: its controller gives it to the pod.
std::vector<const kube::Manifest*> Directory::WorkloadsBehind(const kube::Manifest& service,
                                                              yaml::NodeView selector,
                                                              const kube::PodIndex& pods) const {
  constexpr std::string_view kPodName = "statefulset.kubernetes.io/pod-name";
  const std::string pod = selector.Find(kPodName).Text();
  if (pod.empty()) return pods.WorkloadsOf(kube::Selector::OfLabels(selector), service.id.ns);
  const kube::Manifest* found = stream_.Find("apps", "StatefulSet", service.id.ns,
                                             pod.substr(0, std::min(pod.rfind('-'), pod.size())));
  if (found == nullptr || !found->pod || !IsPodOf(*found, pod)) return {};
  const yaml::NodeView labels = found->pod.metadata.Find("labels");
  for (const yaml::NodeView label : selector.children()) {
    if (label.Key() != kPodName && !labels.Find(label.Key()).TextIs(label.Text())) return {};
  }
  return {found};
}

/// Of a DaemonSet: other workloads are not on every node.
void Directory::AddHostPorts(const kube::Manifest& workload) {
  for (const kube::Container& container : kube::Containers(workload.pod)) {
    if (container.type == kube::ContainerType::kInit) continue;
    for (const yaml::NodeView child : container.node.Find("ports").children()) {
      const auto [on_node, number, protocol] =
          child.Resolved().FindGiven<3>({"hostPort", "containerPort", "protocol"});
      if (ReadPort(on_node) == 0) continue;
      host_ports_.push_back({&workload,
                             {.protocol = ParseProtocol(protocol.Text()).value_or(Protocol::kTcp),
                              .number = ReadPort(on_node),
                              .target = ReadPort(number)}});
    }
  }
}

std::vector<HostPort> Directory::OnNode(std::uint16_t number) const {
  const auto found = std::ranges::equal_range(
      host_ports_, number, {}, [](const HostPort& each) { return each.port.number; });
  return {found.begin(), found.end()};
}

/// A Service without selector has its pods, or machines, in objects of their own ("Services without
/// selectors", Kubernetes documentation). Their ports count, and not its targetPort.
void Directory::ReadEndpoints(const kube::Manifest& object) {
  const bool slice = object.id.kind == "EndpointSlice" && object.id.group() == "discovery.k8s.io";
  if (!slice && (object.id.kind != "Endpoints" || !object.id.group().empty())) return;
  const std::string name = slice ? object.Label("kubernetes.io/service-name") : object.id.name;
  const auto found = by_manifest_.find(stream_.Find("", "Service", object.id.ns, name));
  if (found == by_manifest_.end() || services_[found->second].has_selector) return;
  const auto add = [&](const std::string& address, yaml::NodeView ports) {
    for (const yaml::NodeView child : ports.children()) {
      const auto [port_name, protocol, number] =
          child.Resolved().FindGiven<3>({"name", "protocol", "port"});
      services_[found->second].endpoints.push_back(
          {address, port_name.Text(), ParseProtocol(protocol.Text()).value_or(Protocol::kTcp),
           ReadPort(number)});
    }
  };
  for (const yaml::NodeView subset : object.root.Find("subsets").children()) {
    const auto [addresses, ports] = subset.Resolved().FindEach<2>({"addresses", "ports"});
    for (const yaml::NodeView address : addresses.children()) {
      add(address.Resolved().Find("ip").Text(), ports);
    }
  }
  for (const yaml::NodeView endpoint : object.root.Find("endpoints").children()) {
    for (const yaml::NodeView address : endpoint.Resolved().Find("addresses").children()) {
      add(address.Resolved().Text(), object.root.Find("ports"));
    }
  }
}

const Service* Directory::FindService(std::string_view ns, std::string_view name) const {
  const kube::Manifest* manifest = stream_.Find("", "Service", ns, name);
  const auto found = by_manifest_.find(manifest);
  return found == by_manifest_.end() ? nullptr : &services_[found->second];
}

Destination Directory::Follow(std::string& host, std::string_view ns) const {
  Destination found = Find(host, ns);
  const bool qualified = found.qualified;
  for (int i = 0; i < kMostAliases && found.service != nullptr; ++i) {
    if (found.service->external_name.empty()) break;
    const kube::Manifest& alias = *found.service->manifest;
    host = text::LowerCase(found.service->external_name);
    if (host.ends_with('.')) host.pop_back();
    found = Find(host, alias.id.ns);
  }
  if (found.service != nullptr && !found.service->external_name.empty()) return {};
  found.qualified = qualified;
  return found;
}

Destination Directory::Find(std::string_view host, std::string_view ns) const {
  const std::vector<std::string_view> labels = Labels(host);
  if (NamesApiServer(labels, ns) && FindService("default", "kubernetes") == nullptr) {
    return {Destination::Kind::kApiServer, nullptr, "default", labels.size() > 1};
  }
  const auto service = [&](std::string_view space, std::string_view name, bool qualified) {
    const Service* found = FindService(space, name);
    return Destination{found == nullptr ? Destination::Kind::kNothing : Destination::Kind::kService,
                       found, std::string(space), qualified};
  };
  const auto pod = [&](std::string_view space, std::string_view name, bool qualified) {
    Destination found = service(space, name, qualified);
    if (found.service == nullptr) return found;
    const auto has_pod = [&](const kube::Manifest* each) { return IsPodOf(*each, labels.front()); };
    if (std::ranges::none_of(found.service->workloads, has_pod)) return Destination();
    found.kind = Destination::Kind::kPod;
    return found;
  };
  if (labels.empty()) return {};
  if (labels.size() == 1) return service(ns, labels[0], false);
  if (labels.size() == 2) {
    if (Destination found = service(labels[1], labels[0], true); found.service != nullptr) {
      return found;
    }
    return pod(ns, labels[1], false);
  }
  // svc.ns.svc[.domain] and pod.svc.ns.svc[.domain]: `svc` says where the name ends.
  if (labels[2] == "svc") {
    Destination found = service(labels[1], labels[0], true);
    if (found.service == nullptr) found.kind = Destination::Kind::kUnknown;
    return found;
  }
  if (labels.size() > 3 && labels[3] == "svc") {
    Destination found = pod(labels[2], labels[1], true);
    if (found.service == nullptr) {
      return {Destination::Kind::kUnknown, nullptr, std::string(labels[2]), true};
    }
    return found;
  }
  if (labels.size() == 3) return pod(labels[2], labels[1], true);
  return {};
}

}  // namespace cloudlab::policy::network
