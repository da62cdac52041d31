#include "policy/network/reach.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "network_given.hpp"

namespace cloudlab::policy::network {
namespace {

void Check(const std::vector<Row>& rows) { Check(rows, kCluster, {}); }

/// A policy "p" for the pods of cart with one ingress rule.
std::string ToCart(const std::string& rule) {
  return Netpol("p", "{podSelector: {matchLabels: {app: cart}}, ingress: [" + rule + "]}");
}

/// A policy "p" for the pods of web with one egress rule, and that alone.
std::string OfWeb(const std::string& rule) {
  return Netpol("p", "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [" +
                         rule + "]}");
}

TEST_CASE("who is isolated", "[policy][network]") {
  const std::string all = "podSelector: {}";
  Check({
      {"without policies all is open",
       "",
       {{"web cart 8080", "open"},
        {"web probe 1 SCTP", "open"},
        {"web 10.0.0.1 443", "open"},
        {"10.0.0.1 web 80", "open"},
        {"anywhere web 80", "open"},
        {"web anywhere 80", "open"},
        {"web dns 53 UDP", "open"},
        {"dns web 80", "open"}}},
      {"an empty selector takes the whole namespace, and nothing beyond",
       Netpol("deny", "{podSelector: {}, policyTypes: [Ingress, Egress]}"),
       {{"web cart 8080", "egress deny"},
        {"probe cart 8080", "ingress deny"},
        {"cart probe 80", "egress deny"},
        {"migrate web 80", "egress deny"},
        {"probe bare 80", "open"},
        {"dns web 80", "ingress deny"},
        {"anywhere web 80", "ingress deny"}}},
      {"no selector is an empty one", Netpol("deny", "{}"), {{"probe web 80", "ingress deny"}}},
      {"nor is there one in an empty spec",
       Netpol("deny", "null"),
       {{"probe web 80", "ingress deny"}, {"web probe 80", "open"}}},
      {"a selector takes some",
       Netpol("deny", "{podSelector: {matchLabels: {app: cart}}}"),
       {{"web cart 8080", "ingress deny"},
        {"cart web 80", "open"},
        {"cart cart 1", "ingress deny"}}},
      {"labels of the pods count, not those of the workload",
       Netpol("deny", "{podSelector: {matchLabels: {app: not of the pods}}}"),
       {{"cart web 80", "open"}}},
      {"expressions",
       Netpol("deny",
              "{podSelector: {matchExpressions: [{key: app, operator: In, values: [web, cart]}, "
              "{key: tier, operator: NotIn, values: [front]}, {key: app, operator: Exists}, {key: "
              "x, operator: DoesNotExist}]}}"),
       {{"web cart 8080", "ingress deny"}, {"cart web 80", "open"}, {"web migrate 1", "open"}}},
      {"an absent label is in no set",
       Netpol("deny",
              "{podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [back]}]}}"),
       {{"cart migrate 80", "ingress deny"}, {"web cart 8080", "open"}}},
      {"pods without labels",
       Netpol("deny", "{podSelector: {}}", "dark"),
       {{"web bare 80", "ingress deny"}}},
      {"types follow from rules: Ingress always",
       Netpol("p", "{podSelector: {}, egress: [{}]}"),
       {{"web probe 80", "open"}, {"probe web 80", "ingress p"}}},
      {"and Egress where it has rules",
       Netpol("p", "{podSelector: {}, ingress: [{}], egress: [{ports: [{port: 1}]}]}"),
       {{"web probe 80", "egress p"}, {"web probe 1", "open"}, {"probe web 80", "open"}}},
      {"an empty list of egress rules is none",
       Netpol("p", "{podSelector: {}, ingress: [], egress: []}"),
       {{"web probe 80", "open"}, {"probe web 80", "ingress p"}}},
      {"an empty list of types is none",
       Netpol("p", "{podSelector: {}, policyTypes: [], egress: null}"),
       {{"web probe 80", "open"}, {"probe web 80", "ingress p"}}},
      {"types win over rules",
       Netpol("p", "{podSelector: {}, policyTypes: [Egress], ingress: [{ports: [{port: 1}]}]}"),
       {{"probe web 80", "open"}, {"web probe 80", "egress p"}}},
      {"a direction without rules allows nothing",
       Netpol("p", "{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}]}"),
       {{"probe web 80", "open"}, {"web probe 80", "egress p"}}},
      {"policies add up",
       Netpol("a", "{podSelector: {}}") + ToCart("{ports: [{port: 1}]}") +
           Netpol("b",
                  "{podSelector: {matchLabels: {tier: back}}, ingress: [{ports: [{port: "
                  "2}]}]}"),
       {{"web cart 1", "open"},
        {"web cart 2", "open"},
        {"web cart 3", "ingress a"},
        {"cart web 2", "ingress a"}}},
      {"the first policy of the closed side is named",
       Netpol("z", "{podSelector: {matchLabels: {app: cart}}}") + Netpol("a", "{podSelector: {}}") +
           Netpol("m", "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}"),
       {{"probe cart 80", "ingress z"},
        {"probe web 80", "ingress a"},
        {"web cart 80", "egress m"}}},
      {"both sides must allow",
       OfWeb("{to: [{podSelector: {matchLabels: {app: cart}}}]}") +
           Netpol("q",
                  "{podSelector: {matchLabels: {app: cart}}, ingress: [{from: [{podSelector: "
                  "{matchLabels: {app: web}}}], ports: [{port: 8080}]}]}"),
       {{"web cart 8080", "open"}, {"web cart 1", "ingress q"}, {"web node 1", "egress p"}}},
      {"two replicas are two pods",
       ToCart("{from: [{podSelector: {matchLabels: {app: cart}}}], ports: [{port: 8080}]}"),
       {{"cart cart 8080", "open"}, {"cart cart 1", "ingress p"}}},
      {"other groups and versions are no NetworkPolicies",
       Object("crd.projectcalico.org/v1", "NetworkPolicy", "p", "{}") +
           Object("extensions/v1beta1", "NetworkPolicy", "p", "{}"),
       {{"web cart 8080", "open"}}},
      {"of two with one name the last counts",
       ToCart("{}") + Netpol("p", "{}") + ToCart("{ports: [{port: 1}]}"),
       {{"web cart 1", "open"}, {"web cart 2", "ingress p"}, {"cart web 1", "open"}}},
      {"namesakes in two namespaces both count",
       Netpol("p", "{}") + Netpol("p", "{}", "ops"),
       {{"web probe 1", "ingress p"}, {"probe web 1", "ingress p"}}},
      {"generated names are not the same",
       "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {generateName: p}\nspec: "
       "{}\n---\n" +
           std::string("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: "
                       "{generateName: p}\nspec: {ingress: [{ports: [{port: 1}]}]}\n---\n"),
       {{"web cart 1", "open"}, {"web cart 2", "ingress p"}}},
      {"policies that are never applied",
       Netpol("p, annotations: {config.kubernetes.io/local-config: \"true\"}", "{}"),
       {{"web cart 8080", "open"}}},
      {"hooks count",
       Netpol("p, annotations: {helm.sh/hook: pre-install}", "{}"),
       {{"web cart 8080", "ingress p"}}},
      {"policies in a list",
       "apiVersion: v1\nkind: List\nitems: [{apiVersion: networking.k8s.io/v1, kind: "
       "NetworkPolicy, "
       "metadata: {name: p}, spec: {" +
           all + "}}]\n",
       {{"web cart 8080", "ingress p"}}},
  });
}

TEST_CASE("whom peers name", "[policy][network]") {
  Check({
      {"pods beside the policy",
       ToCart("{from: [{podSelector: {matchLabels: {tier: front}}}]}"),
       {{"web cart 8080", "open"},
        {"migrate cart 8080", "ingress p"},
        {"probe cart 1", "ingress p"}}},
      {"all pods beside the policy",
       ToCart("{from: [{podSelector: {}}]}"),
       {{"web cart 8080", "open"},
        {"probe cart 8080", "ingress p"},
        {"10.0.0.1 cart 1", "ingress p"}}},
      {"all pods of some namespaces",
       ToCart("{from: [{namespaceSelector: {matchLabels: {team: b}}}]}"),
       {{"probe cart 8080", "open"}, {"web cart 8080", "ingress p"}, {"bare cart 1", "ingress p"}}},
      {"some pods of some namespaces, in one item",
       ToCart("{from: [{namespaceSelector: {matchLabels: {team: b}}, podSelector: {matchLabels: "
              "{tier: front}}}]}"),
       {{"probe cart 8080", "open"}, {"web cart 8080", "ingress p"}}},
      {"or either of them, in two items",
       ToCart("{from: [{namespaceSelector: {matchLabels: {team: b}}}, {podSelector: {matchLabels: "
              "{tier: front}}}]}"),
       {{"probe cart 8080", "open"}, {"web cart 8080", "open"}, {"migrate cart 1", "ingress p"}}},
      {"all namespaces, also those without an object",
       ToCart("{from: [{namespaceSelector: {}}]}"),
       {{"probe cart 1", "open"},
        {"bare cart 1", "open"},
        {"web cart 1", "open"},
        {"dns cart 1", "open"},
        {"node cart 1", "ingress p"},
        {"1.1.1.1 cart 1", "ingress p"},
        {"anywhere cart 1", "ingress p"}}},
      {"some pods of all namespaces",
       ToCart("{from: [{namespaceSelector: {}, podSelector: {matchLabels: {tier: front}}}]}"),
       {{"probe cart 1", "open"}, {"web cart 1", "open"}, {"bare cart 1", "ingress p"}}},
      {"namespaces have their name as a label",
       ToCart("{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: dark}}}]}"),
       {{"bare cart 1", "open"}, {"probe cart 1", "ingress p"}}},
      {"which nobody can change",
       ToCart("{from: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, "
              "operator: In, values: [ops, a lie]}]}}]}"),
       {{"probe cart 1", "open"}, {"web cart 1", "ingress p"}}},
      {"namespaces by what they lack",
       ToCart("{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: "
              "DoesNotExist}]}}]}"),
       {{"bare cart 1", "open"}, {"web cart 1", "ingress p"}}},
      {"of two objects of one namespace the last counts",
       ToCart("{from: [{namespaceSelector: {matchLabels: {team: c}}}]}") +
           "apiVersion: v1\nkind: Namespace\nmetadata: {name: ops, labels: {team: c}}\n",
       {{"probe cart 1", "open"}, {"web cart 1", "ingress p"}}},
      {"no peers, a missing list and null are everybody",
       ToCart("{from: []}"),
       {{"web cart 1", "open"}, {"1.1.1.1 cart 1", "open"}, {"node cart 1", "open"}}},
      {"the same, missing",
       ToCart("{}"),
       {{"web cart 1", "open"}, {"anywhere cart 1", "open"}, {"dns cart 1", "open"}}},
      {"the same, null", ToCart("{from: null}"), {{"web cart 1", "open"}}},
      {"egress looks at the destination",
       OfWeb("{to: [{podSelector: {matchLabels: {app: cart}}}]}"),
       {{"web cart 8080", "open"}, {"web migrate 8080", "egress p"}, {"cart web 80", "open"}}},
      {"pods in the network of their node are not isolated",
       Netpol("deny", "{podSelector: {}, policyTypes: [Ingress, Egress]}"),
       {{"node probe 1", "open"},
        {"probe node 1", "open"},
        {"node node 1", "open"},
        {"web node 1", "egress deny"},
        {"node web 1", "ingress deny"}}},
      {"and found by no selector",
       ToCart("{from: [{podSelector: {}}, {namespaceSelector: {}}, {ipBlock: {cidr: 0.0.0.0/0}}]}"),
       {{"node cart 1", "ingress p"}}},
      {"no block contains a pod",
       ToCart("{from: [{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: \"::/0\"}}]}"),
       {{"web cart 1", "ingress p"}, {"dns cart 1", "ingress p"}, {"9.9.9.9 cart 1", "open"}}},
  });
}

TEST_CASE("addresses", "[policy][network]") {
  Check({
      {"an address in a block",
       OfWeb("{to: [{ipBlock: {cidr: 10.1.0.0/16}}]}"),
       {{"web 10.1.255.1 1", "open"},
        {"web 10.2.0.0 1", "egress p"},
        {"web anywhere 1", "egress p"}}},
      {"but not in its exceptions",
       OfWeb("{to: [{ipBlock: {cidr: 10.1.0.0/16, except: [10.1.2.0/24, 10.1.3.4/32]}}]}"),
       {{"web 10.1.1.255 1", "open"},
        {"web 10.1.2.0 1", "egress p"},
        {"web 10.1.3.0 1", "open"},
        {"web 10.1.3.4 1", "egress p"}}},
      {"another block may allow them",
       OfWeb("{to: [{ipBlock: {cidr: 10.1.0.0/16, except: [10.1.2.0/24]}}, {ipBlock: {cidr: "
             "10.1.2.3/32}}]}"),
       {{"web 10.1.2.3 1", "open"}, {"web 10.1.2.4 1", "egress p"}}},
      {"bits behind the prefix do not count",
       OfWeb("{to: [{ipBlock: {cidr: 192.168.1.1/23}}]}"),
       {{"web 192.168.0.9 1", "open"}, {"web 192.168.2.0 1", "egress p"}}},
      {"IPv6",
       OfWeb("{to: [{ipBlock: {cidr: \"2001:db8::/33\", except: [\"2001:db8:1::/48\"]}}]}"),
       {{"web 2001:db8:7fff::1 1", "open"},
        {"web 2001:db8:8000::1 1", "egress p"},
        {"web 2001:DB8:1:0::0.0.0.1 1", "egress p"},
        {"web 32.1.13.184 1", "egress p"}}},
      {"every address: 0.0.0.0/0",
       OfWeb("{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 443}]}"),
       {{"web anywhere 443", "open"},
        {"web anywhere 80", "egress p"},
        {"web ::1 443", "egress p"}}},
      {"every address: without exceptions",
       OfWeb("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}"),
       {{"web anywhere 443", "egress p"}, {"web 11.0.0.0 443", "open"}}},
      {"every address: halves are not added up",
       OfWeb("{to: [{ipBlock: {cidr: 0.0.0.0/1}}, {ipBlock: {cidr: 128.0.0.0/1}}]}"),
       {{"web anywhere 443", "egress p"}, {"web 200.0.0.0 443", "open"}}},
      {"every address: IPv6 alone is not all",
       OfWeb("{to: [{ipBlock: {cidr: \"::/0\"}}]}"),
       {{"web anywhere 443", "egress p"}, {"web 1::2 443", "open"}}},
      {"what is no address",
       OfWeb("{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}") + Netpol("q", "{ingress: [{}]}"),
       {{"web example.org 443", "egress p"}, {"example.org cart 443", "open"}}},
      {"blocks that cannot be read",
       OfWeb("{to: [{ipBlock: {cidr: 10.0.0.0}}, {ipBlock: {cidr: 10.0.0.0/33}}, {ipBlock: {cidr: "
             "010.0.0.0/8}}, {ipBlock: {}}, {ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/8]}}, "
             "{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}, {ipBlock: {cidr: 10.0.0.0/8, "
             "except: x}}, {ipBlock: {cidr: 10.0.0.0/8, but: []}}, {ipBlock: {cidr: 10.0.0.0/8}, "
             "podSelector: {}}]}"),
       {{"web 10.0.0.1 1", "egress p"}, {"web cart 1", "egress p"}}},
  });
}

TEST_CASE("ports", "[policy][network]") {
  Check({
      {"a number, of TCP",
       ToCart("{ports: [{port: 8080}]}"),
       {{"web cart 8080", "open"},
        {"web cart 8081", "ingress p"},
        {"web cart 8080 UDP", "ingress p"}}},
      {"a protocol",
       ToCart("{ports: [{protocol: UDP, port: 53}, {protocol: SCTP}]}"),
       {{"web cart 53 UDP", "open"}, {"web cart 53", "ingress p"}, {"web cart 9 SCTP", "open"}}},
      {"an empty item is all of TCP",
       ToCart("{ports: [{}]}"),
       {{"web cart 1", "open"}, {"web cart 65535", "open"}, {"web cart 1 UDP", "ingress p"}}},
      {"an empty list is all",
       ToCart("{ports: []}"),
       {{"web cart 1", "open"}, {"web cart 1 UDP", "open"}, {"web cart 1 SCTP", "open"}}},
      {"a range",
       ToCart("{ports: [{port: 100, endPort: 200}]}"),
       {{"web cart 99", "ingress p"},
        {"web cart 100", "open"},
        {"web cart 200", "open"},
        {"web cart 201", "ingress p"}}},
      {"a name, of the destination",
       ToCart("{ports: [{port: http}]}"),
       {{"web cart 8080", "open"},
        {"web cart 8081", "ingress p"},
        {"dns cart 8080", "open"},
        {"anywhere cart 8080", "open"}}},
      {"a name goes with its protocol",
       ToCart("{ports: [{port: names}]}"),
       {{"web cart 53", "ingress p"}, {"web cart 53 UDP", "ingress p"}}},
      {"a name goes with its protocol, told",
       ToCart("{ports: [{port: names, protocol: UDP}]}"),
       {{"web cart 53 UDP", "open"}}},
      {"native sidecars have ports, other init containers none",
       ToCart("{ports: [{port: metrics}, {port: setup}]}"),
       {{"web cart 9090", "open"}, {"web cart 7070", "ingress p"}}},
      {"names of an egress rule are those of the destination",
       OfWeb("{ports: [{port: http}]}"),
       {{"web cart 8080", "open"},
        {"web migrate 8080", "egress p"},
        {"web 10.0.0.1 8080", "egress p"},
        {"web dns 8080", "egress p"},
        {"web node 8080", "egress p"}}},
      {"peers and ports must match in one rule",
       ToCart("{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 1}]}, {from: "
              "[{podSelector: {matchLabels: {app: migrate}}}], ports: [{port: 2}]}"),
       {{"web cart 1", "open"},
        {"web cart 2", "ingress p"},
        {"migrate cart 2", "open"},
        {"migrate cart 1", "ingress p"}}},
      {"ports that cannot be read",
       ToCart("{ports: [{port: \"80\"}, {port: 0}, {port: 65536}, {port: 080}, {port: 80, endPort: "
              "79}, {port: http, endPort: 9000}, {endPort: 90}, {protocol: tcp}, {port: 80, to: "
              "90}, null, 80]}"),
       {{"web cart 80", "ingress p"}, {"web cart 8080", "ingress p"}}},
  });
}

TEST_CASE("what cannot be read lets nothing through", "[policy][network]") {
  const char* closed = "ingress p";
  Check({
      {"a policy for nobody knows whom",
       Netpol("p",
              "{podSelector: {matchExpressions: [{key: app, operator: Equals, values: [x]}]}, "
              "ingress: [{}]}") +
           Netpol("q", "{}"),
       {{"web cart 1", "ingress q"}}},
      {"such a policy alone",
       Netpol("p", "{podSelector: {labels: {app: cart}}}") +
           Netpol("q", "{podSelector: {matchLabels: [app]}}") + Netpol("r", "text"),
       {{"web cart 1", "open"}}},
      {"unknown types",
       Netpol("p", "{podSelector: {}, policyTypes: [ingress], ingress: [{}], egress: [{}]}"),
       {{"web probe 1", "egress p"}, {"probe cart 1", closed}}},
      {"an unknown operator in a peer",
       ToCart("{from: [{podSelector: {matchExpressions: [{key: app, operator: Like}]}}]}"),
       {{"web cart 1", closed}}},
      {"an unknown field in a selector",
       ToCart("{from: [{podSelector: {matchLabel: {app: web}}}, {namespaceSelector: {x: y}}]}"),
       {{"web cart 1", closed}}},
      {"half of a peer",
       ToCart("{from: [{podSelector: {}, namespaceSelector: {matchExpressions: x}}]}"),
       {{"web cart 1", closed}}},
      {"peers that say nothing",
       ToCart("{from: [{}, null, {podSelector: null}, {serviceAccount: x}]}"),
       {{"web cart 1", closed}, {"1.1.1.1 cart 1", closed}}},
      {"the other peers of the rule hold",
       ToCart("{from: [{}, {podSelector: {}}], ports: [{protocol: x}, {port: 1}]}"),
       {{"web cart 1", "open"}, {"web cart 2", closed}}},
      {"an unknown field in a rule",
       ToCart("{form: [{podSelector: {}}]}"),
       {{"web cart 1", closed}}},
      {"the field of the other direction", ToCart("{to: []}"), {{"web cart 1", closed}}},
      {"a rule that is no map", ToCart("null, text"), {{"web cart 1", closed}}},
      {"peers that are no list", ToCart("{from: {podSelector: {}}}"), {{"web cart 1", closed}}},
      {"ports that are no list", ToCart("{ports: {port: 1}}"), {{"web cart 1", closed}}},
      {"rules that are no list",
       Netpol("p", "{podSelector: {}, ingress: {}, egress: {to: []}}"),
       {{"probe cart 1", closed}, {"web probe 1", "egress p"}}},
  });
}

TEST_CASE("pods outside of the stream", "[policy][network]") {
  const std::string dns_pods = "podSelector: {matchLabels: {k8s-app: kube-dns}}";
  Check({
      {"by the name of their namespace, and their labels",
       OfWeb(
           "{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, " +
           dns_pods + "}], ports: [{port: 53, protocol: UDP}]}"),
       {{"web dns 53 UDP", "open"},
        {"web dns 53", "egress p"},
        {"web gateway 53 UDP", "egress p"}}},
      {"not beside the policy", OfWeb("{to: [{" + dns_pods + "}]}"), {{"web dns 53", "egress p"}}},
      {"by the labels of a namespace whose name is not known",
       ToCart("{from: [{namespaceSelector: {matchLabels: {team: a, role: edge}}}]}"),
       {{"gateway cart 1", "open"}, {"guest cart 1", "ingress p"}, {"dns cart 1", "ingress p"}}},
      {"who are beside no policy",
       ToCart("{from: [{podSelector: {matchLabels: {app: web}}}]}"),
       {{"gateway cart 1", "ingress p"}}},
      {"the name may be told by the label",
       Netpol("p", "{podSelector: {matchLabels: {app: probe}}}", "ops"),
       {{"web told 1", "ingress p"}, {"web dns 1", "open"}}},
      {"the stream's Namespace knows better than the caller",
       ToCart("{from: [{namespaceSelector: {matchLabels: {team: a, more: \"yes\"}}}]}"),
       {{"guest cart 1", "open"}, {"web cart 1", "ingress p"}}},
      {"policies of the stream isolate them",
       Netpol("p",
              "{" + dns_pods +
                  ", policyTypes: [Ingress, Egress], ingress: [{from: [{namespaceSelector: "
                  "{matchLabels: {team: a}}}]}, {ports: [{port: named}]}]}",
              "kube-system"),
       {{"web dns 53", "open"}, {"probe dns 53", "ingress p"}, {"dns web 80", "egress p"}}},
      {"beside the policy",
       ToCart("{from: [{podSelector: {}}]}"),
       {{"guest cart 1", "open"}, {"dns cart 1", "ingress p"}, {"gateway cart 1", "ingress p"}}},
  });
}

TEST_CASE("policies that come after the stream", "[policy][network]") {
  const GivenStream given(kCluster + ToCart("{ports: [{port: 1}]}") +
                          Netpol("q", "{podSelector: {matchLabels: {app: web}}}"));
  const GivenStream later(ToCart("{ports: [{port: 2}]}") +
                          Netpol("a", "{podSelector: {matchLabels: {tier: back}}}"));
  const Reach reach(given.index(), later.index().manifests());
  const auto ask = [&](const char* question) { return Ask(reach, given.index(), question); };
  // Of two with one name the last counts.
  CHECK(ask("web cart 1") == "ingress p");
  CHECK(ask("web cart 2") == "open");
  // They stand behind those of the stream.
  CHECK(ask("cart web 1") == "ingress q");
  CHECK(Ask(Reach(given.index()), given.index(), "web cart 1") == "open");
}

TEST_CASE("what has no pods reaches nothing", "[policy][network]") {
  const GivenStream given(std::string(kCluster) + Netpol("p", "{}"));
  const Reach reach(given.index());
  const kube::Manifest& web = *FindPod(given.index(), "web");
  const kube::Manifest& policy = given.last();
  for (const Verdict& verdict :
       {reach.Between(web, policy, {}), reach.Between(policy, web, {}),
        reach.ToAddress(policy, "1.1.1.1", {}), reach.FromAnywhere(policy, {})}) {
    CHECK(Text(verdict) == "no pod");
  }
}

/// `count` workloads in one namespace, each with a policy of its own that lets the one before it
/// and the hub in; the hub lets each of them in by a peer of its own.
std::string Chain(int count) {
  std::string text;
  std::string peers;
  for (int i = 0; i < count; ++i) {
    const std::string name = "w" + std::to_string(i);
    const std::string before = "w" + std::to_string(i - 1);
    text += Deployment(name);
    text += Netpol(name, "{podSelector: {matchLabels: {tier: web, app: " + name +
                             "}}, ingress: [{from: [{podSelector: {matchLabels: {tier: web, app: " +
                             before + "}}}, {podSelector: {matchLabels: {app: hub}}}]}]}");
    peers += "{podSelector: {matchLabels: {tier: web, app: " + name + "}}}, ";
  }
  text += Deployment("hub");
  text += Netpol("deny", "{podSelector: {}}");
  text += Netpol("hub", "{podSelector: {matchLabels: {app: hub}}, ingress: [{from: [" + peers +
                            "{podSelector: {matchLabels: {app: none}}}]}]}");
  return text;
}

TEST_CASE("2,000 workloads with 2,000 policies", "[policy][network]") {
  constexpr int kCount = 2000;
  const GivenStream given(Chain(kCount));
  const Reach reach(given.index());
  std::vector<const kube::Manifest*> workloads;
  for (const kube::Manifest& manifest : given.index().manifests()) {
    if (manifest.pod) workloads.push_back(&manifest);
  }
  REQUIRE(workloads.size() == kCount + 1);
  const kube::Manifest& hub = *workloads.back();
  // Several threads ask the same one; each counts the connections that are open.
  const auto count = [&](int& open) {
    for (std::size_t i = 0; i < kCount; ++i) {
      const kube::Manifest& self = *workloads[i];
      const kube::Manifest& next = *workloads[(i + 1) % kCount];
      for (const Verdict& verdict : {reach.Between(self, next, {}), reach.Between(next, self, {}),
                                     reach.Between(self, hub, {}), reach.Between(hub, self, {})}) {
        open += verdict.open ? 1 : 0;
      }
    }
  };
  int first = 0;
  int second = 0;
  std::thread other(count, std::ref(second));
  count(first);
  other.join();
  // The last one does not reach the first.
  CHECK(first == 3 * kCount - 1);
  CHECK(second == first);
}

}  // namespace
}  // namespace cloudlab::policy::network
