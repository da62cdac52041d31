// Source of the order: helm pkg/releaseutil/kind_sorter.go (3.19) and its successor in Helm 4.2.

#include "kube/install_order.hpp"

#include <algorithm>
#include <array>

namespace cloudlab::kube {
namespace {

constexpr std::string_view kCrd = "CustomResourceDefinition";

constexpr std::array<std::string_view, 38> kOrder{
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    kCrd,
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    // Helm 4 only:
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
};
constexpr std::size_t kHelm3Kinds = 36;

/// The rank of `kind`, or one past the last rank if Helm does not know it.
std::size_t Rank(InstallOrder order, std::string_view kind) {
  const std::size_t known = order == InstallOrder::kHelm3 ? kHelm3Kinds : kOrder.size();
  const auto* end = kOrder.begin() + known;
  return static_cast<std::size_t>(std::find(kOrder.begin(), end, kind) - kOrder.begin());
}

std::size_t LeadingCrds(std::span<const std::string_view> kinds) {
  const auto first =
      std::ranges::find_if(kinds, [](std::string_view kind) { return kind != kCrd; });
  return static_cast<std::size_t>(first - kinds.begin());
}

}  // namespace

bool InstallsBefore(InstallOrder order, std::string_view a, std::string_view b) {
  const std::size_t rank_a = Rank(order, a);
  const std::size_t rank_b = Rank(order, b);
  if (rank_a != rank_b) return rank_a < rank_b;
  const std::size_t known = order == InstallOrder::kHelm3 ? kHelm3Kinds : kOrder.size();
  return rank_a == known && a < b;
}

std::optional<InstallOrder> FindInstallOrder(std::span<const std::string_view> kinds) {
  const auto rest = kinds.subspan(LeadingCrds(kinds));
  for (const InstallOrder order : {InstallOrder::kHelm3, InstallOrder::kHelm4}) {
    const auto before = [order](std::string_view a, std::string_view b) {
      return InstallsBefore(order, a, b);
    };
    if (std::ranges::is_sorted(rest, before)) return order;
  }
  return std::nullopt;
}

std::size_t InstallPlace(InstallOrder order, std::span<const std::string_view> kinds,
                         std::string_view kind) {
  const auto rest = kinds.subspan(LeadingCrds(kinds));
  const auto place = std::upper_bound(
      rest.begin(), rest.end(), kind,
      [order](std::string_view a, std::string_view b) { return InstallsBefore(order, a, b); });
  return kinds.size() - static_cast<std::size_t>(rest.end() - place);
}

}  // namespace cloudlab::kube
