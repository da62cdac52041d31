#include "policy/closure/stream.hpp"

#include <algorithm>
#include <utility>

#include "base/parallel.hpp"
#include "kube/pod_count.hpp"

namespace cloudlab::policy {
namespace {

/// KEDA's defaults (keda apis/keda/v1alpha1/scaledobject_types.go).
constexpr std::int64_t kKedaMin = 0;
constexpr std::int64_t kKedaMax = 100;

bool Is(const kube::Manifest& manifest, std::string_view group, std::string_view kind) {
  return manifest.id.kind == kind && manifest.id.group() == group;
}

}  // namespace

std::string ScaleTarget::Key() const {
  std::string key;
  for (const std::string& part : {group, kind, ns, name}) {
    key += part;
    key += '\0';
  }
  return key;
}

std::string ScaleTarget::Display() const { return kube::ObjectId{{}, kind, ns, name}.Display(); }

ClosureStream::ClosureStream(const kube::Index& index) : index_(index) {
  const std::vector<kube::Manifest>& manifests = index.manifests();
  for (const kube::Manifest& manifest : manifests) {
    if (Is(manifest, "", "LimitRange")) {
      limit_ranges_[manifest.id.ns].push_back(kube::ReadLimitRange(manifest));
    } else if (Is(manifest, "", "ResourceQuota")) {
      quotas_.push_back(kube::ReadResourceQuota(manifest));
    } else if (Is(manifest, "policy", "PodDisruptionBudget")) {
      budgets_.push_back(&manifest);
    } else if (Is(manifest, "argoproj.io", "Rollout")) {
      const ScaleTarget target = ReadTarget(manifest, "workloadRef");
      if (target.manifest != nullptr) borrowers_.try_emplace(target.manifest, &manifest);
    }
  }
  scalers_ =
      CollectFromChunks<Scaler>(manifests.size(), [&](std::size_t i, std::vector<Scaler>& found) {
        if (auto scaler = ReadScaler(manifests[i])) found.push_back(*std::move(scaler));
      });
  for (const kube::Manifest& manifest : manifests) {
    if (auto scaler = ReadVerticalScaler(manifest)) {
      vertical_scalers_.push_back(*std::move(scaler));
    }
  }
  ReadWorkloads();
}

ScaleTarget ClosureStream::ReadTarget(const kube::Manifest& manifest, std::string_view key) const {
  ScaleTarget target;
  target.node = manifest.root.Find({"spec", key});
  if (!target.node) return target;
  // KEDA takes a Deployment where no kind is named; the others require one.
  const yaml::NodeView kind = target.node.Find("kind");
  target.group = kube::ReferenceGroup(target.node);
  target.kind = kind ? kind.Text() : "Deployment";
  target.ns = manifest.id.ns;
  target.name = target.node.Find("name").Text();
  target.manifest = index_.Find(target.group, target.kind, target.ns, target.name);
  return target;
}

std::optional<Scaler> ClosureStream::ReadScaler(const kube::Manifest& manifest) const {
  const bool keda = Is(manifest, "keda.sh", "ScaledObject");
  if (!keda && !Is(manifest, "autoscaling", "HorizontalPodAutoscaler")) return std::nullopt;
  Scaler scaler{
      .manifest = &manifest, .keda = keda, .target = ReadTarget(manifest, "scaleTargetRef")};
  const yaml::NodeView spec = manifest.root.Find("spec");
  if (keda) {
    scaler.min = kube::ReadCount(spec.Find("minReplicaCount")).value_or(kKedaMin);
    scaler.max = kube::ReadCount(spec.Find("maxReplicaCount")).value_or(kKedaMax);
  } else {
    scaler.min = kube::ReadCount(spec.Find("minReplicas")).value_or(1);
    scaler.max =
        kube::ReadCount(spec.Find("maxReplicas")).value_or(std::max<std::int64_t>(1, scaler.min));
  }
  return scaler;
}

std::optional<VerticalScaler> ClosureStream::ReadVerticalScaler(
    const kube::Manifest& manifest) const {
  if (!Is(manifest, "autoscaling.k8s.io", "VerticalPodAutoscaler")) return std::nullopt;
  const yaml::NodeView mode = manifest.root.Find({"spec", "updatePolicy", "updateMode"});
  return VerticalScaler{.manifest = &manifest,
                        .target = ReadTarget(manifest, "targetRef"),
                        .acts = !mode.TextIs("Off") && !mode.TextIs("Initial")};
}

ClosureWorkload ClosureStream::ReadWorkload(const kube::Manifest& manifest) const {
  ClosureWorkload workload{.manifest = &manifest, .controller = &manifest, .pod = manifest.pod};
  const auto borrower = borrowers_.find(&manifest);
  if (borrower != borrowers_.end()) workload.controller = borrower->second;
  kube::PodResources resources = kube::ReadPodResources(manifest.pod);
  const auto ranges = limit_ranges_.find(manifest.id.ns);
  if (ranges == limit_ranges_.end()) {
    kube::ApplyRequestDefaults(resources);
  } else {
    workload.violations = kube::ApplyLimitRanges(ranges->second, resources);
  }
  workload.admitted = kube::ReadQuotaPod(manifest.pod, std::move(resources));
  return workload;
}

void ClosureStream::ReadWorkloads() {
  const std::vector<kube::Manifest>& manifests = index_.manifests();
  workloads_ = CollectFromChunks<ClosureWorkload>(
      manifests.size(), [&](std::size_t i, std::vector<ClosureWorkload>& found) {
        if (manifests[i].pod) found.push_back(ReadWorkload(manifests[i]));
      });
  by_manifest_.reserve(workloads_.size());
  for (std::size_t i = 0; i < workloads_.size(); ++i) {
    by_manifest_.try_emplace(workloads_[i].manifest, i);
    by_manifest_.try_emplace(workloads_[i].controller, i);
  }
  for (const Scaler& scaler : scalers_) {
    const auto found = by_manifest_.find(scaler.target.manifest);
    if (found != by_manifest_.end()) workloads_[found->second].scalers.push_back(&scaler);
  }
  for (const VerticalScaler& scaler : vertical_scalers_) {
    const auto found = by_manifest_.find(scaler.target.manifest);
    if (found != by_manifest_.end()) workloads_[found->second].vertical_scalers.push_back(&scaler);
  }
  for (ClosureWorkload& workload : workloads_) CountPods(workload);
}

void ClosureStream::CountPods(ClosureWorkload& workload) const {
  workload.lowest = workload.highest = kube::StatedPods(*workload.controller);
  if (workload.scalers.empty()) return;
  workload.lowest = workload.scalers.front()->min;
  workload.highest = workload.scalers.front()->max;
  for (const Scaler* scaler : workload.scalers) {
    workload.lowest = std::min(workload.lowest, scaler->min);
    workload.highest = std::max({workload.highest, scaler->min, scaler->max});
  }
  workload.lowest = std::max<std::int64_t>(1, workload.lowest);
}

const ClosureWorkload* ClosureStream::WorkloadOf(const kube::Manifest* manifest) const {
  const auto found = by_manifest_.find(manifest);
  return found == by_manifest_.end() ? nullptr : &workloads_[found->second];
}

}  // namespace cloudlab::policy
