#include "policy/network/proof.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/parallel.hpp"
#include "kube/pod_template.hpp"
#include "policy/network/address.hpp"
#include "policy/network/labels.hpp"
#include "policy/network/opening.hpp"

namespace cloudlab::policy::network {
namespace {

using yaml::Value;

/// Stands for every port where no particular one is meant.
constexpr std::uint16_t kSomePort = 65535;
/// Labels that `selector` takes.
LabelTexts LabelsFor(const Value& selector) {
  LabelTexts labels;
  const auto parsed = kube::Selector::Parse(selector);
  if (!parsed) return labels;
  for (const kube::Selector::Requirement& requirement : parsed->requirements()) {
    using Operator = kube::Selector::Operator;
    if (requirement.op == Operator::kIn) labels[requirement.key] = requirement.values.front();
    if (requirement.op == Operator::kExists) labels.try_emplace(requirement.key, "x");
  }
  return labels;
}

/// A pod outside of the stream that `peer` means; `ns` is that of the workload beside it.
OutsidePod PodOf(const Peer& peer, const std::string& ns) {
  OutsidePod pod;
  pod.labels = LabelsFor(peer.pods);
  if (!peer.other_namespaces) {
    pod.ns = ns;
    pod.is_where_nothing_is_said = ns.empty();
    return pod;
  }
  pod.namespace_labels = LabelsFor(peer.namespaces);
  const auto name = pod.namespace_labels.find(std::string(kNamespaceName));
  if (name != pod.namespace_labels.end()) pod.ns = name->second;
  return pod;
}

/// An address in the block of `peer` that is not excepted; empty if none is found.
std::string AddressOf(const Peer& peer) {
  return peer.except.empty() ? peer.cidr.substr(0, peer.cidr.find('/')) : std::string();
}

/// Those by which the Service of `edge` finds its pods, which are not in the stream.
LabelTexts LabelsOf(const Edge& edge) {
  LabelTexts labels;
  if (edge.service == nullptr) return labels;
  for (const yaml::NodeView label :
       edge.service->manifest->root.Find({"spec", "selector"}).children()) {
    labels[label.Key()] = label.Text();
  }
  return labels;
}

constexpr Verdict kOpen = {.open = true};

Port PortOf(Protocol protocol, std::uint16_t number) {
  return {protocol, number == 0 ? kSomePort : number};
}

/// Questions to one Reach.
class Questions {
 public:
  explicit Questions(const Reach& reach) : reach_(reach) {}

  Verdict To(const kube::Manifest& from, const Peer& peer, Port port) const {
    if (peer.kind == Peer::Kind::kPods) return reach_.ToPeer(from, PodOf(peer, from.id.ns), port);
    if (peer.kind == Peer::Kind::kApiServer) return reach_.ToApiServer(from, port);
    if (peer.kind != Peer::Kind::kBlock) return reach_.ToAnywhere(from, port);
    const std::string address = AddressOf(peer);
    return address.empty() ? kOpen : reach_.ToAddress(from, address, port);
  }

  Verdict From(const Peer& peer, const kube::Manifest& to, Port port) const {
    if (peer.kind == Peer::Kind::kPods) return reach_.FromPeer(PodOf(peer, to.id.ns), to, port);
    if (peer.kind == Peer::Kind::kApiServer) return reach_.FromApiServer(to, port);
    if (peer.kind != Peer::Kind::kBlock) return reach_.FromAnywhere(to, port);
    const std::string address = AddressOf(peer);
    return address.empty() ? kOpen : reach_.FromAddress(address, to, port);
  }

  /// `client` and `server` are the settings for the two ends.
  Verdict Along(const Edge& edge, const Settings& client, const Settings& server) const {
    const Port port = PortOf(edge.protocol, edge.PodPort());
    switch (edge.to) {
      case Edge::To::kWorkload:
        return Between(edge, port, client, server);
      case Edge::To::kNamespace: {
        const OutsidePod pod{
            .ns = edge.ns, .labels = LabelsOf(edge), .is_where_nothing_is_said = edge.ns.empty()};
        const Verdict verdict = reach_.ToPeer(*edge.client, pod, port);
        // Where the port of the pods is not known, that of the Service is most often theirs.
        if (verdict.open || edge.PodPort() != 0 || edge.service_port == 0) return verdict;
        return reach_.ToPeer(*edge.client, pod, {edge.protocol, edge.service_port});
      }
      case Edge::To::kApiServer:
        return kOpen;
      case Edge::To::kOutside:
        break;
    }
    if (IsIpAddress(edge.host)) return reach_.ToAddress(*edge.client, edge.host, port);
    return reach_.ToHost(*edge.client, edge.host, port);
  }

