#include "policy/network/api_access.hpp"

#include <string_view>
#include <tuple>
#include <utility>

namespace cloudlab::policy::network {
namespace {

using kube::Manifest;
using yaml::NodeView;

constexpr std::string_view kAllAccounts = "system:serviceaccounts";

std::string AccountKey(std::string_view ns, std::string_view account) {
  std::string key(ns);
  key.append(1, '/').append(account);
  return key;
}

std::string NamespaceKey(std::string_view ns) { return AccountKey(ns, ""); }

bool MountsToken(const Manifest& workload) {
  for (const NodeView volume : workload.pod.spec.Find("volumes").children()) {
    for (const NodeView source : volume.Resolved().Find({"projected", "sources"}).children()) {
      if (source.Resolved().Find("serviceAccountToken")) return true;
    }
  }
  return false;
}

/// What the pod says wins over what its account says (core/v1, PodSpec).
bool HasToken(const Manifest& workload, const Manifest* account) {
  constexpr std::string_view kField = "automountServiceAccountToken";
  NodeView automount = workload.pod.spec.Find(kField);
  if ((!automount || automount.IsNull()) && account != nullptr) {
    automount = account->root.Find(kField);
  }
  return !automount || automount.IsNull() || kube::IsTrue(automount) || MountsToken(workload);
}

/// By name, and not by the order of the stream: kustomize has one of its own.
bool IsBefore(const Manifest& a, const Manifest& b) {
  return std::tie(a.id.kind, a.id.ns, a.id.name) < std::tie(b.id.kind, b.id.ns, b.id.name);
}

}  // namespace

std::string AccountOf(const Manifest& workload) {
  const auto [name, old_name] =
      workload.pod.spec.FindEach<2>({"serviceAccountName", "serviceAccount"});
  for (const NodeView node : {name, old_name}) {
    if (!node.IsNull() && !node.Text().empty()) return node.Text();
  }
  return "default";
}

ApiAccess::ApiAccess(const kube::Index& stream) : stream_(stream) {
  for (const Manifest& manifest : stream.manifests()) {
    const std::string& kind = manifest.id.kind;
    if ((kind == "RoleBinding" || kind == "ClusterRoleBinding") &&
        manifest.id.group() == "rbac.authorization.k8s.io" && !manifest.local_config) {
      AddBinding(manifest);
    }
  }
}

void ApiAccess::AddBinding(const Manifest& binding) {
  const bool everywhere = binding.id.kind == "ClusterRoleBinding";
  const std::string& home = binding.id.ns;
  for (const NodeView child : binding.root.Find("subjects").children()) {
    const auto [kind, name, space] = child.Resolved().FindEach<3>({"kind", "name", "namespace"});
    const std::string named = name.Text();
    if (kind.TextIs("ServiceAccount")) {
      // A subject of a RoleBinding need not say its namespace (rbac validation, AppliesTo).
      const std::string ns = space.IsNull() || space.Text().empty() ? home : space.Text();
      if (everywhere ? !ns.empty() : ns == home) {
        File(AccountKey(ns, named), binding);
      }
    } else if (kind.TextIs("Group") && named == kAllAccounts) {
      File(everywhere ? std::string() : NamespaceKey(home), binding);
    } else if (kind.TextIs("Group") && named.starts_with(kAllAccounts) &&
               named[kAllAccounts.size()] == ':') {
      const std::string ns = named.substr(kAllAccounts.size() + 1);
      if (everywhere || ns == home) File(NamespaceKey(ns), binding);
    }
  }
}

void ApiAccess::File(std::string key, const Manifest& binding) {
  const auto [place, added] = bindings_.try_emplace(std::move(key), &binding);
  if (!added && IsBefore(binding, *place->second)) place->second = &binding;
}

std::string ApiAccess::Evidence(const Manifest& workload) const {
  if (!workload.pod) return {};
  const std::string& ns = workload.id.ns;
  const std::string account = AccountOf(workload);
  const Manifest* first = nullptr;
  for (const std::string& key : {AccountKey(ns, account), NamespaceKey(ns), std::string()}) {
    const auto found = bindings_.find(key);
    if (found == bindings_.end()) continue;
    if (first == nullptr || IsBefore(*found->second, *first)) first = found->second;
  }
  if (first == nullptr) return {};
  return HasToken(workload, stream_.Find("", "ServiceAccount", ns, account)) ? first->id.Display()
                                                                             : std::string();
}

}  // namespace cloudlab::policy::network
