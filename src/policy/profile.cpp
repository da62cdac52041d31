// Inheritance is a walk from a profile to its root, then a merge from the root back. Both are
// loops; a profile seen twice on one walk is a cycle, reported once, at the profile of it that was
// read first. Profiles that only lead into a cycle are left out without a further message.
#include "policy/profile.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "kube/quantity.hpp"
#include "policy/diagnose.hpp"
#include "policy/mask.hpp"
#include "policy/suggest.hpp"

namespace cloudlab::policy {
namespace {

using Chain = std::vector<const Document*>;  // The profile itself first, its root last.

const std::string* ParentOf(const Document& profile) {
  const yaml::Value* parent = profile.spec.Find("inherits");
  return parent == nullptr ? nullptr : &parent->text();
}

std::vector<std::string> NamesOf(const std::vector<const Document*>& profiles) {
  std::vector<std::string> names;
  for (const Document* profile : profiles) names.push_back(profile->name);
  return names;
}

/// "production -> staging -> production" for the cycle that `chain` runs into at its end.
std::string CycleText(const Chain& chain, const Document* again) {
  std::string text;
  for (auto at = std::ranges::find(chain, again); at != chain.end(); ++at) {
    text += (*at)->name + " -> ";
  }
  return text + again->name;
}

/// Walks up from profiles to their roots and reports what is broken on the way.
class Walker {
 public:
  Walker(const DocumentSet& documents, text::Diagnostics& diagnostics)
      : documents_(documents),
        profiles_(documents.OfKind("EnvironmentProfile")),
        diagnostics_(diagnostics) {}

  const std::vector<const Document*>& profiles() const { return profiles_; }

  /// The chain of `profile`; empty if it is broken.
  Chain Walk(const Document* profile) {
    Chain chain;
    for (const Document* at = profile; at != nullptr;) {
      if (std::ranges::find(chain, at) != chain.end()) {
        ReportCycle(chain, at);
        return {};
      }
      chain.push_back(at);
      const std::string* parent = ParentOf(*at);
      if (parent == nullptr) break;
      const Document* next = documents_.Find("EnvironmentProfile", *parent);
      if (next == nullptr) {
        ReportOrphan(at, *parent);
        return {};
      }
      at = next;
    }
    return chain;
  }

 private:
  void ReportCycle(const Chain& chain, const Document* again) {
    if (!reported_.insert(again).second) return;
    for (auto at = std::ranges::find(chain, again); at != chain.end(); ++at) reported_.insert(*at);
    diagnostics_.Add(Error("CL-P-CYCLE", "profiles inherit in a circle: " + CycleText(chain, again),
                           again->PlaceAt({"spec", "inherits"}),
                           "one of them must not inherit from the next"));
  }

  void ReportOrphan(const Document* profile, const std::string& parent) {
    if (!reported_.insert(profile).second) return;
    const std::vector<std::string> names = NamesOf(profiles_);
    diagnostics_.Add(
        Error("CL-P-PROFILE",
              profile->Display() + " inherits from \"" + parent + "\", which does not exist",
              profile->PlaceAt({"spec", "inherits"}), Suggestion(parent, names)));
  }

