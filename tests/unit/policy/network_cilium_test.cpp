// Policies of Cilium as Reach understands them. Sources: Cilium documentation, "Policy Enforcement
// Modes", "Layer 3 Policies", "Layer 4 Policies", "Deny Policies", "Using Kubernetes Constructs in
// Policy".
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "network_given.hpp"
#include "policy/network/host_pattern.hpp"
#include "policy/network/reach.hpp"

namespace cloudlab::policy::network {
namespace {

std::string Cilium(const std::string& name, const std::string& spec,
                   const std::string& ns = "shop") {
  return Object("cilium.io/v2", "CiliumNetworkPolicy", name + ", namespace: " + ns, spec);
}

std::string Clusterwide(const std::string& name, const std::string& spec) {
  return Object("cilium.io/v2", "CiliumClusterwideNetworkPolicy", name, spec);
}

const std::string kOfCart = "endpointSelector: {matchLabels: {app: cart}}";

/// A policy "c" for the pods of cart with one ingress rule.
std::string ToCart(const std::string& rule) {
  return Cilium("c", "{" + kOfCart + ", ingress: [" + rule + "]}");
}

/// A policy "c" for the pods of web with one egress rule.
std::string OfWeb(const std::string& rule) {
  return Cilium("c", "{endpointSelector: {matchLabels: {app: web}}, egress: [" + rule + "]}");
}

void Check(const std::vector<Row>& rows) { Check(rows, kCluster, {}); }

TEST_CASE("cilium: who is isolated", "[policy][network]") {
  Check({
      {"a section with a rule isolates; an empty rule allows nothing",
       ToCart("{}"),
       {{"web cart 8080", "ingress c"}, {"cart web 80", "open"}, {"anywhere cart 1", "ingress c"}}},
      {"an empty section is none",
       Cilium("c", "{" + kOfCart + ", ingress: []}"),
       {{"web cart 8080", "open"}}},
      {"nor does a policy without sections do anything",
       Cilium("c", "{" + kOfCart + "}"),
       {{"web cart 8080", "open"}}},
      {"an empty selector takes all pods of the namespace",
       Cilium("c", "{endpointSelector: {}, egress: [{}]}"),
       {{"web cart 1", "egress c"}, {"probe web 1", "open"}}},
      {"prefixes of keys",
       Cilium("c",
              "{endpointSelector: {matchLabels: {\"k8s:app\": cart, \"any:tier\": back}}, "
              "ingress: [{}]}"),
       {{"web cart 1", "ingress c"}, {"cart web 1", "open"}}},
      {"other sources are not known",
       Cilium("c", "{endpointSelector: {matchLabels: {\"container:app\": cart}}, ingress: [{}]}"),
       {{"web cart 1", "open"}}},
      {"enableDefaultDeny leaves open what nobody else closes",
       Cilium("c", "{" + kOfCart +
                       ", enableDefaultDeny: {ingress: false}, ingress: [{fromEntities: [host]}]}"),
       {{"web cart 1", "open"}}},
      {"and then still allows",
       Cilium("c", "{" + kOfCart +
                       ", enableDefaultDeny: {ingress: false}, ingress: [{toPorts: "
                       "[{ports: [{port: \"1\"}]}]}]}") +
           Netpol("n", "{podSelector: {}}"),
       {{"web cart 1", "open"}, {"web cart 2", "ingress n"}}},
      {"unites with NetworkPolicies: either may allow",
       ToCart("{fromEndpoints: [{matchLabels: {app: web}}]}") +
           Netpol("n",
                  "{podSelector: {matchLabels: {app: cart}}, ingress: [{ports: [{port: "
                  "7}]}]}"),
       {{"web cart 8080", "open"}, {"probe cart 7", "open"}, {"probe cart 8", "ingress c"}}},
      {"several specs",
       "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c}\nspecs: [{" +
           kOfCart +
           ", ingress: [{}]}, {endpointSelector: {matchLabels: {app: web}}, ingress: "
           "[{}]}]\n",
       {{"web cart 1", "ingress c"}, {"cart web 1", "ingress c"}, {"web migrate 1", "open"}}},
      {"clusterwide",
       Clusterwide("c", "{endpointSelector: {matchLabels: {tier: front}}, ingress: [{}]}"),
       {{"cart web 1", "ingress c"}, {"cart probe 1", "ingress c"}, {"web cart 1", "open"}}},
      {"clusterwide, in some namespaces",
       Clusterwide("c",
                   "{endpointSelector: {matchLabels: {\"k8s:io.kubernetes.pod.namespace\": "
                   "ops}}, ingress: [{}]}") +
           Clusterwide("d",
                       "{endpointSelector: {matchLabels: "
                       "{io.cilium.k8s.namespace.labels.team: a}}, egress: [{}]}"),
       {{"bare probe 1", "ingress c"}, {"web bare 1", "egress d"}, {"probe bare 1", "open"}}},
      {"of one name the last counts, and kinds are not mixed up",
       ToCart("{}") +
           Clusterwide("c",
                       "{endpointSelector: {}, ingress: [{toPorts: [{ports: "
                       "[{port: \"1\"}]}]}]}") +
           ToCart("{toPorts: [{ports: [{port: \"2\"}]}]}"),
       {{"web cart 1", "open"}, {"web cart 2", "open"}, {"web cart 3", "ingress c"}}},
      {"policies of nodes are about no pod",
       Clusterwide("c", "{nodeSelector: {}, ingress: [{}]}"),
       {{"web cart 1", "open"}, {"web node 1", "open"}}},
  });
}

TEST_CASE("cilium: whom peers name", "[policy][network]") {
  Check({
      {"endpoints beside the policy",
       ToCart("{fromEndpoints: [{matchLabels: {tier: front}}]}"),
       {{"web cart 1", "open"}, {"probe cart 1", "ingress c"}, {"migrate cart 1", "ingress c"}}},
      {"all of them",
       ToCart("{fromEndpoints: [{}]}"),
       {{"migrate cart 1", "open"},
        {"probe cart 1", "ingress c"},
        {"1.1.1.1 cart 1", "ingress c"}}},
      {"an empty list is nobody", ToCart("{fromEndpoints: []}"), {{"web cart 1", "ingress c"}}},
      {"by the name of a namespace",
       ToCart("{fromEndpoints: [{matchLabels: {tier: front, k8s:io.kubernetes.pod.namespace: "
              "ops}}]}"),
       {{"probe cart 1", "open"}, {"web cart 1", "ingress c"}}},
      {"by labels of namespaces",
       ToCart("{fromEndpoints: [{matchLabels: {k8s:io.cilium.k8s.namespace.labels.team: b}}]}"),
       {{"probe cart 1", "open"}, {"web cart 1", "ingress c"}, {"gateway cart 1", "ingress c"}}},
      {"in all namespaces",
       ToCart("{fromEndpoints: [{matchExpressions: [{key: k8s:io.kubernetes.pod.namespace, "
              "operator: Exists}]}]}"),
       {{"probe cart 1", "open"},
        {"bare cart 1", "open"},
        {"gateway cart 1", "open"},
        {"node cart 1", "ingress c"}}},
      {"in some, by expressions",
       ToCart("{fromEndpoints: [{matchExpressions: [{key: io.kubernetes.pod.namespace, operator: "
              "NotIn, values: [ops]}, {key: app, operator: Exists}]}]}"),
       {{"web cart 1", "open"}, {"probe cart 1", "ingress c"}, {"bare cart 1", "ingress c"}}},
      {"accounts and clusters are not known",
       ToCart("{fromEndpoints: [{matchLabels: {io.cilium.k8s.policy.serviceaccount: web}}]}"),
       {{"web cart 1", "ingress c"}}},
      {"peers of a clusterwide policy are in all namespaces",
       Clusterwide("c", "{" + kOfCart +
                            ", ingress: [{fromEndpoints: [{matchLabels: {tier: "
                            "front}}]}]}"),
       {{"web cart 1", "open"}, {"probe cart 1", "open"}, {"migrate cart 1", "ingress c"}}},
      {"the world is outside",
       ToCart("{fromEntities: [world]}"),
       {{"anywhere cart 1", "open"}, {"1::2 cart 1", "open"}, {"probe cart 1", "ingress c"}}},
      {"the cluster is inside",
       ToCart("{fromEntities: [cluster]}"),
       {{"probe cart 1", "open"}, {"node cart 1", "open"}, {"1.1.1.1 cart 1", "ingress c"}}},
      {"all is all",
       ToCart("{fromEntities: [all]}"),
       {{"anywhere cart 1", "open"}, {"bare cart 1", "open"}, {"node cart 1", "open"}}},
      {"the node of the pod is not all nodes",
       ToCart("{fromEntities: [host]}"),
       {{"node cart 1", "ingress c"}}},
      {"it is one of them",
       ToCart("{fromEntities: [host, remote-node]}"),
       {{"node cart 1", "open"}, {"web cart 1", "ingress c"}}},
      {"blocks",
       OfWeb("{toCIDR: [10.0.0.0/8, 1.1.1.1]}, {toCIDRSet: [{cidr: 20.0.0.0/8, except: "
             "[20.1.0.0/16]}]}"),
       {{"web 10.2.3.4 1", "open"},
        {"web 1.1.1.1 1", "open"},
        {"web 20.2.0.1 1", "open"},
        {"web 20.1.0.1 1", "egress c"},
        {"web cart 1", "egress c"},
        {"web anywhere 1", "egress c"}}},
      {"groups of blocks are not known",
       OfWeb("{toCIDRSet: [{cidrGroupRef: x}]}"),
       {{"web 10.0.0.1 1", "egress c"}}},
      {"services are not known",
       OfWeb("{toServices: [{k8sService: {serviceName: cart}}]}"),
       {{"web cart 1", "egress c"}}},
  });
}

TEST_CASE("cilium: ports", "[policy][network]") {
  Check({
      {"ports alone are open to everybody",
       ToCart("{toPorts: [{ports: [{port: \"8080\", protocol: TCP}]}]}"),
       {{"anywhere cart 8080", "open"},
        {"probe cart 8080", "open"},
        {"web cart 1", "ingress c"},
        {"web cart 8080 UDP", "ingress c"}}},
      {"without a protocol all are meant",
       ToCart("{toPorts: [{ports: [{port: \"5\"}]}]}"),
       {{"web cart 5", "open"}, {"web cart 5 UDP", "open"}, {"web cart 5 SCTP", "open"}}},
      {"names, ranges, and zero for all",
       ToCart("{toPorts: [{ports: [{port: http, protocol: TCP}, {port: \"100\", endPort: 200, "
              "protocol: UDP}]}, {ports: [{port: \"0\", protocol: SCTP}]}]}"),
       {{"web cart 8080", "open"},
        {"web cart 8081", "ingress c"},
        {"web cart 150 UDP", "open"},
        {"web cart 201 UDP", "ingress c"},
        {"web cart 9 SCTP", "open"}}},
      {"peers and ports of one rule",
       ToCart("{fromEndpoints: [{matchLabels: {app: web}}], toPorts: [{ports: [{port: \"1\"}]}]}"),
       {{"web cart 1", "open"}, {"web cart 2", "ingress c"}, {"migrate cart 1", "ingress c"}}},
      {"layer 7 lets some requests through",
       ToCart(
           "{toPorts: [{ports: [{port: \"1\", protocol: TCP}], rules: {http: [{method: GET}]}}]}"),
       {{"web cart 1", "open"}, {"web cart 2", "ingress c"}}},
      {"pings are no ports",
       ToCart("{fromEndpoints: [{}], icmps: [{fields: [{type: 8}]}]}"),
       {{"web cart 1", "ingress c"}}},
      {"ports that cannot be read",
       ToCart("{toPorts: [{ports: [{port: 80}, {port: \"80\", protocol: tcp}, {port: \"081\"}, "
              "{port: \"80\", to: 90}, {port: \"80\", endPort: 79}, {protocol: TCP}]}, {port: "
              "\"80\"}]}"),
       {{"web cart 80", "ingress c"}, {"web cart 81", "ingress c"}}},
  });
}

TEST_CASE("cilium: what denies wins", "[policy][network]") {
  const std::string open = Netpol("n", "{podSelector: {}, ingress: [{}], egress: [{}]}");
  Check({
      {"over NetworkPolicies, too",
       open + Cilium("c", "{" + kOfCart +
                              ", ingressDeny: [{fromEndpoints: [{matchLabels: {app: "
                              "web}}], toPorts: [{ports: [{port: \"1\"}]}]}]}"),
       {{"web cart 1", "ingress c"}, {"web cart 2", "open"}, {"migrate cart 1", "open"}}},
      {"it isolates",
       Cilium("c", "{" + kOfCart + ", ingressDeny: [{fromEntities: [world]}]}"),
       {{"web cart 1", "ingress c"}}},
      {"unless it is told not to",
       Cilium("c", "{" + kOfCart +
                       ", enableDefaultDeny: {ingress: false}, ingressDeny: "
                       "[{fromEntities: [world]}]}"),
       {{"web cart 1", "open"}, {"1.1.1.1 cart 1", "ingress c"}, {"anywhere cart 1", "ingress c"}}},
      {"one address of all is enough",
       open + Cilium("c", "{endpointSelector: {}, egressDeny: [{toCIDR: [169.254.169.254/32]}]}"),
       {{"web anywhere 1", "egress c"},
        {"web 1.1.1.1 1", "open"},
        {"web 169.254.169.254 1", "egress c"}}},
      {"what cannot be read denies all",
       open + Cilium("c", "{" + kOfCart + ", ingressDeny: [{fromNodes: [{}]}]}"),
       {{"web cart 1", "ingress c"}, {"cart web 1", "open"}}},
      {"a port that cannot be read is any",
       open + Cilium("c", "{" + kOfCart +
                              ", ingressDeny: [{fromEndpoints: [{matchLabels: {app: "
                              "web}}], toPorts: [{ports: [{port: 80}]}]}]}"),
       {{"web cart 1", "ingress c"}, {"migrate cart 1", "open"}}},
      {"requirements close",
       open + Cilium("c", "{" + kOfCart + ", ingress: [{fromRequires: [{matchLabels: {a: b}}]}]}"),
       {{"web cart 1", "ingress c"}}},
  });
}

TEST_CASE("cilium: what cannot be read lets nothing through", "[policy][network]") {
  Check({
      {"two kinds of peers",
       ToCart("{fromEndpoints: [{}], fromEntities: [all]}"),
       {{"web cart 1", "ingress c"}}},
      {"an unknown field of a rule", ToCart("{fromEndpoint: [{}]}"), {{"web cart 1", "ingress c"}}},
      {"the field of the other direction",
       ToCart("{toEndpoints: [{}]}"),
       {{"web cart 1", "ingress c"}}},
      {"an unknown entity", ToCart("{fromEntities: [everybody]}"), {{"web cart 1", "ingress c"}}},
      {"peers that are no list", ToCart("{fromEndpoints: {}}"), {{"web cart 1", "ingress c"}}},
      {"rules that are no maps", ToCart("null, text"), {{"web cart 1", "ingress c"}}},
      {"rules that are no list",
       Cilium("c", "{" + kOfCart + ", ingress: {}}"),
       {{"web cart 1", "ingress c"}}},
      {"an unknown field of the spec",
       Cilium("c", "{" + kOfCart + ", ingress: [{fromEntities: [all]}], tier: 1}"),
       {{"web cart 1", "ingress c"}}},
      {"nobody knows whom",
       Cilium("c", "{endpointSelector: {labels: {}}, ingress: [{}]}") +
           Cilium("d", "{ingress: [{}]}") + Cilium("e", "text"),
       {{"web cart 1", "open"}}},
      {"the other peers of the list hold",
       ToCart("{fromEndpoints: [{labels: {}}, {matchLabels: {app: web}}]}"),
       {{"web cart 1", "open"}, {"migrate cart 1", "ingress c"}}},
  });
}

TEST_CASE("hosts outside, by name", "[policy][network]") {
  const auto ask = [](const std::string& policies, const std::string& host) {
    const GivenStream given(kCluster + policies);
    const kube::Manifest& web = *FindPod(given.index(), "web");
    return Text(Reach(given.index()).ToHost(web, host, {Protocol::kTcp, 443}));
  };
  const auto netpol = [](const std::string& rule) {
    return Netpol("p", "{podSelector: {}, policyTypes: [Egress], egress: [" + rule + "]}");
  };
  CHECK(ask("", "api.example.com") == "open");
  CHECK(ask(netpol(""), "api.example.com") == "egress p");
  CHECK(ask(netpol("{ports: [{port: 443}]}"), "api.example.com") == "open");
  CHECK(ask(netpol("{to: [{namespaceSelector: {}}]}"), "api.example.com") == "egress p");
  // Its address is one of the internet, but not known.
  CHECK(ask(netpol("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 192.168.0.0/16]}}]}"),
            "api.example.com") == "open");
  CHECK(ask(netpol("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [11.0.0.0/8]}}]}"),
            "api.example.com") == "egress p");
  CHECK(ask(netpol("{to: [{ipBlock: {cidr: 93.0.0.0/8}}]}"), "api.example.com") == "egress p");

  const std::string named = OfWeb(
      "{toFQDNs: [{matchName: API.example.com.}, {matchPattern: \"*.example.org\"}], toPorts: "
      "[{ports: [{port: \"443\", protocol: TCP}]}]}");
  CHECK(ask(named, "api.example.com") == "open");
  CHECK(ask(named, "www.example.org") == "open");
  CHECK(ask(named, "example.com") == "egress c");
  CHECK(ask(OfWeb("{toFQDNs: [{matchName: api.example.com}], toPorts: [{ports: [{port: "
                  "\"80\"}]}]}"),
            "api.example.com") == "egress c");
  CHECK(ask(OfWeb("{toFQDNs: [{matchName: \"*.example.com\"}, {matchRegex: x}]}"),
            "api.example.com") == "egress c");
  CHECK(ask(OfWeb("{toEntities: [world]}"), "api.example.com") == "open");
  // Denied blocks of private addresses are not its.
  const std::string open = netpol("{}");
  CHECK(ask(open + Cilium("c", "{endpointSelector: {}, egressDeny: [{toCIDR: [10.0.0.0/8]}]}"),
            "api.example.com") == "open");
  CHECK(ask(open + Cilium("c", "{endpointSelector: {}, egressDeny: [{toCIDR: [93.0.0.0/8]}]}"),
            "api.example.com") == "egress c");
}

TEST_CASE("30,000 hosts of one rule, asked one after the other", "[policy][network]") {
  constexpr int kCount = 30000;
  std::string hosts;
  for (int i = 0; i < kCount; ++i) {
    hosts += "{matchName: H" + std::to_string(i) + ".example.com.}, ";
  }
  const GivenStream given(kCluster + OfWeb("{toFQDNs: [" + hosts + "]}"));
  const Reach reach(given.index());
  const kube::Manifest& web = *FindPod(given.index(), "web");
  int open = 0;
  for (int i = 0; i <= kCount; ++i) {
    const std::string host = "h" + std::to_string(i) + ".example.com";
    open += reach.ToHost(web, host, {Protocol::kTcp, 443}).open ? 1 : 0;
  }
  CHECK(open == kCount);
}

TEST_CASE("patterns of names", "[policy][network]") {
  CHECK(HostMatches("api.example.com", "API.Example.com"));
  CHECK(HostMatches("*", "a.b.c"));
  CHECK(HostMatches("*.cilium.io", "sub.cilium.io"));
  CHECK_FALSE(HostMatches("*.cilium.io", "cilium.io"));
  CHECK_FALSE(HostMatches("*.cilium.io", "sub.sub.cilium.io"));
  CHECK(HostMatches("part*ial.com", "partial.com"));
  CHECK(HostMatches("part*ial.com", "part-extra-ial.com"));
  CHECK(HostMatches("**.cilium.io", "app.cilium.io"));
  CHECK(HostMatches("**.cilium.io", "test.app.cilium.io"));
  CHECK_FALSE(HostMatches("**.cilium.io", "cilium.io"));
  CHECK_FALSE(HostMatches("a?c.io", "abc.io"));
  CHECK_FALSE(HostMatches("", ""));
}

TEST_CASE("the API server", "[policy][network]") {
  const auto ask = [](const std::string& policies) {
    const GivenStream given(kCluster + policies);
    const Reach reach(given.index());
    const kube::Manifest& web = *FindPod(given.index(), "web");
    return Text(reach.ToApiServer(web, {Protocol::kTcp, 443})) + ", " +
           Text(reach.FromApiServer(web, {Protocol::kTcp, 443}));
  };
  CHECK(ask("") == "open, open");
  CHECK(ask(OfWeb("{toEntities: [kube-apiserver]}")) == "open, open");
  CHECK(ask(OfWeb("{toEntities: [cluster]}")) == "egress c, open");
  // An entity of its own, wherever it is.
  CHECK(ask(OfWeb("{toCIDR: [0.0.0.0/0]}")) == "egress c, open");
  CHECK(ask(OfWeb("{toEntities: [world]}")) == "egress c, open");
  CHECK(ask(OfWeb("{toEntities: [all]}")) == "open, open");
  CHECK(ask(Netpol("p", "{podSelector: {}, ingress: [{ports: [{port: 443}]}]}")) == "open, open");
  CHECK(ask(Netpol("p", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}")) ==
        "open, ingress p");
}

TEST_CASE("nodes and the API server by their addresses", "[policy][network]") {
  const MeshSettings known{.nodes = {*IpBlock::Parse("10.0.0.0/16")},
                           .api_servers = {*IpBlock::Parse("10.0.0.9/32")}};
  const auto ask = [&](const std::string& policies, const char* address) {
    const GivenStream given(kCluster + policies);
    const Reach reach(given.index(), {}, known);
    return Text(reach.ToAddress(*FindPod(given.index(), "web"), address, {Protocol::kTcp, 443}));
  };
  const std::string block = OfWeb("{toCIDRSet: [{cidr: 10.0.0.0/8}]}");
  CHECK(ask(block, "10.1.0.1") == "open");
  CHECK(ask(block, "10.0.0.1") == "egress c");
  CHECK(ask(block, "10.0.0.9") == "egress c");
  const std::string nodes = OfWeb("{toEntities: [host, remote-node]}");
  CHECK(ask(nodes, "10.0.0.1") == "open");
  CHECK(ask(nodes, "10.0.0.9") == "open");
  CHECK(ask(nodes, "10.1.0.1") == "egress c");
  const std::string server = OfWeb("{toEntities: [kube-apiserver]}");
  CHECK(ask(server, "10.0.0.9") == "open");
  CHECK(ask(server, "10.0.0.1") == "egress c");
  // To Kubernetes an address is one, and what denies may mean it.
  const std::string open =
      Netpol("p",
             "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: "
             "10.0.0.0/8}}]}]}");
  CHECK(ask(open, "10.0.0.9") == "open");
  CHECK(ask(open + Cilium("c", "{endpointSelector: {}, egressDeny: [{toCIDR: [10.0.0.0/8]}]}"),
            "10.0.0.9") == "egress c");
}

TEST_CASE("which sides are isolated", "[policy][network]") {
  using Side = Verdict::Side;
  const GivenStream given(kCluster + Netpol("n", "{podSelector: {matchLabels: {app: web}}}") +
                          Cilium("c", "{endpointSelector: {}, egress: [{}]}", "ops") +
                          Cilium("d",
                                 "{endpointSelector: {}, enableDefaultDeny: {ingress: "
                                 "false}, ingress: [{}]}"));
  const Reach reach(given.index());
  const auto isolates = [&](const char* name, Side side) {
    return reach.Isolates(*FindPod(given.index(), name), side);
  };
  CHECK(isolates("web", Side::kIngress));
  CHECK_FALSE(isolates("web", Side::kEgress));
  CHECK(isolates("probe", Side::kEgress));
  CHECK_FALSE(isolates("probe", Side::kIngress));
  CHECK_FALSE(isolates("cart", Side::kIngress));
  CHECK_FALSE(isolates("node", Side::kIngress));
  CHECK_FALSE(reach.Isolates(given.last(), Side::kIngress));
}

}  // namespace
}  // namespace cloudlab::policy::network
