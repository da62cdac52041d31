// What holds when nobody gave a policy: containers that ask for nothing get a small request, so
// that the scheduler and autoscalers have something to work with. No limits, sidecars or objects.
#pragma once

#include "policy/document.hpp"
#include "text/diagnostic.hpp"

namespace cloudlab::policy {

/// The embedded defaults as a policy file: what `--print-defaults` prints and what a run without a
/// config reads.
const text::Source& Defaults();

/// Adds the embedded defaults to the documents that were found in the stream of a run without a
/// config. Who brings a Pipeline, an EnvironmentProfile or a ResourceTierPolicy knows what they
/// want: then the defaults step aside, and false is returned.
bool AddDefaults(DocumentSet& documents, text::Diagnostics& diagnostics);

}  // namespace cloudlab::policy
