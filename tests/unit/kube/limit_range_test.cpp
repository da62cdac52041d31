#include "kube/limit_range.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "test_stream.hpp"

namespace cloudlab::kube {
namespace {

using Strings = std::vector<std::string>;

/// A pod under LimitRanges with these `spec.limits`, one each.
class Admitted {
 public:
  Admitted(const Strings& limits, const std::string& pod_spec) : stream_(Text(limits, pod_spec)) {
    std::vector<LimitRange> ranges;
    for (std::size_t i = 0; i < limits.size(); ++i) {
      ranges.push_back(ReadLimitRange(stream_.at(i)));
    }
    pod_ = ReadPodResources(FindPodTemplate(stream_.manifests().back()));
    violations_ = ApplyLimitRanges(ranges, pod_);
  }

  const PodResources& pod() const { return pod_; }
  Strings Violations() const {
    Strings lines;
    for (const LimitViolation& violation : violations_) lines.push_back(violation.Describe());
    return lines;
  }
  /// "requests/limits" of the first container.
  std::string First() const {
    const ContainerResources& first = pod_.containers.front();
    return Print(first.requests) + " / " + Print(first.limits);
  }

 private:
  static std::string Text(const Strings& limits, const std::string& pod_spec) {
    std::string text;
    for (const std::string& limit : limits) {
      text += "apiVersion: v1\nkind: LimitRange\nmetadata: {name: l}\nspec: {limits: " + limit +
              "}\n---\n";
    }
    return text + "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: " + pod_spec + "\n";
  }

