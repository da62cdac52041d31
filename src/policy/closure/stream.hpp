// What the closing look needs to know of a stream, gathered once: workloads with their pods as they
// are admitted and the bounds of their number, autoscalers with their targets, budgets, and what
// namespaces demand.
//
// Numbers that cannot be read count as absent. Everything points into the index, which must outlive
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "kube/index.hpp"
#include "kube/limit_range.hpp"
#include "kube/resource_quota.hpp"

namespace cloudlab::policy {

/// The object that an autoscaler names.
struct ScaleTarget {
  std::string group;
  std::string kind;
  std::string ns;
  std::string name;
  yaml::NodeView node;                       ///< The reference.
  const kube::Manifest* manifest = nullptr;  ///< The object, if it is in the stream.

  /// One string for one target.
  std::string Key() const;
  /// "Deployment/shop/cart".
  std::string Display() const;
};

/// A HorizontalPodAutoscaler or ScaledObject.
struct Scaler {
  const kube::Manifest* manifest = nullptr;
  bool keda = false;  ///< A ScaledObject.
  ScaleTarget target = {};
  std::int64_t min = 1;  ///< The default where it says nothing: 1, of KEDA 0.
  std::int64_t max = 1;  ///< Likewise: the larger of 1 and min (it is required), of KEDA 100.
};

/// A VerticalPodAutoscaler.
struct VerticalScaler {
  const kube::Manifest* manifest = nullptr;
  ScaleTarget target = {};
  /// It changes the requests of running pods: its updateMode is neither Off nor Initial.
  bool acts = false;
};

/// A workload with a pod template.
struct ClosureWorkload {
  const kube::Manifest* manifest = nullptr;  ///< Holds the template.
  /// Counts the pods: a Rollout that borrows the template, else `manifest`.
  const kube::Manifest* controller = nullptr;
  kube::PodTemplate pod = {};
  kube::QuotaPod admitted = {};  ///< With what the API server and LimitRanges fill in.
  std::vector<kube::LimitViolation> violations = {};
  std::vector<const Scaler*> scalers = {};
  std::vector<const VerticalScaler*> vertical_scalers = {};
  /// The numbers of pods between which autoscalers move it, else what it states. Where it can be
  /// scaled to nothing the lowest is 1: without pods there is nothing to disturb.
  std::int64_t lowest = 1;
  std::int64_t highest = 1;
};

class ClosureStream {
 public:
  explicit ClosureStream(const kube::Index& index);
  ClosureStream(const ClosureStream&) = delete;
  ClosureStream& operator=(const ClosureStream&) = delete;

  const kube::Index& index() const { return index_; }
  const std::vector<Scaler>& scalers() const { return scalers_; }
  const std::vector<VerticalScaler>& vertical_scalers() const { return vertical_scalers_; }
  const std::vector<ClosureWorkload>& workloads() const { return workloads_; }
  /// The workload that `manifest` is, or whose pods it counts; null if there is none.
  const ClosureWorkload* WorkloadOf(const kube::Manifest* manifest) const;
  /// PodDisruptionBudgets.
  const std::vector<const kube::Manifest*>& budgets() const { return budgets_; }
  const std::vector<kube::ResourceQuota>& quotas() const { return quotas_; }

 private:
  std::optional<Scaler> ReadScaler(const kube::Manifest& manifest) const;
  std::optional<VerticalScaler> ReadVerticalScaler(const kube::Manifest& manifest) const;
  ClosureWorkload ReadWorkload(const kube::Manifest& manifest) const;
  void ReadWorkloads();
  void CountPods(ClosureWorkload& workload) const;
  ScaleTarget ReadTarget(const kube::Manifest& manifest, std::string_view key) const;

  const kube::Index& index_;
  std::vector<Scaler> scalers_;
  std::vector<VerticalScaler> vertical_scalers_;
  std::vector<const kube::Manifest*> budgets_;
  std::vector<kube::ResourceQuota> quotas_;
  std::vector<ClosureWorkload> workloads_;
  std::unordered_map<std::string, std::vector<kube::LimitRange>> limit_ranges_;  // By namespace.
  std::unordered_map<const kube::Manifest*, std::size_t> by_manifest_;
  // The Rollouts that borrow the template of a workload, by that workload.
  std::unordered_map<const kube::Manifest*, const kube::Manifest*> borrowers_;
};

}  // namespace cloudlab::policy
