// The workload that a policy makes objects for: what every part of the policy asks about it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kube/pod_resources.hpp"
#include "policy/conflict.hpp"
#include "policy/policy.hpp"
#include "policy/text_at.hpp"

namespace cloudlab::policy::autoscaling {

/// How many pods there may be.
struct Bounds {
  std::int64_t least = 1;
  std::int64_t most = 1;
};

class Target {
 public:
  Target(const Policy& policy, const Subject& subject, const Run& run, Proposal& proposal);

  const kube::Manifest& manifest() const { return *subject_.manifest; }
  /// With the effective namespace.
  const kube::ObjectId& id() const { return id_; }
  const yaml::Value& spec() const { return *subject_.spec; }
  const Subject& subject() const { return subject_; }
  const Run& run() const { return run_; }
  const kube::PodTemplate& pod() const { return manifest().pod; }
  Proposal& proposal() const { return proposal_; }
  ConflictPolicy conflicts() const { return conflicts_.Of(""); }

  /// The containers that belong to the application: not init containers, not sidecars.
  const std::vector<std::string>& app_containers() const { return app_containers_; }
  /// The one that people mean when they speak of the workload: the annotation
  /// kubectl.kubernetes.io/default-container, else the first.
  const std::string& main_container() const { return main_container_; }
  /// True if a mesh puts a proxy into the pods when they are created: it is not in the manifest.
  bool joins_mesh() const { return joins_mesh_; }

  /// What counts the pods: the Rollout that borrows the template (`workloadRef`), else the
  /// workload.
  const kube::Manifest& controller() const { return *controller_; }
  bool is_borrowed() const { return controller_ != subject_.manifest; }
  /// `spec.replicas` of the controller as it stands now; nothing if it does not say.
  std::optional<std::int64_t> replicas() const { return replicas_; }
  /// minReplicas and maxReplicas of the policy, else of the environment profile, else the replicas
  /// of the workload's tier; nothing, after a finding, if they make no sense.
  std::optional<Bounds> ReadBounds() const;

  bool IsOurs(const kube::Manifest& object) const;
  /// True for what no policy of this run made.
  bool IsForeign(const kube::Manifest& object) const {
    return !IsOurs(object) && UnlessOfAnother(&object) != nullptr;
  }
  /// The autoscaler of the stream for this workload that the policy has to reckon with, or null;
  /// one that is not ours before one that is.
  /// One that another policy of this run made is not in the first run's stream, so it counts in
  /// none.
  const kube::Manifest* ExistingScaler() const;
  const kube::Manifest* ExistingVerticalScaler() const;
  /// The chart's VerticalPodAutoscaler that changes running pods, if it moves one of `resources`.
  const kube::Manifest* VerticalScalerOf(const std::vector<std::string>& resources) const;
  /// The content of the autoscaler that another policy of this run makes for this workload, or
  /// null.
  const yaml::Value* ScalerOfAnother() const;
  /// An object in the workload's namespace with our mark and the workload's labels.
  /// Named after the workload, and after its kind if another workload has the same name.
  yaml::Value NewObject(const std::string& api_version, const std::string& kind,
                        yaml::Value spec) const;
  /// Proposes an object that NewObject() began.
  void Add(yaml::Value object) const;
  /// A reference as autoscalers write it: apiVersion, kind, name.
  yaml::Value Reference() const;
  /// `spec.selector` verbatim; nothing if the workload has none.
  std::optional<yaml::Value> Selector() const;

  /// False if nobody will read findings of severity kInfo: Tell() leaves them out.
  bool explains() const { return run_.explain; }
  void Skip(const std::string& code, const std::string& message) const;
  void Tell(text::Severity severity, const std::string& code, const std::string& message,
            yaml::NodeView node = {}, const std::string& hint = {}) const;

 private:
  void ReadContainers();
  std::string NearestMark(std::string_view key) const;
  std::optional<std::int64_t> LeastOfTier() const;
  const kube::Manifest* UnlessOfAnother(const kube::Manifest* object) const;
  const kube::Manifest* ForeignFirst(const std::vector<const kube::Manifest*>& objects) const;

  const Policy& policy_;
  const Subject& subject_;
  const Run& run_;
  Proposal& proposal_;
  kube::ObjectId id_;
  const kube::Manifest* controller_ = nullptr;
  Conflicts conflicts_;
  std::vector<std::string> app_containers_;
  std::string main_container_;
  bool joins_mesh_ = false;
  std::optional<std::int64_t> replicas_;
  mutable std::optional<yaml::Value> metadata_;  // Of every object that is made.
};

/// `name` (minReplicas, maxReplicas) of the policy, else of the environment profile, or nothing.
std::optional<std::int64_t> StatedBound(const Subject& subject, std::string_view name);
/// The whole number at `key` of `map`, or nothing.
std::optional<std::int64_t> IntAt(const yaml::Value& map, std::string_view key);
std::optional<std::int64_t> ParseInt(std::string_view text);

}  // namespace cloudlab::policy::autoscaling
