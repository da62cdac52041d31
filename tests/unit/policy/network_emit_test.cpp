// What an Access looks like as a policy of Cilium and as one of Istio, and that Reach finds in it
// what was meant.
#include "policy/network/emit.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "network_given.hpp"
#include "policy/network/reach.hpp"
#include "yaml/render.hpp"

namespace cloudlab::policy::network {
namespace {

using yaml::Value;

Value Labels(const std::string& key, const std::string& value) {
  return Value::Map({{"matchLabels", Value::Map({{key, Value::String(value)}})}});
}

Peer Pods(const std::string& app) { return {.pods = Labels("app", app)}; }
Peer PodsIn(const Value& namespaces, const Value& pods = {}) {
  return {.pods = pods, .other_namespaces = true, .namespaces = namespaces};
}
Peer Named(const std::string& ns, const Value& pods = {}) {
  return PodsIn(Labels("kubernetes.io/metadata.name", ns), pods);
}
Peer Block(const std::string& cidr, std::vector<std::string> except = {}) {
  return {.kind = Peer::Kind::kBlock, .cidr = cidr, .except = std::move(except)};
}
Peer Host(const std::string& host) { return {.kind = Peer::Kind::kHost, .host = host}; }
const Peer kAnywhere{.kind = Peer::Kind::kAnywhere};
const Peer kApiServer{.kind = Peer::Kind::kApiServer};

PortRange Tcp(std::uint16_t port) { return {Protocol::kTcp, port, port}; }
PortRange Udp(std::uint16_t port) { return {Protocol::kUdp, port, port}; }
constexpr PortRange kAnyPort;

Opening To(const Peer& peer, PortRange port = kAnyPort, const std::string& evidence = "x") {
  return {peer, port, "", evidence};
}

/// For the pods of cart, closed in both directions unless openings are given.
Access Of(std::vector<Opening> ingress, std::vector<Opening> egress) {
  return {
      .pods = Labels("app", "cart"), .ingress = std::move(ingress), .egress = std::move(egress)};
}

Settings Usual() { return Settings(Value()); }

std::string Text(const Value& value) { return yaml::RenderFlow(value, false); }

/// One section of the Cilium policy.
std::string Section(const Access& access, const char* name) {
  const Value spec = CiliumNetworkPolicySpec(access, Usual());
  const Value* section = spec.Find(name);
  return section == nullptr ? "none" : Text(*section);
}
std::string FromPeer(const Peer& peer, PortRange port = kAnyPort) {
  return Section(Of({To(peer, port)}, {}), "ingress");
}
std::string ToPeer(const Peer& peer, PortRange port = kAnyPort) {
  return Section(Of({}, {To(peer, port)}), "egress");
}

TEST_CASE("emit: 30,000 hosts and blocks of one pod", "[policy][network]") {
  std::vector<Opening> openings;
  for (int i = 0; i < 30000; ++i) {
    const std::string number = std::to_string(i);
    openings.push_back(To(Host("h" + number), Tcp(443)));
    openings.push_back(To(
        Block("10.0." + std::to_string(i % 256) + "." + std::to_string(i / 256) + "/32"), Tcp(80)));
    openings.push_back(To(Host("h" + number), Tcp(443)));
  }
  openings.push_back(To(Block("10.0.0.0/32", {"10.0.0.0/32"}), Tcp(80)));
  const std::vector<Rule> rules = Merge(openings);
  REQUIRE(rules.size() == 2);
  CHECK(rules[0].peers.size() == 30000);
  CHECK(rules[1].peers.size() == 30001);
}

TEST_CASE("emit cilium: what isolates", "[policy][network]") {
  const std::string selector = "{endpointSelector: {matchLabels: {app: cart}}, ";
  CHECK(Text(CiliumNetworkPolicySpec(Of({}, {}), Usual())) ==
        selector + "ingress: [{}], egress: [{}]}");
  Access one = Of({}, {});
  one.isolates_egress = false;
  CHECK(Text(CiliumNetworkPolicySpec(one, Usual())) == selector + "ingress: [{}]}");
  Access open = Of({To(kAnywhere)}, {});
  open.closes = false;
  CHECK(Text(CiliumNetworkPolicySpec(open, Usual())) ==
        selector +
            "enableDefaultDeny: {ingress: false, egress: false}, ingress: [{fromEntities: "
            "[all]}]}");
}

TEST_CASE("emit cilium: peers", "[policy][network]") {
  CHECK(FromPeer(Pods("web")) == "[{fromEndpoints: [{matchLabels: {app: web}}]}]");
  CHECK(FromPeer({}) == "[{fromEndpoints: [{}]}]");
  CHECK(FromPeer(Named("ops")) ==
        "[{fromEndpoints: [{matchLabels: {k8s:io.kubernetes.pod.namespace: ops}}]}]");
  CHECK(ToPeer(Named("ops", Labels("app", "probe"))) ==
        "[{toEndpoints: [{matchLabels: {app: probe, k8s:io.kubernetes.pod.namespace: ops}}]}]");
  // Beside labels of a Namespace its name is asked for, so that Cilium does not add its own.
  const std::string any = "{key: k8s:io.kubernetes.pod.namespace, operator: Exists}";
  CHECK(FromPeer(PodsIn(Labels("team", "b"))) ==
        "[{fromEndpoints: [{matchLabels: {k8s:io.cilium.k8s.namespace.labels.team: b}, "
        "matchExpressions: [" +
            any + "]}]}]");
  CHECK(FromPeer(PodsIn({})) == "[{fromEndpoints: [{matchExpressions: [" + any + "]}]}]");
  CHECK(FromPeer(kAnywhere) == "[{fromEntities: [all]}]");
  CHECK(ToPeer(kApiServer) == "[{toEntities: [kube-apiserver]}]");
  CHECK(ToPeer(Block("10.0.0.0/8", {"10.1.0.0/16"})) ==
        "[{toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}]}]");
  CHECK(ToPeer(Host("api.example.com")) == "[{toFQDNs: [{matchName: api.example.com}]}]");
  CHECK(ToPeer(Host("*.example.com")) == "[{toFQDNs: [{matchPattern: \"*.example.com\"}]}]");
  CHECK(FromPeer(Host("api.example.com")) == "[{}]");
}

/// For the cluster of which these settings speak.
std::string Section(const Access& access, const char* name, const Settings& settings) {
  const Value spec = CiliumNetworkPolicySpec(access, settings);
  return Text(*spec.Find(name));
}

TEST_CASE("emit cilium: no block contains nodes and the API server", "[policy][network]") {
  Settings settings = Usual();
  settings.api_servers = {Block("192.0.2.10/32")};
  settings.nodes = {Block("10.0.0.0/16")};
  settings.controllers = {Block("10.9.0.0/16")};
  settings.monitoring = {Named("ops")};
  const auto to = [&](const Peer& peer) { return Section(Of({}, {To(peer)}), "egress", settings); };
  const auto from = [&](const Peer& peer) {
    return Section(Of({To(peer)}, {}), "ingress", settings);
  };
  CHECK(to(Block("192.0.2.10/32")) ==
        "[{toCIDRSet: [{cidr: 192.0.2.10/32}]}, {toEntities: [kube-apiserver]}]");
  CHECK(to(Block("192.0.2.11/32")) == "[{toCIDRSet: [{cidr: 192.0.2.11/32}]}]");
  CHECK(to(Block("0.0.0.0/0")) == "[{toCIDRSet: [{cidr: 0.0.0.0/0}]}]");
  CHECK(to(Block("10.0.1.1/32")) ==
        "[{toCIDRSet: [{cidr: 10.0.1.1/32}]}, {toEntities: [host, remote-node]}]");
  CHECK(from(Block("10.0.0.0/16")) ==
        "[{fromCIDRSet: [{cidr: 10.0.0.0/16}]}, {fromEntities: [host, remote-node]}]");
  // A controller may be in the network of its node; nobody calls it there.
  CHECK(from(Block("10.9.0.0/16")) ==
        "[{fromCIDRSet: [{cidr: 10.9.0.0/16}]}, {fromEntities: [host, remote-node]}]");
  CHECK(to(Block("10.9.0.0/16")) == "[{toCIDRSet: [{cidr: 10.9.0.0/16}]}]");
  CHECK(Section(Of({}, {To(Block("10.0.0.0/16"), Tcp(9))}), "egress", settings) ==
        "[{toCIDRSet: [{cidr: 10.0.0.0/16}], toPorts: [{ports: [{port: \"9\", protocol: TCP}]}]}, "
        "{toEntities: [host, remote-node], toPorts: [{ports: [{port: \"9\", protocol: TCP}]}]}]");
  // What the API server calls may come through a tunnel of the control plane, as anybody.
  CHECK(from(kApiServer) == "[{fromEntities: [all]}]");
}

TEST_CASE("emit cilium: ports", "[policy][network]") {
  CHECK(FromPeer(Pods("web"), Tcp(80)) ==
        "[{fromEndpoints: [{matchLabels: {app: web}}], toPorts: [{ports: [{port: \"80\", "
        "protocol: TCP}]}]}]");
  CHECK(ToPeer(Block("1.1.1.1/32"), {Protocol::kUdp, 100, 200}) ==
        "[{toCIDRSet: [{cidr: 1.1.1.1/32}], toPorts: [{ports: [{port: \"100\", endPort: 200, "
        "protocol: UDP}]}]}]");
  std::vector<Opening> many;
  for (std::uint16_t port = 1; port <= 41; ++port) many.push_back(To(Pods("web"), Tcp(port)));
  const Value spec = CiliumNetworkPolicySpec(Of(many, {}), Usual());
  const Value& items = *spec.Find("ingress")->items().front().Find("toPorts");
  REQUIRE(items.items().size() == 2);
  CHECK(items.items().front().Find("ports")->items().size() == 40);
}

TEST_CASE("emit cilium: names of hosts need DNS to be watched", "[policy][network]") {
  const std::vector<Opening> dns = {To(Named("kube-system"), Udp(53), "spec.dns"),
                                    To(Named("kube-system"), Tcp(53), "spec.dns")};
  const std::string to_dns =
      "toEndpoints: [{matchLabels: {k8s:io.kubernetes.pod.namespace: kube-system}}], toPorts: "
      "[{ports: [{port: \"53\", protocol: TCP}, {port: \"53\", protocol: UDP}]";
  CHECK(Section(Of({}, dns), "egress") == "[{" + to_dns + "}]}]");
  std::vector<Opening> all = {To(Host("api.example.com"), Tcp(443))};
  all.insert(all.end(), dns.begin(), dns.end());
  CHECK(Section(Of({}, all), "egress") ==
        "[{" + to_dns +
            ", rules: {dns: [{matchPattern: \"*\"}]}}]}, {toFQDNs: [{matchName: "
            "api.example.com}], toPorts: [{ports: [{port: \"443\", protocol: TCP}]}]}]");
}

/// A cluster with two members of a mesh, and clients who are none.
const GivenStream& Clients() {
  static const GivenStream kStream(R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {metadata: {labels: {app: web}}, spec: {serviceAccountName: web, containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: nobody}
spec: {template: {metadata: {labels: {app: nobody}}, spec: {containers: [{name: c}]}}}
)");
  return kStream;
}

Peer Client(const char* name, Mesh mesh) {
  Peer peer = Pods(name);
  peer.workload = FindPod(Clients().index(), name);
  peer.mesh = mesh;
  return peer;
}

Settings OfShop() {
  Settings settings = Usual();
  settings.trust_domain = "example.org";
  return settings;
}

/// The rules of the AuthorizationPolicy.
std::string Rules(std::vector<Opening> ingress) {
  const Value spec = AuthorizationPolicySpec(Of(std::move(ingress), {}), OfShop());
  const Value* rules = spec.Find("rules");
  return rules == nullptr ? "none" : Text(*rules);
}

TEST_CASE("emit authorization: rules", "[policy][network]") {
  CHECK(Text(AuthorizationPolicySpec(Of({}, {}), Usual())) ==
        "{selector: {matchLabels: {app: cart}}, action: ALLOW}");
  CHECK(Rules({To(Client("web", Mesh::kSidecar), Tcp(80))}) ==
        "[{from: [{source: {principals: [example.org/ns/shop/sa/web]}}], to: [{operation: "
        "{ports: [\"80\"]}}]}]");
  // Whoever is no member of the mesh has no identity: the port is open.
  const std::string port = "to: [{operation: {ports: [\"80\"]}}]}]";
  CHECK(Rules({To(Client("web", Mesh::kNone), Tcp(80))}) == "[{" + port);
  CHECK(Rules({To(kAnywhere, Tcp(80))}) == "[{" + port);
  CHECK(Rules({To(kApiServer, Tcp(80))}) == "[{" + port);
  CHECK(Rules({To(PodsIn(Labels("team", "b")), Tcp(80))}) == "[{" + port);
  // So may be a pod outside of the stream, a controller or Prometheus.
  CHECK(Rules({To(Named("ops"), Tcp(80))}) == "[{" + port);
  CHECK(Rules({To(Pods("x"), Tcp(80))}) == "[{" + port);
  CHECK(Rules({To(Block("10.0.0.0/8"), Tcp(80)),
               To(Block("11.0.0.0/8", {"11.1.0.0/16"}), Tcp(80))}) ==
        "[{from: [{source: {ipBlocks: [10.0.0.0/8]}}, {source: {ipBlocks: [11.0.0.0/8], "
        "notIpBlocks: [11.1.0.0/16]}}], " +
            port);
  const Peer web = Client("web", Mesh::kAmbient);
  const std::string from_web = "[{from: [{source: {principals: [example.org/ns/shop/sa/web]}}]}]";
  CHECK(Rules({To(web)}) == from_web);
  CHECK(Rules({To(web, {Protocol::kTcp, 1, 9})}) == from_web);
  CHECK(Rules({To(Named("ops"), Udp(53)), To(Host("x"), Tcp(1))}) == "none");
}

TEST_CASE("emit authorization: what stands against it", "[policy][network]") {
  const auto obstacle = [](const Peer& peer, PortRange port = Tcp(80)) {
    return AuthorizationObstacle(Of({To(peer, port)}, {}));
  };
  CHECK(obstacle(Client("web", Mesh::kSidecar)).empty());
  CHECK(obstacle(Client("nobody", Mesh::kSidecar))
            .find("Deployment/shop/nobody connects to it "
                  "with the ServiceAccount default") == 0);
  CHECK(obstacle(Client("nobody", Mesh::kNone)).empty());
  CHECK(obstacle(Client("nobody", Mesh::kSidecar), Udp(1)).empty());
  // `cluster.local/ns//sa/web` is nobody.
  kube::Manifest nowhere = *FindPod(Clients().index(), "web");
  nowhere.id.ns.clear();
  Peer client = Client("web", Mesh::kSidecar);
  client.workload = &nowhere;
  CHECK(obstacle(client).find("--namespace") != std::string::npos);
  Access access = Of({}, {});
  access.closes = false;
  CHECK_FALSE(AuthorizationObstacle(access).empty());
  access = Of({}, {});
  access.isolates_ingress = false;
  CHECK_FALSE(AuthorizationObstacle(access).empty());
  access = Of({}, {});
  const Value in =
      Value::Map({{"key", Value::String("app")}, {"operator", Value::String("Exists")}});
  access.pods = Value::Map({{"matchExpressions", Value::Seq({in})}});
  CHECK_FALSE(AuthorizationObstacle(access).empty());
  access.pods.Put("matchLabels", Value::Map({{"app", Value::String("cart")}}));
  CHECK(AuthorizationObstacle(access).empty());
}

TEST_CASE("emit authorization: Reach finds what was meant", "[policy][network]") {
  Peer bare = Client("nobody", Mesh::kNone);
  const Access access = Of({To(Client("web", Mesh::kSidecar), Tcp(80)), To(bare, Tcp(81)),
                            To(Named("kube-system"), Tcp(82)), To(Block("10.0.0.0/8"), Tcp(83)),
                            To(kAnywhere, Tcp(84)), To(kApiServer, Tcp(85))},
                           {});
  constexpr const char* kPods = R"(apiVersion: v1
kind: Pod
metadata: {name: cart, labels: {app: cart}}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web, sidecar.istio.io/inject: "true"}}
spec: {serviceAccountName: web, containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: other, labels: {app: other, sidecar.istio.io/inject: "true"}}
spec: {serviceAccountName: other, containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: nobody, labels: {app: nobody}}
spec: {containers: [{name: c}]}
---
)";
  const GivenStream given(kPods + Object("security.istio.io/v1", "AuthorizationPolicy", "a",
                                         Text(AuthorizationPolicySpec(access, OfShop()))));
  const Reach reach(given.index(), {}, {.trust_domain = "example.org"});
  const auto ask = [&](const char* question) { return Ask(reach, given.index(), question); };
  CHECK(ask("web cart 80") == "open");
  CHECK(ask("other cart 80") == "ingress a");
  CHECK(ask("nobody cart 80") == "ingress a");
  CHECK(ask("web cart 79") == "ingress a");
  CHECK(ask("nobody cart 81") == "open");
  // A controller that is in the mesh and one that is not look the same.
  CHECK(ask("dns cart 82") == "open");
  CHECK(ask("gateway cart 82") == "open");
  CHECK(ask("10.1.1.1 cart 83") == "open");
  CHECK(ask("11.1.1.1 cart 83") == "ingress a");
  CHECK(ask("anywhere cart 84") == "open");
  CHECK(reach.FromApiServer(*FindPod(given.index(), "cart"), {Protocol::kTcp, 85}).open);
}

