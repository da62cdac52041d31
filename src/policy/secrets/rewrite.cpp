// Makes a manifest what the plan says. Every change is small: a value gives way to a reference, a
// variable comes before the one that refers to it, an entry leaves its ConfigMap.
#include <algorithm>
#include <array>
#include <set>

#include "policy/network/stated.hpp"
#include "policy/ownership.hpp"
#include "policy/pod_edit.hpp"
#include "policy/secrets/checksum.hpp"
#include "policy/secrets/plan.hpp"
#include "text/base64.hpp"
#include "yaml/render.hpp"

namespace cloudlab::policy::secrets {
namespace {

using yaml::NodeView;
using yaml::Value;

constexpr std::string_view kReloaderAnnotation = "reloader.stakater.com/auto";
constexpr std::string_view kChecksumAnnotation = "checksum.cloudlab.dev/references";

/// Kinds whose pods are replaced when their template changes.
constexpr std::array<std::string_view, 5> kRollingKinds = {"Deployment", "StatefulSet", "DaemonSet",
                                                           "Rollout", "DeploymentConfig"};

Value Text(std::string_view text) { return Value::String(std::string(text)); }

Value Reference(const std::string& secret, const std::string& key) {
  return Value::Map({{"secretKeyRef", Value::Map({{"name", Text(secret)}, {"key", Text(key)}})}});
}

class Rewriter {
 public:
  Rewriter(const Plan& plan, const Share& share, const kube::Manifest& manifest, const Moves& moves,
           Proposal& proposal)
      : plan_(plan), share_(share), manifest_(manifest), moves_(moves), proposal_(proposal) {}

  void Run() {
    bool edits_pod = false;
    std::vector<NodeView> moved;
    for (const Action& action : share_.actions) {
      const Target& target = plan_.targets()[action.target];
      switch (action.kind) {
        case Action::Kind::kReference:
          Refer(action, target);
          edits_pod = true;
          break;
        case Action::Kind::kSplit:
          Split(action, target);
          edits_pod = true;
          break;
        case Action::Kind::kMove:
          moved.push_back(share_.member->sites[action.site].node);
          break;
        case Action::Kind::kConvert:
          Convert(target);
          break;
      }
      if (action.kind != Action::Kind::kConvert) Bring(target);
    }
    if (!moved.empty()) TakeOut(moved);
    KeepConnections();
    edits_pod = RedirectReaders(manifest_, manifest_.id.ns, moves_, proposal_) || edits_pod;
    if (edits_pod) WarnIfImmutable(proposal_);
    if (edits_pod || !share_.reads.empty()) Reload();
  }

 private:
  void Refer(const Action& action, const Target& target) {
    const NodeView value = share_.member->sites[action.site].node;
    const NodeView item = value.parent();
    proposal_.Conceal(true);
    proposal_.Remove(value);
    proposal_.Conceal(false);
    proposal_.Put(item, {"valueFrom"}, Reference(target.name, action.key));
  }

  void Split(const Action& action, const Target& target) {
    const Site& site = share_.member->sites[action.site];
    const NodeView item = site.node.parent();
    for (const Action::Variable& variable : action.variables) {
      proposal_.Append(site.in, {"env"},
                       Value::Map({{"name", Text(variable.name)},
                                   {"valueFrom", Reference(target.name, variable.key)}}),
                       {yaml::ItemPlace::Side::kBefore, item.id()});
    }
    proposal_.Conceal(true);
    proposal_.Replace(site.node, Text(action.text));
    proposal_.Conceal(false);
  }

  /// The object that makes the target comes into the stream.
  void Bring(const Target& target) {
    if (target.of_chart != nullptr || !brought_.insert(&target).second) return;
    if (!target.id.kind.empty()) {
      proposal_.AddObject(ContentOf(target, plan_), target.id, /*named_in_policy=*/false);
      return;
    }
    if (target.first->manifest->root == manifest_.root) Expect(target);
  }

  /// Says what somebody else has to make.
  void Expect(const Target& target) {
    std::string keys;
    for (const Entry& entry : target.entries) keys += (keys.empty() ? "" : ", ") + entry.key;
    proposal_.AddFinding(text::Severity::kInfo, "CL-E-EXPECTED",
                         "needs the Secret " + target.name + " with the keys " + keys,
                         manifest_.root, "make it before this is applied");
  }

  void KeepConnections() {
    if (share_.connections.empty()) return;
    std::string words = manifest_.Annotation(network::kConnectsTo);
    for (const std::string& word : share_.connections) {
      words += (words.empty() ? "" : ", ") + word;
    }
    proposal_.Put(manifest_.root, {"metadata", "annotations", std::string(network::kConnectsTo)},
                  Text(words));
  }

