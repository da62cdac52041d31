// What a run writes for those who cannot run it: targets, deletions, and what it refuses to write.
#include "app/patches.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "app/pipeline.hpp"
#include "yaml/outline.hpp"
#include "yaml/render.hpp"
#include "yaml/view.hpp"

namespace cloudlab::app {
namespace {

/// Gives every container a request, those of hooks too.
const std::string kPolicy = R"(apiVersion: cloudlab.dev/v1alpha1
kind: EnvironmentProfile
metadata: {name: production}
spec: {tiers: {small: {requests: {cpu: 100m}}}}
---
apiVersion: cloudlab.dev/v1alpha1
kind: ResourceTierPolicy
metadata: {name: tiers}
spec:
  match: {any: [{kinds: [Workload], hooks: Include}]}
  tier: small
)";

/// A workload; `metadata` are flow entries behind its name.
std::string Workload(const std::string& kind, const std::string& name,
                     const std::string& metadata = "", const std::string& version = "apps/v1") {
  return "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: " + name + metadata +
         "}\nspec: {template: {spec: {containers: [{name: app}]}}}\n";
}

struct Ran {
  Result result;
  std::string codes;  ///< Of errors and warnings, one per line.
};

Ran RunOver(const std::string& stream) {
  const text::Source config{"policies.yaml", kPolicy};
  const text::Source input{"<stdin>", stream};
  Settings settings;
  settings.config_kind = Settings::Config::kFiles;
  settings.config = {&config};
  settings.environment = "production";
  settings.ns = "shop";
  settings.want_patches = true;
  Ran ran{Run(input, settings), ""};
  for (const auto& found : ran.result.report.diagnostics.items()) {
    if (found.severity != text::Severity::kInfo) ran.codes += found.code + "\n";
  }
  return ran;
}

/// The `target:` lines of the component, one per patch.
std::string Targets(const Ran& ran) {
  REQUIRE(ran.result.patches);
  const yaml::ScanResult scan = yaml::Scan(ran.result.patches->component);
  REQUIRE_FALSE(scan.problem);
  std::string out;
  for (const yaml::NodeView patch : yaml::NodeView::Root(scan.outline).Find("patches").children()) {
    out += yaml::RenderFlow(yaml::Value::From(patch.Find("target")), false) + "\n";
  }
  return out;
}

TEST_CASE("patches: what was done to an object, with it as the target", "[app][patches]") {
  const Ran ran = RunOver(Workload("Deployment", "cart", ", namespace: shop"));
  REQUIRE(ran.result.patches);
  CHECK(ran.codes.empty());
  CHECK(ran.result.patches->component ==
        R"(# What cloudlab did, as a component: patches, and new objects in objects.yaml. Written by
# --patches for this one version of the manifests; write it anew for the next.
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources:
- objects.yaml
patches:
- target:
    group: apps
    version: v1
    kind: Deployment
    name: cart
    namespace: shop
  patch: |
    - op: test
      path: /spec/template/spec/containers/0/name
      value: app
    - op: test
      path: /spec/template/spec/containers/0/resources
      value: null
    - op: add
      path: /spec/template/spec/containers/0/resources
      value:
        requests:
          cpu: 100m
)");
}

TEST_CASE("patches: a target finds one object only", "[app][patches]") {
  CHECK(Targets(RunOver(Workload("Deployment", "cart.v1"))) ==
        "{group: apps, version: v1, kind: Deployment, name: cart\\.v1}\n");
  CHECK(Targets(RunOver(Workload("Deployment", "cart") + "---\n" +
                        Workload("Deployment", "cart", ", namespace: other"))) ==
        "{group: apps, version: v1, kind: Deployment, name: cart, namespace: default}\n"
        "{group: apps, version: v1, kind: Deployment, name: cart, namespace: other}\n");
  CHECK(Targets(RunOver("apiVersion: v1\nkind: Pod\nmetadata: {name: cart}\nspec: {containers: "
                        "[{name: app}]}\n---\napiVersion: x.dev/v1\nkind: Pod\n"
                        "metadata: {name: cart}\n")) ==
        "{group: ^$, version: v1, kind: Pod, name: cart}\n");
}

TEST_CASE("patches: items of lists are objects of their own", "[app][patches]") {
  CHECK(Targets(RunOver("apiVersion: v1\nkind: List\nitems:\n"
                        "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n"
                        "- {apiVersion: apps/v1, kind: Deployment, metadata: {name: cart}, spec: "
                        "{template: {spec: {containers: [{name: app}]}}}}\n")) ==
        "{group: apps, version: v1, kind: Deployment, name: cart}\n");
}

TEST_CASE("patches: what a stream brings along for us is deleted", "[app][patches]") {
  const Ran ran = RunOver(
      "apiVersion: cloudlab.dev/v1alpha1\nkind: EnvironmentProfile\nmetadata: {name: extra}\n"
      "spec: {}\n");
  REQUIRE(ran.result.patches);
  CHECK(ran.result.patches->component.find(
            "    name: extra\n  patch: |\n    apiVersion: cloudlab.dev/v1alpha1\n"
            "    kind: EnvironmentProfile\n    metadata:\n      name: extra\n"
            "    $patch: delete\n") != std::string::npos);
}

TEST_CASE("patches: a hook is told of", "[app][patches]") {
  const Ran ran =
      RunOver(Workload("Job", "migrate", ", annotations: {helm.sh/hook: pre-upgrade}", "batch/v1"));
  CHECK(ran.codes == "CL-X-PATCH-HOOK\n");
  CHECK(Targets(ran) == "{group: batch, version: v1, kind: Job, name: migrate}\n");
}

TEST_CASE("patches: what cannot be told apart or named is an error", "[app][patches]") {
  const std::string hook = ", annotations: {helm.sh/hook: pre-upgrade}";
  for (const std::string& stream :
       {Workload("Job", "migrate", hook, "batch/v1") + "---\n" +
            Workload("Job", "migrate", "", "batch/v1"),
        std::string("apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: import-}\nspec: "
                    "{template: {spec: {containers: [{name: app}]}}}\n"),
        std::string("apiVersion: batch/v1\nkind: Job\nspec: "
                    "{template: {spec: {containers: [{name: app}]}}}\n")}) {
    const Ran ran = RunOver(stream);
    CHECK(ran.codes.find("CL-X-PATCH\n") != std::string::npos);
    CHECK(ran.result.exit_code == kFailed);
    CHECK(ran.result.output.empty());
    CHECK_FALSE(ran.result.patches);
  }
}

TEST_CASE("patches: a run that changes nothing has none", "[app][patches]") {
  const Ran ran = RunOver("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
  REQUIRE(ran.result.patches);
  CHECK(ran.result.patches->component.find("patches: []\n") != std::string::npos);
  CHECK(ran.result.patches->objects.find("---") == std::string::npos);
}

}  // namespace
}  // namespace cloudlab::app