 private:
  /// A pod in the network of its node is found by the addresses of the nodes, if they are known.
  Verdict Between(const Edge& edge, Port port, const Settings& client,
                  const Settings& server) const {
    if (kube::UsesHostNetwork(edge.client->pod) && !server.nodes.empty()) {
      return AllOf(server.nodes, [&](const Peer& node) { return From(node, *edge.server, port); });
    }
    if (kube::UsesHostNetwork(edge.server->pod) && !client.nodes.empty()) {
      return AllOf(client.nodes, [&](const Peer& node) { return To(*edge.client, node, port); });
    }
    return reach_.Between(*edge.client, *edge.server, port);
  }

  template <typename Ask>
  static Verdict AllOf(const std::vector<Peer>& peers, const Ask& ask) {
    for (const Peer& peer : peers) {
      if (const Verdict verdict = ask(peer); !verdict.open) return verdict;
    }
    return kOpen;
  }

  const Reach& reach_;
};

std::string Closer(const Verdict& verdict) {
  return verdict.closed_by == nullptr ? "a policy" : verdict.closed_by->id.Display();
}

class Prover {
 public:
  Prover(const Traffic& traffic, std::span<const Protected> workloads,
         std::span<const Settings* const> policies, const Reach& after)
      : traffic_(traffic),
        workloads_(workloads),
        policies_(policies),
        usual_(*policies.front()),
        after_(after) {
    for (const Protected& one : workloads) {
      settings_[one.workload].push_back(one.settings);
    }
  }

  Proof Run() {
    AskEdges();
    AskEntries();
    for (const Protected& one : workloads_) AskApiServer(one);
    AskNames();
    AskAllowed();
    return std::move(proof_);
  }

 private:
  const Settings& SettingsOf(const kube::Manifest* workload) const {
    const auto found = settings_.find(workload);
    return found == settings_.end() ? usual_ : *found->second.front();
  }

  bool Protects(const kube::Manifest* workload) const { return settings_.contains(workload); }

  enum class Wish : std::uint8_t { kNone, kDisputed, kAll };

  /// Whether the policies that are for one of the two ends open the edge.
  Wish WishFor(const Edge& edge) const {
    const Settings& client = SettingsOf(edge.client);
    const bool denied = edge.to == Edge::To::kOutside && Protects(edge.client) &&
                        client.external == Settings::External::kDeny;
    // Whatever is in a namespace of our own is in the stream: such a name leads nowhere.
    const bool nowhere = edge.to == Edge::To::kNamespace && edge.ns == edge.client->id.ns &&
                         Protects(edge.client) && client.deny == Settings::Deny::kNamespace;
    if (denied || nowhere) return Wish::kNone;
    std::size_t asked = 0;
    std::size_t wanting = 0;
    const auto ask = [&](std::span<const Settings* const> policies) {
      asked += policies.size();
      wanting += static_cast<std::size_t>(std::ranges::count_if(
          policies, [&](const Settings* settings) { return settings->Wants(edge); }));
    };
    for (const kube::Manifest* end : {edge.client, edge.server}) {
      if (const auto found = settings_.find(end); found != settings_.end()) ask(found->second);
    }
    if (asked == 0) {  // Neither is protected, and yet a policy may close it: any voice counts.
      ask(policies_);
      return wanting == 0 ? Wish::kNone : Wish::kAll;
    }
    if (wanting == 0) return Wish::kNone;
    return wanting == asked ? Wish::kAll : Wish::kDisputed;
  }

  void AskEdges() {
    const std::vector<Edge>& edges = traffic_.edges();
    struct Answer {
      const Edge* edge = nullptr;
      Verdict verdict;
    };
    const auto closed =
        CollectFromChunks<Answer>(edges.size(), [&](std::size_t i, std::vector<Answer>& found) {
          const Verdict verdict =
              after_.Along(edges[i], SettingsOf(edges[i].client), SettingsOf(edges[i].server));
          if (!verdict.open) found.push_back({&edges[i], verdict});
        });
    for (const Answer& answer : closed) TellEdge(*answer.edge, answer.verdict);
  }

