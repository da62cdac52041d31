// What becomes of a proposal when its policy does not simply apply: `enforcement` of the spec.
//
// The caller lets such a policy propose into a ChangeSet of its own, which is thrown away.
#pragma once

#include <string_view>
#include <vector>

#include "kube/index.hpp"
#include "policy/document.hpp"
#include "policy/proposal.hpp"
#include "text/diagnostic.hpp"

namespace cloudlab::policy {

enum class Enforcement : std::uint8_t {
  kApply,   ///< Edits are made.
  kWarn,    ///< Nothing is edited; what would be is a warning.
  kFail,    ///< Nothing is edited; what would be is an error.
  kDryRun,  ///< Nothing is edited; report rows as if it were.
};

Enforcement EnforcementOf(const Document& policy);

/// The finding about everything that `proposal` would have changed or added (objects that `index`
/// holds are there already); nothing for kApply and kDryRun,
/// or if it changes nothing. Its place is the manifest's root.
std::vector<Proposal::Finding> EnforcementFindings(Enforcement enforcement,
                                                   const Proposal& proposal,
                                                   std::string_view policy,
                                                   const kube::Index& index);

}  // namespace cloudlab::policy
