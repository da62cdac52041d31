// Where a `ref+BACKEND://...` reference leads, in terms of the External Secrets Operator: the
// references of helmfile/vals are resolved while a chart is rendered; here they become remote
// references instead, so that no plaintext enters the manifest and CI needs no access to the store.
#pragma once

#include <optional>
#include <string>

#include "policy/secrets/plan.hpp"

namespace cloudlab::policy::secrets {

/// The remote of `reference`, without its store; nothing for a backend that is no store.
std::optional<Remote> StoreKeyOf(const Reference& reference);

/// "awssecrets, awsssm, ...": for messages.
std::string KnownBackends();

}  // namespace cloudlab::policy::secrets
