#include "kube/workload.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "test_stream.hpp"

namespace cloudlab::kube {
namespace {

constexpr const char* kPod = "{metadata: {labels: {app: x}}, spec: {containers: [{name: x}]}}";

std::string Doc(const std::string& api_version, const std::string& kind, const std::string& spec) {
  return "apiVersion: " + api_version + "\nkind: " + kind + "\nmetadata: {name: x}\nspec: " + spec +
         "\n";
}

TEST_CASE("every workload kind has its pod template", "[kube][workload]") {
  struct Row {
    const char* api_version;
    const char* kind;
    bool scalable;
  };
  for (const Row& row :
       {Row{"v1", "ReplicationController", true}, Row{"apps/v1", "Deployment", true},
        Row{"apps/v1", "ReplicaSet", true}, Row{"apps/v1", "StatefulSet", true},
        Row{"apps/v1", "DaemonSet", false}, Row{"batch/v1", "Job", false},
        Row{"argoproj.io/v1alpha1", "Rollout", true},
        Row{"serving.knative.dev/v1", "Service", false}}) {
    INFO(row.kind);
    const TestStream stream(
        Doc(row.api_version, row.kind, std::string("{template: ") + kPod + "}"));
    const PodTemplate pod = FindPodTemplate(stream.only());
    REQUIRE(pod);
    CHECK(pod.path == "spec.template");
    CHECK(pod.Label("app") == "x");
    CHECK(pod.spec.Find("containers").IsSeq());
    CHECK(IsScalable(stream.only().id) == row.scalable);
  }
}

TEST_CASE("a Pod is its own template", "[kube][workload]") {
  const TestStream stream(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {a: b}}\nspec: {containers: "
      "[]}\n");
  const PodTemplate pod = FindPodTemplate(stream.only());
  REQUIRE(pod);
  CHECK(pod.path.empty());
  CHECK(pod.Annotation("a") == "b");
  CHECK(pod.PathTo({"metadata", "labels"}) == std::vector<std::string>{"metadata", "labels"});
}

TEST_CASE("a CronJob's pod metadata is that of the pod, not of the job", "[kube][workload]") {
  const TestStream stream(
      Doc("batch/v1", "CronJob",
          std::string("{jobTemplate: {metadata: {labels: {app: job}}, spec: {template: ") + kPod +
              "}}}"));
  const PodTemplate pod = FindPodTemplate(stream.only());
  REQUIRE(pod);
  CHECK(pod.Label("app") == "x");
  CHECK(pod.path == "spec.jobTemplate.spec.template");
}

TEST_CASE("what has no template of its own is no workload", "[kube][workload]") {
  const std::string with_template = std::string("{template: ") + kPod + "}";
  // The kind belongs to another group.
  CHECK_FALSE(FindPodTemplate(TestStream(Doc("v1", "Deployment", with_template)).only()));
  CHECK_FALSE(FindPodTemplate(TestStream(Doc("v1", "Service", "{ports: []}")).only()));
  // A Rollout that borrows the template of a Deployment.
  CHECK_FALSE(FindPodTemplate(TestStream(Doc("argoproj.io/v1alpha1", "Rollout",
                                             "{workloadRef: {kind: Deployment, name: x}}"))
                                  .only()));
  // Only Rollouts borrow: the API server drops the field from others.
  for (const char* kind : {"Deployment", "StatefulSet"}) {
    CHECK(FindPodTemplate(
        TestStream(Doc("apps/v1", kind, std::string("{workloadRef: {}, template: ") + kPod + "}"))
            .only()));
  }
  CHECK(FindPodTemplate(TestStream(Doc("argoproj.io/v1alpha1", "Rollout",
                                       std::string("{workloadRef: null, template: ") + kPod + "}"))
                            .only()));
  // A broken template.
  CHECK_FALSE(FindPodTemplate(TestStream(Doc("apps/v1", "Deployment", "{template: null}")).only()));
  CHECK_FALSE(FindPodTemplate(TestStream(Doc("apps/v1", "Deployment", "[]")).only()));
}

TEST_CASE("custom resources join by their path", "[kube][workload]") {
  const TestStream stream(Doc("example.org/v1", "Worker", std::string("{pod: ") + kPod + "}"));
  const PodTemplatePath known{"example.org", "Worker", "spec.pod"};
  const PodTemplatePath any_group{"", "Worker", "spec.pod"};
  const PodTemplatePath other_group{"example.com", "Worker", "spec.pod"};
  CHECK_FALSE(FindPodTemplate(stream.only()));
  CHECK(FindPodTemplate(stream.only(), {&known, 1}));
  CHECK(FindPodTemplate(stream.only(), {&any_group, 1}));
  CHECK_FALSE(FindPodTemplate(stream.only(), {&other_group, 1}));
}

TEST_CASE("only a Job that is applied again has an immutable pod", "[kube][workload]") {
  const auto immutable = [](const std::string& head) {
    return HasImmutablePod(TestStream("apiVersion: batch/v1\n" + head).only());
  };
  CHECK(immutable("kind: Job\nmetadata: {name: a}\n"));
  CHECK_FALSE(immutable("kind: Job\nmetadata: {generateName: a-}\n"));
  CHECK_FALSE(
      immutable("kind: Job\nmetadata: {name: a, annotations: {helm.sh/hook: pre-install}}\n"));
  CHECK_FALSE(immutable("kind: CronJob\nmetadata: {name: a}\n"));
}

}  // namespace
}  // namespace cloudlab::kube
