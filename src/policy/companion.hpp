// Objects that policies make for a workload: how they are named and marked, and how they find its
// pods.
#pragma once

#include <optional>
#include <string>

#include "kube/index.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy {

/// The metadata of an object that `policy` makes for `workload`: named after it (with its kind
/// behind it where another workload of the stream has the same name), in its namespace where it
/// names one, with its `app.kubernetes.io/` labels and our mark (rule G5).
yaml::Value CompanionMetadata(const kube::Manifest& workload, const std::string& policy,
                              const kube::Index& stream);

/// `spec.selector` of the workload as a label selector, word for word (rules C7, D1); nothing if it
/// has none.
std::optional<yaml::Value> PodSelectorOf(const kube::Manifest& workload);

}  // namespace cloudlab::policy
