#include "policy/tier.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "applied.hpp"

namespace cloudlab::policy {
namespace {

constexpr const char* kProfiles = R"(
---
apiVersion: cloudlab.dev/v1alpha1
kind: EnvironmentProfile
metadata: {name: production}
spec:
  tiers:
    small: {requests: {cpu: 100m, memory: 128Mi}}
    medium: {requests: {cpu: 500m, memory: 512Mi}, limits: {memory: 512Mi}, replicas: 3}
    sure: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1, memory: 1Gi}}
    gpu: {limits: {nvidia.com/gpu: 1}}
)";

std::string TierPolicy(const std::string& spec) {
  return "apiVersion: cloudlab.dev/v1alpha1\nkind: ResourceTierPolicy\nmetadata: {name: tiers}\n"
         "spec: " +
         spec + kProfiles;
}

/// A workload "cart" with these lines (at column 0) as its pod spec.
std::string Workload(const std::string& pod_spec, const std::string& kind = "Deployment",
                     const std::string& annotations = "{}", const std::string& replicas = {}) {
  std::string text = "apiVersion: apps/v1\nkind: " + kind +
                     "\nmetadata:\n  name: cart\n  annotations: " + annotations + "\nspec:\n" +
                     replicas + "  template:\n    spec:\n";
  std::size_t begin = 0;
  while (begin < pod_spec.size()) {
    const std::size_t end = pod_spec.find('\n', begin) + 1;
    text += "      " + pod_spec.substr(begin, end - begin);
    begin = end;
  }
  return text;
}

constexpr const char* kMatch = "match: {any: [{kinds: [Workload]}]}";
const std::string kMedium = std::string("{") + kMatch + ", tier: medium}";

TEST_CASE("a tier fills in what the chart leaves open", "[policy][tier]") {
  const std::string pod =
      "initContainers:\n- name: init\ncontainers:\n- name: app # main\n  image: cart\n- name: "
      "side\n  resources:\n    requests: {cpu: 0.5, memory: 64Mi}\n";
  const Applied applied = Apply(TierPolicy(kMedium), Workload(pod, "DaemonSet"));
  CHECK(applied.errors == Strings{});
  CHECK(applied.rows ==
        Strings{"spec.template.spec.containers[name=app].resources.requests.cpu:  -> 500m",
                "spec.template.spec.containers[name=app].resources.requests.memory:  -> 512Mi",
                "spec.template.spec.containers[name=app].resources.limits.memory:  -> 512Mi",
                "spec.template.spec.containers[name=side].resources.limits.memory:  -> 512Mi"});
  CHECK(applied.text.find("- name: app # main\n        image: cart\n        resources:\n"
                          "          requests:\n            cpu: 500m\n") != std::string::npos);
}

TEST_CASE("Replace writes only what the tier names", "[policy][tier]") {
  const Applied applied = Apply(
      TierPolicy(std::string("{") + kMatch + ", tier: small, conflictPolicy: Replace}"),
      Workload("containers:\n- name: app\n  resources:\n    requests: {cpu: 0.1, memory: 1Gi}\n"
               "    limits: {cpu: '2', memory: 1Gi}\n",
               "DaemonSet"));
  CHECK(applied.rows ==
        Strings{"spec.template.spec.containers[name=app].resources.requests.memory: 1Gi -> 128Mi"});
}

TEST_CASE("which tier a container gets", "[policy][tier]") {
  const std::string policy =
      TierPolicy(std::string("{") + kMatch +
                 ", tier: small, containers: [{match: {types: [Init]}, tier: sure}, {match: "
                 "{names: ['*-proxy']}, tier: medium}]}");
  const Applied applied =
      Apply(policy, Workload("initContainers:\n- name: init\ncontainers:\n- name: app\n- name: "
                             "sql-proxy\n- name: other\n",
                             "DaemonSet", "{tier.cloudlab.dev/other: gpu}"));
  const auto row = [&](const char* text) {
    return std::ranges::find(applied.rows, text) != applied.rows.end();
  };
  CHECK(row("spec.template.spec.initContainers[name=init].resources.requests.cpu:  -> 1"));
  CHECK(row("spec.template.spec.containers[name=app].resources.requests.cpu:  -> 100m"));
  CHECK(row("spec.template.spec.containers[name=sql-proxy].resources.requests.cpu:  -> 500m"));
  CHECK(
      row("spec.template.spec.containers[name=other].resources.limits[\"nvidia.com/gpu\"]:  -> 1"));
}

