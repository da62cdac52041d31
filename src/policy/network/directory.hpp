// What a host name means inside the cluster, as the stream tells: Services and the workloads behind
// them, pods of StatefulSets, names outside.
//
// Names are those of "DNS for Services and Pods" (Kubernetes documentation): `svc`, `svc.ns`,
// `svc.ns.svc`, with a cluster domain behind it, and `pod.svc...` for pods of a headless Service.
// A Service for one pod of a StatefulSet (statefulset.kubernetes.io/pod-name) leads to all of it. A
// Service without selector stands for the addresses that Endpoints or EndpointSlices of the stream
// give it, and an ExternalName for a host outside. The own node is a place too, as pods know its
// address (status.hostIP): agents listen there by hostPort.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kube/index.hpp"
#include "kube/pod_index.hpp"
#include "policy/network/protocol.hpp"

namespace cloudlab::policy::network {

/// A port of a Service.
struct ServicePort {
  std::string name = {};
  Protocol protocol = Protocol::kTcp;
  std::uint16_t number = 0;
  std::uint16_t target = 0;      ///< targetPort; 0 if it is a name.
  std::string target_name = {};  ///< targetPort, if it is a name.
};

/// An address that somebody wrote down for a Service without selector.
struct Endpoint {
  std::string address;
  std::string port_name;
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
};

struct Service {
  const kube::Manifest* manifest = nullptr;
  std::vector<ServicePort> ports;
  std::vector<const kube::Manifest*> workloads;  ///< Whose pods it selects, in stream order.
  std::vector<Endpoint> endpoints;               ///< Of one without selector.
  std::string external_name;                     ///< Of an ExternalName Service; else empty.
  bool headless = false;                         ///< clusterIP: None: names lead to the pods.
  bool has_selector = false;
};

/// A port of a node that leads to the pods of a workload.
struct HostPort {
  const kube::Manifest* workload = nullptr;
  ServicePort port;  ///< `number` on the node, `target` in the pod.
};

/// Stands for the address of the own node, which no stream knows (RFC 2606 keeps it from being
/// one).
inline constexpr std::string_view kOwnNode = "node.invalid";

/// What a name leads to.
struct Destination {
  enum class Kind : std::uint8_t {
    kNothing,  ///< No name of the cluster; perhaps one outside.
    kService,
    kPod,        ///< One pod of the workload behind a headless Service.
    kApiServer,  ///< The Service `kubernetes` of `default`, which every cluster has.
    kUnknown,    ///< Certainly a name inside the cluster (`x.ns.svc`), but not of the stream.
  };
  Kind kind = Kind::kNothing;
  const Service* service = nullptr;
  std::string ns;          ///< Of the Service, known or not.
  bool qualified = false;  ///< The name says its namespace.
};

class Directory {
 public:
  /// Both must outlive it.
  Directory(const kube::Index& stream, const kube::PodIndex& pods);

  /// What `host` means to a pod in namespace `ns`.
  Destination Find(std::string_view host, std::string_view ns) const;
  /// The same of what `host` stands for if it is an ExternalName; `host` becomes that name.
  Destination Follow(std::string& host, std::string_view ns) const;
  const Service* FindService(std::string_view ns, std::string_view name) const;
  /// What can be reached on the own node at `number`, in the order of the stream.
  std::vector<HostPort> OnNode(std::uint16_t number) const;
  const std::vector<Service>& services() const { return services_; }

 private:
  Service ReadService(const kube::Manifest& manifest, const kube::PodIndex& pods) const;
  void ReadEndpoints(const kube::Manifest& object);
  std::vector<const kube::Manifest*> WorkloadsBehind(const kube::Manifest& service,
                                                     yaml::NodeView selector,
                                                     const kube::PodIndex& pods) const;
  void AddHostPorts(const kube::Manifest& workload);

  const kube::Index& stream_;
  std::vector<Service> services_;
  std::vector<HostPort> host_ports_;  // By number, then as they stand.
  std::unordered_map<const kube::Manifest*, std::size_t> by_manifest_;
};

/// True if `name` is that of a pod of `workload`: a StatefulSet numbers them, a Pod is its own.
bool IsPodOf(const kube::Manifest& workload, std::string_view name);
/// The port number at `node`; 0 if it is none.
std::uint16_t ReadPort(yaml::NodeView node);
/// The number of a container port of `workload` by name and protocol; 0 if there is none.
std::uint16_t NumberOfPort(const kube::Manifest& workload, std::string_view name,
                           Protocol protocol);
/// The port of `workload` that `port` of a Service leads to; 0 if its name is none of the pod's.
std::uint16_t TargetOf(const ServicePort& port, const kube::Manifest& workload);

}  // namespace cloudlab::policy::network