  const DocumentSet& documents_;
  std::vector<const Document*> profiles_;
  text::Diagnostics& diagnostics_;
  std::set<const Document*> reported_;
};

void MergeQuantities(const yaml::Value* from, Quantities& into) {
  if (from == nullptr) return;
  for (const auto& [resource, quantity] : from->entries()) {
    const auto at = std::ranges::find(into, resource, &Quantities::value_type::first);
    if (at == into.end()) {
      into.emplace_back(resource, quantity.text());
    } else {
      at->second = quantity.text();
    }
  }
}

void MergeTier(const yaml::Value& from, Tier& into) {
  MergeQuantities(from.Find("requests"), into.requests);
  MergeQuantities(from.Find("limits"), into.limits);
  if (const yaml::Value* replicas = from.Find("replicas")) {
    std::int64_t number = 0;
    const std::string& text = replicas->text();
    std::from_chars(text.data(), text.data() + text.size(), number);
    into.replicas = number;
  }
}

void MergeSpec(const yaml::Value& spec, Profile& into) {
  if (const yaml::Value* tiers = spec.Find("tiers")) {
    for (const auto& [name, tier] : tiers->entries()) {
      Tier& merged = into.tiers[name];
      merged.name = name;
      MergeTier(tier, merged);
    }
  }
  if (const yaml::Value* autoscaling = spec.Find("autoscaling")) {
    for (const auto& [key, value] : autoscaling->entries()) into.autoscaling.Put(key, value);
  }
  if (const yaml::Value* path = spec.Find("secretPath")) into.secret_path = path->text();
}

Profile Merge(const Chain& chain) {
  Profile profile;
  profile.name = chain.front()->name;
  profile.document = chain.front();
  profile.autoscaling = yaml::Value::Map();
  for (auto at = chain.rbegin(); at != chain.rend(); ++at) MergeSpec((*at)->spec, profile);
  for (const Document* document : chain) profile.chain.push_back(document->name);
  return profile;
}

/// A tier whose request exceeds its limit is a slip; checked where the profile mentions the tier.
void CheckTier(const Profile& profile, const Tier& tier, text::Diagnostics& diagnostics) {
  for (const auto& [resource, text] : tier.requests) {
    const std::string* limit_text = FindQuantity(tier.limits, resource);
    if (limit_text == nullptr) continue;
    const std::optional<kube::Quantity> request = kube::Quantity::Parse(text);
    const std::optional<kube::Quantity> limit = kube::Quantity::Parse(*limit_text);
    if (!request || !limit || *request <= *limit) continue;
    diagnostics.Add(Error("CL-P-TIER-LIMIT",
                          "tier \"" + tier.name + "\" of " + profile.name + " requests " + text +
                              " of " + resource + " but limits it to " + *limit_text,
                          profile.document->PlaceAt({"spec", "tiers", tier.name}),
                          "what a profile does not say comes from its parent"));
  }
}

void CheckProfile(const Profile& profile, text::Diagnostics& diagnostics) {
  if (const yaml::Value* tiers = profile.document->spec.Find("tiers")) {
    for (const auto& [name, value] : tiers->entries()) {
      CheckTier(profile, *profile.FindTier(name), diagnostics);
    }
  }
  const yaml::Value* least = profile.autoscaling.Find("minReplicas");
  const yaml::Value* most = profile.autoscaling.Find("maxReplicas");
  if (least == nullptr || most == nullptr) return;
  if (kube::Quantity::Parse(least->text()) <= kube::Quantity::Parse(most->text())) return;
  if (profile.document->spec.Find("autoscaling") == nullptr) return;
  diagnostics.Add(Error("CL-P-REPLICAS",
                        "autoscaling of " + profile.name + ": minReplicas " + least->text() +
                            " exceeds maxReplicas " + most->text(),
                        profile.document->PlaceAt({"spec", "autoscaling"}),
                        "what a profile does not say comes from its parent"));
}

}  // namespace

const std::string* FindQuantity(const Quantities& quantities, std::string_view resource) {
  const auto at = std::ranges::find(quantities, resource, &Quantities::value_type::first);
  return at == quantities.end() ? nullptr : &at->second;
}

const Tier* Profile::FindTier(std::string_view tier) const {
  const auto at = tiers.find(tier);
  return at == tiers.end() ? nullptr : &at->second;
}

NoTier DescribeNoTier(const Profile* profile, const std::string& tier) {
  const std::string message = "no tier `" + MaskText({}, tier) + "`";
  if (profile == nullptr) {
    return {message + ": the run has no environment profile",
            "give --environment, or write an EnvironmentProfile"};
  }
  std::vector<std::string> known;
  for (const auto& [name, unused] : profile->tiers) known.push_back(name);
  return {message + " in environment " + profile->name,
          known.empty() ? "define it under spec.tiers of an EnvironmentProfile"
                        : Suggestion(tier, known)};
}

std::string Profile::TierNames() const {
  std::vector<std::string> names;
  for (const auto& [tier, value] : tiers) names.push_back(tier);
  return Joined(names);
}

Profiles Profiles::Resolve(const DocumentSet& documents, text::Diagnostics& diagnostics) {
  Profiles resolved;
  Walker walker(documents, diagnostics);
  for (const Document* document : walker.profiles()) {
    const Chain chain = walker.Walk(document);
    if (chain.empty()) continue;
    Profile profile = Merge(chain);
    CheckProfile(profile, diagnostics);
    resolved.profiles_.emplace(document->name, std::move(profile));
  }
  return resolved;
}

const Profile* Profiles::Find(std::string_view environment) const {
  const auto at = profiles_.find(environment);
  return at == profiles_.end() ? nullptr : &at->second;
}

text::Diagnostic Profiles::Unknown(std::string_view environment, text::Place place) const {
  std::vector<std::string> names;
  for (const auto& [name, profile] : profiles_) names.push_back(name);
  const std::string nearest = Nearest(environment, names);
  std::string hint = nearest.empty() ? "" : "did you mean \"" + nearest + "\"? ";
  hint += names.empty() ? "no EnvironmentProfile was loaded" : "known are: " + Joined(names);
  return Error("CL-P-ENVIRONMENT", "unknown environment \"" + std::string(environment) + "\"",
               place, std::move(hint));
}

}  // namespace cloudlab::policy
