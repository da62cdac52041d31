// The one table of workload kinds: where each keeps its pod template (rule G2), and whether it can
// be scaled. No other file may know a path to a pod template.
//
// Custom resources join by `podTemplatePaths` of a Pipeline. A Rollout that borrows the template of
// a Deployment (`spec.workloadRef`) has none of its own.
#pragma once

#include <span>
#include <string_view>

#include "kube/manifest.hpp"
#include "yaml/view.hpp"

namespace cloudlab::kube {

struct WorkloadKind {
  std::string_view group;
  std::string_view kind;
  std::string_view path;        ///< Of the pod template, dotted; empty for a Pod.
  bool scalable = false;        ///< Has `spec.replicas` and a scale subresource.
  bool may_borrow_pod = false;  ///< `spec.workloadRef` names the workload that has the template.
  bool immutable_pod = false;   ///< The API server refuses a changed pod template (rule G3).
};

/// The row of the table for this kind, or null.
const WorkloadKind* FindWorkloadKind(std::string_view group, std::string_view kind);

/// All rows.
std::span<const WorkloadKind> WorkloadKinds();

/// The pod template of `manifest`; false if its kind has none or the template has no `spec` map.
PodTemplate FindPodTemplate(const Manifest& manifest, std::span<const PodTemplatePath> extra = {});

/// True if `spec.replicas` of this object is a number of pods that people and autoscalers set.
bool IsScalable(const ObjectId& id);

/// True if a changed pod template would make the next apply of this object fail: Jobs, unless each
/// apply makes a new one (hooks, generateName).
bool HasImmutablePod(const Manifest& manifest);

}  // namespace cloudlab::kube
