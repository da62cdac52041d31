// The part of the planner that concerns those who read what is replaced: entries that move from
// ConfigMaps, Secrets of the chart, and what hooks need before it is there.
#include <algorithm>
#include <optional>

#include "policy/network/address.hpp"
#include "policy/secrets/names.hpp"
#include "policy/secrets/planner.hpp"

namespace cloudlab::policy::secrets {
namespace {

using Where = Site::Where;

/// Hooks that run before the objects of the release exist (helm.sh/docs/topics/charts_hooks,
/// Argo CD resource hooks).
bool RunsBeforeRelease(const kube::Manifest& manifest) {
  const std::string hook = manifest.Annotation("helm.sh/hook");
  return hook.find("pre-install") != std::string::npos ||
         hook.find("pre-upgrade") != std::string::npos ||
         manifest.Annotation("argocd.argoproj.io/hook").find("PreSync") != std::string::npos;
}

}  // namespace

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
           "use a policy with provider.type ExistingSecret for it",
           workload.root.Find({"metadata", "annotations"})});
    }
  }
}

}  // namespace cloudlab::policy::secrets
