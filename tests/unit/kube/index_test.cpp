#include "kube/index.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "test_stream.hpp"

namespace cloudlab::kube {
namespace {

constexpr const char* kShop = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {cloudlab.dev/tier: large}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: r, namespace: ignored}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: h, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: s}
spec: {scaleTargetRef: {name: web}}
)";

TEST_CASE("objects without a namespace go where the run says", "[kube][index]") {
  const TestStream stream(kShop);
  const Index option(stream.manifests(), {.option_namespace = "a", .pipeline_namespace = "b"});
  CHECK(option.manifests()[3].id.ns == "a");
  CHECK(option.manifests()[2].id.ns == "shop");
  CHECK(option.findings().items().empty());
  const Index pipeline(stream.manifests(), {.pipeline_namespace = "b"});
  CHECK(pipeline.manifests()[3].id.ns == "b");
}

TEST_CASE("the only namespace of the stream is assumed, with a warning", "[kube][index]") {
  const TestStream stream(kShop);
  const Index index(stream.manifests());
  CHECK(index.default_namespace() == "shop");
  CHECK(index.manifests()[3].id.ns == "shop");
  REQUIRE(index.findings().items().size() == 1);
  CHECK(index.findings().items()[0].code == "CL-G-NAMESPACE");
  CHECK(index.findings().items()[0].severity == text::Severity::kWarning);
}

TEST_CASE("nothing is assumed from several namespaces, or where all are named", "[kube][index]") {
  const TestStream two(
      "kind: A\nmetadata: {namespace: x}\n---\nkind: A\nmetadata: {namespace: y}\n---\nkind: A\n");
  CHECK(Index(two.manifests()).default_namespace().empty());
  CHECK(Index(two.manifests()).findings().items().empty());
  const TestStream named("kind: A\nmetadata: {namespace: x}\n");
  CHECK(Index(named.manifests()).findings().items().empty());
}

TEST_CASE("cluster-scoped kinds have no namespace", "[kube][index]") {
  const TestStream stream(std::string(kShop) + R"(
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: planets.example.org}
spec: {group: example.org, scope: Cluster, names: {kind: Planet}}
)");
  const Index index(stream.manifests(), {.option_namespace = "n"});
  CHECK(index.manifests()[1].id.ns.empty());
  CHECK(index.IsClusterScoped("", "Namespace"));
  CHECK(index.IsClusterScoped("example.org", "Planet"));
  CHECK_FALSE(index.IsClusterScoped("apps", "Deployment"));
  ObjectId id{"example.org/v1", "Planet", "x", "mars"};
  index.ResolveNamespace(id);
  CHECK(id.ns.empty());
}

TEST_CASE("objects are found by identity, whatever the version", "[kube][index]") {
  const TestStream stream(kShop);
  const Index index(stream.manifests());
  const Manifest* cart = index.Find({"apps/v1beta1", "Deployment", "shop", "cart"});
  REQUIRE(cart != nullptr);
  CHECK(cart->document == stream.at(2).document);
  CHECK(index.Find("apps", "Deployment", "shop", "cart") == cart);
  CHECK(index.Find("", "Deployment", "shop", "cart") == nullptr);
  CHECK(index.Find("apps", "Deployment", "other", "cart") == nullptr);
  CHECK(index.NamespaceAnnotation("shop", "cloudlab.dev/tier") == "large");
  CHECK(index.NamespaceAnnotation("nowhere", "cloudlab.dev/tier").empty());
}

TEST_CASE("who scales whom", "[kube][index]") {
  const TestStream stream(std::string(kShop) + R"(
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: r, namespace: shop}
spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: api}}
)");
  const Index index(stream.manifests());
  const auto scaler = [&](const char* name) {
    const auto found = index.FindScalers({"apps/v1", "Deployment", "shop", name});
    return found.empty() ? std::string() : found.front()->id.kind;
  };
  CHECK(scaler("cart") == "HorizontalPodAutoscaler");
  CHECK(scaler("web") == "ScaledObject");  // Its kind defaults to Deployment.
  CHECK(scaler("api") == "Rollout");
  CHECK(scaler("other").empty());
}

}  // namespace
}  // namespace cloudlab::kube
