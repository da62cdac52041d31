#include "app/network.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/parallel.hpp"
#include "policy/enforcement.hpp"
#include "policy/ownership.hpp"
#include "policy/text_at.hpp"

namespace cloudlab::app {
namespace {

namespace net = policy::network;

constexpr std::string_view kProof = "every connection and route that is to be open is open";

bool IsNetwork(const policy::Policy& policy) { return policy.stage() == policy::Stage::kNetwork; }

bool Applies(const policy::Policy& policy) {
  return policy::EnforcementOf(policy.document()) == policy::Enforcement::kApply;
}

/// The names of the network policies that make objects.
std::vector<std::string> Makers(const Rules& rules) {
  std::vector<std::string> names;
  for (const auto& policy : rules.policies) {
    if (IsNetwork(*policy) && Applies(*policy)) names.push_back(policy->name());
  }
  return names;
}

/// What the sidecars that were put into workloads must reach.
std::vector<net::StatedEgress> EgressOfSidecars(const Rules& rules,
                                                const std::vector<Selected>& selected) {
  std::vector<net::StatedEgress> stated;
  for (const Selected& one : selected) {
    const policy::Policy& policy = *rules.policies[one.policy];
    if (policy.stage() != policy::Stage::kSidecars || !Applies(policy)) continue;
    const yaml::Value& spec = one.spec ? *one.spec : policy.document().spec;
    const yaml::Value* egress = spec.Find("egress");
    if (egress == nullptr) continue;
    for (const yaml::Value& item : egress->items()) {
      const int port = std::stoi(policy::TextAt(item, "port"));  // The schema read it.
      stated.push_back({one.object, policy.name(), policy::TextAt(item, "service"),
                        policy::TextAt(item, "namespace"), static_cast<std::uint16_t>(port)});
    }
  }
  return stated;
}

std::string Short(const kube::ObjectId& id) { return id.kind + "/" + id.name; }

NetworkRow RowOf(const net::Edge& edge) {
  NetworkRow row;
  row.from = Short(edge.client->id);
  row.from_namespace = edge.client->id.ns;
  row.to = edge.server == nullptr ? edge.host : Short(edge.server->id);
  row.to_namespace = edge.ns;
  row.service = edge.to == net::Edge::To::kWorkload ? edge.host : std::string();
  row.port = edge.port;
  row.protocol = Name(edge.protocol);
  row.confidence = Name(edge.confidence);
  for (const std::string& evidence : edge.evidence) {
    row.evidence += (row.evidence.empty() ? "" : ", ") + evidence;
  }
  return row;
}

NetworkRow RowOf(const net::Entry& entry) {
  NetworkRow row;
  row.from = entry.evidence;
  row.to = Short(entry.server->id);
  row.to_namespace = entry.server->id.ns;
  row.port = entry.port;
  row.protocol = Name(entry.protocol);
  row.confidence = Name(net::Confidence::kExact);
  row.evidence = entry.evidence;
  return row;
}

/// The policy objects of the run as they will stand in the stream: new ones as they were written,
/// others where they stand. `outlines` keeps what is read of the former.
std::vector<kube::Manifest> WrittenPolicies(const Closing& closing,
                                            std::vector<yaml::Outline>& outlines) {
  const std::vector<std::string> makers = Makers(closing.rules);
  const auto is_ours = [&](const policy::NewObject& object) {
    return std::ranges::find(makers, object.policy) != makers.end();
  };
  std::vector<const policy::NewObject*> added;
  std::ranges::copy_if(closing.added, std::back_inserter(added),
                       [&](const policy::NewObject* object) { return is_ours(*object); });
  std::set<kube::ObjectId> wanted;
  std::set<std::size_t> documents;
  for (const policy::NewObject& object : closing.wanted) {
    const kube::Manifest* existing = is_ours(object) ? closing.index.Find(object.id) : nullptr;
    if (existing == nullptr) continue;
    wanted.insert(existing->id);
    documents.insert(existing->document);
  }
  outlines.resize(added.size());
  auto manifests = CollectFromChunks<kube::Manifest>(
      added.size(), [&](std::size_t i, std::vector<kube::Manifest>& found) {
        outlines[i] = yaml::Scan(*added[i]->text).outline;
        for (kube::Manifest& manifest : kube::Manifests(outlines[i], 0)) {
          manifest.id.ns = added[i]->id.ns;
          found.push_back(std::move(manifest));
        }
      });
  for (const std::size_t document : documents) {
    for (kube::Manifest& manifest :
         kube::Manifests(closing.documents[document].current(), document)) {
      closing.index.ResolveNamespace(manifest.id);
      if (wanted.contains(manifest.id)) manifests.push_back(std::move(manifest));
    }
  }
  return manifests;
}

/// Of a policy's spec, or of one that an annotation has overridden.
class SettingsByPolicy {
 public:
  const net::Settings& Of(const policy::Policy& policy, const yaml::Value* overridden) {
    const yaml::Value& spec = overridden == nullptr ? policy.document().spec : *overridden;
    return settings_.try_emplace(&spec, spec).first->second;
  }

