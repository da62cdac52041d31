#include "policy/closure.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "closure_given.hpp"
#include "given.hpp"

namespace cloudlab::policy {
namespace {

std::string Quota(const std::string& hard) {
  return Object("v1", "ResourceQuota", "q", "{hard: " + hard + "}");
}

std::string Range(const std::string& item) {
  return Object("v1", "LimitRange", "l", "{limits: [" + item + "]}");
}

std::vector<ClosureFinding> Found(const std::string& stream) {
  const GivenStream given(stream);
  auto findings = CheckClosure(given.index());
  for (const ClosureFinding& finding : findings) {
    // Every finding has a place in the document of its first object, and a way out.
    REQUIRE(finding.node);
    REQUIRE_FALSE(finding.objects.empty());
    CHECK(&finding.node.outline() == &given.index().Find(finding.objects.front())->root.outline());
    CHECK(finding.document == given.index().Find(finding.objects.front())->document);
    CHECK_FALSE(finding.hint.empty());
    CHECK_FALSE(finding.message.ends_with('.'));
  }
  return findings;
}

/// "error TWO-SCALERS", one for each finding.
Strings Codes(const std::string& stream) {
  Strings lines;
  for (const ClosureFinding& finding : Found(stream)) {
    REQUIRE(finding.code.starts_with("CL-C-"));
    lines.push_back(std::string(text::Name(finding.severity)) + " " + finding.code.substr(5));
  }
  return lines;
}

struct Row {
  const char* name;
  std::string stream;
  Strings codes;
};

void Check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.name << "\n" << row.stream);
    CHECK(Codes(row.stream) == row.codes);
  }
}

TEST_CASE("who scales what", "[policy][closure]") {
  const std::string cart = Deployment("cart");
  const std::string keda_cart = "scaleTargetRef: {name: cart}";
  Check({
      {"nothing", "", {}},
      {"one HPA", cart + Hpa("h", Target("cart")), {}},
      {"two HPAs",
       cart + Hpa("h", Target("cart")) + Hpa("i", Target("cart")),
       {"error TWO-SCALERS"}},
      {"versions do not matter",
       cart + Hpa("h", Target("cart")) + Hpa("i", Target("cart", "Deployment", "apps/v1beta1")),
       {"error TWO-SCALERS"}},
      {"HPA and ScaledObject",
       cart + Hpa("h", Target("cart")) + Keda("k", keda_cart),
       {"error TWO-SCALERS"}},
      {"two targets",
       cart + Deployment("web") + Hpa("h", Target("cart")) + Hpa("i", Target("web")),
       {}},
      {"KEDA takes the HPA over",
       cart + Hpa("h", Target("cart")) +
           "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: k, annotations: "
           "{scaledobject.keda.sh/transfer-hpa-ownership: \"true\"}}\nspec: {" +
           keda_cart + ", advanced: {horizontalPodAutoscalerConfig: {name: h}}}\n",
       {}},
      {"target elsewhere", Hpa("h", Target("cart")), {"info DANGLING"}},
      {"target in another namespace",
       "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: b}\nspec: "
       "{}\n---\n" +
           Hpa("h", Target("cart")),
       {"info DANGLING"}},
      {"a DaemonSet", Hpa("h", Target("d", "DaemonSet")), {"error DANGLING"}},
      {"a Job under KEDA",
       Keda("k", "scaleTargetRef: {apiVersion: batch/v1, kind: Job, name: j}"),
       {"error DANGLING"}},
      {"a CronJob", Hpa("h", Target("c", "CronJob", "batch/v1")), {"error DANGLING"}},
      {"a Pod under a VPA", Vpa("v", Target("p", "Pod", "v1")), {"error DANGLING"}},
      {"a DaemonSet under a VPA", Vpa("v", Target("d", "DaemonSet")), {"info DANGLING"}},
      {"a wrong group",
       cart + Hpa("h", Target("cart", "Deployment", "extensions/v1beta1")),
       {"error DANGLING"}},
      {"no apiVersion", cart + Hpa("h", "{kind: Deployment, name: cart}"), {"error DANGLING"}},
      {"KEDA needs none", cart + Keda("k", keda_cart), {}},
      {"custom kinds may be scalable",
       Hpa("h", Target("x", "Thing", "e.com/v1")),
       {"info DANGLING"}},
      {"replicas under an HPA",
       Deployment("cart", "replicas: 3") + Hpa("h", Target("cart")),
       {"warning REPLICAS"}},
      {"replicas under KEDA",
       Deployment("cart", "replicas: 3") + Keda("k", keda_cart),
       {"warning REPLICAS"}},
      {"switched off",
       Deployment("cart", "replicas: 0") + Hpa("h", Target("cart")),
       {"info REPLICAS"}},
      {"replicas alone", Deployment("cart", "replicas: 3"), {}},
      {"min over max",
       cart + Hpa("h", Target("cart"), "minReplicas: 6, maxReplicas: 5"),
       {"error MIN-MAX"}},
      {"min equals max", cart + Hpa("h", Target("cart"), "minReplicas: 5, maxReplicas: 5"), {}},
      {"max of zero", cart + Hpa("h", Target("cart"), "maxReplicas: 0"), {"error MIN-MAX"}},
      {"min of zero",
       cart + Hpa("h", Target("cart"), "minReplicas: 0, maxReplicas: 5"),
       {"warning MIN-MAX"}},
      {"negative",
       cart + Hpa("h", Target("cart"), "minReplicas: -1, maxReplicas: 5"),
       {"error MIN-MAX"}},
      {"KEDA scales to zero", cart + Keda("k", keda_cart + ", minReplicaCount: 0"), {}},
      {"KEDA's maximum is 100",
       cart + Keda("k", keda_cart + ", minReplicaCount: 101"),
       {"error MIN-MAX"}},
      {"KEDA idles above its minimum",
       cart + Keda("k", keda_cart + ", minReplicaCount: 2, idleReplicaCount: 2"),
       {"error MIN-MAX"}},
  });
}

