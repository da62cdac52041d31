// The schema of NetworkAccessPolicy. Peers have the field names of networking.k8s.io/v1.
//
// Sources: the Kubernetes API reference (NetworkPolicy v1), Cilium's documentation of
// CiliumNetworkPolicy, Istio's reference of AuthorizationPolicy, Kubernetes' documentation of
// NodeLocal DNSCache (its address).
#include <algorithm>
#include <array>
#include <utility>

#include "policy/network/ip_block.hpp"
#include "policy/network/source.hpp"
#include "policy/schema_parts.hpp"

namespace cloudlab::policy {
namespace {

bool IsBlock(const yaml::Value& value) { return network::IpBlock::Parse(value.text()).has_value(); }

bool AreBlocks(const yaml::Value* list) {
  return list == nullptr || std::ranges::all_of(list->items(), IsBlock);
}

constexpr std::string_view kNoBlock = "is no block of addresses, like 10.0.0.0/8 or 10.96.0.1/32";

Type Blocks() { return List(Text(), 1); }
Type Ports() { return List(Int(1, 65535), 1); }

/// True unless an exception is not inside of the block.
bool ExceptionsAreInside(const yaml::Value& block) {
  const yaml::Value* except = block.Find("except");
  const yaml::Value* cidr = block.Find("cidr");
  if (except == nullptr || cidr == nullptr) return true;
  const auto outer = network::IpBlock::Parse(cidr->text());
  return std::ranges::all_of(except->items(), [&](const yaml::Value& item) {
    const auto inner = network::IpBlock::Parse(item.text());
    return outer && inner && outer->HasInside(*inner);
  });
}

ObjectPtr IpBlockObject() {
  static const ObjectPtr object =
      Shared("IpBlock", "A block of addresses, as in Kubernetes.",
             {Required("cidr", Text(), "The block, `10.0.0.0/8`."),
              Optional("except", Blocks(), "Blocks inside it that are not meant.")},
             false,
             {{[](const yaml::Value& block) {
                 const yaml::Value* cidr = block.Find("cidr");
                 return cidr == nullptr || IsBlock(*cidr);
               },
               "cidr " + std::string(kNoBlock)},
              {ExceptionsAreInside, "except must name smaller blocks inside of cidr"}});
  return object;
}

bool NamesSomebody(const yaml::Value& peer) { return !peer.entries().empty(); }

bool IsPodsOrBlock(const yaml::Value& peer) {
  return NotBoth(peer, "ipBlock", "podSelector") && NotBoth(peer, "ipBlock", "namespaceSelector");
}

std::vector<Field> PeerFields() {
  return {Optional("podSelector", ObjectOf(LabelSelectorObject()),
                   "Pods by their labels; left out: all."),
          Optional("namespaceSelector", ObjectOf(LabelSelectorObject()),
                   "The namespaces of those pods by their labels, `{}` for all; left out: that of "
                   "the workload."),
          Optional("ipBlock", ObjectOf(IpBlockObject()), "Addresses, in place of pods.")};
}

std::vector<Invariant> PeerInvariants() {
  return {{NamesSomebody, "it names nobody; give podSelector, namespaceSelector or ipBlock"},
          {IsPodsOrBlock, "give ipBlock or selectors, not both"}};
}

ObjectPtr PeerObject() {
  static const ObjectPtr object =
      Shared("NetworkPeer", "Somebody at the other end of a connection, as in a NetworkPolicy.",
             PeerFields(), false, PeerInvariants());
  return object;
}

ObjectPtr AllowEndObject() {
  static const ObjectPtr object = [] {
    std::vector<Field> fields = {
        Optional("name", Of(Form::kGlob), "A glob on the name of workloads of the stream."),
        Optional("kind", Of(Form::kKindName), "Their kind."),
        Optional(
            "namespace", Of(Form::kGlob),
            "A glob on their namespace; left out: any if the other end names one, else the same as "
            "the other end's.")};
    for (Field& field : PeerFields()) fields.push_back(std::move(field));
    std::vector<Invariant> invariants = PeerInvariants();
    invariants.front().message =
        "it names nobody; give the name of a workload, podSelector, namespaceSelector or ipBlock";
    invariants.push_back(
        {[](const yaml::Value& end) {
           const bool workload = end.Find("name") != nullptr || end.Find("kind") != nullptr ||
                                 end.Find("namespace") != nullptr;
           const bool peer = end.Find("podSelector") != nullptr ||
                             end.Find("namespaceSelector") != nullptr ||
                             end.Find("ipBlock") != nullptr;
           return !workload || !peer;
         },
         "name, kind and namespace mean workloads of the stream; selectors and ipBlock mean "
         "others: give the one or the other"});
    return Shared("NetworkEnd", "One end of a connection.", std::move(fields), false,
                  std::move(invariants));
  }();
  return object;
}

/// True if one end at least is a workload of the stream.
bool HasWorkload(const yaml::Value& rule) {
  return std::ranges::any_of(std::array{"from", "to"}, [&](const char* side) {
    const yaml::Value* end = rule.Find(side);
    if (end == nullptr) return false;
    return end->Find("name") != nullptr || end->Find("kind") != nullptr ||
           end->Find("namespace") != nullptr;
  });
}

Type Allow() {
  return List(ObjectOf(Shared(
      "", "A connection that nothing in the stream tells of.",
      {Required("from", ObjectOf(AllowEndObject()), "Who connects."),
       Required("to", ObjectOf(AllowEndObject()), "To whom."),
       Optional("ports", List(Of(Form::kPorts), 1),
                "Ports of the pods, `5432` or `\"6222-6230\"`; left out: all."),
       Optional("protocol", Enum({"TCP", "UDP", "SCTP"}), "The protocol of these ports.", "TCP")},
      false, {{HasWorkload, "one end at least must be a workload: give its name"}})));
}

std::vector<std::string> SourceNames() {
  std::vector<std::string> names;
  for (const auto& [source, name] : network::kSourceNames) names.emplace_back(name);
  return names;
}

Type Infer() {
  return Inline(
      "What counts as a sign of a connection.",
      {Optional("sources", List(Enum(SourceNames())), "Where to look; left out: everywhere."),
       Optional("minConfidence", Enum({"Exact", "Host", "Token"}),
                "How sure a connection must be to be opened: Exact, host and port are given and "
                "known; Host, the host is given as an address; Token, a word that is also the name "
                "of a Service. What is less sure is only reported.",
                "Host")});
}

Type Dns() {
  return ObjectOf(Shared(
      "", "Where names are resolved; open for every pod that is isolated.",
      {Optional("selector", Map(Of(Form::kString)),
                "Labels of its pods; left out: `k8s-app: kube-dns`."),
       Optional("namespace", Text(), "Their namespace.", "kube-system"),
       Optional("ports", Ports(), "Their ports, over UDP and TCP; left out: 53."),
       Optional("nodeLocalCIDR", Text(),
                "The address of a DNS cache on each node, usually `169.254.20.10/32`; left out: "
                "there is none.")},
      false,
      {{[](const yaml::Value& dns) {
          const yaml::Value* block = dns.Find("nodeLocalCIDR");
          return block == nullptr || IsBlock(*block);
        },
        "nodeLocalCIDR " + std::string(kNoBlock)}}));
}

Type External() {
  return ObjectOf(Shared(
      "", "Hosts outside of the cluster that programs are configured with.",
      {Optional("mode", Enum({"Deny", "PortOnly", "FQDN"}),
                "Deny: they are closed, and reported; PortOnly: their ports are open to every "
                "address; FQDN: by name, which only a CiliumNetworkPolicy can.",
                "PortOnly"),
       Optional("except", Blocks(),
                "Blocks that PortOnly leaves closed, those of the cluster for instance.")},
      false,
      {{[](const yaml::Value& external) { return AreBlocks(external.Find("except")); },
        "except holds what " + std::string(kNoBlock)}}));
}

Type ApiServer() {
  return ObjectOf(Shared(
      "", "The API server.",
      {Optional("cidrs", Blocks(), "Its addresses; left out: its ports are open to every address."),
       Optional("ports", Ports(), "Its ports; left out: 443 and 6443."),
       Optional("when", Enum({"RBAC", "Always", "Never"}),
                "Which pods may connect: RBAC, those whose ServiceAccount a binding of the stream "
                "gives rights.",
                "RBAC")},
      false,
      {{[](const yaml::Value& server) { return AreBlocks(server.Find("cidrs")); },
        "cidrs holds what " + std::string(kNoBlock)}}));
}

Type Mesh() {
  return Inline(
      "An Istio mesh that the pods are part of.",
      {Optional("mode", Enum({"Auto", "Sidecar", "Ambient", "None"}),
                "How pods join it; Auto: as labels of pods and Namespaces of the stream "
                "say. A Namespace that is labelled outside of the stream is not seen.",
                "Auto"),
       Optional("namespace", Text(), "The namespace of istiod.", "istio-system"),
       Optional("trustDomain", Text(), "The trust domain of its identities.", "cluster.local")});
}

bool CanNameHosts(const yaml::Value& spec) {
  const yaml::Value* external = spec.Find("external");
  const yaml::Value* mode = external == nullptr ? nullptr : external->Find("mode");
  if (mode == nullptr || mode->text() != "FQDN") return true;
  const yaml::Value* emit = spec.Find("emit");
  return emit != nullptr && std::ranges::any_of(emit->items(), [](const yaml::Value& kind) {
           return kind.text() == "CiliumNetworkPolicy";
         });
}

bool NodesAreBlocks(const yaml::Value& spec) { return AreBlocks(spec.Find("nodeCIDRs")); }

}  // namespace

ObjectPtr NetworkAccessPolicySpec() {
  return Shared(
      "", "Gives workloads network policies that follow from what they are configured with.",
      WithCommonFields(
          {Optional("emit",
                    List(Enum({"NetworkPolicy", "CiliumNetworkPolicy", "AuthorizationPolicy"}), 1),
                    "The kinds of objects that are made; left out: NetworkPolicy."),
           Optional("defaultDeny", Enum({"Workload", "Namespace", "None"}),
                    "What is closed but for what is opened: Workload, the pods of selected "
                    "workloads; Namespace, all pods of their namespaces as well; None, nothing "
                    "that is not closed already.",
                    "Workload"),
           Optional("policyTypes", List(Enum({"Ingress", "Egress"}), 1),
                    "The directions that are closed; left out: both."),
           Optional("ownedNamespaces", List(Of(Form::kGlob), 1),
                    "Globs on namespaces that belong to this release alone, for `defaultDeny: "
                    "Namespace`; those whose Namespace object is in the stream do so anyway."),
           Optional("infer", Infer(), "What counts as a sign of a connection.", "{}"),
           Optional("dns", Dns(), "Where names are resolved.", "{}"),
           Optional("ingressControllers", List(ObjectOf(PeerObject()), 1),
                    "Who connects by way of Ingresses, gateways and routes; left out: every pod of "
                    "the cluster."),
           Optional("monitoring", List(ObjectOf(PeerObject()), 1),
                    "Who scrapes metrics; left out: every pod of the cluster."),
           Optional("external", External(), "Hosts outside of the cluster.", "{}"),
           Optional("apiServer", ApiServer(), "The API server.", "{}"),
           Optional("nodeCIDRs", Blocks(),
                    "The addresses of nodes, for pods in the network of their node; left out: "
                    "what they need is open to everybody."),
           Optional("allow", Allow(), "Connections that nothing in the stream tells of."),
           Optional("mesh", Mesh(), "An Istio mesh.", "{}"),
           Optional("evidence", Enum({"Report", "Annotation"}),
                    "Where the reasons for each opening stand: in the report, or as an annotation "
                    "of the policy object as well.",
                    "Report"),
           Optional("verify", Enum({"Fail", "Warn"}),
                    "What it is when a connection would be closed in the end: an error, or a "
                    "warning.",
                    "Fail")}),
      false,
      {{CanNameHosts, "external.mode FQDN needs emit: [CiliumNetworkPolicy]"},
       {NodesAreBlocks, "nodeCIDRs holds what " + std::string(kNoBlock)}});
}

}  // namespace cloudlab::policy