  void TellEdge(const Edge& edge, const Verdict& verdict) {
    const Questions before(traffic_.before());
    const Wish wish = WishFor(edge);
    Closed closed{
        .edge = &edge,
        .by = Closer(verdict),
        .before = !before.Along(edge, SettingsOf(edge.client), SettingsOf(edge.server)).open,
        .wanted = wish != Wish::kNone};
    if (closed.wanted) {
      const std::string to = edge.server == nullptr ? edge.host : edge.server->id.Display();
      Tell(*edge.client, closed.before, Strict(edge),
           "it connects to " + to +
               (edge.port == 0 ? std::string() : " on port " + std::to_string(edge.port)) + " (" +
               (edge.evidence.empty() ? std::string() : edge.evidence.front()) + "), and " +
               closed.by + " closes that",
           /*connection=*/edge.server != nullptr);
      if (wish == Wish::kDisputed && !closed.before) Dispute();
    }
    proof_.closed.push_back(std::move(closed));
  }

  /// One policy opens the edge on its side, the other does not on its own: both do what they say.
  void Dispute() {
    ProofFinding& finding = proof_.findings.back();
    finding.severity = text::Severity::kWarning;
    finding.code = "CL-D-DISPUTED";
    finding.hint =
        "two policies differ in what they infer; give both the same infer, or open it "
        "with spec.allow";
  }

  /// Where no policy is for the workload, the strictest one speaks: some object of this run has
  /// taken its pods too.
  bool Strict(const kube::Manifest* workload) const {
    const auto found = settings_.find(workload);
    if (found == settings_.end()) {
      return std::ranges::any_of(policies_, [](const Settings* s) { return s->verifies_strictly; });
    }
    return std::ranges::any_of(found->second,
                               [](const Settings* s) { return s->verifies_strictly; });
  }

  bool Strict(const Edge& edge) const {
    if (!Protects(edge.server)) return Strict(edge.client);
    return Strict(edge.server) || (Protects(edge.client) && Strict(edge.client));
  }

  /// `before`: the chart has closed it by itself, and no policy of this run is to blame.
  /// `connection`: it is between two workloads.
  void Tell(const kube::Manifest& manifest, bool before, bool strict, std::string message,
            bool connection = false) {
    ProofFinding finding{.code = before ? "CL-D-CLOSED-BEFORE" : "CL-D-CLOSED",
                         .manifest = &manifest,
                         .message = std::move(message)};
    finding.severity = !before && strict ? text::Severity::kError : text::Severity::kWarning;
    finding.hint = HintFor(manifest, before, connection);
    if (!before) proof_.passed = false;
    proof_.findings.push_back(std::move(finding));
  }

  std::string HintFor(const kube::Manifest& manifest, bool before, bool connection) const {
    if (!before && manifest.hook && !Protects(&manifest)) {
      return "it is a Helm hook, which match leaves out: write hooks: Include beside its kinds, or "
             "give its pods labels that no other selector takes";
    }
    const std::string whom = connection ? "both workloads" : "the workload";
    return before
               ? "the policy was in the stream before; select " + whom +
                     " with a NetworkAccessPolicy, or mend that policy"
               : "select " + whom +
                     " with a NetworkAccessPolicy as well; if the policy is for other pods, give "
                     "those a label of their own";
  }

  void AskEntries() {
    for (const Entry& entry : traffic_.entries()) {
      const auto found = settings_.find(entry.server);
      if (found == settings_.end()) {
        AskEntry({entry.server, &usual_}, entry);
        continue;
      }
      for (const Settings* settings : found->second) AskEntry({entry.server, settings}, entry);
    }
  }

  void AskEntry(const Protected& one, const Entry& entry) {
    if (!one.settings->Reads(SourceOf(entry))) return;
    const Port port = PortOf(entry.protocol, entry.port);
    std::vector<Peer> senders(1);
    senders.front().kind =
        entry.from == Entry::From::kApiServer ? Peer::Kind::kApiServer : Peer::Kind::kAnywhere;
    if (entry.from == Entry::From::kController) senders = one.settings->controllers;
    if (entry.from == Entry::From::kMonitoring) senders = one.settings->monitoring;
    if (senders.empty()) senders = {AllPods()};
    for (const Peer& sender : senders) {
      const Verdict verdict = after_.From(sender, *one.workload, port);
      if (verdict.open) continue;
      const bool before = !Questions(traffic_.before()).From(sender, *one.workload, port).open;
      // What the chart closes to workloads that no policy is for is the chart's business.
      if (before && !Protects(one.workload)) return;
      Tell(*one.workload, before, one.settings->verifies_strictly,
           entry.evidence + " leads to its port " + std::to_string(entry.port) + ", and " +
               Closer(verdict) + " closes that");
      return;
    }
  }

