// AuthorizationPolicies of Istio as Reach understands them. Sources: Istio documentation,
// "Authorization Policy", "Security", "Use Layer 4 security policy".
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "network_given.hpp"
#include "policy/network/reach.hpp"

namespace cloudlab::policy::network {
namespace {

/// Of the mesh are web, cart and probe, each with an account of its own, but not bare. The policies
/// below are for cart.
constexpr const char* kMesh = R"(apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {metadata: {labels: {app: web}}, spec: {serviceAccountName: web, containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart}
spec: {template: {metadata: {labels: {app: cart}}, spec: {serviceAccountName: cart, containers: [{name: c}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: probe, namespace: ops, labels: {app: probe, sidecar.istio.io/inject: "true"}}
spec: {serviceAccountName: probe, containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: dark, labels: {app: bare}}
spec: {serviceAccountName: web, containers: [{name: c}]}
---
)";

std::string Authorization(const std::string& name, const std::string& spec,
                          const std::string& ns = "shop") {
  return Object("security.istio.io/v1", "AuthorizationPolicy", name + ", namespace: " + ns, spec);
}

/// A policy "a" for cart.
std::string OfCart(const std::string& rest) {
  return Authorization("a", "{selector: {matchLabels: {app: cart}}, " + rest + "}");
}
std::string Allow(const std::string& rule) { return OfCart("rules: [" + rule + "]"); }
std::string Deny(const std::string& rule) { return OfCart("action: DENY, rules: [" + rule + "]"); }

void Check(const std::vector<Row>& rows, const MeshSettings& mesh = {}) {
  Check(rows, kMesh, mesh);
}

TEST_CASE("authorization: what decides", "[policy][network]") {
  Check({
      {"without policies all is allowed", "", {{"web cart 1", "open"}, {"bare cart 1", "open"}}},
      {"one that allows nothing closes",
       OfCart("action: ALLOW"),
       {{"web cart 1", "ingress a"}, {"anywhere cart 1", "ingress a"}, {"cart web 1", "open"}}},
      {"to allow is the default",
       Authorization("a", "{}"),
       {{"web cart 1", "ingress a"}, {"cart web 1", "ingress a"}, {"web probe 1", "open"}}},
      {"an empty rule is all", Allow("{}"), {{"bare cart 1", "open"}, {"anywhere cart 1", "open"}}},
      {"policies add up",
       Authorization("z", "{}") + Allow("{to: [{operation: {ports: [\"1\"]}}]}"),
       {{"web cart 1", "open"}, {"web cart 2", "ingress z"}}},
      {"what denies wins, and closes nothing else",
       Deny("{to: [{operation: {ports: [\"1\"]}}]}"),
       {{"web cart 1", "ingress a"}, {"web cart 2", "open"}}},
      {"also over what allows",
       Deny("{to: [{operation: {ports: [\"1\"]}}]}") + Authorization("z", "{rules: [{}]}"),
       {{"web cart 1", "ingress a"}, {"web cart 2", "open"}}},
      {"both layers must let the connection through",
       Allow("{to: [{operation: {ports: [\"1\", \"2\"]}}]}") +
           Netpol("n", "{podSelector: {}, ingress: [{ports: [{port: 2}, {port: 3}]}]}"),
       {{"web cart 1", "ingress n"}, {"web cart 2", "open"}, {"web cart 3", "ingress a"}}},
      {"other actions decide nothing",
       OfCart("action: CUSTOM, provider: {name: x}, rules: [{}]") +
           Authorization("b", "{action: AUDIT, rules: [{}]}"),
       {{"web cart 1", "open"}}},
      {"nor do dry runs, and policies of gateways",
       Authorization("a, annotations: {istio.io/dry-run: \"true\"}", "{}") +
           Authorization("b", "{targetRefs: [{kind: Gateway, name: g}]}"),
       {{"web cart 1", "open"}}},
      {"only TCP is seen", Authorization("a", "{}"), {{"web cart 1 UDP", "open"}}},
      {"the old version is the same object",
       Allow("{}") +
           Object("security.istio.io/v1beta1", "AuthorizationPolicy", "a, namespace: shop", "{}"),
       {{"web cart 1", "ingress a"}}},
  });
}

TEST_CASE("authorization: for whom", "[policy][network]") {
  Check({
      {"the root namespace holds everywhere",
       Authorization("a", "{}", "istio-system"),
       {{"web cart 1", "ingress a"}, {"web probe 1", "ingress a"}}},
      {"and may select",
       Authorization("a", "{selector: {matchLabels: {app: probe}}}", "istio-system"),
       {{"web cart 1", "open"}, {"web probe 1", "ingress a"}}},
      {"who is no member is not asked", Authorization("a", "{}", "dark"), {{"web bare 1", "open"}}},
      {"unless somebody selects it",
       Authorization("a", "{selector: {matchLabels: {app: bare}}}", "dark"),
       {{"web bare 1", "ingress a"}}},
      {"a selector with expressions is none of Istio's",
       Authorization("a", "{selector: {matchExpressions: [{key: app, operator: Exists}]}}"),
       {{"web cart 1", "open"}}},
  });
  Check({{"another root namespace",
          Authorization("a", "{}", "istio-system") + Authorization("b", "{}", "mesh"),
          {{"web cart 1", "ingress b"}}}},
        {.root_namespace = "mesh"});
  Check({{"no mesh at all", Allow(""), {{"web cart 1", "open"}}}}, {.mode = Mesh::kNone});
  Check({{"all are members", Authorization("a", "{}", "dark"), {{"web bare 1", "ingress a"}}}},
        {.mode = Mesh::kAmbient});
}

TEST_CASE("authorization: sources", "[policy][network]") {
  Check({
      {"principals",
       Allow("{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}"),
       {{"web cart 1", "open"},
        {"cart cart 1", "ingress a"},
        {"probe cart 1", "ingress a"},
        {"bare cart 1", "ingress a"},
        {"anywhere cart 1", "ingress a"}}},
      {"an account of that name elsewhere is another",
       Allow("{from: [{source: {principals: [cluster.local/ns/dark/sa/web]}}]}"),
       {{"bare cart 1", "ingress a"}}},
      {"patterns",
       Allow("{from: [{source: {principals: [\"*/sa/probe\", \"cluster.local/ns/shop/*\"]}}]}"),
       {{"web cart 1", "open"}, {"probe cart 1", "open"}, {"bare cart 1", "ingress a"}}},
      {"any member",
       Allow("{from: [{source: {principals: [\"*\"]}}]}"),
       {{"probe cart 1", "open"}, {"bare cart 1", "ingress a"}}},
      {"a star inside is a star",
       Allow("{from: [{source: {principals: [\"cluster.local/*/sa/web\"]}}]}"),
       {{"web cart 1", "ingress a"}}},
      {"all but some",
       Allow("{from: [{source: {notPrincipals: [cluster.local/ns/shop/sa/web]}}]}"),
       {{"web cart 1", "ingress a"}, {"probe cart 1", "open"}, {"bare cart 1", "open"}}},
      {"namespaces",
       Allow("{from: [{source: {namespaces: [ops]}}]}"),
       {{"probe cart 1", "open"}, {"web cart 1", "ingress a"}}},
      {"a pod outside of the stream is taken for no member",
       Allow("{from: [{source: {namespaces: [kube-system], principals: [\"*\"]}}]}, {from: "
             "[{source: {namespaces: [kube-system]}}]}"),
       {{"dns cart 1", "ingress a"}, {"gateway cart 1", "ingress a"}}},
      {"accounts",
       Allow("{from: [{source: {serviceAccounts: [web, ops/probe]}}]}"),
       {{"web cart 1", "open"}, {"probe cart 1", "open"}, {"cart cart 1", "ingress a"}}},
      {"blocks and addresses",
       Allow("{from: [{source: {ipBlocks: [10.0.0.0/8, 1.1.1.1], notIpBlocks: [10.1.0.0/16]}}]}"),
       {{"10.2.0.1 cart 1", "open"},
        {"1.1.1.1 cart 1", "open"},
        {"10.1.0.1 cart 1", "ingress a"},
        {"web cart 1", "ingress a"},
        {"anywhere cart 1", "ingress a"}}},
      {"every address",
       Allow("{from: [{source: {ipBlocks: [0.0.0.0/0]}}]}"),
       {{"anywhere cart 1", "open"}, {"web cart 1", "ingress a"}}},
      {"of every address one is enough to be denied",
       Deny("{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}"),
       {{"anywhere cart 1", "ingress a"}, {"1.1.1.1 cart 1", "open"}, {"web cart 1", "open"}}},
      {"fields of one source must all hold, one of several sources must",
       Allow("{from: [{source: {namespaces: [shop], notPrincipals: [\"*/sa/web\"]}}, {source: "
             "{namespaces: [ops]}}]}"),
       {{"cart cart 1", "open"}, {"web cart 1", "ingress a"}, {"probe cart 1", "open"}}},
      {"denied by name",
       Deny("{from: [{source: {notNamespaces: [shop]}}]}"),
       {{"web cart 1", "open"}, {"probe cart 1", "ingress a"}, {"bare cart 1", "ingress a"}}},
  });
  Check({{"the name of the trust domain, and the word for it",
          Allow("{from: [{source: {principals: [cluster.local/ns/shop/sa/web, "
                "example.org/ns/ops/sa/probe]}}]}"),
          {{"web cart 1", "open"}, {"probe cart 1", "open"}}},
         {"a foreign one",
          Allow("{from: [{source: {principals: [other.org/ns/shop/sa/web]}}]}"),
          {{"web cart 1", "ingress a"}}}},
        {.trust_domain = "example.org"});
}

TEST_CASE("authorization: operations", "[policy][network]") {
  Check({
      {"ports",
       Allow("{to: [{operation: {ports: [\"1\"]}}, {operation: {notPorts: [\"2\", "
             "\"3\"]}}]}"),
       {{"web cart 1", "open"}, {"web cart 2", "ingress a"}, {"web cart 4", "open"}}},
      {"source and operation of one rule",
       Allow("{from: [{source: {namespaces: [shop]}}], to: [{operation: {ports: [\"1\"]}}]}, "
             "{from: [{source: {namespaces: [ops]}}], to: [{operation: {ports: [\"2\"]}}]}"),
       {{"web cart 1", "open"}, {"web cart 2", "ingress a"}, {"probe cart 2", "open"}}},
      {"of layer 7 some requests pass",
       Allow("{to: [{operation: {ports: [\"1\"], methods: [GET]}}], from: [{source: "
             "{requestPrincipals: [\"*\"]}}], when: [{key: \"request.headers[x]\", values: [y]}]}"),
       {{"web cart 1", "open"}, {"web cart 2", "ingress a"}}},
      {"and not all are denied",
       Deny("{to: [{operation: {ports: [\"1\"], paths: [/admin]}}]}, {when: [{key: source.ip, "
            "values: [1.1.1.1]}]}"),
       {{"web cart 1", "open"}}},
  });
  Check({{"ztunnel allows no request that it does not see",
          Allow("{to: [{operation: {methods: [GET]}}]}, {to: [{operation: {ports: [\"1\"]}}], "
                "when: [{key: source.namespace, values: [shop]}]}"),
          {{"web cart 1", "open"}, {"web cart 2", "ingress a"}}},
         {"and denies them all",
          Deny("{to: [{operation: {ports: [\"1\"], paths: [/admin]}}]}"),
          {{"web cart 1", "ingress a"}, {"web cart 2", "open"}}}},
        {.mode = Mesh::kAmbient});
}

TEST_CASE("authorization: what cannot be read", "[policy][network]") {
  const std::vector<const char*> rules = {
      "null",
      "{form: []}",
      "{from: []}",
      "{from: {}}",
      "{from: [{}]}",
      "{from: [{source: {}}]}",
      "{from: [{source: {principal: [x]}}]}",
      "{from: [{source: {principals: web}}]}",
      "{from: [{source: {ipBlocks: [10.0.0.0/33]}}]}",
      "{to: [{operation: {ports: [1]}}]}",
      "{to: [{operation: {ports: [\"1-5\"]}}]}",
      "{to: [{operation: {ports: []}}]}",
      "{when: {}}",
  };
  std::vector<Row> rows;
  for (const char* rule : rules) {
    rows.push_back({"allows nothing", Allow(rule), {{"web cart 1", "ingress a"}}});
    rows.push_back({"denies everything", Deny(rule), {{"web cart 1", "ingress a"}}});
  }
  rows.push_back({"an action", OfCart("action: LET, rules: [{}]"), {{"web cart 1", "ingress a"}}});
  rows.push_back({"a field", OfCart("rule: [{}], rules: [{}]"), {{"web cart 1", "ingress a"}}});
  rows.push_back({"rules", OfCart("action: DENY, rules: {}"), {{"web cart 1", "ingress a"}}});
  rows.push_back({"the other items hold",
                  Allow("{to: [{operation: {ports: [1]}}, {operation: {ports: [\"2\"]}}]}"),
                  {{"web cart 1", "ingress a"}, {"web cart 2", "open"}}});
  rows.push_back(
      {"for whom",
       Authorization("a", "{selector: {labels: {app: cart}}}") + Authorization("b", "text"),
       {{"web cart 1", "open"}}});
  Check(rows);
}

TEST_CASE("authorization: 2,000 clients of one workload, a rule for each", "[policy][network]") {
  constexpr std::uint16_t kCount = 2000;
  std::string text = kMesh;
  std::string rules;
  for (int i = 0; i < kCount; ++i) {
    const std::string name = "w" + std::to_string(i);
    text += "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", labels: {app: " + name +
            "}}\nspec: {serviceAccountName: " + name + ", containers: [{name: c}]}\n---\n";
    rules += "{from: [{source: {principals: [cluster.local/ns/shop/sa/" + name +
             "]}}], to: [{operation: {ports: [\"" + std::to_string(i + 1) + "\"]}}]}, ";
  }
  const GivenStream given(text + Allow(rules));
  const Reach reach(given.index());
  const kube::Manifest& cart = *FindPod(given.index(), "cart");
  int open = 0;
  for (const kube::Manifest& manifest : given.index().manifests()) {
    if (!manifest.pod) continue;
    for (const std::uint16_t port : {std::uint16_t{1}, std::uint16_t{2}, kCount}) {
      open += reach.Between(manifest, cart, {Protocol::kTcp, port}).open ? 1 : 0;
    }
  }
  CHECK(open == 3);
}

}  // namespace
}  // namespace cloudlab::policy::network