TEST_CASE("annotations: pod before object before namespace", "[policy][tier]") {
  const std::string policy = TierPolicy(std::string("{") + kMatch + "}");
  const std::string ns =
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: {cloudlab.dev/tier: "
      "small}}\n---\n";
  const std::string plain = Workload("containers:\n- name: app\n", "DaemonSet");
  CHECK(Apply(policy, plain).rows.empty());
  CHECK(Apply(policy, ns + plain).rows.front().ends_with("cpu:  -> 100m"));
  const std::string own =
      Workload("containers:\n- name: app\n", "DaemonSet", "{cloudlab.dev/tier: sure}");
  CHECK(Apply(policy, ns + own).rows.front().ends_with("cpu:  -> 1"));
}

TEST_CASE("an unknown tier is an error that lists the known ones", "[policy][tier]") {
  const Applied applied = Apply(
      TierPolicy(std::string("{") + kMatch + "}"),
      Workload("containers:\n- name: a\n- name: b\n", "DaemonSet", "{cloudlab.dev/tier: huge}"));
  CHECK(applied.errors == Strings{"CL-B-TIER no tier `huge` in environment production"});
  Settings nowhere;
  nowhere.environment = "";
  CHECK(Apply(TierPolicy(kMedium), Workload("containers:\n- name: a\n"), nowhere).errors ==
        Strings{"CL-B-TIER no tier `medium`: the run has no environment profile"});
}

TEST_CASE("an annotation for a container that is not there is a warning", "[policy][tier]") {
  const Applied applied =
      Apply(TierPolicy(kMedium),
            Workload("containers:\n- name: app\n", "DaemonSet", "{tier.cloudlab.dev/ap: small}"));
  CHECK(applied.notes.front() ==
        "CL-B-NO-CONTAINER annotation tier.cloudlab.dev/ap names no container of this pod");
}

TEST_CASE("replicas", "[policy][tier]") {
  const std::string app = "containers:\n- name: app\n";
  const auto rows = [&](const std::string& spec, const std::string& stream) {
    Strings found;
    for (const std::string& row : Apply(TierPolicy(spec), stream).rows) {
      if (row.starts_with("spec.replicas")) found.push_back(row);
    }
    return found;
  };
  const std::string replace =
      std::string("{") + kMatch + ", tier: medium, conflicts: {replicas: Replace}}";
  CHECK(rows(kMedium, Workload(app)) == Strings{"spec.replicas:  -> 3"});
  CHECK(rows(kMedium, Workload(app, "Deployment", "{}", "  replicas: 1\n")).empty());
  CHECK(rows(replace, Workload(app, "Deployment", "{}", "  replicas: 1\n")) ==
        Strings{"spec.replicas: 1 -> 3"});
  CHECK(rows(replace, Workload(app, "Deployment", "{}", "  replicas: 0\n")).empty());
  CHECK(rows(kMedium, Workload(app, "StatefulSet")).empty());
  CHECK(rows(replace, Workload(app, "StatefulSet")) == Strings{"spec.replicas:  -> 3"});
  CHECK(rows(replace, Workload(app, "DaemonSet")).empty());
  const std::string scaler =
      "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\n"
      "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}}\n";
  CHECK(rows(replace, Workload(app) + scaler).empty());
  const Applied scaled = Apply(TierPolicy(replace), Workload(app) + scaler);
  CHECK(scaled.skips == Strings{"CL-B-REPLICAS-SCALED replicas stay as they are (the tier says 3): "
                                "HorizontalPodAutoscaler/shop/h sets them"});
}

TEST_CASE("two tiers that differ are seen, whatever the chart says", "[policy][tier]") {
  const auto with = [](const std::string& a, const std::string& b, const std::string& pod,
                       const std::string& replicas = {}) {
    std::string policies;
    for (const auto& [name, tier] : {std::pair("a", a), std::pair("b", b)}) {
      policies += std::string("apiVersion: cloudlab.dev/v1alpha1\nkind: ResourceTierPolicy\n") +
                  "metadata: {name: " + name + "}\nspec: {" + kMatch + ", tier: " + tier +
                  ", conflictPolicy: Replace}\n---\n";
    }
    policies += R"(apiVersion: cloudlab.dev/v1alpha1
kind: EnvironmentProfile
metadata: {name: production}
spec:
  tiers:
    small: {requests: {cpu: 50m}}
    big: {requests: {cpu: 250m}}
    one: {replicas: 1}
    three: {replicas: 3}
)";
    return Apply(policies, Workload(pod, "Deployment", "{}", replicas)).errors;
  };
  const Strings conflict = {
      "conflict at spec.template.spec.containers[name=app].resources.requests.cpu"};
  for (const char* cpu : {"250m", "0.25", "50m", "100m"}) {
    const std::string pod =
        "containers:\n- name: app\n  resources: {requests: {cpu: " + std::string(cpu) + "}}\n";
    CHECK(with("small", "big", pod) == conflict);
    CHECK(with("big", "small", pod) == conflict);
  }
  // The request that the API server takes from the limit.
  const std::string limit = "containers:\n- name: app\n  resources: {limits: {cpu: 250m}}\n";
  CHECK(with("small", "big", limit) == conflict);
  CHECK(with("big", "small", limit) == conflict);
  const std::string app = "containers:\n- name: app\n";
  for (const char* replicas : {"", "  replicas: 1\n", "  replicas: 3\n", "  replicas: 7\n"}) {
    CHECK(with("one", "three", app, replicas) == Strings{"conflict at spec.replicas"});
    CHECK(with("three", "one", app, replicas) == Strings{"conflict at spec.replicas"});
  }
}

