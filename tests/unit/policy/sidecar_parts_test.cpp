#include <catch2/catch.hpp>
#include <string>

#include "applied.hpp"

namespace cloudlab::policy {
namespace {

std::string Sidecar(const std::string& spec, const std::string& name = "agent") {
  return "---\napiVersion: cloudlab.dev/v1alpha1\nkind: SidecarPolicy\nmetadata: {name: " + name +
         "}\nspec:\n  match: {any: [{kinds: [Deployment]}]}\n" + spec;
}

std::string Workload(const std::string& name = "cart", const std::string& pod_metadata = "{}",
                     const std::string& containers = "[{name: app}]") {
  return "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: " + name +
         "\n  labels: {app.kubernetes.io/name: " + name +
         "}\nspec:\n  template:\n    metadata: " + pod_metadata +
         "\n    spec:\n      containers: " + containers + "\n";
}

constexpr const char* kProfile = R"(
---
apiVersion: cloudlab.dev/v1alpha1
kind: EnvironmentProfile
metadata: {name: production}
spec:
  tiers:
    proxy: {requests: {cpu: 50m, memory: 64Mi}, limits: {cpu: 1, memory: 128Mi}}
    half: {requests: {cpu: 50m, memory: 64Mi}}
)";

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Strings Annotations(const std::string& spec, const std::string& stream = Workload()) {
  const Applied applied = Apply(Sidecar(spec) + kProfile, stream);
  if (!applied.errors.empty()) return applied.errors;
  Strings rows;
  for (const std::string& row : applied.rows) {
    rows.push_back(row.substr(std::string("spec.template.metadata.").size()));
  }
  return rows;
}

TEST_CASE("presets write the annotations of their projects", "[policy][presets]") {
  CHECK(Annotations("  presets: [{name: istio-proxy, inject: true, tier: proxy, "
                    "excludeOutboundPorts: [5432, 6379]}]\n") ==
        Strings{"annotations[\"traffic.sidecar.istio.io/excludeOutboundPorts\"]:  -> 5432,6379",
                "annotations[\"sidecar.istio.io/proxyCPU\"]:  -> 50m",
                "annotations[\"sidecar.istio.io/proxyMemory\"]:  -> 64Mi",
                "annotations[\"sidecar.istio.io/proxyCPULimit\"]:  -> 1",
                "annotations[\"sidecar.istio.io/proxyMemoryLimit\"]:  -> 128Mi",
                "labels[\"sidecar.istio.io/inject\"]:  -> true"});
  CHECK(Annotations("  presets: [{name: linkerd-proxy, tier: half}]\n") ==
        Strings{"annotations[\"linkerd.io/inject\"]:  -> enabled",
                "annotations[\"config.linkerd.io/proxy-cpu-request\"]:  -> 50m",
                "annotations[\"config.linkerd.io/proxy-memory-request\"]:  -> 64Mi"});
  CHECK(Annotations("  presets: [{name: dapr, appPort: 80}]\n") ==
        Strings{"annotations[\"dapr.io/enabled\"]:  -> true",
                "annotations[\"dapr.io/app-id\"]:  -> cart",
                "annotations[\"dapr.io/app-port\"]:  -> 80"});
  CHECK(Annotations("  presets: [{name: vault-agent, role: shop, secrets: [{name: db, path: "
                    "kv/db, template: '{{ with .Data }}x{{ end }}'}]}]\n")
            .back() ==
        "annotations[\"vault.hashicorp.com/agent-inject-template-db\"]:  -> {{ with .Data }}x{{ "
        "end }}");
  CHECK(Annotations("  presets: [{name: opentelemetry, language: java, containers: [app]}]\n") ==
        Strings{"annotations[\"instrumentation.opentelemetry.io/inject-java\"]:  -> true",
                "annotations[\"instrumentation.opentelemetry.io/java-container-names\"]:  -> app"});
}

TEST_CASE("Istio's four resource annotations come together", "[policy][presets]") {
  const std::string half = "  presets: [{name: istio-proxy, tier: half}]\n";
  CHECK(Annotations(half).front() ==
        "CL-A-PROXY-RESOURCES Istio takes its four resource annotations together; missing: "
        "sidecar.istio.io/proxyCPULimit, sidecar.istio.io/proxyMemoryLimit");
  const std::string pod =
      "{annotations: {sidecar.istio.io/proxyCPULimit: \"2\", sidecar.istio.io/proxyMemoryLimit: "
      "32Mi}}";
  CHECK(Annotations(half, Workload("cart", pod)) ==
        Strings{"CL-A-PROXY-RESOURCES sidecar.istio.io/proxyMemory 64Mi exceeds "
                "sidecar.istio.io/proxyMemoryLimit 32Mi"});
  CHECK(Annotations("  podAnnotations: {sidecar.istio.io/proxyCPU: 50m}\n")
            .front()
            .starts_with("CL-A-PROXY-RESOURCES"));
}

TEST_CASE("Vault starts before a classic Istio", "[policy][presets]") {
  const std::string vault = "{name: vault-agent, role: r}";
  const auto has_first = [](const Strings& rows) {
    return rows.back().find("agent-init-first") != std::string::npos ||
           rows[rows.size() - 2].find("agent-init-first") != std::string::npos;
  };
  CHECK(has_first(Annotations("  presets: [" + vault + ", {name: istio-proxy, inject: true}]\n")));
  CHECK_FALSE(has_first(Annotations(
      "  presets: [" + vault + ", {name: istio-proxy, inject: true, nativeSidecar: true}]\n")));
  const Applied warned = Apply(Sidecar("  presets: [" + vault + "]\n"),
                               Workload("cart", "{labels: {sidecar.istio.io/inject: \"true\"}}"));
  CHECK(warned.notes.front().starts_with("CL-A-INIT-ORDER"));
}

TEST_CASE("annotations of the chart win", "[policy][presets]") {
  const std::string stream = Workload("cart", "{annotations: {x/y: chart}}");
  const Applied kept = Apply(Sidecar("  podAnnotations: {x/y: policy}\n"), stream);
  CHECK(kept.rows.empty());
  CHECK(kept.skips ==
        Strings{"CL-A-KEPT annotations.x/y of the pod is `chart` in the chart and stays so"});
  const Applied replaced = Apply(
      Sidecar("  podAnnotations: {x/y: policy}\n  conflicts: {podAnnotations: Replace}\n"), stream);
  CHECK(replaced.rows.size() == 1);
}

constexpr const char* kConfig =
    "  objects:\n"
    "  - apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: agent}\n"
    "    data: {config.yaml: \"a: 1\\n\"}\n";

TEST_CASE("no label breaks the selector", "[policy][sidecar]") {
  const auto with = [](const std::string& selector, const std::string& labels) {
    const std::string policy =
        "apiVersion: cloudlab.dev/v1alpha1\nkind: SidecarPolicy\nmetadata: {name: p}\nspec:\n"
        "  match: {}\n  conflictPolicy: Replace\n  podLabels: " +
        labels + "\n";
    return Apply(policy,
                 "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec:\n"
                 "  selector: " +
                     selector +
                     "\n  template:\n    metadata:\n"
                     "      labels: {app: web}\n    spec: {containers: [{name: c}]}\n");
  };
  const Applied both = with(
      "{matchExpressions: [{key: mesh, operator: DoesNotExist}, {key: app, operator: In, values: "
      "[web, shop]}]}",
      "{mesh: \"on\", app: other, team: a}");
  CHECK(both.text.find("labels: {app: web, team: a}") != std::string::npos);
  CHECK(both.skips ==
        Strings{"CL-A-KEPT labels.mesh of the pod is not added: the workload selects its pods by "
                "it, and `on` would not fit",
                "CL-A-KEPT labels.app of the pod stays so: the workload selects its pods by it, "
                "and `other` would not fit"});
  const Applied fits =
      with("{matchExpressions: [{key: app, operator: In, values: [web, shop]}]}", "{app: shop}");
  CHECK(fits.text.find("labels: {app: shop}") != std::string::npos);
  CHECK(fits.skips.empty());
  CHECK(with("{matchLabels: {app: web}}", "{app: shop}").skips.size() == 1);
  CHECK(with("{app: web}", "{app: shop}").skips.size() == 1);  // A ReplicationController's.
}

TEST_CASE("messages show no secrets of the chart", "[policy][sidecar]") {
  const auto with = [](const char* conflict_policy) {
    return Apply(
        "apiVersion: cloudlab.dev/v1alpha1\nkind: SidecarPolicy\nmetadata: {name: p}\n"
        "spec:\n  match: {}\n  conflictPolicy: " +
            std::string(conflict_policy) + "\n  podAnnotations: {example.org/api-token: vault}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec:\n"
        "  template:\n    metadata:\n      annotations: {example.org/api-token: hunter2}\n"
        "    spec: {containers: [{name: c}]}\n");
  };
  CHECK(with("Keep").skips ==
        Strings{"CL-A-KEPT annotations.example.org/api-token of the pod is `***` in the chart and "
                "stays so"});
  CHECK(with("Fail").errors ==
        Strings{"CL-A-CONFLICT annotations.example.org/api-token of the pod is `***` in the chart "
                "and `***` in the policy, and conflictPolicy is Fail"});
}

TEST_CASE("objects come once, with namespace and mark", "[policy][objects]") {
  const Applied applied = Apply(Sidecar(kConfig), Workload("cart") + Workload("web"));
  CHECK(applied.errors == Strings{});
  CHECK(Has(applied.text,
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: agent\n"
            "  annotations:\n    cloudlab.dev/managed-by: agent\n"));
  CHECK(applied.text.find("ConfigMap") == applied.text.rfind("ConfigMap"));
}

TEST_CASE("an object for each workload has the workload's labels", "[policy][objects]") {
  const std::string policy =
      Sidecar(
          "  objects:\n  - apiVersion: v1\n    kind: ConfigMap\n"
          "    metadata: {name: '{{workload}}-agent'}\n    data: {env: '{{environment}}'}\n") +
      kProfile;
  const Applied applied = Apply(policy, Workload("cart") + Workload("web"));
  CHECK(applied.errors == Strings{});
  CHECK(Has(applied.text, "  name: cart-agent\n  labels:\n    app.kubernetes.io/name: cart\n"));
  CHECK(Has(applied.text, "  name: web-agent\n"));
  CHECK(Has(applied.text, "data:\n  env: production\n"));
}

TEST_CASE("one namespace, named by one workload and not by the other", "[policy][objects]") {
  std::string named = Workload("web");
  named.insert(named.find("  labels:"), "  namespace: shop\n");
  const Applied applied = Apply(Sidecar(kConfig), Workload("cart") + named);
  CHECK(applied.errors == Strings{});
  CHECK(applied.text.find("ConfigMap") == applied.text.rfind("ConfigMap"));
}

TEST_CASE("objects that cannot be", "[policy][objects]") {
  const auto error = [](const std::string& object, const std::string& stream = Workload()) {
    const Applied applied = Apply(Sidecar("  objects:\n  - " + object + "\n"), stream);
    return applied.errors.empty() ? std::string() : applied.errors.front();
  };
  CHECK(error("{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}}")
            .starts_with("CL-A-OBJECT Deployment/x under spec.objects: workloads belong"));
  CHECK(error("{apiVersion: v1, kind: ConfigMap, metadata: {name: X_Y}}")
            .starts_with("CL-A-OBJECT ConfigMap/X_Y under spec.objects: `X_Y` is no name"));
  CHECK(error("{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {k: '{{workload}}'}}",
              Workload("cart") + Workload("web"))
            .starts_with("CL-A-OBJECT-DIFFERS"));
}

TEST_CASE("objects of the chart win, ours are brought up to date", "[policy][objects]") {
  const std::string chart =
      "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: agent}\ndata: {a: b}\n";
  const Applied kept = Apply(Sidecar(kConfig), Workload() + chart);
  CHECK(kept.text == Workload() + chart);
  CHECK(kept.skips.front().starts_with("CL-A-OBJECT-EXISTS ConfigMap/shop/agent"));

  const GivenStream stream(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: agent, annotations: "
      "{cloudlab.dev/managed-by: agent, other: x}}\ndata: {a: b}\nimmutable: true\n");
  yaml::ChangeSet changes;
  Proposal proposal(stream.last(), "agent", 0, changes);
  yaml::Value content;
  content.Put("apiVersion", yaml::Value::String("v1"));
  content.Put("kind", yaml::Value::String("ConfigMap"));
  content.Put("metadata", yaml::Value::Map({{"name", yaml::Value::String("agent")}}));
  content.Put("data", yaml::Value::Map({{"a", yaml::Value::String("c")}}));
  UpdateObject(content, proposal);
  Strings paths;
  for (const FieldEdit& edit : proposal.edits()) paths.push_back(edit.path);
  CHECK(paths == Strings{"data", "immutable"});

  const ObjectPool nobody;
  const Strings policies{"agent"};
  CHECK(FindOrphans(stream.index(), policies, nobody).size() == 1);
  CHECK(FindOrphans(stream.index(), Strings{"other"}, nobody).empty());
}

TEST_CASE("template variables", "[policy][variables]") {
  const auto value = [](const std::string& text, Settings settings = {}) {
    const Applied applied = Apply(Sidecar("  podAnnotations: {x/y: '" + text + "'}\n") + kProfile,
                                  Workload("cart", "{labels: {app: c}}"), settings);
    if (!applied.errors.empty()) return applied.errors.front();
    return applied.rows.front().substr(applied.rows.front().find("-> ") + 3);
  };
  CHECK(value("{{workload}}.{{ namespace }}/{{kind}}") == "cart.shop/Deployment");
  CHECK(value("{{label:app}}-{{environment}}") == "c-production");
  CHECK(value("{{{{ .Values }}") == "{{ .Values }}");
  Settings released;
  released.release = "r1";
  CHECK(value("{{release}}", released) == "r1");
  CHECK(value("{{release}}") ==
        "CL-A-TEMPLATE spec.podAnnotations: {{release}} has no value for this workload");
  CHECK(value("{{wrkload}}") == "CL-A-TEMPLATE spec.podAnnotations: unknown variable {{wrkload}}");
  CHECK(value("{{label:none}}").starts_with("CL-A-TEMPLATE"));
  CHECK(value("{{workload").starts_with("CL-A-TEMPLATE"));
}

}  // namespace
}  // namespace cloudlab::policy
