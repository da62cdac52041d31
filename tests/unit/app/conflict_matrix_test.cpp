// The conflict matrix: what autoscalers, recommenders and budgets do to each other in real charts.
// Each case is run twice. As it is, the policy mends the conflict, or leaves its part out, and says
// why. With that mending switched off, the closing look at the stream must find the conflict and
// end the run: so the proof does not rest on the code that it proves.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "app/pipeline.hpp"

namespace cloudlab::app {
namespace {

using Mending = policy::Mending;

constexpr bool Mending::*kExisting = &Mending::existing;
constexpr bool Mending::*kReplicas = &Mending::replicas;
constexpr bool Mending::*kMetrics = &Mending::metrics;
constexpr bool Mending::*kResources = &Mending::resources;
constexpr bool Mending::*kBudgets = &Mending::budgets;
constexpr bool Mending::*kOverlap = &Mending::overlap;

const std::string kBusy = "resources: {requests: {cpu: 100m, memory: 64Mi}}";

std::string Workload(const std::string& kind, const std::string& name, const std::string& replicas,
                     const std::string& label = "cart", const std::string& container = kBusy,
                     const std::string& pod = "") {
  return "---\napiVersion: apps/v1\nkind: " + kind + "\nmetadata: {name: " + name + "}\nspec:\n" +
         (replicas.empty() ? "" : "  replicas: " + replicas + "\n") +
         "  selector: {matchLabels: {app: " + label +
         "}}\n  template:\n    metadata: {labels: {app: " + label + "}}\n    spec:\n" + pod +
         "      containers:\n      - {name: app, " + container + "}\n";
}

std::string Cart(const std::string& replicas, const std::string& container = kBusy) {
  return Workload("Deployment", "cart", replicas, "cart", container);
}

std::string Object(const std::string& version, const std::string& kind, const std::string& spec) {
  return "---\napiVersion: " + version + "\nkind: " + kind +
         "\nmetadata: {name: of-the-chart}\nspec: {" + spec + "}\n";
}

const std::string kRef = "{apiVersion: apps/v1, kind: Deployment, name: cart}";

std::string Hpa(const std::string& resource = "cpu", const std::string& least = "2") {
  return Object("autoscaling/v2", "HorizontalPodAutoscaler",
                "scaleTargetRef: " + kRef + ", minReplicas: " + least +
                    ", maxReplicas: 5, metrics: [{type: Resource, resource: {name: " + resource +
                    ", target: {type: Utilization, averageUtilization: 60}}}]");
}

std::string ScaledObject() {
  return Object(
      "keda.sh/v1alpha1", "ScaledObject",
      "scaleTargetRef: {name: cart}, minReplicaCount: 2, triggers: [{type: cpu, metricType: "
      "Utilization, metadata: {value: \"60\"}}]");
}

std::string Vpa() {
  return Object("autoscaling.k8s.io/v1", "VerticalPodAutoscaler",
                "targetRef: " + kRef + ", updatePolicy: {updateMode: Recreate}");
}

std::string Pdb(const std::string& selector) {
  return Object("policy/v1", "PodDisruptionBudget", "maxUnavailable: 1, selector: " + selector);
}

const std::string kSidecarWithoutRequest = kBusy + "}\n      - {name: log";

struct Case {
  const char* name;
  std::string stream;
  const char* policy;     ///< Below spec.
  const char* explained;  ///< The code of the skip or finding that says what was done.
  bool Mending::*off;
  const char* found;     ///< The code that the closing look ends the run with, once it is off.
  bool refused = false;  ///< The mending is to refuse.
};

std::vector<Case> Cases() {
  const char* both = "horizontal: {}, disruptionBudget: {}";
  const char* acting = "horizontal: {}, vertical: {updateMode: Recreate}";
  const char* only_acting = "vertical: {updateMode: Recreate}";
  return {
      {"replicas beside our autoscaler", Cart("3"), "horizontal: {}", "CL-C-REPLICAS-REMOVED",
       kReplicas, "CL-C-REPLICAS"},
      {"replicas beside our ScaledObject", Cart("3"), "horizontal: {emit: ScaledObject}",
       "CL-C-REPLICAS-REMOVED", kReplicas, "CL-C-REPLICAS"},
      {"replicas beside the chart's autoscaler", Cart("3") + Hpa(), both, "CL-C-REPLICAS-REMOVED",
       kReplicas, "CL-C-REPLICAS"},
      {"replicas beside the chart's ScaledObject", Cart("3") + ScaledObject(), both,
       "CL-C-REPLICAS-REMOVED", kReplicas, "CL-C-REPLICAS"},
      {"two autoscalers", Cart("") + Hpa(), "horizontal: {}", "CL-C-SCALER-EXISTS", kExisting,
       "CL-C-TWO-SCALERS"},
      {"autoscaler over a ScaledObject", Cart("") + ScaledObject(), "horizontal: {}",
       "CL-C-SCALER-EXISTS", kExisting, "CL-C-TWO-SCALERS"},
      {"ScaledObject over an autoscaler", Cart("") + Hpa(), "horizontal: {emit: ScaledObject}",
       "CL-C-SCALER-EXISTS", kExisting, "CL-C-TWO-SCALERS"},
      {"two recommenders", Cart("2") + Vpa(), only_acting, "CL-C-SCALER-EXISTS", kExisting,
       "CL-C-TWO-VPAS"},
      {"recommender of what our autoscaler measures", Cart(""), acting, "", kResources,
       "CL-C-HPA-VPA"},
      {"recommender of what the chart's autoscaler measures", Cart("") + Hpa(), only_acting, "",
       kResources, "CL-C-HPA-VPA"},
      {"recommender with nothing left", Cart("") + Hpa("memory"),
       "vertical: {updateMode: Recreate, controlledResources: [memory]}", "CL-C-HPA-VPA",
       kResources, "CL-C-HPA-VPA"},
      {"recommender of what a ScaledObject measures", Cart("") + ScaledObject(),
       "vertical: {updateMode: Recreate, controlledResources: [cpu]}", "CL-C-HPA-VPA", kResources,
       "CL-C-HPA-VPA"},
      {"budget equal to the least number", Cart(""),
       "horizontal: {}, disruptionBudget: {minAvailable: 3}", "CL-C-BUDGET-MENDED", kBudgets,
       "CL-C-ZERO-BUDGET"},
      {"budget over the least number", Cart("4"), "disruptionBudget: {minAvailable: 9}",
       "CL-C-BUDGET-MENDED", kBudgets, "CL-C-ZERO-BUDGET"},
      {"budget of all", Cart("4"), "disruptionBudget: {minAvailable: \"100%\"}",
       "CL-C-BUDGET-MENDED", kBudgets, "CL-C-ZERO-BUDGET"},
      {"share that rounds up to all", Cart("3"), "disruptionBudget: {minAvailable: \"90%\"}",
       "CL-C-BUDGET-MENDED", kBudgets, "CL-C-ZERO-BUDGET"},
      {"budget over one pod", Cart("1"), "disruptionBudget: {minAvailable: 1}", "CL-C-BUDGET-FEW",
       kBudgets, "CL-C-ZERO-BUDGET"},
      {"budget where the autoscaler goes down to one", Cart("") + Hpa("cpu", "1"),
       "disruptionBudget: {minAvailable: 1}", "CL-C-BUDGET-FEW", kBudgets, "CL-C-ZERO-BUDGET"},
      {"quorum of two", Workload("StatefulSet", "store", "2"), "disruptionBudget: {quorum: true}",
       "CL-C-BUDGET-QUORUM", kBudgets, "CL-C-ZERO-BUDGET"},
      {"two budgets", Cart("3") + Pdb("{matchLabels: {app: cart}}"), "disruptionBudget: {}",
       "CL-C-BUDGET-EXISTS", kExisting, "CL-C-TWO-BUDGETS"},
      {"two budgets, one by an expression",
       Cart("3") + Pdb("{matchExpressions: [{key: app, operator: Exists}]}"),
       "disruptionBudget: {}", "CL-C-BUDGET-EXISTS", kExisting, "CL-C-TWO-BUDGETS"},
      {"two budgets, one over the whole namespace", Cart("3") + Pdb("{}"), "disruptionBudget: {}",
       "CL-C-BUDGET-EXISTS", kExisting, "CL-C-TWO-BUDGETS"},
      {"selectors that take each other's pods",
       Workload("Deployment", "blue", "3") + Workload("StatefulSet", "green", "3"),
       "disruptionBudget: {}", "CL-C-BUDGET-OVERLAP", kOverlap, "CL-C-TWO-BUDGETS"},
      {"sidecar without a request", Cart("", kSidecarWithoutRequest),
       "horizontal: {metrics: [{type: Resource, name: cpu, averageUtilization: 70}]}",
       "CL-C-CONTAINER-RESOURCE", kMetrics, "CL-C-NO-REQUEST"},
      {"native sidecar without a request",
       Workload("Deployment", "cart", "", "cart", kBusy,
                "      initContainers: [{name: proxy, restartPolicy: Always}]\n"),
       "horizontal: {metrics: [{type: Resource, name: cpu, averageUtilization: 70}]}",
       "CL-C-CONTAINER-RESOURCE", kMetrics, "CL-C-NO-REQUEST"},
      {"no request at all", Cart("", "image: x"), "horizontal: {}", "CL-C-NO-REQUEST", kMetrics,
       "CL-C-NO-REQUEST", true},
      {"request of another resource", Cart("", "resources: {requests: {cpu: 100m}}"),
       "horizontal: {metrics: [{type: Resource, name: memory, averageUtilization: 70}]}",
       "CL-C-NO-REQUEST", kMetrics, "CL-C-NO-REQUEST", true},
      {"ScaledObject without a request", Cart("", "image: x"), "horizontal: {emit: ScaledObject}",
       "CL-C-NO-REQUEST", kMetrics, "CL-C-NO-REQUEST", true},
      {"metric of a container that is not there", Cart(""),
       "horizontal: {metrics: [{type: ContainerResource, container: web, name: cpu, "
       "averageUtilization: 70}]}",
       "CL-C-NO-CONTAINER", kMetrics, "CL-C-NO-CONTAINER", true},
      {"average value of a container that is not there", Cart(""),
       "horizontal: {metrics: [{type: ContainerResource, container: web, name: cpu, "
       "averageValue: 1}]}",
       "CL-C-NO-CONTAINER", kMetrics, "CL-C-NO-CONTAINER", true},
      {"metric of an init container",
       Workload("Deployment", "cart", "", "cart", kBusy,
                "      initContainers: [{name: migrate, resources: {requests: {cpu: 1}}}]\n"),
       "horizontal: {metrics: [{type: ContainerResource, container: migrate, name: cpu, "
       "averageUtilization: 70}]}",
       "CL-C-NO-CONTAINER", kMetrics, "CL-C-NO-CONTAINER", true},
  };
}

Result RunCase(const Case& row, const Mending& mending) {
  const std::string policies =
      "apiVersion: cloudlab.dev/v1alpha1\nkind: EnvironmentProfile\nmetadata: {name: "
      "production}\nspec:\n"
      "  autoscaling: {minReplicas: 3, maxReplicas: 12}\n---\napiVersion: cloudlab.dev/v1alpha1\n"
      "kind: AutoscalingPolicy\nmetadata: {name: scaling}\nspec: {match: {any: [{kinds: "
      "[Workload]}]}, " +
      std::string(row.policy) + "}\n";
  const text::Source config{"policy.yaml", policies};
  const text::Source input{"<stdin>", row.stream};
  Settings settings;
  settings.config_kind = Settings::Config::kFiles;
  settings.config = {&config};
  settings.environment = "production";
  settings.ns = "shop";
  settings.mending = mending;
  return Run(input, settings);
}

bool Says(const Report& report, const std::string& code) {
  return std::ranges::any_of(report.skips, [&](const auto& skip) { return skip.code == code; }) ||
         std::ranges::any_of(report.diagnostics.items(),
                             [&](const auto& finding) { return finding.code == code; });
}

bool HasError(const Report& report, const std::string& code) {
  return std::ranges::any_of(report.diagnostics.items(), [&](const auto& finding) {
    return finding.code == code && finding.severity == text::Severity::kError;
  });
}

/// The row of the closing look among the proofs; nothing if it was not reached.
std::optional<bool> ClosingPassed(const Report& report) {
  for (const ProofRow& row : report.proofs) {
    if (row.name.starts_with("autoscalers, budgets")) return row.passed;
  }
  return std::nullopt;
}

TEST_CASE("conflict matrix: found, explained, mended", "[app][autoscaling]") {
  for (const Case& row : Cases()) {
    CAPTURE(row.name);
    const Result result = RunCase(row, {});
    if (*row.explained != '\0') CHECK(Says(result.report, row.explained));
    if (row.refused) {
      CHECK(result.exit_code == kFailed);
      CHECK_FALSE(ClosingPassed(result.report));
      continue;
    }
    CHECK(result.exit_code == kDone);
    CHECK(ClosingPassed(result.report) == true);
    CHECK_FALSE(HasError(result.report, row.found));
  }
}

TEST_CASE("conflict matrix: without the mending the closing look ends the run",
          "[app][autoscaling]") {
  std::size_t caught = 0;
  for (const Case& row : Cases()) {
    CAPTURE(row.name);
    Mending mending;
    mending.*row.off = false;
    const Result result = RunCase(row, mending);
    CHECK(result.exit_code == kFailed);
    CHECK(result.output.empty());
    CHECK(ClosingPassed(result.report) == false);
    CHECK(HasError(result.report, row.found));
    if (ClosingPassed(result.report) == false) ++caught;
  }
  std::printf("conflict matrix: %zu cases, %zu caught by the closing look alone\n", Cases().size(),
              caught);
}

}  // namespace
}  // namespace cloudlab::app
