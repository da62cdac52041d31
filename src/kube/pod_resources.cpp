#include "kube/pod_resources.hpp"

#include <algorithm>
#include <array>

namespace cloudlab::kube {
namespace {

constexpr std::string_view kHugePages = "hugepages-";
constexpr std::array<std::string_view, 2> kQosResources{"cpu", "memory"};

void Add(ResourceList& sum, const ResourceList& list) {
  for (const auto& [name, quantity] : list) sum[name] += quantity;
}

void RaiseTo(ResourceList& list, const ResourceList& floor) {
  for (const auto& [name, quantity] : floor) {
    const auto [place, added] = list.try_emplace(name, quantity);
    if (!added && place->second < quantity) place->second = quantity;
  }
}

/// A pod as a whole may only speak of these (component-helpers, IsSupportedPodLevelResource).
bool IsPodLevelResource(std::string_view name) {
  return name == "cpu" || name == "memory" || name.starts_with(kHugePages);
}

/// Running containers and initialisation, without what the pod says as a whole.
ResourceList AggregateRequests(const std::vector<ContainerResources>& containers) {
  ResourceList running;
  ResourceList sidecars;  // Native sidecars that started so far.
  ResourceList worst_init;
  for (const ContainerResources& container : containers) {
    switch (container.type) {
      case ContainerType::kApp:
        Add(running, container.requests);
        break;
      case ContainerType::kSidecar:
        Add(running, container.requests);
        Add(sidecars, container.requests);
        RaiseTo(worst_init, sidecars);
        break;
      case ContainerType::kInit: {
        ResourceList moment = sidecars;
        Add(moment, container.requests);
        RaiseTo(worst_init, moment);
        break;
      }
      case ContainerType::kEphemeral:
        break;  // Cannot have resources.
    }
  }
  RaiseTo(running, worst_init);
  return running;
}

/// What the API server fills in: requests from limits, per container, then for the pod.
void ApplyDefaults(PodResources& pod) {
  for (ContainerResources& container : pod.containers) {
    container.requests.insert(container.limits.begin(), container.limits.end());
  }
  if (pod.pod_limits.empty()) return;
  for (const auto& [name, quantity] : AggregateRequests(pod.containers)) {
    if (name == "cpu" || name == "memory") pod.pod_requests.try_emplace(name, quantity);
  }
  for (const auto& [name, quantity] : pod.pod_limits) {
    if (IsPodLevelResource(name)) pod.pod_requests.try_emplace(name, quantity);
  }
}

/// The quantity of `name` if it counts for the QoS class: present and more than zero.
const Quantity* FindPositive(const ResourceList& list, std::string_view name) {
  const auto found = list.find(name);
  if (found == list.end() || found->second.IsZero() || found->second.IsNegative()) return nullptr;
  return &found->second;
}

/// Why `requests` and `limits` of one subject do not make it Guaranteed; empty if they do.
std::string Obstacle(const ResourceList& requests, const ResourceList& limits) {
  for (const std::string_view name : kQosResources) {
    const Quantity* limit = FindPositive(limits, name);
    if (limit == nullptr) return "has no limits." + std::string(name);
    const Quantity* request = FindPositive(requests, name);
    if (request == nullptr || *request != *limit) {
      const std::string found = request == nullptr ? "0" : request->Print();
      return "has requests." + std::string(name) + " " + found + " under limits." +
             std::string(name) + " " + limit->Print();
    }
  }
  return {};
}

bool AsksForAnything(const ResourceList& requests, const ResourceList& limits) {
  return std::ranges::any_of(kQosResources, [&](std::string_view name) {
    return FindPositive(requests, name) != nullptr || FindPositive(limits, name) != nullptr;
  });
}

}  // namespace

ResourceList ReadResourceList(yaml::NodeView map) {
  ResourceList list;
  for (const yaml::NodeView entry : map.children()) {
    if (const auto quantity = ReadQuantity(entry)) list[entry.Key()] = *quantity;
  }
  return list;
}

PodResources ReadPodLevel(const PodTemplate& pod) {
  PodResources result;
  const auto [resources, overhead] = pod.spec.FindEach<2>({"resources", "overhead"});
  result.pod_requests = ReadResourceList(resources.Find("requests"));
  result.pod_limits = ReadResourceList(resources.Find("limits"));
  result.overhead = ReadResourceList(overhead);
  return result;
}

PodResources ReadPodResources(const PodTemplate& pod) {
  PodResources result = ReadPodLevel(pod);
  for (const Container& container : Containers(pod)) {
    const auto [requests, limits] =
        container.node.Find("resources").FindEach<2>({"requests", "limits"});
    result.containers.push_back({.name = container.name,
                                 .type = container.type,
                                 .requests = ReadResourceList(requests),
                                 .limits = ReadResourceList(limits)});
  }
  return result;
}

ResourceList EffectiveRequest(PodResources pod) {
  ApplyDefaults(pod);
  ResourceList request = AggregateRequests(pod.containers);
  for (const auto& [name, quantity] : pod.pod_requests) {
    if (IsPodLevelResource(name)) request[name] = quantity;
  }
  Add(request, pod.overhead);
  return request;
}

std::string_view Name(QosClass qos) {
  switch (qos) {
    case QosClass::kBestEffort:
      return "BestEffort";
    case QosClass::kBurstable:
      return "Burstable";
    case QosClass::kGuaranteed:
      return "Guaranteed";
  }
  return {};
}

std::optional<QosClass> ParseQosClass(std::string_view name) {
  for (const QosClass qos : {QosClass::kBestEffort, QosClass::kBurstable, QosClass::kGuaranteed}) {
    if (Name(qos) == name) return qos;
  }
  return std::nullopt;
}

std::string ObstacleToGuaranteed(PodResources pod) {
  ApplyDefaults(pod);
  if (pod.HasPodLevel()) {
    const std::string obstacle = Obstacle(pod.pod_requests, pod.pod_limits);
    return obstacle.empty() ? obstacle : "the pod's spec.resources " + obstacle;
  }
  for (const ContainerResources& container : pod.containers) {
    if (container.type == ContainerType::kEphemeral) continue;
    const std::string obstacle = Obstacle(container.requests, container.limits);
    if (!obstacle.empty()) return "container " + container.name + " " + obstacle;
  }
  return {};
}

QosClass Qos(PodResources pod) {
  ApplyDefaults(pod);
  bool anything = AsksForAnything(pod.pod_requests, pod.pod_limits);
  if (!pod.HasPodLevel()) {
    anything = std::ranges::any_of(pod.containers, [](const ContainerResources& container) {
      return AsksForAnything(container.requests, container.limits);
    });
  }
  if (!anything) return QosClass::kBestEffort;
  return ObstacleToGuaranteed(std::move(pod)).empty() ? QosClass::kGuaranteed
                                                      : QosClass::kBurstable;
}

std::string Print(const ResourceList& resources) {
  std::string text;
  for (const auto& [name, quantity] : resources) {
    if (!text.empty()) text += ", ";
    text += name + " " + quantity.Print();
  }
  return text.empty() ? "nothing" : text;
}

bool IsOvercommittable(std::string_view resource) {
  const bool native = resource.find('/') == std::string_view::npos ||
                      resource.find("kubernetes.io/") != std::string_view::npos;
  return native && !resource.starts_with(kHugePages);
}

}  // namespace cloudlab::kube
