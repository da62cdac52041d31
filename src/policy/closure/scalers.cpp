// Who scales what: targets, doubled autoscalers, stated replicas, bounds.

#include <optional>
#include <unordered_map>
#include <utility>

#include "kube/pod_count.hpp"
#include "policy/closure/checks.hpp"

namespace cloudlab::policy {
namespace {

using text::Severity;

/// True if `keda` says that it takes over the HPA `other`.
bool TakesOver(const Scaler& keda, const Scaler& other) {
  if (!keda.keda || other.keda) return false;
  const yaml::NodeView name =
      keda.manifest->root.Find({"spec", "advanced", "horizontalPodAutoscalerConfig", "name"});
  return keda.manifest->Annotation("scaledobject.keda.sh/transfer-hpa-ownership") == "true" &&
         name.TextIs(other.manifest->id.name);
}

void CheckDoubles(const ClosureStream& stream, std::vector<ClosureFinding>& findings) {
  std::unordered_map<std::string, const Scaler*> first;
  for (const Scaler& scaler : stream.scalers()) {
    if (scaler.target.name.empty()) continue;
    const auto [place, added] = first.try_emplace(scaler.target.Key(), &scaler);
    const Scaler& other = *place->second;
    if (added || TakesOver(scaler, other) || TakesOver(other, scaler)) continue;
    findings.push_back(FindingAt(
        "CL-C-TWO-SCALERS", Severity::kError, {scaler.manifest, other.manifest}, scaler.target.node,
        scaler.manifest->id.Display() + " and " + other.manifest->id.Display() + " both scale " +
            scaler.target.Display() + ", each to a number of its own",
        "keep one of them; its metrics may hold those of the other"));
  }
}

/// A reference that names no object which could be scaled. `needs_scale` is false for a
/// VerticalPodAutoscaler, which also knows DaemonSets and Jobs (vpa target/fetcher.go).
std::optional<ClosureFinding> CheckTarget(const ClosureStream& stream, const kube::Manifest& scaler,
                                          const ScaleTarget& target, bool needs_scale) {
  if (target.name.empty()) return std::nullopt;
  const yaml::NodeView kind_node = target.node.Find("kind");
  const kube::WorkloadKind* kind = kube::FindWorkloadKind(target.group, target.kind);
  const bool pod = kind != nullptr && kind->path.empty();
  if (kind != nullptr && (needs_scale ? !kind->scalable : pod)) {
    return FindingAt(
        "CL-C-DANGLING", Severity::kError, {&scaler}, kind_node ? kind_node : target.node,
        scaler.id.Display() + " names " + target.Display() + ", but a " + target.kind +
            " cannot be scaled",
        needs_scale ? "remove it, or name a Deployment or StatefulSet" : "name what makes the Pod");
  }
  if (target.manifest != nullptr) return std::nullopt;
  for (const std::string_view group : {"apps", "", "argoproj.io"}) {
    if (stream.index().Find(group, target.kind, target.ns, target.name) == nullptr) continue;
    const std::string found = group.empty() ? "the core group" : "the group " + std::string(group);
    return FindingAt("CL-C-DANGLING", Severity::kError, {&scaler}, target.node,
                     scaler.id.Display() + " names " + target.Display() + " in " +
                         (target.group.empty() ? "the core group" : "the group " + target.group) +
                         ", but it is in " + found,
                     "mend the apiVersion of the reference");
  }
  return FindingAt(
      "CL-C-DANGLING", Severity::kInfo, {&scaler}, target.node,
      scaler.id.Display() + " names " + target.Display() + ", which is not in the stream",
      "nothing to do if it lives in the cluster");
}

/// An HPA without apiVersion in its reference finds nothing: its controller asks for the kind in
/// the core group (podautoscaler/horizontal.go). KEDA and the VPA know their ways.
bool LacksVersion(const Scaler& scaler) {
  return !scaler.keda && scaler.target.node && !scaler.target.node.Find("apiVersion") &&
         scaler.target.kind != "ReplicationController";
}

void CheckTargets(const ClosureStream& stream, std::vector<ClosureFinding>& findings) {
  for (const Scaler& scaler : stream.scalers()) {
    if (auto finding = CheckTarget(stream, *scaler.manifest, scaler.target, true)) {
      findings.push_back(*std::move(finding));
    } else if (LacksVersion(scaler)) {
      findings.push_back(
          FindingAt("CL-C-DANGLING", Severity::kError, {scaler.manifest}, scaler.target.node,
                    scaler.manifest->id.Display() + " names " + scaler.target.Display() +
                        " without an apiVersion, and is then looked for in the core group",
                    "add `apiVersion: apps/v1` to the reference"));
    }
  }
  for (const VerticalScaler& scaler : stream.vertical_scalers()) {
    if (auto finding = CheckTarget(stream, *scaler.manifest, scaler.target, false)) {
      findings.push_back(*std::move(finding));
    }
  }
}

void CheckReplicas(const ClosureStream& stream, std::vector<ClosureFinding>& findings) {
  for (const Scaler& scaler : stream.scalers()) {
    const kube::Manifest* target = scaler.target.manifest;
    if (target == nullptr || !kube::IsScalable(target->id)) continue;
    const yaml::NodeView replicas = target->root.Find({"spec", "replicas"});
    if (!replicas || replicas.IsNull()) continue;
    if (kube::ReadCount(replicas) == 0) {
      findings.push_back(FindingAt("CL-C-REPLICAS", Severity::kInfo, {target, scaler.manifest},
                                   replicas,
                                   target->id.Display() + " states 0 replicas, which switches " +
                                       scaler.manifest->id.Display() + " off",
                                   "remove spec.replicas when it shall run again"));
      continue;
    }
    findings.push_back(FindingAt("CL-C-REPLICAS", Severity::kWarning, {target, scaler.manifest},
                                 replicas,
                                 target->id.Display() + " states " + replicas.Text() +
                                     " replicas, and each apply takes the number back that " +
                                     scaler.manifest->id.Display() + " has set",
                                 "remove spec.replicas"));
  }
}

/// Why no number of pods lies within the bounds; empty if one does.
std::string BoundsProblem(const Scaler& scaler) {
  const yaml::NodeView spec = scaler.manifest->root.Find("spec");
  const std::string min_name = scaler.keda ? "minReplicaCount" : "minReplicas";
  const std::string max_name = scaler.keda ? "maxReplicaCount" : "maxReplicas";
  std::string min = min_name + " " + std::to_string(scaler.min);
  if (scaler.min > scaler.max) return min + " over " + max_name + " " + std::to_string(scaler.max);
  if (scaler.min < 0) return min;
  if (scaler.max < 1) return max_name + " " + std::to_string(scaler.max);
  const auto idle = kube::ReadCount(spec.Find("idleReplicaCount"));
  // The webhook of KEDA: fewer pods while idle than at least while busy.
  if (scaler.keda && idle && *idle >= scaler.min) {
    return "idleReplicaCount " + std::to_string(*idle) + " not under " + min;
  }
  return {};
}

void CheckBounds(const ClosureStream& stream, std::vector<ClosureFinding>& findings) {
  for (const Scaler& scaler : stream.scalers()) {
    const yaml::NodeView spec = scaler.manifest->root.Find("spec");
    const yaml::NodeView node = spec.Find(scaler.keda ? "minReplicaCount" : "minReplicas");
    const std::string problem = BoundsProblem(scaler);
    if (!problem.empty()) {
      findings.push_back(FindingAt("CL-C-MIN-MAX", Severity::kError, {scaler.manifest},
                                   node ? node : spec,
                                   scaler.manifest->id.Display() + " has " + problem,
                                   "a minimum is at least 1 and at most the maximum"));
    } else if (!scaler.keda && scaler.min == 0) {
      findings.push_back(FindingAt(
          "CL-C-MIN-MAX", Severity::kWarning, {scaler.manifest}, node,
          scaler.manifest->id.Display() +
              " has minReplicas 0, which clusters refuse without the feature gate HPAScaleToZero",
          "write 1, or scale to zero with a ScaledObject of KEDA"));
    }
  }
}

}  // namespace

void CheckScalers(const ClosureStream& stream, std::vector<ClosureFinding>& findings) {
  CheckDoubles(stream, findings);
  CheckTargets(stream, findings);
  CheckReplicas(stream, findings);
  CheckBounds(stream, findings);
}

}  // namespace cloudlab::policy
