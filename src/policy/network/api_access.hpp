// Which workloads talk to the API server: those whose ServiceAccount some binding of the stream
// gives rights, and whose pods have its token.
//
// Counts as such a binding: a ClusterRoleBinding, and a RoleBinding in the namespace of the
// workload, whose subjects are the account or a group of all accounts (system:serviceaccounts, or
// those of the namespace). Bindings are read once and found by account and by namespace; what the
// role allows is not asked.
//
// Not seen are bindings of other releases, RoleBindings of other namespaces, accounts that are
// written as Users (system:serviceaccount:ns:name), and tokens out of Secrets.
#pragma once

#include <string>
#include <unordered_map>

#include "kube/index.hpp"

namespace cloudlab::policy::network {

/// The ServiceAccount of the pods of `workload`; `default` if they name none.
std::string AccountOf(const kube::Manifest& workload);

class ApiAccess {
 public:
  /// `stream` must outlive it.
  explicit ApiAccess(const kube::Index& stream);

  /// Why the pods of `workload` talk to the API server: the first binding by kind and name that
  /// gives their ServiceAccount rights ("RoleBinding/shop/reader"), or empty.
  std::string Evidence(const kube::Manifest& workload) const;

 private:
  void AddBinding(const kube::Manifest& binding);
  void File(std::string key, const kube::Manifest& binding);

  const kube::Index& stream_;
  // "shop/cart" for an account, "shop/" for all of a namespace, "" for all -> the first binding.
  std::unordered_map<std::string, const kube::Manifest*> bindings_;
};

}  // namespace cloudlab::policy::network
