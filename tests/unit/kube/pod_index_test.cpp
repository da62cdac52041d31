#include "kube/pod_index.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

#include "kube/label_index.hpp"
#include "test_stream.hpp"

namespace cloudlab::kube {
namespace {

std::string Object(const std::string& head, const std::string& metadata, const std::string& spec) {
  return head + "\nmetadata: {" + metadata + "}\nspec: " + spec + "\n---\n";
}

/// A Deployment whose pods have `labels`; `more` stands in its own metadata.
std::string Workload(const std::string& name, const std::string& labels,
                     const std::string& more = "namespace: shop") {
  return Object("apiVersion: apps/v1\nkind: Deployment", "name: " + name + ", " + more,
                "{template: {metadata: {labels: " + labels + "}, spec: {containers: []}}}");
}

std::string Budget(const std::string& name, const std::string& selector,
                   const std::string& more = "namespace: shop") {
  return Object("apiVersion: policy/v1\nkind: PodDisruptionBudget", "name: " + name + ", " + more,
                "{selector: " + selector + "}");
}

constexpr const char* kHook = "namespace: shop, annotations: {helm.sh/hook: pre-install}";

std::string Names(const std::vector<const Manifest*>& manifests) {
  std::string names;
  for (const Manifest* manifest : manifests)
    names += (names.empty() ? "" : " ") + manifest->id.name;
  return names;
}

const std::string& Shop() {
  static const std::string text =
      Workload("cart", "{app: cart, tier: web, release: r}") +
      Workload("pay", "{app: pay, tier: web, release: r}") + Workload("bare", "{}") +
      Workload("job", "{app: cart, release: r}", kHook) +
      Workload("far", "{app: cart, release: r}", "namespace: elsewhere") + Budget("all", "{}") +
      Budget("of-cart", "{matchLabels: {app: cart, release: r}}") +
      Budget("either", "{matchExpressions: [{key: app, operator: In, values: [pay, cart]}]}") +
      Budget("tiered", "{matchExpressions: [{key: tier, operator: Exists}]}") +
      Budget("untiered", "{matchExpressions: [{key: tier, operator: DoesNotExist}]}") +
      Budget("of-none", "{matchLabels: {app: mail}}") +
      Budget("hooked", "{matchLabels: {app: cart}}", kHook) +
      Budget("far-cart", "{matchLabels: {app: cart}}", "namespace: elsewhere");
  return text;
}

TEST_CASE("the budgets of a workload", "[kube][pods]") {
  const TestStream stream(Shop());
  const Index index(stream.manifests());
  const PodIndex pods(index);
  const auto budgets_of = [&](std::string_view name, std::string_view ns = "shop") {
    return Names(pods.BudgetsOf(*index.Find("apps", "Deployment", ns, name)));
  };
  CHECK(budgets_of("cart") == "all of-cart either tiered");
  CHECK(budgets_of("pay") == "all either tiered");
  CHECK(budgets_of("bare") == "all untiered");
  CHECK(budgets_of("far", "elsewhere") == "far-cart");
}

TEST_CASE("a workload whose labels have changed meets other budgets", "[kube][pods]") {
  const TestStream stream(Shop());
  const Index index(stream.manifests());
  const PodIndex pods(index);
  const TestStream later(Workload("bare", "{app: mail, release: r}"));
  CHECK(Names(pods.BudgetsOf(later.only())) == "all untiered of-none");
}

TEST_CASE("the workloads of a selector", "[kube][pods]") {
  const TestStream stream(Shop());
  const Index index(stream.manifests());
  const PodIndex pods(index);
  const auto workloads_of = [&](const std::string& selector) {
    const TestStream text("apiVersion: v1\nkind: X\nmetadata: {name: x}\nspec: " + selector);
    const auto parsed = Selector::Parse(yaml::Value::From(text.only().root.Find("spec")));
    REQUIRE(parsed);
    return Names(pods.WorkloadsOf(*parsed, "shop"));
  };
  CHECK(workloads_of("{}") == "cart pay bare");
  CHECK(workloads_of("{matchLabels: {release: r}}") == "cart pay");
  CHECK(workloads_of("{matchLabels: {app: cart, release: r}}") == "cart");
  CHECK(workloads_of("{matchLabels: {app: cart, release: other}}") == "");
  CHECK(workloads_of("{matchExpressions: [{key: app, operator: In, values: [pay, cart, pay]}]}") ==
        "cart pay");
  CHECK(workloads_of("{matchExpressions: [{key: app, operator: Exists}]}") == "cart pay");
  CHECK(workloads_of("{matchExpressions: [{key: app, operator: NotIn, values: [pay]}]}") ==
        "cart bare");
}

TEST_CASE("a selector is compared with the pods of its rarest label only", "[kube][pods]") {
  // As charts label them: the first label of each selector is that of all.
  constexpr int kCount = 500;
  std::string text;
  for (int i = 0; i < kCount; ++i) {
    const std::string name = "w" + std::to_string(i);
    text += Workload(
        name, "{app.kubernetes.io/instance: rel, app.kubernetes.io/name: " + name + ", tier: web}");
  }
  const TestStream stream(text);
  const Index index(stream.manifests());
  LabelIndex labels;
  std::uint32_t number = 0;
  for (const Manifest& manifest : index.manifests()) {
    labels.Add(number++, manifest.id.ns, manifest.pod.metadata.Find("labels"));
  }
  const auto candidates = [&](const std::string& selector) {
    const yaml::ScanResult scan = yaml::Scan(selector);
    const yaml::Value value = yaml::Value::From(yaml::NodeView::Root(scan.outline));
    return labels.Candidates("shop", *Selector::Parse(value));
  };
  const std::string instance = "app.kubernetes.io/instance: rel";
  CHECK(candidates("{matchLabels: {" + instance + ", app.kubernetes.io/name: w7}}") == 1);
  CHECK(candidates("{matchLabels: {" + instance + ", app.kubernetes.io/name: none}}") == 0);
  CHECK(candidates("{matchExpressions: [{key: tier, operator: Exists}, {key: "
                   "app.kubernetes.io/name, operator: In, values: [w1, w2]}]}") == 2);
  CHECK(candidates("{matchLabels: {tier: web}}") == kCount);
  CHECK(candidates("{}") == kCount);
  CHECK(candidates("{matchExpressions: [{key: tier, operator: DoesNotExist}]}") == kCount);
}

}  // namespace
}  // namespace cloudlab::kube
