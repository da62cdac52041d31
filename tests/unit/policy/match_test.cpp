// The match language, one condition at a time, against one Deployment.
#include "policy/match.hpp"

#include <catch2/catch.hpp>

#include "given.hpp"

namespace cloudlab::policy {
namespace {

const std::string kDeployment = R"(# Source: shop/charts/cart/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart
  namespace: shop
  labels: {app: cart, helm.sh/chart: cart-service-1.4.2}
  annotations: {team: web, color: blue}
spec:
  template:
    metadata:
      labels: {app: cart, telemetry: enabled}
      annotations: {color: green}
    spec: {containers: [{name: app, image: cart}]}
)";

/// The answer to a match that is written in flow style.
MatchAnswer Ask(const std::string& match, const std::string& stream,
                std::string_view environment = "production",
                Match::Hooks unsaid = Match::Hooks::kExclude) {
  const yaml::ScanResult scan = yaml::Scan(match);
  REQUIRE_FALSE(scan.problem.has_value());
  const yaml::Value value = yaml::Value::From(yaml::NodeView::Root(scan.outline));
  const GivenStream given(stream);
  MatchTarget target;
  target.manifest = &given.last();
  target.environment = environment;
  return Match(&value, unsaid).Ask(target);
}

TEST_CASE("every condition of an entry", "[policy][match]") {
  struct Row {
    const char* entry;
    const char* reason;  // Empty: it matches. "-": already the kind does not.
  };
  for (const Row& row : {
           Row{"{}", ""},
           Row{"{kinds: [Deployment]}", ""},
           Row{"{kinds: [apps/Deployment]}", ""},
           Row{"{kinds: [extensions/Deployment]}", "-"},
           Row{"{kinds: [StatefulSet, Workload]}", ""},
           Row{"{kinds: [Service]}", "-"},
           Row{"{namespaces: [\"sh*\"]}", ""},
           Row{"{namespaces: [web, api]}", "namespace shop is not one of web, api"},
           Row{"{names: [\"c?rt\"]}", ""},
           Row{"{names: [basket]}", "name cart is not one of basket"},
           Row{"{selector: {matchLabels: {app: cart}}}", ""},
           Row{"{selector: {matchLabels: {telemetry: enabled}}}",
               "its labels do not fit the selector"},
           Row{"{podSelector: {matchLabels: {telemetry: enabled}}}", ""},
           Row{"{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [cart]}]}}",
               "the labels of its pods do not fit the podSelector"},
           Row{"{annotations: {team: \"w*\"}}", ""},
           Row{"{annotations: {color: green}}", ""},  // The pod's, which is nearer.
           Row{"{annotations: {color: blue}}", "its annotation color is not blue"},
           Row{"{annotations: {size: \"*\"}}", "it has no annotation size"},
           Row{"{annotations: {size: null}}", ""},
           Row{"{annotations: {team: null}}", "it has the annotation team"},
           Row{"{environments: [production]}", ""},
           Row{"{environments: [staging]}", "environment production is not one of staging"},
           Row{"{charts: [cart-service]}", ""},
           Row{"{charts: [shop]}", "chart cart-service is not one of shop"},
           Row{"{sources: [\"*/cart/templates/*\"]}", ""},
           Row{"{sources: [\"*/db/*\"]}",
               "source shop/charts/cart/templates/deployment.yaml is not one of */db/*"},
           Row{"{hooks: Include}", ""},
           Row{"{hooks: Only}", "it is not a Helm hook"},
           Row{"{kinds: [Deployment], namespaces: [web]}", "namespace shop is not one of web"},
       }) {
    INFO(row.entry);
    const MatchAnswer answer = Ask("{any: [" + std::string(row.entry) + "]}", kDeployment);
    const std::string reason = row.reason;
    CHECK(answer.matches == reason.empty());
    CHECK((answer.kind_matches || reason == "-"));
    CHECK(answer.reason == (reason == "-" ? "" : reason));
  }
}

TEST_CASE("any wants one entry, all wants every one", "[policy][match]") {
  const std::string yes = "{kinds: [Deployment]}";
  const std::string no = "{names: [basket]}";
  CHECK(Ask("{}", kDeployment).matches);
  CHECK(Ask("{any: [" + no + ", " + yes + "]}", kDeployment).matches);
  CHECK_FALSE(Ask("{any: [" + no + "]}", kDeployment).matches);
  CHECK_FALSE(Ask("{all: [" + no + ", " + yes + "]}", kDeployment).matches);
  CHECK(Ask("{all: [" + yes + ", " + yes + "]}", kDeployment).matches);
  CHECK_FALSE(Ask("{all: [" + no + "], any: [" + yes + "]}", kDeployment).matches);
}

TEST_CASE("the reason is that of the entry whose kind fits", "[policy][match]") {
  const MatchAnswer answer =
      Ask("{any: [{kinds: [Job]}, {kinds: [Deployment], namespaces: [web]}]}", kDeployment);
  CHECK(answer.kind_matches);
  CHECK(answer.reason == "namespace shop is not one of web");
}

TEST_CASE("hooks are left out of a match and meant by an exclude", "[policy][match]") {
  const std::string hook =
      "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, annotations: {helm.sh/hook: "
      "pre-install}}\nspec: {template: {spec: {containers: []}}}\n";
  CHECK(Ask("{any: [{kinds: [Job]}]}", hook).reason == "it is a Helm hook");
  CHECK(Ask("{any: [{kinds: [Job], hooks: Include}]}", hook).matches);
  CHECK(Ask("{any: [{hooks: Only}]}", hook).matches);
  CHECK(Ask("{any: [{kinds: [Job]}]}", hook, "", Match::Hooks::kInclude).matches);
  CHECK(Ask("{any: [{hooks: Only}]}", kDeployment, "", Match::Hooks::kInclude).reason ==
        "it is not a Helm hook");
}

TEST_CASE("an object without an environment", "[policy][match]") {
  CHECK(Ask("{any: [{environments: [production]}]}", kDeployment, "").reason ==
        "it has no environment, which must be one of production");
}

TEST_CASE("the namespace that an object does not name is the run's", "[policy][match]") {
  CHECK(Ask("{any: [{namespaces: [shop]}]}", Cart()).matches);
}

TEST_CASE("the chart is its label without the version", "[policy][match]") {
  struct Row {
    const char* label;
    const char* chart;
  };
  for (const Row& row :
       {Row{"podinfo-6.5.0", "podinfo"}, Row{"cart-service-1.0.0-rc.1", "cart-service"},
        Row{"argo-cd-v2.1.0", "argo-cd"}, Row{"s3-proxy-0.2.1_build", "s3-proxy"},
        Row{"noversion", "noversion"}, Row{"pg-15", "pg-15"}}) {
    INFO(row.label);
    const GivenStream given(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x, labels: {helm.sh/chart: " +
        std::string(row.label) + "}}\n");
    CHECK(ChartOf(given.last()) == row.chart);
  }
  CHECK(ChartOf(GivenStream("# Source: shop/templates/x.yaml\napiVersion: v1\nkind: Pod\n"
                            "metadata: {name: x}\n")
                    .last()) == "shop");
}

TEST_CASE("container selectors", "[policy][match]") {
  struct Row {
    const char* selector;
    bool matches;
  };
  for (const Row& row :
       {Row{"{}", true}, Row{"{names: [\"*-proxy\"]}", true}, Row{"{names: [app]}", false},
        Row{"{images: [\"envoy:*\"]}", true}, Row{"{images: [nginx]}", false},
        Row{"{types: [App, Sidecar]}", true}, Row{"{types: [Init]}", false},
        Row{"{names: [\"*\"], types: [Init]}", false}}) {
    INFO(row.selector);
    const yaml::ScanResult scan = yaml::Scan(row.selector);
    const yaml::Value value = yaml::Value::From(yaml::NodeView::Root(scan.outline));
    CHECK(ContainerSelector(&value).Matches("istio-proxy", "envoy:1.31",
                                            kube::ContainerType::kSidecar) == row.matches);
  }
  CHECK(ContainerSelector(nullptr).Matches("x", "y", kube::ContainerType::kInit));
}

}  // namespace
}  // namespace cloudlab::policy
