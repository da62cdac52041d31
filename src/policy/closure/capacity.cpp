// What a namespace demands of its pods, and what containers demand of their limits.

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "kube/pod_count.hpp"
#include "policy/closure/checks.hpp"
#include "policy/runtime_flags.hpp"

namespace cloudlab::policy {
namespace {

using text::Severity;

/// Where to point for one container: at its resources, else at itself, else at the pod.
yaml::NodeView NodeOf(const ClosureWorkload& workload, const std::string& container) {
  for (const kube::Container& candidate : kube::Containers(workload.pod)) {
    if (candidate.name != container) continue;
    const yaml::NodeView resources = candidate.node.Find("resources");
    return resources ? resources : candidate.node;
  }
  return workload.pod.spec;
}

std::vector<const kube::Manifest*> With(const kube::Manifest* first, const kube::Manifest* second) {
  std::vector<const kube::Manifest*> objects{first};
  if (second != nullptr) objects.push_back(second);
  return objects;
}

void CheckLimitRanges(const ClosureStream& stream, std::vector<ClosureFinding>& findings) {
  for (const ClosureWorkload& workload : stream.workloads()) {
    for (const kube::LimitViolation& violation : workload.violations) {
      findings.push_back(
          FindingAt("CL-C-LIMIT-RANGE", Severity::kError,
                    With(workload.manifest, stream.index().Find(violation.limit_range)),
                    NodeOf(workload, violation.container),
                    "pods of " + workload.manifest->id.Display() + " are refused by " +
                        violation.limit_range.Display() + ": " + violation.Describe(),
                    "change the resources, or the LimitRange"));
    }
  }
}

/// The containers that do not say what the quota wants said: one finding for each workload.
void CheckStated(const kube::ResourceQuota& quota, const kube::Manifest* quota_manifest,
                 const ClosureWorkload& workload, std::vector<ClosureFinding>& findings) {
  const auto unstated = kube::FindUnstated(quota, workload.admitted);
  if (unstated.empty()) return;
  std::string list;
  for (const kube::UnstatedResource& item : unstated) {
    const bool bare = item.resource.find('.') == std::string::npos;
    list += (list.empty() ? "" : ", ") + std::string(bare ? "requests." : "") + item.resource +
            " in " + item.container;
  }
  findings.push_back(FindingAt("CL-C-QUOTA", Severity::kError,
                               With(workload.manifest, quota_manifest),
                               NodeOf(workload, unstated.front().container),
                               "pods of " + workload.manifest->id.Display() + " are refused by " +
                                   quota.id.Display() + ", which wants " + list,
                               "state it, or add a LimitRange with defaults"));
}

/// The sums of one quota over the workloads of its namespace.
void CheckSums(const kube::ResourceQuota& quota, const kube::Manifest* quota_manifest,
               const std::vector<const ClosureWorkload*>& workloads,
               std::vector<ClosureFinding>& findings) {
  std::vector<kube::PodDemand> demands;
  std::vector<const kube::Manifest*> objects{quota_manifest};
  for (const ClosureWorkload* workload : workloads) {
    const std::int64_t surge = kube::RollingSurge(*workload->controller, workload->highest);
    demands.push_back({.pod = &workload->admitted, .count = workload->highest + surge});
    if (kube::Covers(quota, workload->admitted)) objects.push_back(workload->manifest);
  }
  for (const kube::Overcommitment& over : kube::Overcommitted(quota, demands)) {
    const yaml::NodeView node = quota.node.Find(over.resource);
    findings.push_back(
        FindingAt("CL-C-QUOTA", Severity::kWarning, objects, node,
                  quota.id.Display() + " has " + over.resource + " " + over.hard.Print() +
                      ", but the pods of the stream use " + over.used.Print() +
                      " when all run at their most and are rolled out",
                  "lower the maxima or the requests, or raise the quota to " + over.used.Print()));
  }
}

void CheckQuotas(const ClosureStream& stream, std::vector<ClosureFinding>& findings) {
  if (stream.quotas().empty()) return;
  std::unordered_map<std::string, std::vector<const ClosureWorkload*>> by_namespace;
  for (const ClosureWorkload& workload : stream.workloads()) {
    if (!workload.manifest->hook) by_namespace[workload.manifest->id.ns].push_back(&workload);
  }
  for (const kube::ResourceQuota& quota : stream.quotas()) {
    const auto found = by_namespace.find(quota.id.ns);
    const kube::Manifest* manifest = stream.index().Find(quota.id);
    if (found == by_namespace.end() || manifest == nullptr) continue;
    for (const ClosureWorkload* workload : found->second) {
      CheckStated(quota, manifest, *workload, findings);
    }
    CheckSums(quota, manifest, found->second, findings);
  }
}

}  // namespace

void CheckCapacity(const ClosureStream& stream, std::vector<ClosureFinding>& findings) {
  CheckLimitRanges(stream, findings);
  CheckQuotas(stream, findings);
}

void CheckRuntimes(const ClosureStream& stream, std::vector<ClosureFinding>& findings) {
  for (const ClosureWorkload& workload : stream.workloads()) {
    const auto& admitted = workload.admitted.resources.containers;
    const std::vector<kube::Container> containers = kube::Containers(workload.pod);
    // Both lists are in one order.
    for (std::size_t i = 0; i < std::min(containers.size(), admitted.size()); ++i) {
      const kube::Container& container = containers[i];
      if (container.type == kube::ContainerType::kEphemeral) continue;
      for (RuntimeFinding& found :
           CheckRuntime(ReadRuntimeSettings(container, admitted[i].limits))) {
        findings.push_back(FindingAt("CL-C-RUNTIME", Severity::kWarning, {workload.manifest},
                                     found.node,
                                     "container " + container.name + " of " +
                                         workload.manifest->id.Display() + ": " + found.message,
                                     std::move(found.hint)));
      }
    }
  }
}

}  // namespace cloudlab::policy
