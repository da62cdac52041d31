// Annotations and labels of the pod template: those that a policy names, and those that its presets
// stand for.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/sidecar/injection.hpp"

namespace cloudlab::policy::sidecar {

/// What shall stand in the metadata of the pod template, in the order of the policy.
struct PodMetadata {
  using Entries = std::vector<std::pair<std::string, std::string>>;
  Entries annotations;
  Entries labels;

  /// Null if the policy says nothing of `key`.
  static const std::string* Find(const Entries& entries, std::string_view key);
};

/// Reads podAnnotations, podLabels and presets. What is wrong with them goes to the proposal.
PodMetadata WantedMetadata(const Injection& injection);

void ProposeMetadata(Injection& injection, const PodMetadata& metadata);
/// Takes out what has exactly the value that the policy gives it.
void RemoveMetadata(Injection& injection, const PodMetadata& metadata);

}  // namespace cloudlab::policy::sidecar
