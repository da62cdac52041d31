// The second half of the planner: which entries each Secret gets, and what stands at each site
// instead.
#include <algorithm>
#include <utility>

#include "kube/pod_template.hpp"
#include "policy/glob.hpp"
#include "policy/ownership.hpp"
#include "policy/secrets/names.hpp"
#include "policy/secrets/planner.hpp"

namespace cloudlab::policy::secrets {
namespace {

using yaml::NodeView;
using Where = Site::Where;

constexpr std::string_view kExternalSecretVersion = "external-secrets.io/v1";

kube::ObjectId MakerOf(const Settings& settings, const std::string& ns, const std::string& name) {
  switch (settings.provider) {
    case Settings::Provider::kExternalSecret:
      return {std::string(kExternalSecretVersion), "ExternalSecret", ns, name};
    case Settings::Provider::kStub:
      return {"v1", "Secret", ns, name};
    case Settings::Provider::kExistingSecret:
      break;
  }
  return {};
}

/// A part of a text that gives way to a reference.
struct Part {
  text::Span span;
  std::size_t found = kNone;
  std::size_t reference = kNone;
};

std::vector<Part> PartsOf(const Site& site) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < site.found.size(); ++i)
    parts.push_back({site.found[i].span, i, kNone});
  for (std::size_t i = 0; i < site.references.size(); ++i) {
    parts.push_back({site.references[i].span, kNone, i});
  }
  std::ranges::sort(parts, {}, [](const Part& part) { return part.span.begin; });
  return parts;
}

}  // namespace

bool Planner::IsConverted(const kube::Manifest& secret) const {
  const auto member = member_numbers_.find(&secret);
  if (member == member_numbers_.end()) return false;
  const std::vector<Site>& sites = plan_.members_[member->second].sites;
  for (std::size_t s = 0; s < sites.size(); ++s) {
    if (sites[s].where == Where::kSecretEntry && IsReplaced(member->second, s)) return true;
  }
  return false;
}

/// True if `member` may put entries into `target`. Whoever reads a Secret of the chart, or a
/// ConfigMap as a whole, shall find nothing there that was not there before.
bool Planner::MayShare(const Target& target, const Member& member) {
  if (target.first->manifest == member.manifest) return true;
  const auto is_config = [](const Member& m) { return m.manifest->id.kind == "ConfigMap"; };
  return target.of_chart == nullptr && !is_config(*target.first) && !is_config(member);
}

Target& Planner::TargetOf(const Member& member, std::string name, std::size_t& number) {
  const std::string& ns = member.manifest->id.ns;
  const std::string wanted = name;
  for (int attempt = 2;; ++attempt) {
    const auto known = target_numbers_.find({ns, name});
    if (known == target_numbers_.end() || MayShare(plan_.targets_[known->second], member)) break;
    name = wanted + "-" + std::to_string(attempt);
  }
  const auto [at, added] = target_numbers_.try_emplace({ns, name}, plan_.targets_.size());
  number = at->second;
  if (!added) return plan_.targets_[number];
  Target target{.ns = ns, .name = name, .first = &member};
  target.id = MakerOf(*member.settings, ns, name);
  const auto mine = [&](const kube::Manifest* found) {
    return found != nullptr && IsManagedBy(*found, plan_.policy_);
  };
  const kube::Manifest* external = index_.Find("external-secrets.io", "ExternalSecret", ns, name);
  const kube::Manifest* secret = index_.Find("", "Secret", ns, name);
  if (mine(external)) target.earlier = external;
  if (mine(secret)) target.earlier = secret;
  if (target.earlier != nullptr) TakeEarlier(*target.earlier, target);
  const bool becomes_ours = secret != nullptr && IsConverted(*secret);
  const kube::Manifest* foreign = external != nullptr && !mine(external)                ? external
                                  : secret != nullptr && !mine(secret) && !becomes_ours ? secret
                                                                                        : nullptr;
  if (foreign != nullptr) {
    ShareOf(*member.manifest)
        .notices.push_back({text::Severity::kError, "CL-E-TAKEN",
                            "the Secret that it would read is to be called " + name + ", and " +
                                foreign->id.Display() + " of the stream has that name",
                            "write another spec.secretName", member.manifest->root});
  }
  plan_.targets_.push_back(std::move(target));
  return plan_.targets_.back();
}

