// What a pod asks for as a whole: the request that the scheduler counts and the QoS class that the
// kubelet derives, computed from a small model that policies may change before they write.
//
// Sources: k8s.io/component-helpers resource/helpers.go (PodRequests), kubernetes
// pkg/apis/core/v1/defaults.go (requests that default to limits) and helper/qos (QoS classes).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/pod_template.hpp"
#include "kube/quantity.hpp"

namespace cloudlab::kube {

/// Resource name ("cpu") -> quantity.
using ResourceList = std::map<std::string, Quantity, std::less<>>;

struct ContainerResources {
  std::string name;
  ContainerType type = ContainerType::kApp;
  ResourceList requests;
  ResourceList limits;
};

struct PodResources {
  std::vector<ContainerResources> containers;  ///< In the order of Containers().
  ResourceList pod_requests;                   ///< `spec.resources` of the pod (1.34 and later).
  ResourceList pod_limits;
  ResourceList overhead;

  bool HasPodLevel() const { return !pod_requests.empty() || !pod_limits.empty(); }
};

/// The quantities of a `requests`, `limits` or `overhead` map; unreadable ones are left out.
ResourceList ReadResourceList(yaml::NodeView map);
PodResources ReadPodResources(const PodTemplate& pod);
/// What the pod says as a whole, without its containers.
PodResources ReadPodLevel(const PodTemplate& pod);

/// The request that the scheduler counts (rule B4): the larger of the running containers and the
/// worst moment of initialisation, or what the pod itself says, plus overhead. Requests that
/// default to limits are counted.
ResourceList EffectiveRequest(PodResources pod);

enum class QosClass : std::uint8_t { kBestEffort, kBurstable, kGuaranteed };
std::string_view Name(QosClass qos);
std::optional<QosClass> ParseQosClass(std::string_view name);

/// The class of the pod (rule B5), init containers counted.
QosClass Qos(PodResources pod);
/// Why the pod is not Guaranteed, naming the first container and field at fault; empty if it is.
std::string ObstacleToGuaranteed(PodResources pod);

/// "cpu 550m, memory 576Mi", or "nothing".
std::string Print(const ResourceList& resources);

/// False for hugepages and extended resources (`nvidia.com/gpu`): their request must equal their
/// limit (rule B8; kubernetes, IsOvercommitAllowed).
bool IsOvercommittable(std::string_view resource);

}  // namespace cloudlab::kube
