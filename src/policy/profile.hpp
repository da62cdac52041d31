// Environment profiles: what `small` or `medium` means in development, staging or production.
//
// A profile inherits from at most one parent. Tiers are merged field by field, the child over the
// parent, so that a profile says only what differs. Refused: cycles, unknown parents, and an
// environment that no profile defines.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/document.hpp"
#include "text/diagnostic.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy {

/// Resource name -> quantity as written in the profile, in the order of first mention.
using Quantities = std::vector<std::pair<std::string, std::string>>;

/// The quantity of `resource` ("cpu"), or null.
const std::string* FindQuantity(const Quantities& quantities, std::string_view resource);

/// A named resource preset of one environment.
struct Tier {
  std::string name;
  Quantities requests;
  Quantities limits;
  std::optional<std::int64_t> replicas;
};

/// One environment, inheritance resolved.
struct Profile {
  std::string name;
  std::vector<std::string> chain;  ///< This profile, its parent, and so on up to the root.
  std::map<std::string, Tier, std::less<>> tiers;
  yaml::Value autoscaling;  ///< A map: minReplicas, maxReplicas; empty if none says so.
  std::string secret_path;  ///< With its variables; empty if none says so.
  const Document* document = nullptr;

  /// The tier of that name, or null.
  const Tier* FindTier(std::string_view tier) const;
  /// "small, medium, large": for messages about an unknown tier.
  std::string TierNames() const;
};

/// What to say of a tier that a workload asks for and that is not there.
struct NoTier {
  std::string message;
  std::string hint;
};
/// `profile` is null if the run has none.
NoTier DescribeNoTier(const Profile* profile, const std::string& tier);

class Profiles {
 public:
  /// Resolves every EnvironmentProfile of `documents`. Broken ones are reported and left out.
  static Profiles Resolve(const DocumentSet& documents, text::Diagnostics& diagnostics);

  /// The profile of `environment`, or null.
  const Profile* Find(std::string_view environment) const;
  const std::map<std::string, Profile, std::less<>>& all() const { return profiles_; }
  /// An error that names the known environments, for `environment` that Find() does not know.
  text::Diagnostic Unknown(std::string_view environment, text::Place place) const;

 private:
  std::map<std::string, Profile, std::less<>> profiles_;
};

}  // namespace cloudlab::policy
