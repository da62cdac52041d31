#include "kube/manifest.hpp"

#include <catch2/catch.hpp>

#include "test_stream.hpp"

namespace cloudlab::kube {
namespace {

TEST_CASE("identity of an object", "[kube][manifest]") {
  const ObjectId deployment{"apps/v1", "Deployment", "shop", "cart"};
  CHECK(deployment.group() == "apps");
  CHECK(deployment.Display() == "Deployment/shop/cart");
  const ObjectId role{"v1", "Namespace", "", "shop"};
  CHECK(role.group().empty());
  CHECK(role.Display() == "Namespace/shop");
}

TEST_CASE("one manifest per document that has a kind", "[kube][manifest]") {
  const TestStream stream(R"(# only a comment
---
# Source: shop/templates/cart.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart
  namespace: shop
  labels: {tier: web}
  annotations:
    a.b/c: "1"
---
just: a map
---
- a list
---
apiVersion: v1
kind: ConfigMap
metadata: {name: x}
)");
  REQUIRE(stream.manifests().size() == 2);
  const Manifest& cart = stream.at(0);
  CHECK(cart.id == ObjectId{"apps/v1", "Deployment", "shop", "cart"});
  CHECK(cart.document == 1);
  CHECK_FALSE(cart.in_list);
  CHECK_FALSE(cart.hook);
  CHECK(cart.Source() == "shop/templates/cart.yaml");
  CHECK(cart.Annotation(kFilenameAnnotation).empty());
  CHECK(cart.Label("tier") == "web");
  CHECK(cart.Annotation("a.b/c") == "1");
  CHECK(cart.Annotation("absent").empty());
  CHECK(stream.at(1).Source().empty());
  CHECK(stream.at(1).document == 4);
}

TEST_CASE("Helm 4's annotation wins over the comment; hooks are seen", "[kube][manifest]") {
  const TestStream stream(
      "---\r\n# Source: a/templates/x.yaml\r\nkind: Job\r\nmetadata:\r\n  annotations:\r\n"
      "    postrenderer.helm.sh/postrender-filename: a/templates/y.yaml\r\n"
      "    helm.sh/hook: pre-install\r\n---\r\n# Source: a/templates/z.yaml\r\nkind: T\r\n");
  CHECK(stream.at(0).Source() == "a/templates/y.yaml");
  CHECK(stream.at(0).Annotation(kFilenameAnnotation) == "a/templates/y.yaml");
  CHECK(stream.at(0).hook);
  CHECK(stream.at(1).Source() == "a/templates/z.yaml");
}

TEST_CASE("lists are opened, also inside one another", "[kube][manifest]") {
  const TestStream stream(R"(
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: a}
- apiVersion: apps/v1
  kind: DeploymentList
  items:
  - metadata: {name: b}
  - {apiVersion: apps/v1, kind: Deployment, metadata: {name: c}}
- kind: ConfigMap
  metadata: {name: d}
- no kind: here
)");
  REQUIRE(stream.manifests().size() == 4);
  CHECK(stream.at(0).id.name == "a");
  CHECK(stream.at(1).id == ObjectId{"apps/v1", "Deployment", "", "b"});
  CHECK(stream.at(2).id.name == "c");
  CHECK(stream.at(3).id.name == "d");
  for (const Manifest& manifest : stream.manifests()) CHECK(manifest.in_list);
}

TEST_CASE("a kind that ends with List but has no items is an object", "[kube][manifest]") {
  const TestStream stream("apiVersion: x.org/v1\nkind: AllowList\nmetadata: {name: a}\n");
  CHECK(stream.only().id.kind == "AllowList");
}

TEST_CASE("an object that the cluster will name goes by its prefix", "[kube][manifest]") {
  CHECK(TestStream("kind: Job\nmetadata: {generateName: import-}\n").only().id.name == "import-");
}

TEST_CASE("a list behind an alias stays closed", "[kube][manifest]") {
  const TestStream stream(R"(
kind: List
items:
- &l {kind: List, items: [{kind: A}, {kind: A}]}
- *l
- &b {kind: B}
- *b
)");
  REQUIRE(stream.manifests().size() == 4);  // A, A, B, and B once more.
  CHECK(stream.at(2).root == stream.at(3).root);
}

TEST_CASE("field paths name items and quote odd keys", "[kube][manifest]") {
  const TestStream stream(R"(kind: T
metadata:
  annotations: {sidecar.istio.io/inject: "true"}
spec:
  containers:
  - name: app
    args: [x, y]
    volumeMounts: [{name: v, mountPath: /a}, {name: v, mountPath: /b}]
)");
  const yaml::NodeView root = stream.only().root;
  const auto path = [&](yaml::NodeView node) { return FieldPath(root, node); };
  CHECK(path(root).empty());
  CHECK(path(root.Find("spec")) == "spec");
  CHECK(path(root.Find({"metadata", "annotations", "sidecar.istio.io/inject"})) ==
        "metadata.annotations[\"sidecar.istio.io/inject\"]");
  const yaml::NodeView app = *root.Find({"spec", "containers"}).children().begin();
  CHECK(path(app.Find("name")) == "spec.containers[name=app].name");
  auto args = app.Find("args").children().begin();
  CHECK(path(*++args) == "spec.containers[name=app].args[1]");
  // Two mounts of one volume share a name: it does not tell them apart.
  CHECK(path(*app.Find("volumeMounts").children().begin()) ==
        "spec.containers[name=app].volumeMounts[0]");
}

}  // namespace
}  // namespace cloudlab::kube
