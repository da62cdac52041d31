// Who reads an entry of a ConfigMap, and how: as a file of a volume, as a variable, or with all
// other entries as variables. When an entry moves into a Secret, its readers are changed to read it
// there, under the same name, at the same place, with the same mode.
//
// Entries that nobody of the stream reads are not moved: whoever does would not find them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/manifest.hpp"
#include "policy/proposal.hpp"

namespace cloudlab::policy::secrets {

/// Entries of one ConfigMap that move.
struct Move {
  std::vector<std::string> keys;
  std::vector<std::string> all_keys;     ///< Of the ConfigMap as it was.
  std::string secret;                    ///< The name of the Secret that they move into.
  std::vector<std::string> secret_keys;  ///< What they are called there, in the order of `keys`.
  bool alone = false;                    ///< The Secret holds nothing else, under the same names.

  /// The key in the Secret of `key`, or null if it stays.
  const std::string* Find(std::string_view key) const;
};

/// By namespace and name of the ConfigMap.
using Moves = std::map<std::pair<std::string, std::string>, Move>;

/// Calls take(name, key) for every ConfigMap that the pod of `workload` reads: with an empty key
/// where it reads all entries.
void ForEachConfigUse(const kube::Manifest& workload,
                      const std::function<void(std::string_view, std::string_view)>& take);

/// Calls take(name) for every Secret that the pod of `workload` reads.
void ForEachSecretUse(const kube::Manifest& workload,
                      const std::function<void(std::string_view)>& take);

/// Makes the pod of `workload` read what was moved from where it is now. `ns` is its effective
/// namespace. Returns true if it reads any of it.
bool RedirectReaders(const kube::Manifest& workload, const std::string& ns, const Moves& moves,
                     Proposal& proposal);

}  // namespace cloudlab::policy::secrets
