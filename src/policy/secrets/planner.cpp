// A site is replaced as a whole or not at all: what stays readable of a text is readable because
// everything secret in it was found.
#include "policy/secrets/planner.hpp"

#include <algorithm>
#include <optional>

#include "policy/secrets/backends.hpp"
#include "policy/secrets/names.hpp"

namespace cloudlab::policy::secrets {
namespace {

using Reaction = Settings::Reaction;
using Where = Site::Where;

/// " in its line 7" for a text of several lines.
std::string LineOf(const Site& site) {
  if (site.found.empty() || site.text.find('\n') == std::string::npos) return {};
  const auto before = std::string_view(site.text).substr(0, site.found.front().span.begin);
  return " in its line " + std::to_string(std::ranges::count(before, '\n') + 1);
}

/// What the policy does about secrets of this kind of place.
Reaction ReactionTo(const Settings& settings, const Site& site) {
  if (settings.on_detect != Reaction::kReplace) return settings.on_detect;
  if (site.where == Where::kArgument) return settings.args;
  if (site.where == Where::kAnnotation) return settings.annotations;
  if (site.where == Where::kConfigEntry && !site.IsWhole()) return settings.files;
  return Reaction::kReplace;
}

std::string_view CodeOf(const Settings& settings, const Site& site) {
  if (settings.on_detect != Reaction::kReplace) return "CL-E-FOUND";
  if (site.where == Where::kArgument) return "CL-E-ARGUMENT";
  if (site.where == Where::kAnnotation) return "CL-E-ANNOTATION";
  return "CL-E-FILE";
}

std::string_view HintFor(const Site& site) {
  switch (site.where) {
    case Where::kArgument:
      return "give it to the container as a variable and write $(NAME) here, or say detect.args";
    case Where::kAnnotation:
      return "annotations are readable for everybody who may see the object; take it out of there, "
             "or say detect.annotations";
    default:
      return "take it out of there; if it is no secret, name it under detect.allow or in the "
             "annotation cloudlab.dev/not-secret";
  }
}

}  // namespace

void Planner::Run() {
  for (std::size_t m = 0; m < plan_.members_.size(); ++m) {
    member_numbers_[plan_.members_[m].manifest] = m;
    for (std::size_t s = 0; s < plan_.members_[m].sites.size(); ++s) Judge(m, s);
  }
  FindCopies();
  CheckReaders();
  AssignRemotes();
  MakeTargets();
  FindReaders();
  KeepConnections();
  CheckHooks();
  Finish();
}

Share& Planner::ShareOf(const kube::Manifest& manifest) {
  Share& share = shares_[&manifest];
  share.manifest = &manifest;
  return share;
}

void Planner::Tell(const Member& member, const Site& site, text::Severity severity,
                   std::string code, std::string message, std::string hint) {
  ShareOf(*member.manifest)
      .notices.push_back(
          {severity, std::move(code), std::move(message), std::move(hint), site.node});
}

/// Decides about one site, and tells of it if it stays.
void Planner::Judge(std::size_t member_number, std::size_t site_number) {
  const Member& member = plan_.members_[member_number];
  const Site& site = member.sites[site_number];
  const Reaction reaction = ReactionTo(*member.settings, site);
  if (reaction == Reaction::kReplace && !member.flaw.empty()) {
    Tell(member, site, text::Severity::kError, "CL-E-TEMPLATE", member.flaw, member.flaw_hint);
    return;
  }
  if (reaction == Reaction::kReplace) {
    const bool possible = JudgeReferences(member, site);
    if (possible) replaced_.insert({member_number, site_number});
    return;
  }
  if (site.found.empty()) return;  // An entry of a Secret that stays as well.
  // `onDetect: Fail` is for charts that are to be clean; else a word that everybody knows passes.
  const bool is_known = std::ranges::all_of(
      site.found, [&](const Found& found) { return dictionary_.Knows(found.value); });
  const bool fails =
      reaction == Reaction::kFail && (!is_known || member.settings->on_detect == Reaction::kFail);
  Tell(member, site, fails ? text::Severity::kError : text::Severity::kWarning,
       std::string(CodeOf(*member.settings, site)),
       Describe(site) + " holds a secret" + LineOf(site) + " (" + KindsOf(site) + ", score " +
           std::to_string(site.found.front().score) + ")",
       is_known
           ? "everybody knows this word, so the run goes on; what changes it elsewhere will not "
             "change it here"
           : std::string(HintFor(site)));
  if (!fails) return;
  for (const Found& found : site.found) plan_.values_.push_back(found.value);
  plan_.values_.insert(plan_.values_.end(), site.inner.begin(), site.inner.end());
}

/// False, with an error, if a reference leads to no store.
bool Planner::JudgeReferences(const Member& member, const Site& site) {
  for (const Reference& reference : site.references) {
    if (StoreKeyOf(reference)) continue;
    Tell(member, site, text::Severity::kError, "CL-E-REFERENCE",
         Describe(site) + " refers to the backend `" + reference.backend +
             "`, which is no secret store of the External Secrets Operator",
         "these can be read from a store: " + KnownBackends() +
             "; resolve others before cloudlab runs");
    return false;
  }
  return true;
}

/// Within what equal values may share a key: one environment and one store, which for a SecretStore
/// is that of its namespace.
std::string Planner::ReachOf(const Member& member) {
  const bool of_namespace = member.store.kind != "ClusterSecretStore";
  return member.environment + "\n" + member.store.kind + "/" + member.store.name + "\n" +
         (of_namespace ? member.manifest->id.ns : std::string());
}

/// What keeps equal values apart although they could share a key.
std::string Planner::DivisionOf(const Member& member) {
  return member.settings->unify ? std::string() : member.manifest->id.Display();
}

std::vector<Planner::Use> Planner::Uses() const {
  std::vector<Use> uses;
  for (const auto& [m, s] : replaced_) {
    for (std::size_t f = 0; f < plan_.members_[m].sites[s].found.size(); ++f)
      uses.push_back({m, s, f});
  }
  return uses;
}

/// Equal values become one remote: that of the place that tells most about it. Who says
/// POSTGRES_PASSWORD is a better name for it than a URL in which it stands.
void Planner::AssignRemotes() {
  const auto rank = [&](const Use& use) {
    const Site& site = plan_.members_[use.member].sites[use.site];
    if (!site.found[use.found].whole) return 4;
    if (site.where == Where::kSecretEntry) return 0;
    if (site.where == Where::kConfigEntry) return 3;
    // Servers keep data, and whoever keeps data is a StatefulSet.
    return plan_.members_[use.member].manifest->id.kind == "StatefulSet" ? 1 : 2;
  };
  std::vector<Use> uses = Uses();
  std::ranges::stable_sort(uses, {}, rank);
  std::unordered_map<std::string, std::size_t> by_value;
  for (const Use& use : uses) {
    const Member& member = plan_.members_[use.member];
    const Site& site = member.sites[use.site];
    const Found& found = site.found[use.found];
    const auto [known, added] = by_value.try_emplace(
        ReachOf(member) + '\0' + DivisionOf(member) + '\0' + found.value, plan_.remotes_.size());
    if (added) AddRemote(use);
    remote_of_[{use.member, use.site, use.found}] = known->second;
    plan_.values_.push_back(found.value);
    plan_.values_.insert(plan_.values_.end(), site.inner.begin(), site.inner.end());
  }
  std::ranges::sort(plan_.values_);
  const auto twins = std::ranges::unique(plan_.values_);
  plan_.values_.erase(twins.begin(), twins.end());
}

void Planner::AddRemote(const Use& use) {
  const Member& member = plan_.members_[use.member];
  const Site& site = member.sites[use.site];
  const Found& found = site.found[use.found];
  Remote remote{.store = member.store, .key = member.remote_key};
  const std::string wanted = found.whole ? KeyOf(site.name) : PartName(site, found);
  remote.property = wanted;
  remote.base64 = site.binary;
  if (remote_numbers_.contains(remote)) {
    for (int& attempt = attempts_[remote]; remote_numbers_.contains(remote);) {
      remote.property = wanted + "_" + std::to_string(++attempt + 1);
    }
  }
  remote_numbers_[remote] = plan_.remotes_.size();
  plan_.remotes_.push_back(std::move(remote));
}

std::size_t Planner::RemoteOf(const Member& member, const Reference& reference) {
  Remote remote = *StoreKeyOf(reference);
  const auto store = member.reference_stores.find(reference.backend);
  remote.store = store == member.reference_stores.end() ? member.store : store->second;
  const auto [at, added] = remote_numbers_.try_emplace(remote, plan_.remotes_.size());
  if (added) plan_.remotes_.push_back(std::move(remote));
  return at->second;
}

void Planner::AddRows() {
  for (std::size_t m = 0; m < plan_.members_.size(); ++m) {
    const Member& member = plan_.members_[m];
    for (std::size_t s = 0; s < member.sites.size(); ++s) {
      const Site& site = member.sites[s];
      const bool replaced = IsReplaced(m, s);
      for (std::size_t f = 0; f < site.found.size(); ++f) {
        Row row{.object = member.manifest->id,
                .path = kube::FieldPath(member.manifest->root, site.node),
                .score = site.found[f].score,
                .replaced = replaced};
        if (replaced) row.remote_key = plan_.remotes_[remote_of_[{m, s, f}]].Display();
        plan_.rows_.push_back(std::move(row));
      }
      for (const Reference& reference : site.references) {
        if (!replaced) continue;
        plan_.rows_.push_back({member.manifest->id,
                               kube::FieldPath(member.manifest->root, site.node), 100, true,
                               plan_.remotes_[RemoteOf(member, reference)].Display()});
      }
    }
  }
}

void Planner::Finish() {
  if (plan_.explain_) AddRows();
  for (auto& [config, move] : plan_.moves_) {
    const Target& target = plan_.targets_[target_numbers_.at({config.first, move.secret})];
    move.alone = target.taken.empty() && target.entries.size() == move.keys.size() &&
                 move.keys == move.secret_keys;
  }
  for (auto& [manifest, share] : shares_) {
    const auto member = member_numbers_.find(manifest);
    if (member != member_numbers_.end()) share.member = &plan_.members_[member->second];
    plan_.shares_.push_back(std::move(share));
  }
  std::ranges::sort(plan_.shares_, {}, [](const Share& share) {
    return std::pair(share.manifest->document, share.manifest->root.id());
  });
}

}  // namespace cloudlab::policy::secrets
