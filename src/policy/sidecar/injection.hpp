// One sidecar policy at work on one workload: what all parts of it share.
#pragma once

#include <string>
#include <vector>

#include "kube/pod_template.hpp"
#include "policy/conflict.hpp"
#include "policy/policy.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy::sidecar {

/// The first version of Kubernetes with native sidecars.
inline constexpr kube::Version kFirstNative{1, 29, 0};

struct Injection {
  const Policy& policy;
  const Subject& subject;
  const Run& run;
  const kube::PodTemplate& pod;
  Proposal& proposal;
  yaml::Value spec;  ///< With its template variables expanded.
  Conflicts conflicts;
  std::vector<kube::Container> containers;  ///< Of the manifest as it stands.
  bool native = false;                      ///< The container goes to initContainers.
  bool marked = false;                      ///< An earlier run put our container here.

  const yaml::Value* container() const { return spec.Find("container"); }
  std::string container_name() const;
  /// True if the workload's pods are to end by themselves.
  bool IsJob() const {
    const std::string& kind = subject.manifest->id.kind;
    return kind == "Job" || kind == "CronJob";
  }
  /// The manifest's container of our container's name, or null.
  const kube::Container* FindExisting() const;
  /// True if `container` belongs to the chart, not to a sidecar policy.
  bool IsOfChart(const kube::Container& container) const;
  Origin origin() const { return {.profile = {}, .override = subject.override}; }

  /// Says that `node` is as the policy wants it; `of_field` holds for it.
  void Agree(yaml::NodeView node, ConflictPolicy of_field) const {
    InsistsOn(of_field) ? proposal.Claim(node) : proposal.Use(node);
  }

  void AddError(std::string code, std::string message, std::string hint,
                yaml::NodeView node = {}) const {
    proposal.AddFinding(text::Severity::kError, std::move(code), std::move(message), node,
                        std::move(hint));
  }
};

}  // namespace cloudlab::policy::sidecar
