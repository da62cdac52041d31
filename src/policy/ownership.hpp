// The mark by which the next run knows what an earlier one made (design, "Ownership").
//
// An object that a policy made, and a workload into which one put a container, carry
// `cloudlab.dev/managed-by: <policy>[,<policy>...]` among the annotations of the object's own
// metadata. Never in a pod template: there it would restart pods.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kube/manifest.hpp"
#include "kube/pod_template.hpp"
#include "policy/annotations.hpp"
#include "policy/policy.hpp"

namespace cloudlab::policy {

/// The policies that the mark of `manifest` names, in its order.
std::vector<std::string> Managers(const kube::Manifest& manifest);
bool IsManagedBy(const kube::Manifest& manifest, std::string_view policy);
bool IsManagedByAny(const kube::Manifest& manifest, std::span<const std::string> policies);

/// Copies the labels by which people and tools recognise the workload (`app.kubernetes.io/`, rule
/// G5) into the metadata of an object that is made for it; labels that are there stay.
void CopyAppLabels(const kube::Manifest& workload, yaml::Value& metadata);

/// True if `container` was put there by a SidecarPolicy of this run in an earlier run.
bool IsInjected(const kube::Manifest& manifest, const Run& run, const kube::Container& container);
/// The container's type as policies see it: one that was injected is a Sidecar wherever it stands.
kube::ContainerType RoleOf(const kube::Manifest& manifest, const Run& run,
                           const kube::Container& container);

/// Removes `children` of a map or list, and the map or list itself if nothing would be left in it.
/// A child that another policy wants as it is (Proposal::Claim, Proposal::Use) stays.
void RemoveChildren(yaml::NodeView parent, std::span<const yaml::NodeView> children,
                    Proposal& proposal);

/// Brings the mark of a workload up to date after all policies of a stage made their proposals:
/// `owners` put a container into it (Proposal::owns()), `withdrawn` took theirs back (disowns()).
/// Policies of other runs keep their place in it.
void UpdateMark(std::span<const std::string> owners, std::span<const std::string> withdrawn,
                Proposal& proposal);

}  // namespace cloudlab::policy