TEST_CASE("emit cilium: Reach finds what was meant", "[policy][network]") {
  const Access access =
      Of({To(Pods("web"), Tcp(8080)), To(PodsIn(Labels("team", "b")), Tcp(1)),
          To(PodsIn({}), Tcp(2)), To(kAnywhere, Tcp(3))},
         {To(Named("ops"), Tcp(4)), To(Block("10.0.0.0/8"), Tcp(5)),
          To(Host("api.example.com"), Tcp(443)),
          To(Named("kube-system", Labels("k8s-app", "kube-dns")), Udp(53), "spec.dns")});
  const GivenStream given(kCluster + Object("cilium.io/v2", "CiliumNetworkPolicy", "c",
                                            Text(CiliumNetworkPolicySpec(access, Usual()))));
  const Reach reach(given.index());
  const auto ask = [&](const char* question) { return Ask(reach, given.index(), question); };
  CHECK(ask("web cart 8080") == "open");
  CHECK(ask("migrate cart 8080") == "ingress c");
  CHECK(ask("probe cart 1") == "open");
  CHECK(ask("web cart 1") == "ingress c");
  CHECK(ask("bare cart 2") == "open");
  CHECK(ask("anywhere cart 2") == "ingress c");
  CHECK(ask("anywhere cart 3") == "open");
  CHECK(ask("node cart 3") == "open");
  CHECK(ask("cart probe 4") == "open");
  CHECK(ask("cart web 4") == "egress c");
  CHECK(ask("cart 10.1.1.1 5") == "open");
  CHECK(ask("cart dns 53 UDP") == "open");
  const kube::Manifest& cart = *FindPod(given.index(), "cart");
  CHECK(reach.ToHost(cart, "api.example.com", {Protocol::kTcp, 443}).open);
  CHECK_FALSE(reach.ToHost(cart, "www.example.com", {Protocol::kTcp, 443}).open);
}

}  // namespace
}  // namespace cloudlab::policy::network
