// Whole objects that a sidecar brings along: its ConfigMap, its ServiceAccount.
//
// An object is made for each selected workload; what several workloads ask for in the same words is
// made once. It carries the policy's mark. An object of the chart of the same identity wins; one
// that an earlier run made is brought up to date.
//
// Refused: lists, policy documents, kinds with a pod template (they belong into a chart, where
// other policies can select them), names that are no names, and two workloads that want different
// objects of one identity.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/sidecar/injection.hpp"

namespace cloudlab::policy::sidecar {

/// Proposes the objects of the policy for one workload.
void ProposeObjects(Injection& injection);

}  // namespace cloudlab::policy::sidecar

namespace cloudlab::policy {

/// All new objects of a run, each once.
class ObjectPool {
 public:
  /// Adds `object`, or does nothing if an equal one is there. An error if a different one is.
  std::optional<text::Diagnostic> Add(NewObject object);

  /// Forgets the workloads of documents that `is_out`: what nobody else wants is dropped, the rest
  /// belongs to the next one that asked for it, and is told to `moved`.
  void Forget(const std::function<bool(std::size_t document)>& is_out,
              const std::function<void(NewObject& object)>& moved);

  /// In the order in which they were first asked for. They stay where they are when others come.
  const std::deque<NewObject>& objects() const { return objects_; }
  bool Contains(const kube::ObjectId& id) const { return places_.contains(id); }

 private:
  /// Without the version: one object has one identity under all of them.
  struct Identity {
    std::size_t operator()(const kube::ObjectId& id) const;
    bool operator()(const kube::ObjectId& a, const kube::ObjectId& b) const;
  };
  using IdentityRef = std::reference_wrapper<const kube::ObjectId>;

  std::deque<NewObject> objects_;
  std::unordered_map<IdentityRef, std::size_t, Identity, Identity> places_;  // Ids of objects_.
};

/// Makes an object of an earlier run say what `content` says. `proposal` is for that object.
/// Annotations and labels that other tools added stay.
void UpdateObject(const yaml::Value& content, Proposal& proposal);

/// True if UpdateObject() would change something in `existing`.
bool WouldChange(const kube::Manifest& existing, const yaml::Value& content);

/// The objects of the stream that one of `policies` (names) made in an earlier run and that nobody
/// asked for in this one.
std::vector<const kube::Manifest*> FindOrphans(const kube::Index& index,
                                               std::span<const std::string> policies,
                                               const ObjectPool& wanted);

}  // namespace cloudlab::policy