/// What an earlier run has put into the Secret keeps its key, and its key of the store.
void Planner::TakeEarlier(const kube::Manifest& earlier, Target& target) {
  const auto take = [&](std::string key) { target.taken.push_back(std::move(key)); };
  for (const char* field : {"data", "stringData"}) {
    for (const NodeView entry : earlier.root.Find(field).children()) take(entry.Key());
  }
  const NodeView spec = earlier.root.Find("spec");
  const NodeView texts = spec.Find({"target", "template"}).Find("data");
  for (const NodeView entry : texts.children()) take(entry.Key());
  const NodeView store = spec.Find("secretStoreRef");
  for (const NodeView datum : spec.Find("data").children()) {
    take(datum.Resolved().Find("secretKey").Text());
    const NodeView reference = datum.Resolved().Find("remoteRef");
    Remote remote{.store = {store.Find("kind").Text(), store.Find("name").Text()},
                  .key = reference.Find("key").Text(),
                  .property = reference.Find("property").Text()};
    const auto [at, added] = remote_numbers_.try_emplace(remote, plan_.remotes_.size());
    if (added) plan_.remotes_.push_back(std::move(remote));
  }
}

/// Adds an entry and returns its key: `key`, or `otherwise` and then numbers where that holds
/// something else.
std::string Planner::AddEntry(Target& target, std::string key, std::vector<Fragment> fragments,
                              const std::string& otherwise) {
  const std::string base = otherwise.empty() ? key : otherwise;
  for (int attempt = 1;; ++attempt) {
    const auto found = std::ranges::find(target.entries, key, &Entry::key);
    const bool is_taken = std::ranges::find(target.taken, key) != target.taken.end();
    if (found == target.entries.end() && !is_taken) break;
    if (!is_taken && found->fragments == fragments) return key;
    key = attempt == 1 && base != key ? base : base + "-" + std::to_string(attempt + 1);
  }
  target.entries.push_back({key, std::move(fragments)});
  return key;
}

/// The text of a site with remotes where secrets stood.
std::vector<Fragment> Planner::FragmentsOf(std::size_t member_number, std::size_t site_number) {
  const Member& member = plan_.members_[member_number];
  const Site& site = member.sites[site_number];
  std::vector<Fragment> fragments;
  std::size_t done = 0;
  for (const Part& part : PartsOf(site)) {
    if (part.span.begin > done) {
      fragments.push_back({.text = site.text.substr(done, part.span.begin - done)});
    }
    Fragment fragment;
    if (part.found != kNone) {
      fragment.remote = remote_of_[{member_number, site_number, part.found}];
      fragment.percent = site.found[part.found].encoding == Encoding::kPercent;
    } else {
      fragment.remote = RemoteOf(member, site.references[part.reference]);
    }
    fragments.push_back(std::move(fragment));
    done = part.span.end;
  }
  if (done < site.text.size() || fragments.empty())
    fragments.push_back({.text = site.text.substr(done)});
  return fragments;
}

/// A name that no variable of the container has yet.
std::string Planner::VariableName(const Member& member, const Site& site,
                                  const std::string& wanted) {
  auto [names, added] = variables_.try_emplace({member.manifest, site.in.id()});
  if (added) {
    for (const NodeView item : site.in.Find("env").children()) {
      names->second.insert(item.Resolved().Find("name").Text());
    }
  }
  std::string name = wanted;
  for (int attempt = 2; !names->second.insert(name).second; ++attempt) {
    name = wanted + "_" + std::to_string(attempt);
  }
  return name;
}

void Planner::PlanVariable(std::size_t member_number, std::size_t site_number, Share& share) {
  const Member& member = plan_.members_[member_number];
  const Site& site = member.sites[site_number];
  Action action{.site = site_number};
  Target& target = TargetOf(member, member.secret_name, action.target);
  // In a Secret no kubelet would expand what else the text refers to.
  const bool refers = site.text.find("$(") != std::string::npos;
  const bool whole = site.IsWhole() || (member.settings->dsn == Settings::Dsn::kWhole && !refers);
  if (whole) {
    action.kind = Action::Kind::kReference;
    action.key = AddEntry(target, KeyOf(site.name), FragmentsOf(member_number, site_number),
                          KeyOf(site.container + "-" + site.name));
    share.actions.push_back(std::move(action));
    return;
  }
  action.kind = Action::Kind::kSplit;
  std::vector<std::pair<Fragment, std::string>> known;  // The variable that holds each remote.
  const std::vector<Fragment> fragments = FragmentsOf(member_number, site_number);
  std::size_t part = 0;
  const std::vector<Part> parts = PartsOf(site);
  for (const Fragment& fragment : fragments) {
    if (fragment.remote == kNone) {
      action.text += fragment.text;
      continue;
    }
    const Part& from = parts[part++];
    auto at = std::ranges::find(known, fragment, &std::pair<Fragment, std::string>::first);
    if (at == known.end()) {
      const std::string wanted = from.found == kNone ? Stem(site.name) + "_SECRET"
                                                     : PartName(site, site.found[from.found]);
      Action::Variable variable{VariableName(member, site, wanted), {}};
      variable.key =
          AddEntry(target, variable.name, {fragment}, KeyOf(site.container + "-" + variable.name));
      known.emplace_back(fragment, variable.name);
      at = std::prev(known.end());
      action.variables.push_back(std::move(variable));
    }
    // `$$(` would be read as a dollar and a bracket.
    if (action.text.ends_with('$')) action.text += '$';
    action.text += "$(" + at->second + ")";
  }
  share.actions.push_back(std::move(action));
}