std::string ContainerMetric(const std::string& container) {
  return "metrics: [{type: ContainerResource, containerResource: {name: cpu, container: " +
         container + ", target: {type: Utilization, averageUtilization: 80}}}]";
}

TEST_CASE("metrics find the requests that they are shares of", "[policy][closure]") {
  const std::string hpa = Hpa("h", Target("cart"));
  const std::string idle = "image: x";
  const auto with = [](const std::string& more) {
    return Object("apps/v1", "Deployment", "cart",
                  "{template: {spec: {containers: [{name: app, " + std::string(kBusy) + "}], " +
                      more + "}}}");
  };
  const std::string one = "maxReplicas: 5";
  Check({
      {"no request", Deployment("cart", {}, idle) + hpa, {"error NO-REQUEST"}},
      {"a limit is a request", Deployment("cart", {}, "resources: {limits: {cpu: 1}}") + hpa, {}},
      {"a request for something else",
       Deployment("cart", {}, "resources: {requests: {memory: 1Gi}}") + hpa,
       {"error NO-REQUEST"}},
      {"a LimitRange gives it",
       Deployment("cart", {}, idle) + hpa + Range("{type: Container, defaultRequest: {cpu: 1}}"),
       {}},
      {"a native sidecar without",
       with("initContainers: [{name: proxy, restartPolicy: Always}]") + hpa,
       {"error NO-REQUEST"}},
      {"an init container needs none", with("initContainers: [{name: init}]") + hpa, {}},
      {"the pod says it",
       Deployment("cart", {}, idle, "resources: {requests: {cpu: 1}}") + hpa,
       {}},
      {"an average value needs none",
       Deployment("cart", {}, idle) +
           Hpa("h", Target("cart"), one,
               "metrics: [{type: Resource, resource: {name: cpu, target: {type: AverageValue, "
               "averageValue: 1}}}]"),
       {}},
      {"ContainerResource of a busy container",
       with("initContainers: [{name: proxy, restartPolicy: Always}]") +
           Hpa("h", Target("cart"), one, ContainerMetric("app")),
       {}},
      {"ContainerResource of an idle one",
       with("initContainers: [{name: proxy, restartPolicy: Always}]") +
           Hpa("h", Target("cart"), one, ContainerMetric("proxy")),
       {"error NO-REQUEST"}},
      {"ContainerResource of none",
       Deployment("cart") + Hpa("h", Target("cart"), one, ContainerMetric("other")),
       {"error NO-CONTAINER"}},
      {"ContainerResource of an init container",
       with("initContainers: [{name: init, resources: {requests: {cpu: 1}}}]") +
           Hpa("h", Target("cart"), one, ContainerMetric("init")),
       {"error NO-CONTAINER"}},
      {"an average value of no container",
       Deployment("cart") +
           Hpa("h", Target("cart"), one,
               "metrics: [{type: ContainerResource, containerResource: {name: cpu, container: "
               "other, target: {type: AverageValue, averageValue: 1}}}]"),
       {"error NO-CONTAINER"}},
      {"an average value of an idle container",
       Deployment("cart", {}, idle) +
           Hpa("h", Target("cart"), one,
               "metrics: [{type: ContainerResource, containerResource: {name: cpu, container: "
               "app, target: {type: AverageValue, averageValue: 1}}}]"),
       {}},
      {"autoscaling/v1",
       Deployment("cart", {}, idle) +
           Object("autoscaling/v1", "HorizontalPodAutoscaler", "h",
                  "{scaleTargetRef: " + Target("cart") +
                      ", maxReplicas: 2, targetCPUUtilizationPercentage: 50}"),
       {"error NO-REQUEST"}},
      {"no metrics means cpu",
       Deployment("cart", {}, idle) + Hpa("h", Target("cart"), one, "metrics: []"),
       {"error NO-REQUEST"}},
      {"KEDA cpu trigger",
       Deployment("cart", {}, idle) +
           Keda("k",
                "scaleTargetRef: {name: cart}, triggers: [{type: cpu, metricType: "
                "Utilization, metadata: {value: \"60\"}}]"),
       {"error NO-REQUEST"}},
      {"KEDA trigger of one container",
       with("initContainers: [{name: proxy, restartPolicy: Always}]") +
           Keda("k",
                "scaleTargetRef: {name: cart}, triggers: [{type: memory, metricType: "
                "Utilization, metadata: {value: \"60\", containerName: app}}]"),
       {}},
      {"other KEDA triggers",
       Deployment("cart", {}, idle) +
           Keda("k", "scaleTargetRef: {name: cart}, triggers: [{type: kafka, metadata: {}}]"),
       {}},
  });
}

