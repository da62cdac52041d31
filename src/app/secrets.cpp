#include "app/secrets.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "app/masked_text.hpp"
#include "base/parallel.hpp"
#include "kube/pod_template.hpp"
#include "policy/diagnose.hpp"
#include "policy/enforcement.hpp"
#include "policy/mask.hpp"
#include "policy/secrets.hpp"
#include "policy/selection.hpp"

namespace cloudlab::app {
namespace {

using policy::SecretReferencePolicy;
using policy::secrets::Action;
using policy::secrets::Member;
using policy::secrets::Plan;
using policy::secrets::Share;
using policy::secrets::Site;
using yaml::NodeView;

constexpr std::string_view kProof = "every secret that was found is a reference now";

/// Calls take(policy) for every SecretReferencePolicy of the run.
template <typename Take>
void ForEachPolicy(const Rules& rules, const Take& take) {
  for (const auto& policy : rules.policies) {
    if (policy->stage() != policy::Stage::kSecrets) continue;
    take(static_cast<const SecretReferencePolicy&>(*policy));
  }
}

bool Applies(const Rules& rules, const std::string& policy) {
  return std::ranges::any_of(rules.policies, [&](const auto& known) {
    return known->name() == policy &&
           policy::EnforcementOf(known->document()) == policy::Enforcement::kApply;
  });
}

std::vector<Member> FindMembers(const SecretReferencePolicy& policy, const Rules& rules,
                                const policy::Run& run) {
  const auto& manifests = run.index->manifests();
  std::vector<std::vector<Member>> chunks(ChunkCount(manifests.size()));
  ForEachChunk(manifests.size(), [&](std::size_t chunk, std::size_t begin, std::size_t end) {
    policy::Selection selection(run, rules.exceptions, rules.documents);
    for (std::size_t i = begin; i < end; ++i) {
      policy::Choice choice = selection.Choose(policy, manifests[i]);
      if (!choice.subject) continue;
      if (auto member = policy.Survey(*choice.subject, run)) {
        chunks[chunk].push_back(*std::move(member));
      }
    }
  });
  std::vector<Member> members;
  for (auto& chunk : chunks) std::ranges::move(chunk, std::back_inserter(members));
  return members;
}

std::unique_ptr<const Plan> MakePlan(const SecretReferencePolicy& policy,
                                     const policy::secrets::Dictionary& dictionary,
                                     const Rules& rules, const policy::Run& run) {
  policy::Selection selection(run, rules.exceptions, rules.documents);
  const auto member_of = [&](const kube::Manifest& manifest) -> std::optional<Member> {
    policy::Choice choice = selection.Choose(policy, manifest);
    if (!choice.subject) return std::nullopt;
    return policy.MemberOf(*choice.subject, run);
  };
  return std::make_unique<const Plan>(policy.name(), *run.index, dictionary,
                                      FindMembers(policy, rules, run), member_of, run.explain);
}

/// The variables of a pod that come from Secrets: container, name, Secret and key.
using References = std::set<std::tuple<std::string, std::string, std::string, std::string>>;

References ReferencesOf(const kube::PodTemplate& pod) {
  References references;
  for (const kube::Container& container : kube::Containers(pod)) {
    for (const NodeView item : container.node.Find("env").children()) {
      const NodeView reference = item.Resolved().Find({"valueFrom", "secretKeyRef"}).Given();
      if (!reference) continue;
      references.emplace(container.name, item.Resolved().Find("name").Text(),
                         reference.Find("name").Text(), reference.Find("key").Text());
    }
  }
  return references;
}

/// True if what `share` planned for a workload stands in `now`, the same workload at the end.
bool HoldsReferences(const Plan& plan, const Share& share, const kube::Manifest& now) {
  const References references = ReferencesOf(now.pod);
  return std::ranges::all_of(share.actions, [&](const Action& action) {
    const std::string& secret = plan.targets()[action.target].name;
    if (action.kind == Action::Kind::kReference) {
      const Site& site = share.member->sites[action.site];
      return references.contains({site.container, site.name, secret, action.key});
    }
    if (action.kind != Action::Kind::kSplit) return true;
    const Site& site = share.member->sites[action.site];
    return std::ranges::all_of(action.variables, [&](const Action::Variable& variable) {
      return references.contains({site.container, variable.name, secret, variable.key});
    });
  });
}

/// True if nothing that the policy replaces is found in `now` any more.
bool IsClean(const Share& share, const kube::Manifest& now) {
  const policy::secrets::Settings& settings = *share.member->settings;
  const auto sites = policy::secrets::Survey(now, settings);
  return std::ranges::none_of(sites, [&](const Site& site) {
    const bool stays = site.where == Site::Where::kConfigEntry && !site.IsWhole() &&
                       settings.files != policy::secrets::Settings::Reaction::kReplace;
    if (stays) return false;
    return site.where == Site::Where::kVariable || site.where == Site::Where::kConfigEntry ||
           site.where == Site::Where::kSecretEntry;
  });
}

/// True inside of an object whose fields name secrets and hold none.
bool IsPartOfExternalSecret(NodeView node) {
  for (; node; node = node.parent()) {
    if (node.IsMap() && node.Find("kind").TextIs("ExternalSecret")) return true;
  }
  return false;
}

}  // namespace

bool HasSecrets(const Rules& rules) {
  bool any = false;
  ForEachPolicy(rules, [&](const SecretReferencePolicy&) { any = true; });
  return any;
}

Secrets::Secrets(const Documents& documents, const Rules& rules, const policy::Run& run)
    : documents_(documents), rules_(rules), run_(run), dictionary_(*run.index) {
  ForEachPolicy(rules, [&](const SecretReferencePolicy& policy) {
    plans_.Add(MakePlan(policy, dictionary_, rules, run));
  });
  std::size_t number = 0;
  for (const auto& plan : plans_.all()) {
    if (!Applies(rules, plan->policy())) continue;
    for (const std::string& value : plan->values()) {
      if (!dictionary_.Knows(value)) search_.Add(value, number);
      ++number;
    }
  }
  search_.Prepare();
}

std::vector<text::Span> Secrets::Places() const {
  std::vector<text::Span> places;
  for (const auto& plan : plans_.all()) {
    for (const Member& member : plan->members()) {
      const std::size_t offset = documents_[member.manifest->document].slice().offset;
      for (const Site& site : member.sites) {
        for (const text::Span span : PlacesIn(site.node, site.found)) {
          places.push_back({static_cast<std::uint32_t>(offset + span.begin),
                            static_cast<std::uint32_t>(offset + span.end)});
        }
      }
    }
  }
  std::ranges::sort(places, {}, &text::Span::begin);
  return places;
}

/// What a SidecarPolicy brings does not come from the chart, so no plan knows of it: it has to be
/// right in the policy.
void Secrets::CheckSidecars(Report& report) const {
  bool replaces = false;
  ForEachPolicy(rules_, [&](const SecretReferencePolicy& policy) {
    replaces = replaces || Applies(rules_, policy.name());
  });
  if (!replaces) return;
  for (const auto& policy : rules_.policies) {
    const policy::Document& document = policy->document();
    if (policy->stage() != policy::Stage::kSidecars || !document.root) continue;
    const yaml::Outline& outline = document.root.outline();
    const yaml::NodeId end = outline.SubtreeEnd(document.root.id());
    for (yaml::NodeId id = document.root.id(); id < end; ++id) {
      const NodeView scalar(outline, id);
      if (!scalar.IsScalar()) continue;
      policy::secrets::Detection detection;
      detection.names = !IsPartOfExternalSecret(scalar);
      const auto found =
          policy::secrets::FindInValue(policy::SecretName(scalar), scalar.Text(), detection);
      const bool is_secret = std::ranges::any_of(
          found, [&](const auto& secret) { return !dictionary_.Knows(secret.value); });
      if (!is_secret) continue;
      text::Diagnostic error = policy::Error(
          "CL-E-POLICY", document.Display() + " brings a secret along", document.PlaceOf(scalar),
          "read it from a Secret (`valueFrom.secretKeyRef`), and bring the ExternalSecret that "
          "makes it under `objects`");
      report.diagnostics.Add(std::move(error));
    }
  }
}

void Secrets::Tell(Report& report) const {
  CheckSidecars(report);
  std::map<const kube::Manifest*, std::string> planned;  // By which policy.
  for (const auto& plan : plans_.all()) {
    const bool applies = Applies(rules_, plan->policy());
    for (const policy::secrets::Row& row : plan->rows()) {
      report.secrets.push_back(
          {row.object, row.path, row.score, row.replaced ? "replaced" : "warned", row.remote_key});
    }
    if (!applies) continue;
    for (const Member& member : plan->members()) {
      const auto [other, added] = planned.emplace(member.manifest, plan->policy());
      if (added) continue;
      text::Diagnostic error = policy::Error(
          "CL-E-TWO-POLICIES",
          "the policies " + other->second + " and " + plan->policy() + " both replace its secrets",
          {}, "let one of them exclude it");
      error.object = member.manifest->id.Display();
      report.diagnostics.Add(std::move(error));
    }
  }
}

void Secrets::TellConverted(Report& report) const {
  for (const auto& plan : plans_.all()) {
    if (!Applies(rules_, plan->policy())) continue;
    for (const auto& target : plan->targets()) {
      if (target.of_chart == nullptr || target.id.kind != "ExternalSecret") continue;
      if (documents_[target.of_chart->document].passed()) continue;
      report.added.push_back({target.id, target.of_chart->id, plan->policy()});
      report.removed.push_back({target.of_chart->id, {}, plan->policy()});
    }
  }
}

/// True if everything that `plan` has for `member` stands in its document as it is now.
bool Secrets::Holds(const Plan& plan, const Member& member) const {
  const Share* share = plan.Find(*member.manifest);
  const Document& document = documents_[member.manifest->document];
  if (share == nullptr || share->actions.empty() || document.removed) return true;
  bool found = false;
  for (kube::Manifest& now : kube::Manifests(document.current(), member.manifest->document,
                                             rules_.pipeline.pod_template_paths)) {
    run_.index->ResolveNamespace(now.id);
    if (now.id.name != member.manifest->id.name || now.id.ns != member.manifest->id.ns) continue;
    found = true;
    // A Secret has become an ExternalSecret, or holds placeholders.
    if (now.id.kind != member.manifest->id.kind || now.id.kind == "Secret") continue;
    if (!IsClean(*share, now) || !HoldsReferences(plan, *share, now)) return false;
  }
  return found && !document.passed();
}

void Secrets::Prove(const text::Source& input, Report& report) const {
  bool passed = true;
  for (const auto& plan : plans_.all()) {
    if (!Applies(rules_, plan->policy())) continue;
    const auto& members = plan->members();
    const auto failing = CollectFromChunks<const Member*>(
        members.size(), [&](std::size_t i, std::vector<const Member*>& found) {
          if (!Holds(*plan, members[i])) found.push_back(&members[i]);
        });
    for (const Member* member : failing) {
      passed = false;
      const Document& document = documents_[member->manifest->document];
      text::Diagnostic error = policy::Error(
          "CL-E-NOT-REPLACED", "a secret of it would stay in the output", {},
          document.passed() ? "the document cannot be edited safely; without --on-refusal=pass the "
                              "reason is told"
                            : "exclude it from the policy and tell us: this is a mistake of ours");
      error.object = member->manifest->id.Display();
      if (const auto span = document.PlaceOf(member->manifest->root)) error.place = {&input, *span};
      report.diagnostics.Add(std::move(error));
    }
  }
  report.proofs.push_back({std::string(kProof), passed});
}

}  // namespace cloudlab::app