  void AskApiServer(const Protected& one) {
    const Settings& settings = *one.settings;
    const std::string evidence = ApiServerEvidence(*one.workload, settings, traffic_);
    if (evidence.empty()) return;
    for (const Peer& server : settings.api_servers) {
      for (const PortRange& port : settings.api_ports) {
        const Verdict verdict = after_.To(*one.workload, server, {port.protocol, port.first});
        if (verdict.open) continue;
        const bool before = !Questions(traffic_.before())
                                 .To(*one.workload, server, {port.protocol, port.first})
                                 .open;
        Tell(*one.workload, before, settings.verifies_strictly,
             "it talks to the API server (" + evidence + "), and " + Closer(verdict) +
                 " closes that");
        return;
      }
    }
  }

  /// Every pod of the stream needs names, whoever isolates it.
  void AskNames() {
    const auto& manifests = traffic_.stream().manifests();
    struct Answer {
      const kube::Manifest* workload = nullptr;
      Verdict verdict;
    };
    const auto closed =
        CollectFromChunks<Answer>(manifests.size(), [&](std::size_t i, std::vector<Answer>& found) {
          const kube::Manifest& workload = manifests[i];
          if (!workload.pod || workload.local_config) return;
          const Verdict verdict = AskNames(after_, workload);
          if (!verdict.open) found.push_back({&workload, verdict});
        });
    for (const Answer& answer : closed) {
      const bool before = !AskNames(Questions(traffic_.before()), *answer.workload).open;
      Tell(*answer.workload, before, Strict(answer.workload),
           Closer(answer.verdict) + " isolates it and leaves DNS closed: no name can be resolved");
      proof_.findings.back().code = before ? "CL-D-NO-DNS-BEFORE" : "CL-D-NO-DNS";
    }
  }

  Verdict AskNames(const Questions& questions, const kube::Manifest& workload) const {
    const Settings& settings = SettingsOf(&workload);
    for (const Peer& server : ResolversOf(workload, settings)) {
      for (const PortRange& port : settings.dns_ports) {
        const Verdict verdict = questions.To(workload, server, {port.protocol, port.first});
        if (!verdict.open) return verdict;
      }
    }
    return kOpen;
  }

  /// A rule about workloads that are not there is most likely misspelt.
  void AskAllowed() {
    const kube::Index& stream = traffic_.stream();
    for (const Settings* settings : policies_) {
      for (const AllowRule& rule : settings->allow) {
        for (const AllowEnd* end : {&rule.from, &rule.to}) {
          const bool found =
              end->peer || std::ranges::any_of(stream.manifests(), [&](const auto& m) {
                return m.pod && !m.local_config && IsAt(*end, m);
              });
          if (found) continue;
          proof_.findings.push_back(
              {.severity = text::Severity::kWarning,
               .code = "CL-D-ALLOW",
               .message = "no workload of the stream is " +
                          (end->kind.empty() ? std::string() : end->kind + "/") +
                          (end->name.empty() ? "*" : end->name) +
                          (end->ns.empty() ? "" : " in namespace " + end->ns) +
                          ", which a rule under spec.allow names",
               .hint = "correct the rule, or remove it"});
        }
      }
    }
  }

  const Traffic& traffic_;
  std::span<const Protected> workloads_;
  std::span<const Settings* const> policies_;
  const Settings& usual_;
  const Questions after_;
  std::unordered_map<const kube::Manifest*, std::vector<const Settings*>> settings_;
  Proof proof_;
};

/// What the policies say of the mesh, if they agree: one that writes AuthorizationPolicies knows
/// best.
MeshSettings MeshFor(std::span<const Settings* const> policies) {
  for (const Settings* settings : policies) {
    if (settings->Emits(Emit::kAuthorizationPolicy)) return settings->ForReach();
  }
  MeshSettings mesh = policies.front()->ForReach();
  const bool agree = std::ranges::all_of(
      policies, [&](const Settings* settings) { return settings->mesh == mesh.mode; });
  if (!agree) mesh.mode = std::nullopt;
  return mesh;
}

}  // namespace

Proof Prove(const Traffic& traffic, std::span<const Protected> workloads,
            std::span<const Settings* const> policies, std::span<const kube::Manifest> written) {
  const Reach after(traffic.stream(), written, MeshFor(policies));
  return Prover(traffic, workloads, policies, after).Run();
}

}  // namespace cloudlab::policy::network