TEST_CASE("vertical autoscalers", "[policy][closure]") {
  const std::string base = Deployment("cart") + Hpa("h", Target("cart"));
  const std::string policies = "resourcePolicy: {containerPolicies: [";
  Check({
      {"on one resource", base + Vpa("v", Target("cart")), {"error HPA-VPA"}},
      {"switched off", base + Vpa("v", Target("cart"), "updatePolicy: {updateMode: \"Off\"}"), {}},
      {"at the start only",
       base + Vpa("v", Target("cart"), "updatePolicy: {updateMode: Initial}"),
       {}},
      {"recreating",
       base + Vpa("v", Target("cart"), "updatePolicy: {updateMode: Recreate}"),
       {"error HPA-VPA"}},
      {"memory for the VPA, cpu for the HPA",
       base + Vpa("v", Target("cart"),
                  policies + "{containerName: \"*\", controlledResources: [memory]}]}"),
       {}},
      {"the container is out",
       base + Vpa("v", Target("cart"), policies + "{containerName: app, mode: \"Off\"}]}"),
       {}},
      {"only another container is out",
       base + Vpa("v", Target("cart"), policies + "{containerName: x, mode: \"Off\"}]}"),
       {"error HPA-VPA"}},
      {"a name wins over the star",
       base + Vpa("v", Target("cart"),
                  policies + "{containerName: app, controlledResources: [memory]}, "
                             "{containerName: \"*\"}]}"),
       {}},
      {"a KEDA trigger",
       Deployment("cart") + Vpa("v", Target("cart")) +
           Keda("k",
                "scaleTargetRef: {name: cart}, triggers: [{type: memory, metricType: "
                "Utilization, metadata: {value: \"60\"}}]"),
       {"error HPA-VPA"}},
      {"other metrics",
       Deployment("cart") + Vpa("v", Target("cart")) +
           Keda("k", "scaleTargetRef: {name: cart}, triggers: [{type: kafka}]"),
       {}},
      {"two that act",
       Deployment("cart") + Vpa("v", Target("cart")) + Vpa("w", Target("cart")),
       {"error TWO-VPAS"}},
      {"one that only recommends",
       Deployment("cart") + Vpa("v", Target("cart")) +
           Vpa("w", Target("cart"), "updatePolicy: {updateMode: \"Off\"}"),
       {"warning TWO-VPAS"}},
  });
}

