#include "kube/resource_quota.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "kube/limit_range.hpp"
#include "test_stream.hpp"

namespace cloudlab::kube {
namespace {

using Strings = std::vector<std::string>;

/// A ResourceQuota and a pod, both as specs.
class Given {
 public:
  Given(const std::string& quota, const std::string& pod)
      : stream_("apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: " + quota +
                "\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: " + pod + "\n"),
        quota_(ReadResourceQuota(stream_.at(0))) {
    const PodTemplate found = FindPodTemplate(stream_.at(1));
    pod_ = ReadQuotaPod(found, ReadPodResources(found));
    ApplyRequestDefaults(pod_.resources);
  }

  bool covers() const { return Covers(quota_, pod_); }
  /// "requests.cpu 2 of 1", one for each resource that `count` pods overcommit.
  Strings Over(std::int64_t count) const {
    const std::array<PodDemand, 1> demands{{{.pod = &pod_, .count = count}}};
    Strings lines;
    for (const Overcommitment& over : Overcommitted(quota_, demands)) {
      lines.push_back(over.resource + " " + over.used.Print() + " of " + over.hard.Print());
    }
    return lines;
  }
  Strings Unstated() const {
    Strings lines;
    for (const UnstatedResource& unstated : FindUnstated(quota_, pod_)) {
      lines.push_back(unstated.container + " " + unstated.resource);
    }
    return lines;
  }