  TestStream stream_;
  PodResources pod_;
  std::vector<LimitViolation> violations_;
};

/// A pod of one container "a" with these resources.
std::string One(const std::string& resources) {
  return "{containers: [{name: a, resources: " + resources + "}]}";
}

std::string Filled(const std::string& limits, const std::string& resources) {
  return Admitted({limits}, One(resources)).First();
}

TEST_CASE("what a LimitRange fills in", "[kube][limits]") {
  const std::string both =
      "[{type: Container, default: {memory: 512Mi}, defaultRequest: {memory: 256Mi}}]";
  CHECK(Filled(both, "{}") == "memory 256Mi / memory 512Mi");
  CHECK(Filled(both, "{requests: {memory: 1Mi}}") == "memory 1Mi / memory 512Mi");
  // The request defaulted to the limit before the LimitRange was asked.
  CHECK(Filled(both, "{limits: {memory: 300Mi}}") == "memory 300Mi / memory 300Mi");
  CHECK(Filled(both, "{requests: {cpu: 1}}") == "cpu 1, memory 256Mi / memory 512Mi");
  // The LimitRange's own defaults: limit from max, request from limit, else from min.
  CHECK(Filled("[{type: Container, max: {cpu: 2}}]", "{}") == "cpu 2 / cpu 2");
  CHECK(Filled("[{type: Container, default: {cpu: 2}}]", "{}") == "cpu 2 / cpu 2");
  CHECK(Filled("[{type: Container, min: {cpu: 100m}}]", "{}") == "cpu 100m / nothing");
  CHECK(Filled("[{type: Container, min: {cpu: 100m}, max: {cpu: 2}}]", "{}") == "cpu 2 / cpu 2");
  CHECK(Filled("[{type: Pod, max: {cpu: 2}, default: {cpu: 1}}]", "{}") == "nothing / nothing");
  CHECK(Filled("[{type: PersistentVolumeClaim, min: {storage: 1Gi}}]", "{}") ==
        "nothing / nothing");
  // Of several LimitRanges the first counts.
  CHECK(
      Admitted({"[{type: Container, default: {cpu: 1}}]", "[{type: Container, default: {cpu: 2}}]"},
               One("{}"))
          .First() == "cpu 1 / cpu 1");
}

Strings Broken(const std::string& limits, const std::string& resources) {
  return Admitted({limits}, One(resources)).Violations();
}

TEST_CASE("bounds of containers", "[kube][limits]") {
  const std::string min = "[{type: Container, min: {cpu: 100m}}]";
  CHECK(Broken(min, "{}") == Strings{});
  CHECK(Broken(min, "{requests: {cpu: 100m}}") == Strings{});
  CHECK(Broken(min, "{requests: {cpu: 99m}}") ==
        Strings{"container a has requests.cpu 99m under the minimum 100m"});
  CHECK(Broken(min, "{requests: {cpu: 200m}, limits: {cpu: 50m}}") ==
        Strings{"container a has limits.cpu 50m under the minimum 100m"});

  const std::string max = "[{type: Container, max: {memory: 1Gi}}]";
  CHECK(Broken(max, "{}") == Strings{});
  CHECK(Broken(max, "{limits: {memory: 1024Mi}}") == Strings{});
  CHECK(Broken(max, "{limits: {memory: 2Gi}}") ==
        Strings{"container a has limits.memory 2Gi over the maximum 1Gi"});
  // The limit is filled in from the maximum, and is then under the request.
  CHECK(Broken(max, "{requests: {memory: 2Gi}}") ==
        Strings{"container a has requests.memory 2Gi over the limit 1Gi that it gets by default",
                "container a has requests.memory 2Gi over the maximum 1Gi"});

  const std::string ratio = "[{type: Container, maxLimitRequestRatio: {cpu: 1.5}}]";
  CHECK(Broken(ratio, "{requests: {cpu: 1}, limits: {cpu: 1500m}}") == Strings{});
  CHECK(Broken(ratio, "{requests: {cpu: 1}, limits: {cpu: 1501m}}") ==
        Strings{"container a has limits.cpu 1501m, over 1500m times its request 1"});
  CHECK(Broken(ratio, "{limits: {cpu: 1}}") == Strings{});
  CHECK(Broken(ratio, "{requests: {cpu: 1}}") ==
        Strings{"container a has no limits.cpu where a limit may be 1500m times its request"});
  CHECK(Broken(ratio, "{}") ==
        Strings{"container a has no requests.cpu where a limit may be 1500m times its request"});
  CHECK(Broken(ratio, "{requests: {cpu: 0}, limits: {cpu: 1}}") ==
        Strings{"container a has no requests.cpu where a limit may be 1500m times its request"});
}

TEST_CASE("init containers are bound too, ephemeral ones are not", "[kube][limits]") {
  const Admitted pod({"[{type: Container, max: {cpu: 1}}]"},
                     "{initContainers: [{name: i, resources: {limits: {cpu: 2}}}], "
                     "containers: [{name: a}], ephemeralContainers: [{name: e}]}");
  CHECK(pod.Violations() == Strings{"container i has limits.cpu 2 over the maximum 1"});
  CHECK(pod.pod().containers.back().limits.empty());
}

TEST_CASE("bounds of pods", "[kube][limits]") {
  const std::string two =
      "{overhead: {cpu: 1}, containers: [{name: a, resources: {limits: {cpu: 1}}}, "
      "{name: b, resources: {limits: {cpu: 1500m}, requests: {cpu: 100m}}}]}";
  CHECK(Admitted({"[{type: Pod, max: {cpu: 2500m}}]"}, two).Violations() == Strings{});
  CHECK(Admitted({"[{type: Pod, max: {cpu: 2}}]"}, two).Violations() ==
        Strings{"the pod has limits.cpu 2500m over the maximum 2"});
  CHECK(Admitted({"[{type: Pod, min: {cpu: 1200m}}]"}, two).Violations() ==
        Strings{"the pod has requests.cpu 1100m under the minimum 1200m"});
  CHECK(Admitted({"[{type: Pod, max: {memory: 1Gi}}]"}, two).Violations() ==
        Strings{"the pod has no limits.memory where the maximum is 1Gi"});
  // The larger of the running containers and of an init container next to its sidecars.
  const std::string init =
      "{initContainers: [{name: s, restartPolicy: Always, resources: {limits: {cpu: 1}}}, "
      "{name: i, resources: {limits: {cpu: 3}}}], "
      "containers: [{name: a, resources: {limits: {cpu: 1}}}]}";
  CHECK(Admitted({"[{type: Pod, max: {cpu: 4}}]"}, init).Violations() == Strings{});
  CHECK(Admitted({"[{type: Pod, max: {cpu: 3}}]"}, init).Violations() ==
        Strings{"the pod has limits.cpu 4 over the maximum 3"});
}

TEST_CASE("the limit of a pod counts overhead where there is a limit", "[kube][limits]") {
  const TestStream stream(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {overhead: {cpu: 1, memory: 1Gi}, "
      "containers: [{name: a, resources: {limits: {cpu: 1}}}]}\n");
  CHECK(Print(EffectiveLimit(ReadPodResources(FindPodTemplate(stream.only())))) == "cpu 2");
}

}  // namespace
}  // namespace cloudlab::kube