TEST_CASE("disruption budgets", "[policy][closure]") {
  const std::string cart = Deployment("cart", "replicas: 2");
  const std::string one = Pdb("p", "maxUnavailable: 1");
  const std::string daemon =
      Object("apps/v1", "DaemonSet", "d",
             "{template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: a}]}}}");
  Check({
      {"one of two", cart + Pdb("p", "minAvailable: 1"), {}},
      {"one of one", Deployment("cart") + Pdb("p", "minAvailable: 1"), {"error ZERO-BUDGET"}},
      {"none may be away", cart + Pdb("p", "maxUnavailable: 0"), {"error ZERO-BUDGET"}},
      {"all must stay", cart + Pdb("p", "minAvailable: 100%"), {"error ZERO-BUDGET"}},
      {"a share is rounded up", cart + Pdb("p", "minAvailable: 51%"), {"error ZERO-BUDGET"}},
      {"half of two", cart + Pdb("p", "minAvailable: 50%"), {}},
      {"one percent may be away", cart + Pdb("p", "maxUnavailable: 1%"), {}},
      {"no pods", Deployment("cart", "replicas: 0") + Pdb("p", "minAvailable: 1"), {}},
      {"the HPA's minimum counts",
       Deployment("cart") + Hpa("h", Target("cart"), "minReplicas: 2, maxReplicas: 5") +
           Pdb("p", "minAvailable: 2"),
       {"error ZERO-BUDGET"}},
      {"the HPA keeps enough",
       Deployment("cart") + Hpa("h", Target("cart"), "minReplicas: 3, maxReplicas: 5") +
           Pdb("p", "minAvailable: 2"),
       {}},
      {"KEDA may scale to one",
       Deployment("cart") + Keda("k", "scaleTargetRef: {name: cart}") + Pdb("p", "minAvailable: 1"),
       {"error ZERO-BUDGET"}},
      {"pods of two workloads",
       Deployment("cart") + Deployment("web") +
           Pdb("p", "minAvailable: 1", "{matchLabels: {tier: web}}"),
       {}},
      {"pods that nothing scales", daemon + Pdb("p", "minAvailable: 1"), {}},
      {"it says nothing",
       cart + Pdb("p", "unhealthyPodEvictionPolicy: AlwaysAllow"),
       {"error ZERO-BUDGET"}},
      {"it cannot be read", cart + Pdb("p", "minAvailable: \"1\""), {}},
      {"two on one workload", cart + one + Pdb("r", "maxUnavailable: 50%"), {"error TWO-BUDGETS"}},
      {"another selector for the same pods",
       cart + one +
           Pdb("r", "maxUnavailable: 1",
               "{matchExpressions: [{key: tier, operator: In, "
               "values: [web, api]}]}"),
       {"error TWO-BUDGETS"}},
      {"a selector for everything",
       cart + one + Pdb("r", "maxUnavailable: 1", "{}"),
       {"error TWO-BUDGETS"}},
      {"one finding for one pair",
       cart + Deployment("web", "replicas: 2") +
           Pdb("p", "maxUnavailable: 1", "{matchLabels: {tier: web}}") +
           Pdb("r", "maxUnavailable: 1", "{matchExpressions: [{key: app, operator: Exists}]}"),
       {"error TWO-BUDGETS"}},
      {"two for two",
       cart + Deployment("web", "replicas: 2") + one +
           Pdb("r", "maxUnavailable: 1", "{matchLabels: {app: web}}"),
       {}},
      {"what is not to be there",
       cart + one +
           Pdb("r", "maxUnavailable: 1",
               "{matchExpressions: [{key: app, operator: NotIn, values: "
               "[cart]}]}"),
       {"warning NO-PODS"}},
      {"nobody",
       cart + Pdb("p", "maxUnavailable: 1", "{matchLabels: {app: x}}"),
       {"warning NO-PODS"}},
      {"no selector", cart + Pdb("p", "maxUnavailable: 1", "null"), {"warning NO-PODS"}},
      {"an operator may make the pods",
       Object("postgresql.cnpg.io/v1", "Cluster", "db", "{}") +
           Pdb("p", "maxUnavailable: 1", "{matchLabels: {cnpg.io/cluster: db}}"),
       {"info NO-PODS"}},
      {"another namespace",
       cart +
           "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: p, namespace: b}\n"
           "spec: {maxUnavailable: 0, selector: {matchLabels: {app: cart}}}\n",
       {"warning NO-PODS"}},
      {"a Rollout that borrows its pods",
       Deployment("cart", "replicas: 0") +
           Object("argoproj.io/v1alpha1", "Rollout", "r",
                  "{replicas: 1, workloadRef: " + Target("cart") + "}") +
           Pdb("p", "minAvailable: 1"),
       {"error ZERO-BUDGET"}},
  });
}

