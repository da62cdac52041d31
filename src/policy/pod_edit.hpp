// Things that hold for every policy that edits pods.
#pragma once

#include "policy/proposal.hpp"

namespace cloudlab::policy {

/// Warns that the next apply of this object will fail if it exists already: the API server refuses
/// a changed pod template in a Job (rule G3).
void WarnIfImmutable(Proposal& proposal);

}  // namespace cloudlab::policy