  void TakeOut(const std::vector<NodeView>& moved) {
    proposal_.Conceal(true);
    RemoveChildren(moved.front().parent(), moved, proposal_);
    proposal_.Conceal(false);
    if (!manifest_.root.Find("immutable").TextIs("true")) return;
    proposal_.AddFinding(text::Severity::kWarning, "CL-E-IMMUTABLE",
                         "is immutable: the API server refuses the change where it exists already",
                         manifest_.root.Find("immutable"), "delete it before the next release");
  }

  void Convert(const Target& target) {
    const NodeView root = manifest_.root;
    switch (target.first->settings->provider) {
      case Settings::Provider::kExternalSecret:
        break;
      case Settings::Provider::kStub:
        return FillIn(target);
      case Settings::Provider::kExistingSecret:
        proposal_.RemoveManifest();
        return Expect(target);
    }
    proposal_.Replace(root.Find("apiVersion"), Text(target.id.api_version));
    proposal_.Replace(root.Find("kind"), Text(target.id.kind));
    for (const char* field : {"type", "immutable", "data", "stringData"}) {
      proposal_.Conceal(std::string_view(field) == "data" ||
                        std::string_view(field) == "stringData");
      if (const NodeView found = root.Find(field)) proposal_.Remove(found);
    }
    proposal_.Conceal(false);
    yaml::Value content = ContentOf(target, plan_);
    proposal_.Put(root, {"spec"}, std::move(*content.Find("spec")));
    const std::string& wave = target.first->settings->sync_wave;
    if (!wave.empty() && manifest_.Annotation(kSyncWave).empty()) {
      proposal_.Put(root, {"metadata", "annotations", std::string(kSyncWave)}, Text(wave));
    }
    proposal_.Own();
  }

  /// Placeholders in a Secret of the chart, each where the value stood.
  void FillIn(const Target& target) {
    proposal_.Conceal(true);
    for (const Site& site : share_.member->sites) {
      if (site.where != Site::Where::kSecretEntry) continue;
      const auto entry = std::ranges::find(target.entries, site.name, &Entry::key);
      if (entry == target.entries.end()) continue;
      const std::string text = StubText(*entry, plan_);
      if (text == site.text) continue;
      const bool encoded = site.node.parent().KeyIs("data");
      proposal_.Replace(site.node, Text(encoded ? text::EncodeBase64(text) : text));
    }
    proposal_.Conceal(false);
    proposal_.Own();
  }

  void Reload() {
    const Settings::Reload how = SettingsOf().reload;
    if (how == Settings::Reload::kNone) return;
    if (std::ranges::find(kRollingKinds, manifest_.id.kind) == kRollingKinds.end()) return;
    if (how == Settings::Reload::kReloader) {
      if (!manifest_.Annotation(kReloaderAnnotation).empty()) return;
      proposal_.Put(manifest_.root, {"metadata", "annotations", std::string(kReloaderAnnotation)},
                    Text("true"));
      return;
    }
    std::string what;
    for (const Target* target : ReadTargets())
      what += yaml::RenderFlow(ContentOf(*target, plan_), true);
    proposal_.Put(manifest_.root,
                  manifest_.pod.PathTo({"metadata", "annotations", kChecksumAnnotation}),
                  Text(Checksum(what)));
  }

  /// Those of whoever makes the first Secret that this workload reads.
  const Settings& SettingsOf() const {
    return share_.member != nullptr ? *share_.member->settings
                                    : *ReadTargets().front()->first->settings;
  }

  std::vector<const Target*> ReadTargets() const {
    std::vector<const Target*> read;
    const auto add = [&](const Target& target) {
      if (std::ranges::find(read, &target) == read.end()) read.push_back(&target);
    };
    for (const Action& action : share_.actions) add(plan_.targets()[action.target]);
    for (const std::size_t target : share_.reads) add(plan_.targets()[target]);
    ForEachConfigUse(manifest_, [&](std::string_view name, std::string_view key) {
      const auto move = moves_.find({manifest_.id.ns, std::string(name)});
      if (move == moves_.end()) return;
      if (!key.empty() && move->second.Find(key) == nullptr) return;
      for (const Target& target : plan_.targets()) {
        if (target.ns == manifest_.id.ns && target.name == move->second.secret) add(target);
      }
    });
    return read;
  }

  const Plan& plan_;
  const Share& share_;
  const kube::Manifest& manifest_;
  const Moves& moves_;
  Proposal& proposal_;
  std::set<const Target*> brought_;
};

}  // namespace

void Plan::Propose(const kube::Manifest& manifest, Proposal& proposal) const {
  const Share* share = Find(manifest);
  if (share == nullptr) return;
  for (const Notice& notice : share->notices) {
    proposal.AddFinding(notice.severity, notice.code, notice.message, notice.node, notice.hint);
  }
  Rewriter(*this, *share, manifest, moves_, proposal).Run();
}

}  // namespace cloudlab::policy::secrets