TEST_CASE("limits and quotas of the namespace", "[policy][closure]") {
  const std::string cart = Deployment("cart", "replicas: 4");
  const std::string job = Object(
      "batch/v1", "Job", "j",
      "{parallelism: 3, template: {spec: {containers: [{name: a, " + std::string(kBusy) + "}]}}}");
  Check({
      {"within bounds", cart + Range("{type: Container, max: {cpu: 1}}"), {}},
      {"under the minimum",
       cart + Range("{type: Container, min: {cpu: 1}}"),
       {"error LIMIT-RANGE"}},
      {"a LimitRange elsewhere",
       cart + "apiVersion: v1\nkind: LimitRange\nmetadata: {name: l, namespace: b}\n"
              "spec: {limits: [{type: Container, min: {cpu: 1}}]}\n",
       {}},
      {"four pods and one more", cart + Quota("{requests.cpu: 500m}"), {}},
      {"the surge is too much", cart + Quota("{requests.cpu: 499m}"), {"warning QUOTA"}},
      {"no surge",
       Deployment("cart", "replicas: 4, strategy: {type: Recreate}") + Quota("{pods: 4}"),
       {}},
      {"the HPA's maximum counts",
       Deployment("cart") + Hpa("h", Target("cart"), "maxReplicas: 10") + Quota("{pods: 12}"),
       {"warning QUOTA"}},
      {"ten and three",
       Deployment("cart") + Hpa("h", Target("cart"), "maxReplicas: 10") + Quota("{pods: 13}"),
       {}},
      {"a Job", job + Quota("{pods: 2}"), {"warning QUOTA"}},
      {"workloads are added up", cart + job + Quota("{pods: 7}"), {"warning QUOTA"}},
      {"a limit is wanted", cart + Quota("{limits.memory: 9Gi}"), {"error QUOTA"}},
      {"a LimitRange gives it",
       cart + Quota("{limits.memory: 9Gi}") + Range("{type: Container, default: {memory: 1Gi}}"),
       {}},
      {"a hook counts for nothing",
       "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, annotations: {helm.sh/hook: "
       "pre-install}}\nspec: {template: {spec: {containers: [{name: a}]}}}\n---\n" +
           Quota("{pods: 0, requests.cpu: 0}"),
       {}},
      {"a heap over its limit",
       Deployment("cart", {},
                  "env: [{name: JAVA_OPTS, value: -Xmx2g}], resources: {limits: {memory: 1Gi}}"),
       {"warning RUNTIME"}},
      {"a heap over the limit that it gets",
       Deployment("cart", {}, "env: [{name: JAVA_OPTS, value: -Xmx2g}]") +
           Range("{type: Container, default: {memory: 1Gi}}"),
       {"warning RUNTIME"}},
  });
}

