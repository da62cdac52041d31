#include "kube/pod_count.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "test_stream.hpp"

namespace cloudlab::kube {
namespace {

/// "pods+surge" of a workload with this spec; the surge is that of ten pods.
std::string Count(const std::string& type, const std::string& spec) {
  const std::size_t space = type.find(' ');
  const TestStream stream("apiVersion: " + type.substr(0, space) + "\nkind: " +
                          type.substr(space + 1) + "\nmetadata: {name: w}\nspec: " + spec + "\n");
  return std::to_string(StatedPods(stream.only())) + "+" +
         std::to_string(RollingSurge(stream.only(), 10));
}

TEST_CASE("pods and the surge of a rollout, by kind", "[kube][pods]") {
  struct Row {
    std::string type;
    std::string spec;
    std::string count;
  };
  const std::vector<Row> rows = {
      {"apps/v1 Deployment", "{}", "1+3"},
      {"apps/v1 Deployment", "{replicas: 4}", "4+3"},
      {"apps/v1 Deployment", "{replicas: 0}", "0+3"},
      {"apps/v1 Deployment", "{replicas: \"4\"}", "1+3"},
      {"apps/v1 Deployment", "{strategy: {type: Recreate}}", "1+0"},
      {"apps/v1 Deployment", "{strategy: {rollingUpdate: {maxSurge: 2}}}", "1+2"},
      {"apps/v1 Deployment", "{strategy: {rollingUpdate: {maxSurge: 100%}}}", "1+10"},
      {"apps/v1 Deployment", "{strategy: {rollingUpdate: {maxSurge: 0}}}", "1+0"},
      {"apps/v1 StatefulSet", "{replicas: 3}", "3+0"},
      {"apps/v1 ReplicaSet", "{replicas: 3}", "3+0"},
      {"apps/v1 DaemonSet", "{}", "1+0"},
      {"apps/v1 DaemonSet", "{updateStrategy: {rollingUpdate: {maxSurge: 10%}}}", "1+1"},
      {"apps/v1 DaemonSet", "{updateStrategy: {type: OnDelete, rollingUpdate: {maxSurge: 10%}}}",
       "1+0"},
      {"batch/v1 Job", "{}", "1+0"},
      {"batch/v1 Job", "{parallelism: 4}", "4+0"},
      {"batch/v1 Job", "{parallelism: 4, completions: 2}", "2+0"},
      {"batch/v1 CronJob", "{jobTemplate: {spec: {parallelism: 3}}}", "3+0"},
      {"v1 Pod", "{}", "1+0"},
      {"argoproj.io/v1alpha1 Rollout", "{replicas: 5, strategy: {canary: {}}}", "5+3"},
      {"argoproj.io/v1alpha1 Rollout", "{strategy: {canary: {maxSurge: 1}}}", "1+1"},
      {"argoproj.io/v1alpha1 Rollout", "{strategy: {blueGreen: {}}}", "1+10"},
  };
  for (const Row& row : rows) {
    INFO(row.type << " " << row.spec);
    CHECK(Count(row.type, row.spec) == row.count);
  }
}

TEST_CASE("counts are plain decimal numbers", "[kube][pods]") {
  const TestStream stream(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
      "a: 12\nb: -3\nc: \"12\"\nd: 012\ne: 1.5\nf: x\ng: [1]\nh: 0\n");
  const auto read = [&](const char* key) { return ReadCount(stream.only().root.Find(key)); };
  CHECK(read("a") == 12);
  CHECK(read("b") == -3);
  CHECK(read("h") == 0);
  for (const char* key : {"c", "d", "e", "f", "g", "absent"}) {
    INFO(key);
    CHECK_FALSE(read(key).has_value());
  }
}

}  // namespace
}  // namespace cloudlab::kube