TEST_CASE("a pod that speaks for itself as a whole is left alone", "[policy][tier]") {
  const Applied applied =
      Apply(TierPolicy(kMedium),
            Workload("resources: {requests: {cpu: 1}}\ncontainers:\n- name: app\n", "DaemonSet"));
  CHECK(applied.rows.empty());
  CHECK(applied.skips.front().starts_with("CL-B-POD-LEVEL"));
}

TEST_CASE("the pod's request and its QoS class are reported", "[policy][tier]") {
  const std::string policy =
      TierPolicy(std::string("{") + kMatch + ", tier: sure, qosClass: Guaranteed}");
  CHECK(Apply(policy, Workload("containers:\n- name: app\n", "DaemonSet")).notes ==
        Strings{"CL-B-QOS the pod requests cpu 1, memory 1Gi (before: nothing); its QoS class is "
                "Guaranteed (before: BestEffort)"});
  CHECK(
      Apply(policy, Workload("initContainers:\n- name: i\ncontainers:\n- name: app\n", "DaemonSet"))
          .notes == Strings{"CL-B-QOS the pod requests cpu 1, memory 1Gi (before: nothing); its "
                            "QoS class is Burstable (before: BestEffort), not Guaranteed: "
                            "container i has no limits.cpu"});
}

TEST_CASE("a Job is warned about, a broken quantity is left", "[policy][tier]") {
  std::string job = Workload("containers:\n- name: app\n", "Job");
  job.replace(job.find("apps/v1"), 7, "batch/v1");
  CHECK(Apply(TierPolicy(kMedium), job).notes.front().starts_with("CL-G-IMMUTABLE"));
  const Applied odd = Apply(
      TierPolicy(kMedium),
      Workload("containers:\n- name: app\n  resources: {requests: {memory: lots}}\n", "DaemonSet"));
  CHECK(odd.rows ==
        Strings{"spec.template.spec.containers[name=app].resources.requests.cpu:  -> 500m"});
  CHECK(odd.notes.front().starts_with("CL-B-QUANTITY requests.memory of container app"));
}

}  // namespace
}  // namespace cloudlab::policy