 private:
  std::map<const yaml::Value*, net::Settings> settings_;
};

}  // namespace

bool HasNetwork(const Rules& rules) {
  return std::ranges::any_of(rules.policies, [](const auto& policy) { return IsNetwork(*policy); });
}

Network::Network(const Documents& documents, const Rules& rules, const kube::Index& input,
                 const std::vector<const policy::NewObject*>& added,
                 const std::vector<Selected>& selected)
    : stream_(documents, rules, input, added,
              [makers = Makers(rules)](const kube::Manifest& manifest) {
                return manifest.pod || !policy::IsManagedByAny(manifest, makers);
              }),
      traffic_(stream_.index(), EgressOfSidecars(rules, selected)) {}

net::Proof Network::Prove(const Closing& closing, const std::vector<Selected>& selected) const {
  SettingsByPolicy settings;
  const std::vector<std::string> makers = Makers(closing.rules);
  // What only warns or tries closes nothing. Where nothing else is there, it tells what it sees.
  const auto counts = [&](const policy::Policy& policy) {
    return IsNetwork(policy) && (makers.empty() || Applies(policy));
  };
  std::vector<const net::Settings*> policies;
  for (const auto& policy : closing.rules.policies) {
    if (counts(*policy)) policies.push_back(&settings.Of(*policy, nullptr));
  }
  std::vector<net::Protected> workloads;
  for (const Selected& one : selected) {
    const policy::Policy& policy = *closing.rules.policies[one.policy];
    const kube::Manifest* workload = counts(policy) ? stream().Find(one.object) : nullptr;
    if (workload != nullptr) workloads.push_back({workload, &settings.Of(policy, one.spec.get())});
  }
  std::vector<yaml::Outline> outlines;
  const std::vector<kube::Manifest> written = WrittenPolicies(closing, outlines);
  return net::Prove(traffic_, workloads, policies, written);
}

void Network::Tell(net::Proof proof, const Closing& closing, bool explain, Report& report) const {
  report.network.passed = proof.passed;
  report.proofs.push_back({std::string(kProof), proof.passed});
  for (net::ProofFinding& finding : proof.findings) {
    text::Diagnostic diagnostic;
    diagnostic.severity = finding.severity;
    diagnostic.code = std::move(finding.code);
    diagnostic.message = std::move(finding.message);
    diagnostic.hint = std::move(finding.hint);
    if (finding.manifest != nullptr) diagnostic.object = finding.manifest->id.Display();
    if (finding.manifest != nullptr && finding.manifest->document < closing.documents.size()) {
      const auto span =
          closing.documents[finding.manifest->document].PlaceOf(finding.manifest->root);
      if (span) diagnostic.place = {&closing.input, *span};
    }
    report.diagnostics.Add(std::move(diagnostic));
  }
  if (!explain) return;
  for (const net::Edge& edge : traffic_.edges()) {
    auto& rows = edge.server == nullptr ? report.network.outside : report.network.edges;
    rows.push_back(RowOf(edge));
  }
  for (const net::Entry& entry : traffic_.entries()) {
    report.network.entries.push_back(RowOf(entry));
  }
  for (const net::Closed& closed : proof.closed) {
    NetworkRow row = RowOf(*closed.edge);
    row.by = closed.by;
    row.before = closed.before;
    row.wanted = closed.wanted;
    report.network.closed.push_back(std::move(row));
  }
}

}  // namespace cloudlab::app
