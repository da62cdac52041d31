#include "kube/pod_resources.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "test_stream.hpp"

namespace cloudlab::kube {
namespace {

PodResources Read(const std::string& spec) {
  const TestStream stream("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n" + spec);
  return ReadPodResources(FindPodTemplate(stream.only()));
}

std::string Request(const std::string& spec) { return Print(EffectiveRequest(Read(spec))); }

TEST_CASE("the scheduler counts containers, native sidecars and the worst init", "[kube][pod]") {
  CHECK(Request("  containers: [{name: a}]\n") == "nothing");
  CHECK(Request(R"(
  containers:
  - {name: a, resources: {requests: {cpu: 500m, memory: 512Mi}}}
  - {name: b, resources: {requests: {cpu: 0.25}}}
)") == "cpu 750m, memory 512Mi");
  // An init container runs before the app, next to the sidecars that started before it.
  CHECK(Request(R"(
  initContainers:
  - {name: i1, resources: {requests: {cpu: "2"}}}
  - {name: s, restartPolicy: Always, resources: {requests: {cpu: 100m, memory: 64Mi}}}
  - {name: i2, resources: {requests: {cpu: 1950m, memory: 10Mi}}}
  containers:
  - {name: a, resources: {requests: {cpu: 500m, memory: 128Mi}}}
)") == "cpu 2050m, memory 192Mi");
}

TEST_CASE("requests default to limits, overhead is added", "[kube][pod]") {
  CHECK(Request(R"(
  overhead: {memory: 100Mi}
  containers:
  - {name: a, resources: {limits: {cpu: "1", memory: 924Mi}, requests: {cpu: 500m}}}
)") == "cpu 500m, memory 1Gi");
}

TEST_CASE("what the pod says as a whole holds", "[kube][pod]") {
  CHECK(Request(R"(
  resources: {requests: {cpu: "1"}, limits: {memory: 1Gi}}
  containers:
  - {name: a, resources: {requests: {cpu: 200m, nvidia.com/gpu: 1}}}
)") == "cpu 1, memory 1Gi, nvidia.com/gpu 1");
}

std::string QosOf(const std::string& spec) { return std::string(Name(Qos(Read(spec)))); }

TEST_CASE("QoS classes", "[kube][pod]") {
  CHECK(QosOf("  containers: [{name: a}]\n") == "BestEffort");
  CHECK(QosOf("  containers: [{name: a, resources: {limits: {nvidia.com/gpu: 1}}}]\n") ==
        "BestEffort");
  CHECK(QosOf("  containers: [{name: a, resources: {requests: {cpu: 0}}}]\n") == "BestEffort");
  CHECK(QosOf("  containers: [{name: a, resources: {requests: {cpu: 1}}}]\n") == "Burstable");
  CHECK(QosOf("  containers: [{name: a, resources: {limits: {cpu: 1, memory: 1Gi}}}]\n") ==
        "Guaranteed");
  CHECK(QosOf(R"(
  initContainers: [{name: i}]
  containers: [{name: a, resources: {limits: {cpu: 1, memory: 1Gi}}}]
)") == "Burstable");
  CHECK(QosOf(R"(
  containers:
  - {name: a, resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 1000m, memory: 1024Mi}}}
)") == "Guaranteed");
  CHECK(QosOf(R"(
  resources: {limits: {cpu: 1, memory: 1Gi}}
  containers: [{name: a}]
)") == "Guaranteed");
  CHECK(ParseQosClass("Burstable") == QosClass::kBurstable);
  CHECK_FALSE(ParseQosClass("burstable").has_value());
}

TEST_CASE("the obstacle to Guaranteed is named", "[kube][pod]") {
  CHECK(ObstacleToGuaranteed(Read("  containers: [{name: a, resources: {limits: {cpu: 1}}}]\n")) ==
        "container a has no limits.memory");
  CHECK(ObstacleToGuaranteed(Read(R"(
  containers: [{name: a, resources: {requests: {cpu: 500m}, limits: {cpu: 1, memory: 1Gi}}}]
)")) == "container a has requests.cpu 500m under limits.cpu 1");
  CHECK(ObstacleToGuaranteed(
            Read("  containers: [{name: a, resources: {limits: {cpu: 1, memory: 1Gi}}}]\n"))
            .empty());
}

TEST_CASE("what may not be overcommitted", "[kube][pod]") {
  CHECK(IsOvercommittable("cpu"));
  CHECK(IsOvercommittable("ephemeral-storage"));
  CHECK_FALSE(IsOvercommittable("hugepages-2Mi"));
  CHECK_FALSE(IsOvercommittable("nvidia.com/gpu"));
}

}  // namespace
}  // namespace cloudlab::kube
