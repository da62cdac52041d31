#include "kube/pod_template.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "test_stream.hpp"

namespace cloudlab::kube {
namespace {

TEST_CASE("containers come with the role that they play", "[kube][pod]") {
  const TestStream stream(R"(apiVersion: v1
kind: Pod
spec:
  hostNetwork: true
  initContainers:
  - {name: migrate, image: "m:1"}
  - {name: proxy, image: "p:1", restartPolicy: Always}
  - not a map
  containers:
  - {name: app, image: "a:1", restartPolicy: Always}
  ephemeralContainers:
  - name: debug
)");
  const PodTemplate pod = FindPodTemplate(stream.only());
  const std::vector<Container> containers = Containers(pod);
  REQUIRE(containers.size() == 4);
  CHECK(containers[0].type == ContainerType::kInit);
  CHECK(containers[0].Image() == "m:1");
  CHECK(containers[1].type == ContainerType::kSidecar);
  CHECK(containers[2].type == ContainerType::kApp);
  CHECK(containers[2].name == "app");
  CHECK(containers[3].type == ContainerType::kEphemeral);
  CHECK(UsesHostNetwork(pod));
  CHECK(Name(ContainerType::kSidecar) == "Sidecar");
  CHECK(ParseContainerType("Init") == ContainerType::kInit);
  CHECK_FALSE(ParseContainerType("init").has_value());
}

TEST_CASE("the network of the node, in every spelling", "[kube][pod]") {
  const auto uses = [](const char* value) {
    const TestStream stream("apiVersion: v1\nkind: Pod\nspec: {hostNetwork: " + std::string(value) +
                            ", containers: []}\n");
    return UsesHostNetwork(FindPodTemplate(stream.only()));
  };
  for (const char* yes :
       {"true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON"}) {
    CHECK(uses(yes));
  }
  for (const char* no : {"false", "no", "off", "n", "tRue", "yEs", "'yes'", "null", "[]"}) {
    CHECK_FALSE(uses(no));
  }
}

bool Selects(const std::string& selector, const std::string& labels) {
  const TestStream stream("kind: T\nselector: " + selector + "\nlabels: " + labels + "\n");
  const yaml::NodeView root = stream.only().root;
  const auto parsed = Selector::Parse(yaml::Value::From(root.Find("selector")));
  REQUIRE(parsed.has_value());
  return parsed->Matches(root.Find("labels"));
}

TEST_CASE("selectors evaluate as in Kubernetes", "[kube][pod]") {
  CHECK(Selects("{}", "{a: b}"));
  CHECK(Selects("{matchLabels: {a: b}}", "{a: b, c: d}"));
  CHECK_FALSE(Selects("{matchLabels: {a: b}}", "{a: c}"));
  CHECK_FALSE(Selects("{matchLabels: {a: b}}", "{}"));
  CHECK(Selects("{matchExpressions: [{key: a, operator: In, values: [x, b]}]}", "{a: b}"));
  CHECK_FALSE(Selects("{matchExpressions: [{key: a, operator: In, values: [x]}]}", "{a: b}"));
  CHECK(Selects("{matchExpressions: [{key: a, operator: NotIn, values: [x]}]}", "{a: b}"));
  CHECK(Selects("{matchExpressions: [{key: a, operator: NotIn, values: [x]}]}", "{}"));
  CHECK(Selects("{matchExpressions: [{key: a, operator: Exists}]}", "{a: b}"));
  CHECK_FALSE(Selects("{matchExpressions: [{key: a, operator: Exists}]}", "{}"));
  CHECK(Selects("{matchExpressions: [{key: a, operator: DoesNotExist}]}", "{}"));
  CHECK_FALSE(
      Selects("{matchLabels: {a: b}, matchExpressions: [{key: c, operator: Exists}]}", "{a: b}"));
}

TEST_CASE("broken selectors are refused", "[kube][pod]") {
  for (const char* text :
       {"[]", "x", "{matchExpressions: [{key: a, operator: Has}]}",
        "{matchExpressions: [{key: a, operator: In}]}", "{matchExpressions: [{operator: Exists}]}",
        "{matchExpressions: [{key: a, operator: Exists, values: [x]}]}"}) {
    INFO(text);
    const TestStream stream(std::string("kind: T\ns: ") + text + "\n");
    CHECK_FALSE(Selector::Parse(yaml::Value::From(stream.only().root.Find("s"))).has_value());
  }
}

TEST_CASE("by what a workload finds its pods", "[kube][pod]") {
  for (const char* text : {"{a: b}", "{matchLabels: {a: b}}",
                           "{matchExpressions: [{key: a, operator: In, values: [b]}]}"}) {
    const TestStream stream("kind: T\nspec: {selector: " + std::string(text) +
                            "}\ny: {a: b, c: d}\nn: {a: x}\n");
    const auto selector = Selector::OfPods(stream.only());
    REQUIRE(selector);
    CHECK(selector->Matches(stream.only().root.Find("y")));
    CHECK_FALSE(selector->Matches(stream.only().root.Find("n")));
  }
  const TestStream job("kind: Job\nspec: {template: {}}\n");
  CHECK_FALSE(Selector::OfPods(job.only()));
}

}  // namespace
}  // namespace cloudlab::kube