 private:
  TestStream stream_;
  ResourceQuota quota_;
  QuotaPod pod_;
};

std::string One(const std::string& resources) {
  return "{containers: [{name: a, resources: " + resources + "}]}";
}

TEST_CASE("what pods use of a quota", "[kube][quota]") {
  const std::string pod = One("{requests: {cpu: 300m, memory: 1Gi}, limits: {cpu: 1}}");
  CHECK(Given("{hard: {requests.cpu: 900m}}", pod).Over(3) == Strings{});
  CHECK(Given("{hard: {requests.cpu: 900m}}", pod).Over(4) ==
        Strings{"requests.cpu 1200m of 900m"});
  CHECK(Given("{hard: {cpu: 1, memory: 2Gi, limits.cpu: 2}}", pod).Over(4) ==
        Strings{"cpu 1200m of 1", "limits.cpu 4 of 2", "memory 4Gi of 2Gi"});
  CHECK(Given("{hard: {limits.memory: 1}}", pod).Over(9) == Strings{});
  CHECK(Given("{hard: {pods: 3, count/pods: 5, services: 0}}", pod).Over(4) ==
        Strings{"pods 4 of 3"});
  CHECK(Given("{hard: {pods: 0}}", pod).Over(0) == Strings{});
  CHECK(Given("{hard: {requests.nvidia.com/gpu: 1, nvidia.com/gpu: 1}}",
              One("{limits: {nvidia.com/gpu: 1}}"))
            .Over(2) == Strings{"requests.nvidia.com/gpu 2 of 1"});
  CHECK(Given("{hard: {hugepages-2Mi: 2Mi, requests.hugepages-2Mi: 8Mi}}",
              One("{limits: {hugepages-2Mi: 2Mi}}"))
            .Over(2) == Strings{"hugepages-2Mi 4Mi of 2Mi"});
  // Init containers, sidecars and overhead count as the scheduler counts them.
  CHECK(Given("{hard: {requests.cpu: 1, limits.cpu: 1}}",
              "{overhead: {cpu: 250m}, initContainers: [{name: i, resources: {limits: {cpu: 2}}}], "
              "containers: [{name: a, resources: {limits: {cpu: 1}}}]}")
            .Over(1) == Strings{"limits.cpu 2250m of 1", "requests.cpu 2250m of 1"});
  // More than 64 bits hold is more than any quota.
  CHECK(Given("{hard: {requests.memory: 7E}}", One("{requests: {memory: 7E}}"))
            .Over(2000000000)
            .size() == 1);
}

TEST_CASE("a quota is about the pods of its scopes", "[kube][quota]") {
  struct Row {
    std::string scopes;
    std::string pod;
    bool covers;
  };
  const auto priority = [](const std::string& rest) {
    return "scopeSelector: {matchExpressions: [{scopeName: PriorityClass, " + rest + "}]}";
  };
  const std::string idle = One("{}");
  const std::string busy = One("{requests: {cpu: 1}}");
  const std::string brief = "{activeDeadlineSeconds: 10, containers: [{name: a}]}";
  const std::string high = "{priorityClassName: high, containers: [{name: a}]}";
  const std::vector<Row> rows = {
      {"scopes: []", idle, true},
      {"scopes: [BestEffort]", idle, true},
      {"scopes: [BestEffort]", busy, false},
      {"scopes: [NotBestEffort]", idle, false},
      {"scopes: [NotBestEffort]", busy, true},
      {"scopes: [Terminating]", idle, false},
      {"scopes: [Terminating]", brief, true},
      {"scopes: [NotTerminating]", idle, true},
      {"scopes: [NotTerminating]", brief, false},
      {"scopes: [NotTerminating, BestEffort]", idle, true},
      {"scopes: [NotTerminating, BestEffort]", busy, false},
      {"scopes: [PriorityClass]", idle, false},
      {"scopes: [PriorityClass]", high, true},
      {priority("operator: In, values: [high]"), high, true},
      {priority("operator: In, values: [low]"), high, false},
      {priority("operator: In, values: [low]"), idle, false},
      {priority("operator: NotIn, values: [low]"), high, true},
      {priority("operator: NotIn, values: [low]"), idle, true},
      {priority("operator: NotIn, values: [high]"), high, false},
      {priority("operator: Exists"), high, true},
      {priority("operator: DoesNotExist"), high, false},
      {priority("operator: DoesNotExist"), idle, true},
      {priority("operator: Unheard"), idle, false},
      {"scopes: [CrossNamespacePodAffinity]", idle, false},
  };
  for (const Row& row : rows) {
    INFO(row.scopes << " " << row.pod);
    const Given given("{hard: {pods: 0}, " + row.scopes + "}", row.pod);
    CHECK(given.covers() == row.covers);
    CHECK(given.Over(1).empty() != row.covers);
  }
}

TEST_CASE("a quota of cpu or memory wants them stated", "[kube][quota]") {
  const std::string quota = "{hard: {requests.cpu: 9, limits.memory: 9Gi, pods: 9}}";
  CHECK(Given(quota, One("{requests: {cpu: 1}, limits: {memory: 1Gi}}")).Unstated() == Strings{});
  CHECK(Given(quota, One("{limits: {cpu: 1}}")).Unstated() == Strings{"a limits.memory"});
  CHECK(Given(quota,
              "{initContainers: [{name: i}], containers: [{name: a, resources: "
              "{requests: {cpu: 1}, limits: {memory: 1Gi}}}], "
              "ephemeralContainers: [{name: e}]}")
            .Unstated() == Strings{"i limits.memory", "i requests.cpu"});
  CHECK(Given("{hard: {cpu: 1, memory: 1}}", One("{}")).Unstated() == Strings{"a cpu", "a memory"});
  CHECK(Given("{hard: {requests.ephemeral-storage: 1, requests.nvidia.com/gpu: 1}}", One("{}"))
            .Unstated() == Strings{});
  CHECK(Given(quota, "{resources: {requests: {cpu: 1}}, containers: [{name: a}]}").Unstated() ==
        Strings{});
  CHECK(Given("{hard: {requests.cpu: 9}, scopes: [BestEffort]}", One("{requests: {memory: 1}}"))
            .Unstated() == Strings{});
}

/// A pod in plain numbers: millicores and bytes, requests before limits.
struct PlainContainer {
  bool init = false;
  bool sidecar = false;
  std::int64_t cpu = 0;
  std::int64_t memory_limit = 0;
};

/// The worst moment of initialisation or the running containers, added up by hand.
std::int64_t Peak(const std::vector<PlainContainer>& containers,
                  std::int64_t PlainContainer::*field) {
  std::int64_t started = 0;
  std::int64_t peak = 0;
  std::int64_t apps = 0;
  for (const PlainContainer& container : containers) {
    if (container.sidecar) {
      started += container.*field;
      peak = std::max(peak, started);
    } else if (container.init) {
      peak = std::max(peak, started + container.*field);
    } else {
      apps += container.*field;
    }
  }
  return std::max(peak, started + apps);
}

std::string Yaml(const std::vector<PlainContainer>& containers) {
  std::string init;
  std::string apps;
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const PlainContainer& container = containers[i];
    std::string text = "{name: c" + std::to_string(i) +
                       ", resources: {requests: {cpu: " + std::to_string(container.cpu) +
                       "m, memory: 0}, limits: {memory: " + std::to_string(container.memory_limit) +
                       "}}";
    if (container.sidecar) text += ", restartPolicy: Always";
    (container.init || container.sidecar ? init : apps) += text + "}, ";
  }
  return "{initContainers: [" + init + "], containers: [" + apps + "]}";
}

TEST_CASE("sums of a quota agree with plain integers", "[kube][quota]") {
  std::mt19937 random(7);  // The same cases every time.
  const auto below = [&random](unsigned n) { return static_cast<std::int64_t>(random() % n); };
  for (int round = 0; round < 300; ++round) {
    std::vector<PlainContainer> containers;
    const std::int64_t inits = below(4);
    for (std::int64_t i = 0; i < inits + 1 + below(3); ++i) {
      const bool front = i < inits;
      const bool sidecar = front && below(2) == 0;
      containers.push_back({.init = front && !sidecar,
                            .sidecar = sidecar,
                            .cpu = below(4000),
                            .memory_limit = below(1U << 30)});
    }
    const std::int64_t count = 1 + below(40);
    const std::int64_t cpu = Peak(containers, &PlainContainer::cpu) * count;
    const std::int64_t memory = Peak(containers, &PlainContainer::memory_limit) * count;
    for (const std::int64_t slack : {-1, 0, 1}) {
      if (cpu + slack < 0 || memory + slack < 0) continue;
      const Given given("{hard: {requests.cpu: " + std::to_string(cpu + slack) +
                            "m, limits.memory: \"" + std::to_string(memory + slack) +
                            "\", pods: " + std::to_string(count + slack) + "}}",
                        Yaml(containers));
      INFO(Yaml(containers) << " x " << count);
      CHECK(given.Over(count).size() == (slack < 0 ? 3 : 0));
    }
  }
}

}  // namespace
}  // namespace cloudlab::kube