void Planner::PlanMove(std::size_t member_number, std::size_t site_number, Share& share) {
  const Member& member = plan_.members_[member_number];
  const Site& site = member.sites[site_number];
  Action action{.kind = Action::Kind::kMove, .site = site_number};
  Target& target = TargetOf(member, member.secret_name, action.target);
  action.key = AddEntry(target, KeyOf(site.name), FragmentsOf(member_number, site_number), {});
  const kube::Manifest& manifest = *member.manifest;
  Move& move = plan_.moves_[{manifest.id.ns, manifest.id.name}];
  if (target.first->manifest != &manifest) {
    share.notices.push_back({text::Severity::kError, "CL-E-TWICE",
                             "it stands twice in the stream, with different entries perhaps",
                             "let the chart render it once, or exclude it", manifest.root});
  }
  if (move.all_keys.empty()) {
    for (const char* field : {"data", "binaryData"}) {
      for (const NodeView entry : manifest.root.Find(field).children()) {
        move.all_keys.push_back(entry.Key());
      }
    }
  }
  move.secret = target.name;
  move.keys.push_back(site.name);
  move.secret_keys.push_back(action.key);
  share.actions.push_back(std::move(action));
}

/// All entries of a Secret, those without a secret in them as text.
void Planner::PlanConversion(std::size_t member_number, Share& share) {
  const Member& member = plan_.members_[member_number];
  Action action{.kind = Action::Kind::kConvert};
  Target& target = TargetOf(member, member.manifest->id.name, action.target);
  if (target.of_chart != nullptr) {
    share.notices.push_back({text::Severity::kError, "CL-E-TWICE",
                             "it stands twice in the stream, with different entries perhaps",
                             "let the chart render it once, or exclude it", member.manifest->root});
  }
  target.of_chart = member.manifest;
  target.first = &member;
  for (std::size_t s = 0; s < member.sites.size(); ++s) {
    if (member.sites[s].where != Where::kSecretEntry) continue;
    AddEntry(target, member.sites[s].name, FragmentsOf(member_number, s), {});
  }
  share.actions.push_back(std::move(action));
}

void Planner::MakeTargets() {
  plan_.targets_.reserve(plan_.members_.size());
  // Secrets of the chart keep their entries' names, so they come first.
  for (const Where pass : {Where::kSecretEntry, Where::kVariable}) {
    for (std::size_t m = 0; m < plan_.members_.size(); ++m) {
      Member& member = plan_.members_[m];
      bool converted = false;
      for (std::size_t s = 0; s < member.sites.size(); ++s) {
        if (!IsReplaced(m, s)) continue;
        const Where where = member.sites[s].where;
        if ((where == Where::kSecretEntry) != (pass == Where::kSecretEntry)) continue;
        Share& share = ShareOf(*member.manifest);
        CheckStub(member, share);
        if (where == Where::kVariable) PlanVariable(m, s, share);
        if (where == Where::kConfigEntry) PlanMove(m, s, share);
        if (where == Where::kSecretEntry && !std::exchange(converted, true)) {
          PlanConversion(m, share);
        }
      }
    }
  }
}

/// Placeholders are for environments that are named.
void Planner::CheckStub(const Member& member, Share& share) {
  const Settings& settings = *member.settings;
  if (settings.provider != Settings::Provider::kStub) return;
  const bool allowed = std::ranges::any_of(settings.stub_environments, [&](const auto& glob) {
    return GlobMatches(glob, member.environment);
  });
  if (allowed || !stubs_refused_.insert(member.manifest).second) return;
  share.notices.push_back(
      {text::Severity::kError, "CL-E-STUB",
       "a Secret of placeholders is for development, and this is " +
           (member.environment.empty() ? std::string("an environment without a name")
                                       : "the environment " + member.environment),
       "use provider.type ExternalSecret here, or name the environment under "
       "provider.environments",
       member.manifest->root});
}

}  // namespace cloudlab::policy::secrets
