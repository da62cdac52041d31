// Which workloads talk to the API server: bindings of every kind, and who has a token.
#include "policy/network/api_access.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "unit/policy/closure_given.hpp"
#include "unit/policy/given.hpp"

namespace cloudlab::policy::network {
namespace {

/// The evidence of the last workload of a stream.
std::string EvidenceOf(const std::string& text) {
  const GivenStream stream(text);
  const kube::Manifest* workload = nullptr;
  for (const kube::Manifest& manifest : stream.index().manifests()) {
    if (manifest.pod) workload = &manifest;
  }
  REQUIRE(workload != nullptr);
  return ApiAccess(stream.index()).Evidence(*workload);
}

/// A Deployment in the namespace shop.
std::string Workload(const std::string& pod = "serviceAccountName: cart") {
  return Object("apps/v1", "Deployment", "cart",
                "{template: {spec: {" + pod + ", containers: [{name: app}]}}}");
}

std::string Binding(const std::string& kind, const std::string& name, const std::string& subjects) {
  return "apiVersion: rbac.authorization.k8s.io/v1\nkind: " + kind + "\nmetadata: {name: " + name +
         "}\nroleRef: {kind: ClusterRole, name: view}\nsubjects: [" + subjects + "]\n---\n";
}

constexpr const char* kAccount = "{kind: ServiceAccount, name: cart, namespace: shop}";
constexpr const char* kRole = "RoleBinding/shop/reader";
constexpr const char* kClusterRole = "ClusterRoleBinding/reader";

/// The evidence by one binding with these subjects, of the namespace shop and of the cluster.
struct Found {
  std::string role;
  std::string cluster_role;
  friend bool operator==(const Found&, const Found&) = default;
};

Found By(const std::string& subjects, const std::string& pod = "serviceAccountName: cart") {
  return {EvidenceOf(Binding("RoleBinding", "reader", subjects) + Workload(pod)),
          EvidenceOf(Binding("ClusterRoleBinding", "reader", subjects) + Workload(pod))};
}

const Found kBoth{kRole, kClusterRole};
const Found kNeither{};

TEST_CASE("bindings of accounts", "[policy][network]") {
  CHECK(By(kAccount) == kBoth);
  CHECK(By(kAccount, "serviceAccount: cart") == kBoth);
  CHECK(By(kAccount, "serviceAccountName: other, serviceAccount: cart") == kNeither);
  CHECK(By(kAccount, "x: y") == kNeither);
  CHECK(By("{kind: ServiceAccount, name: default, namespace: shop}", "x: y") == kBoth);
  CHECK(By("{kind: ServiceAccount, name: default, namespace: shop}", "serviceAccountName: ''") ==
        kBoth);
  CHECK(By("{kind: User, name: jane}, " + std::string(kAccount)) == kBoth);
  // Other accounts.
  CHECK(By("{kind: ServiceAccount, name: cart, namespace: ops}") == kNeither);
  CHECK(By("{kind: ServiceAccount, name: other, namespace: shop}") == kNeither);
  CHECK(By("{kind: User, name: cart}, {kind: Group, name: cart}") == kNeither);
  // A subject without a namespace is of that of its RoleBinding.
  CHECK(By("{kind: ServiceAccount, name: cart}") == Found{kRole, ""});
  CHECK(EvidenceOf(Workload()).empty());
}

TEST_CASE("bindings of groups", "[policy][network]") {
  CHECK(By("{kind: Group, name: 'system:serviceaccounts'}") == kBoth);
  CHECK(By("{kind: Group, name: 'system:serviceaccounts:shop'}") == kBoth);
  CHECK(By("{kind: Group, name: 'system:serviceaccounts:shop'}", "x: y") == kBoth);
  CHECK(By("{kind: Group, name: 'system:serviceaccounts:ops'}") == kNeither);
  CHECK(By("{kind: Group, name: 'system:serviceaccountsshop'}") == kNeither);
  CHECK(By("{kind: Group, name: 'system:masters'}") == kNeither);
}

TEST_CASE("where a binding is", "[policy][network]") {
  for (const std::string& subject :
       {std::string(kAccount), std::string("{kind: Group, name: 'system:serviceaccounts'}"),
        std::string("{kind: Group, name: 'system:serviceaccounts:shop'}")}) {
    CHECK(
        EvidenceOf(Binding("RoleBinding", "reader, namespace: ops", subject) + Workload()).empty());
  }
  // The first one by kind and name, wherever it stands and whatever it binds.
  const std::string group = "{kind: Group, name: 'system:serviceaccounts'}";
  CHECK(EvidenceOf(Binding("ClusterRoleBinding", "all", group) +
                   Binding("RoleBinding", "reader", kAccount) + Workload()) ==
        "ClusterRoleBinding/all");
  CHECK(EvidenceOf(Workload() + Binding("RoleBinding", "reader", kAccount) +
                   Binding("ClusterRoleBinding", "all", group)) == "ClusterRoleBinding/all");
  CHECK(EvidenceOf(Binding("RoleBinding", "b", kAccount) + Binding("RoleBinding", "a", kAccount) +
                   Workload()) == "RoleBinding/shop/a");
  const std::string local = "x, annotations: {config.kubernetes.io/local-config: 'true'}";
  CHECK(EvidenceOf(Binding("RoleBinding", local, kAccount) + Workload()).empty());
}

TEST_CASE("tokens", "[policy][network]") {
  const auto account = [](const std::string& automount) {
    return "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: cart}\n" + automount + "\n---\n";
  };
  const auto of = [&](const std::string& of_account, const std::string& of_pod) {
    return EvidenceOf(account(of_account) + Binding("RoleBinding", "reader", kAccount) +
                      Workload("serviceAccountName: cart" + of_pod));
  };
  const std::string no = "automountServiceAccountToken: false";
  const std::string yes = "automountServiceAccountToken: true";
  CHECK(of("", "") == kRole);
  CHECK(of("", ", " + no).empty());
  CHECK(of(no, "").empty());
  CHECK(of(yes, ", " + no).empty());
  CHECK(of(no, ", " + yes) == kRole);  // The pod wins.
  CHECK(of(no, ", automountServiceAccountToken: null").empty());
  // A token of its own.
  const auto volume = [](const std::string& source) {
    return ", volumes: [{name: v, projected: {sources: [{configMap: {name: ca}}, " + source +
           "]}}]";
  };
  CHECK(of(no, volume("{serviceAccountToken: {path: token}}")) == kRole);
  CHECK(of("", ", " + no + volume("{serviceAccountToken: {path: token}}")) == kRole);
  CHECK(of(no, volume("{secret: {name: token}}")).empty());
  // A token alone gives no rights.
  CHECK(EvidenceOf(
            Workload("serviceAccountName: cart" + volume("{serviceAccountToken: {path: token}}")))
            .empty());
}

}  // namespace
}  // namespace cloudlab::policy::network