/// The only finding, as people read it.
std::string Text(const std::string& stream) {
  const auto findings = Found(stream);
  REQUIRE(findings.size() == 1);
  return findings[0].message + " (" + findings[0].hint + ")";
}

TEST_CASE("findings say who, what and the way out", "[policy][closure]") {
  const std::string cart = Deployment("cart");
  CHECK(Text(cart + Hpa("h", Target("cart")) + Hpa("i", Target("cart"))) ==
        "HorizontalPodAutoscaler/shop/i and HorizontalPodAutoscaler/shop/h both scale "
        "Deployment/shop/cart, each to a number of its own (keep one of them; its metrics may hold "
        "those of the other)");
  CHECK(Text(Object("apps/v1", "Deployment", "cart",
                    "{template: {spec: {containers: [{name: app, " + std::string(kBusy) +
                        "}, {name: proxy}]}}}") +
             Hpa("h", Target("cart"))) ==
        "HorizontalPodAutoscaler/shop/h measures the use of cpu as a share of requests, but "
        "Deployment/shop/cart states no requests.cpu in proxy (give proxy requests.cpu, or measure "
        "app alone with a ContainerResource metric)");
  CHECK(
      Text(cart + Pdb("p", "minAvailable: 1")) ==
      "PodDisruptionBudget/shop/p allows no eviction when the fewest pods of Deployment/shop/cart "
      "run (minAvailable 1 of 1 pod), and node drains wait for ever (keep at least 2 pods, or "
      "remove the budget)");
  CHECK(
      Text(Deployment("cart", "replicas: 4") + Quota("{requests.cpu: 400m}")) ==
      "ResourceQuota/shop/q has requests.cpu 400m, but the pods of the stream use 500m when all "
      "run at their most and are rolled out (lower the maxima or the requests, or raise the quota "
      "to 500m)");
  CHECK(
      Text(Deployment("cart", {}, "image: x") + Quota("{cpu: 4, limits.memory: 1Gi}")) ==
      "pods of Deployment/shop/cart are refused by ResourceQuota/shop/q, which wants requests.cpu "
      "in app, limits.memory in app (state it, or add a LimitRange with defaults)");
  CHECK(Text(cart + Hpa("h", Target("cart")) + Vpa("v", Target("cart"))) ==
        "VerticalPodAutoscaler/shop/v moves the cpu request of container app, by whose use "
        "HorizontalPodAutoscaler/shop/h scales Deployment/shop/cart (set `controlledResources: "
        "[memory]` or `updateMode: \"Off\"` in the VPA)");
}

}  // namespace
}  // namespace cloudlab::policy
