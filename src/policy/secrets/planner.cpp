// A site is replaced as a whole or not at all: what stays readable of a text is readable because
// everything secret in it was found.
#include "policy/secrets/planner.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include "base/parallel.hpp"
#include "kube/pod_template.hpp"
#include "policy/network/address.hpp"
#include "policy/secrets/backends.hpp"
#include "policy/secrets/leak.hpp"
#include "policy/secrets/names.hpp"

namespace cloudlab::policy::secrets {
namespace {

using yaml::NodeView;
using Reaction = Settings::Reaction;
using Where = Site::Where;

/// Shorter values are words of many texts; they are not looked for.
constexpr std::size_t kLeastSearched = 8;

std::string Describe(const Site& site) {
  switch (site.where) {
    case Where::kVariable:
      return "env " + site.name + " of container " + site.container;
    case Where::kArgument:
      return "an item of " + site.name + " of container " + site.container;
    case Where::kAnnotation:
      return "annotation " + site.name;
    case Where::kConfigEntry:
    case Where::kSecretEntry:
      return "entry " + site.name;
  }
  return {};
}

std::string KindsOf(const Site& site) {
  std::string kinds;
  for (const Found& found : site.found) {
    if (kinds.find(found.kind) != std::string::npos) continue;
    kinds += (kinds.empty() ? "" : ", ") + std::string(found.kind);
  }
  return kinds;
}

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

/// Hooks that run before the objects of the release exist (helm.sh/docs/topics/charts_hooks,
/// Argo CD resource hooks).
bool RunsBeforeRelease(const kube::Manifest& manifest) {
  const std::string hook = manifest.Annotation("helm.sh/hook");
  return hook.find("pre-install") != std::string::npos ||
         hook.find("pre-upgrade") != std::string::npos ||
         manifest.Annotation("argocd.argoproj.io/hook").find("PreSync") != std::string::npos;
}

void ForEachSecretUse(const kube::Manifest& workload,
                      const std::function<void(std::string_view)>& take) {
  for (const NodeView volume : workload.pod.spec.Find("volumes").children()) {
    if (const NodeView secret = volume.Resolved().Find("secret").Given()) {
      take(secret.Find("secretName").Text());
    }
    for (const NodeView source : volume.Resolved().Find({"projected", "sources"}).children()) {
      if (const NodeView secret = source.Resolved().Find("secret").Given()) {
        take(secret.Find("name").Text());
      }
    }
  }
  for (const NodeView item : workload.pod.spec.Find("imagePullSecrets").children()) {
    take(item.Resolved().Find("name").Text());
  }
  for (const kube::Container& container : kube::Containers(workload.pod)) {
    for (const NodeView item : container.node.Find("env").children()) {
      const NodeView reference = item.Resolved().Find({"valueFrom", "secretKeyRef"}).Given();
      if (reference) take(reference.Find("name").Text());
    }
    for (const NodeView source : container.node.Find("envFrom").children()) {
      const NodeView reference = source.Resolved().Find("secretRef").Given();
      if (reference) take(reference.Find("name").Text());
    }
  }
}

/// The innermost scalar that holds the byte at `offset` of its document.
NodeView ScalarAt(const yaml::Outline& outline, std::uint32_t offset) {
  // Nodes stand in the order of the text, so the last one that begins before it is the innermost.
  const auto& nodes = outline.nodes();
  const auto behind = std::upper_bound(
      nodes.begin(), nodes.end(), offset,
      [](std::uint32_t at, const yaml::Node& node) { return at < node.value.begin; });
  for (auto at = behind; at != nodes.begin();) {
    --at;
    if (at->value.end <= offset) {
      if (at->kind == yaml::Kind::kScalar) return {};
      continue;
    }
    if (at->kind != yaml::Kind::kScalar) return {};
    return {outline, static_cast<yaml::NodeId>(at - nodes.begin())};
  }
  return {};
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

/// Looks for the values that are replaced in variables and ConfigMaps where nothing else told that
/// they are secret: there they are replaced, too.
void Planner::FindCopies() {
  std::map<std::string, std::string_view> values;  // With what they are.
  for (const auto& [m, s] : replaced_) {
    for (const Found& found : plan_.members_[m].sites[s].found) {
      if (found.value.size() < kLeastSearched || plan_.members_[m].sites[s].binary) continue;
      if (found.value.find('\n') != std::string::npos) continue;
      values.emplace(found.value, found.kind);
    }
  }
  std::erase_if(values, [&](const auto& item) { return dictionary_.Knows(item.first); });
  if (values.empty()) return;
  LeakSearch search;
  std::vector<std::pair<std::string, std::string_view>> known(values.begin(), values.end());
  for (std::size_t i = 0; i < known.size(); ++i) search.Add(known[i].first, i);
  search.Prepare();
  struct Copy {
    const kube::Manifest* manifest = nullptr;
    NodeView scalar;
    std::size_t value = 0;
  };
  const auto& manifests = index_.manifests();
  const auto copies =
      CollectFromChunks<Copy>(manifests.size(), [&](std::size_t i, std::vector<Copy>& found) {
        const kube::Manifest& manifest = manifests[i];
        const bool config = manifest.id.kind == "ConfigMap" && manifest.id.group().empty();
        if (!config && !manifest.pod) return;
        const yaml::Outline& outline = manifest.root.outline();
        const text::Span own = manifest.root.node().value;
        for (const LeakSearch::Leak& leak : search.FindAll(own.In(outline.text()))) {
          if (leak.form != "as it is") continue;
          const NodeView scalar = ScalarAt(outline, own.begin + leak.span.begin);
          if (scalar) found.push_back({&manifest, scalar, leak.id});
        }
        // Of values that begin alike, the longer one is meant.
        std::ranges::stable_sort(found, std::ranges::greater(),
                                 [&](const Copy& copy) { return known[copy.value].first.size(); });
      });
  for (const Copy& copy : copies) {
    AddCopy(*copy.manifest, copy.scalar, known[copy.value].first, known[copy.value].second);
  }
}

void Planner::AddCopy(const kube::Manifest& manifest, NodeView scalar, const std::string& value,
                      std::string_view kind) {
  const NodeView parent = scalar.parent();
  const bool entry = manifest.id.kind == "ConfigMap" && parent == manifest.root.Find("data");
  const bool variable = scalar.Key() == "value" && parent.parent().Key() == "env";
  if (!entry && !variable) return;
  const auto known = member_numbers_.find(&manifest);
  if (known == member_numbers_.end()) {
    std::optional<Member> added = member_of_(manifest);
    if (!added) return;
    member_numbers_[&manifest] = plan_.members_.size();
    plan_.members_.push_back(*std::move(added));
  }
  const std::size_t m = member_numbers_[&manifest];
  Member& member = plan_.members_[m];
  auto at = std::ranges::find(member.sites, scalar, &Site::node);
  if (at == member.sites.end()) {
    Site site{.where = entry ? Where::kConfigEntry : Where::kVariable, .node = scalar};
    site.name = entry ? scalar.Key() : parent.Find("name").Text();
    site.text = scalar.Text();
    if (variable) {
      site.in = parent.parent().parent();
      site.container = site.in.Find("name").Text();
    }
    member.sites.push_back(std::move(site));
    at = std::prev(member.sites.end());
  }
  const std::string label =
      Stem(std::string(kind)).find("TOKEN") == std::string::npos ? "PASSWORD" : "TOKEN";
  for (std::size_t begin = at->text.find(value); begin != std::string::npos;
       begin = at->text.find(value, begin + value.size())) {
    const text::Span span{static_cast<std::uint32_t>(begin),
                          static_cast<std::uint32_t>(begin + value.size())};
    const bool inside = (begin > 0 && IsTokenByte(at->text[begin - 1])) ||
                        (span.end < at->text.size() && IsTokenByte(at->text[span.end]));
    const bool overlaps = inside || std::ranges::any_of(at->found, [&](const Found& found) {
                            return found.span.begin < span.end && span.begin < found.span.end;
                          });
    if (overlaps) continue;
    Found found{
        .span = span, .value = value, .score = 100, .kind = "copy of a secret", .label = label};
    found.whole = span.size() == at->text.size();
    at->found.insert(std::ranges::upper_bound(at->found, span.begin, {},
                                              [](const Found& f) { return f.span.begin; }),
                     std::move(found));
  }
  if (!at->found.empty()) {
    const auto s = static_cast<std::size_t>(at - member.sites.begin());
    if (!IsReplaced(m, s)) Judge(m, s);
  }
}

/// An entry of a ConfigMap moves only if all of its readers are known and can be changed.
void Planner::CheckReaders() {
  std::map<std::pair<std::string, std::string>, std::map<std::string, SiteKey>> moving;
  for (const SiteKey& key : replaced_) {
    const Member& member = plan_.members_[key.first];
    const Site& site = member.sites[key.second];
    if (site.where != Where::kConfigEntry) continue;
    moving[{member.manifest->id.ns, member.manifest->id.name}][site.name] = key;
  }
  if (moving.empty()) return;
  std::set<SiteKey> read;
  std::map<SiteKey, const kube::Manifest*> blocked;
  for (const kube::Manifest& workload : index_.manifests()) {
    if (!workload.pod) continue;
    std::optional<bool> selected;
    ForEachConfigUse(workload, [&](std::string_view name, std::string_view entry) {
      const auto config = moving.find({workload.id.ns, std::string(name)});
      if (config == moving.end()) return;
      for (const auto& [key, site] : config->second) {
        if (!entry.empty() && entry != key) continue;
        if (!selected) selected = member_of_(workload).has_value();
        read.insert(site);
        if (!*selected) blocked.emplace(site, &workload);
        if (*selected) ShareOf(workload);
      }
    });
  }
  for (const auto& [config, entries] : moving) {
    for (const auto& [name, key] : entries) {
      const Member& member = plan_.members_[key.first];
      const Site& site = member.sites[key.second];
      const auto reader = blocked.find(key);
      if (reader != blocked.end()) {
        Tell(member, site, text::Severity::kError, "CL-E-READER",
             Describe(site) + " holds a secret (" + KindsOf(site) + "), and " +
                 reader->second->id.Display() + " reads it, which " + plan_.policy_ + " is not for",
             "let the policy select it, too, or take the secret out of the ConfigMap");
      } else if (!read.contains(key)) {
        Tell(member, site, text::Severity::kError, "CL-E-UNREAD",
             Describe(site) + " holds a secret (" + KindsOf(site) +
                 "), and nothing in the stream reads it: it cannot be moved",
             "take it out of there; if it is no secret, name it under detect.allow or in the "
             "annotation cloudlab.dev/not-secret");
      } else {
        continue;
      }
      for (const Found& found : site.found) plan_.values_.push_back(found.value);
      replaced_.erase(key);
    }
  }
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
  std::map<std::tuple<std::string, std::string, std::string>, std::size_t> by_value;
  for (const Use& use : uses) {
    const Member& member = plan_.members_[use.member];
    const Site& site = member.sites[use.site];
    const Found& found = site.found[use.found];
    const std::tuple key(found.value, ReachOf(member), DivisionOf(member));
    const auto known = by_value.find(key);
    const std::size_t remote = known == by_value.end() ? AddRemote(use) : known->second;
    by_value.emplace(key, remote);
    remote_of_[{use.member, use.site, use.found}] = remote;
    plan_.values_.push_back(found.value);
    plan_.values_.insert(plan_.values_.end(), site.inner.begin(), site.inner.end());
  }
  std::ranges::sort(plan_.values_);
  const auto twins = std::ranges::unique(plan_.values_);
  plan_.values_.erase(twins.begin(), twins.end());
}

std::size_t Planner::AddRemote(const Use& use) {
  const Member& member = plan_.members_[use.member];
  const Site& site = member.sites[use.site];
  const Found& found = site.found[use.found];
  Remote remote{.store = member.store, .key = member.remote_key};
  const std::string wanted = found.whole ? KeyOf(site.name) : PartName(site, found);
  remote.property = wanted;
  remote.base64 = site.binary;
  for (int& attempt = attempts_[remote]; remote_numbers_.contains(remote);) {
    remote.property = wanted + "_" + std::to_string(++attempt + 1);
  }
  remote_numbers_[remote] = plan_.remotes_.size();
  plan_.remotes_.push_back(std::move(remote));
  return plan_.remotes_.size() - 1;
}

std::size_t Planner::RemoteOf(const Member& member, const Reference& reference) {
  Remote remote = *StoreKeyOf(reference);
  const auto store = member.reference_stores.find(reference.backend);
  remote.store = store == member.reference_stores.end() ? member.store : store->second;
  const auto [at, added] = remote_numbers_.try_emplace(remote, plan_.remotes_.size());
  if (added) plan_.remotes_.push_back(std::move(remote));
  return at->second;
}

/// Who reads a Secret of the chart that an ExternalSecret makes from now on.
void Planner::FindReaders() {
  const bool any = std::ranges::any_of(
      plan_.targets_, [](const Target& target) { return target.of_chart != nullptr; });
  if (!any) return;
  for (const kube::Manifest& workload : index_.manifests()) {
    if (!workload.pod) continue;
    std::vector<std::size_t> read;
    ForEachSecretUse(workload, [&](std::string_view name) {
      const auto found = target_numbers_.find({workload.id.ns, std::string(name)});
      if (found == target_numbers_.end()) return;
      if (plan_.targets_[found->second].of_chart == nullptr) return;
      if (std::ranges::find(read, found->second) == read.end()) read.push_back(found->second);
    });
    if (!read.empty() && member_of_(workload)) ShareOf(workload).reads = std::move(read);
  }
}

/// A Secret that somebody else makes has no template in the stream: of a text that goes there
/// nothing is left to read. Whoever reads it keeps the addresses (design, "The data path").
void Planner::KeepConnections() {
  using Gone = std::map<std::pair<std::string, std::string>, std::vector<const Site*>>;
  Gone gone;     // By the Secret.
  Gone configs;  // By the ConfigMap.
  for (const auto& [m, s] : replaced_) {
    const Member& member = plan_.members_[m];
    if (member.settings->provider != Settings::Provider::kExistingSecret) continue;
    const Site& site = member.sites[s];
    const bool of_variable = site.where == Where::kVariable;
    if (of_variable && member.settings->dsn != Settings::Dsn::kWhole) continue;
    if (of_variable) KeepConnectionsOf(*member.manifest, site);
    if (site.where == Where::kConfigEntry) {
      configs[{member.manifest->id.ns, member.manifest->id.name}].push_back(&site);
    }
    const bool of_chart = site.where == Where::kSecretEntry;
    if (of_chart) gone[{member.manifest->id.ns, member.manifest->id.name}].push_back(&site);
  }
  for (const kube::Manifest& workload : index_.manifests()) {
    if (!workload.pod || (gone.empty() && configs.empty())) continue;
    std::set<const Site*> read;
    const auto read_all = [&](const Gone& from, std::string_view name) {
      const auto found = from.find({workload.id.ns, std::string(name)});
      if (found != from.end()) read.insert(found->second.begin(), found->second.end());
    };
    ForEachSecretUse(workload, [&](std::string_view name) { read_all(gone, name); });
    ForEachConfigUse(workload,
                     [&](std::string_view name, std::string_view) { read_all(configs, name); });
    if (read.empty() || !member_of_(workload)) continue;
    std::vector<const Site*> sites(read.begin(), read.end());
    std::ranges::sort(sites, {},
                      [](const Site* site) { return std::pair(site->name, site->node.id()); });
    for (const Site* site : sites) KeepConnectionsOf(workload, *site);
  }
}

void Planner::KeepConnectionsOf(const kube::Manifest& workload, const Site& site) {
  using Shape = network::Address::Shape;
  for (const network::Address& address : network::FindAddresses(site.text)) {
    const bool is_sure = address.shape == Shape::kUrl || address.shape == Shape::kHostPort ||
                         address.shape == Shape::kPair;
    if (!is_sure || address.host.empty()) continue;
    std::string word(address.host);
    if (address.port) word += ":" + std::to_string(*address.port);
    if (!address.port && !address.scheme.empty())
      word.insert(0, std::string(address.scheme) + "://");
    auto& known = ShareOf(workload).connections;
    if (std::ranges::find(known, word) == known.end()) known.push_back(std::move(word));
  }
}

/// A hook that runs before the release is there cannot wait for a Secret that comes with it (E7).
void Planner::CheckHooks() {
  if (target_numbers_.empty()) return;
  for (const kube::Manifest& workload : index_.manifests()) {
    if (!workload.pod || !RunsBeforeRelease(workload)) continue;
    std::set<std::string> names;
    ForEachSecretUse(workload, [&](std::string_view name) { names.emplace(name); });
    const auto share = shares_.find(&workload);
    if (share != shares_.end()) {
      for (const Action& action : share->second.actions) {
        names.insert(plan_.targets_[action.target].name);
      }
    }
    ForEachConfigUse(workload, [&](std::string_view name, std::string_view key) {
      const auto move = plan_.moves_.find({workload.id.ns, std::string(name)});
      if (move == plan_.moves_.end()) return;
      if (key.empty() || move->second.Find(key) != nullptr) names.insert(move->second.secret);
    });
    for (const std::string& name : names) {
      const auto found = target_numbers_.find({workload.id.ns, name});
      if (found == target_numbers_.end()) continue;
      const Target& target = plan_.targets_[found->second];
      const bool exists = target.first->settings->provider == Settings::Provider::kExistingSecret ||
                          (target.of_chart != nullptr && RunsBeforeRelease(*target.of_chart));
      if (exists) continue;
      ShareOf(workload).notices.push_back(
          {text::Severity::kError, "CL-E-HOOK",
           "the hook runs before the release is there and needs the Secret " + name + ", which " +
               (target.id.kind.empty() ? "the release" : "an " + target.id.kind) +
               " of the release makes",
           "let it run behind (`post-install`), make the Secret a hook of an earlier weight, or "
           "use "
           "a policy with provider.type ExistingSecret for it",
           workload.root.Find({"metadata", "annotations"})});
    }
  }
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
  AddRows();
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
