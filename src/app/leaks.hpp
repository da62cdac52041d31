// The proof that the manifests which are about to be written hold no value that the run has
// replaced by a reference (rule E6). A run that cannot prove it ends without output.
//
// Searched are the bytes of the whole output, comments and what no policy has touched included, and
// once more, decoded, every scalar of more than one line, because folding and indentation may stand
// between the parts of a value. What the search does not know of stands in policy/secrets/leak.hpp.
#pragma once

#include "app/output.hpp"
#include "app/report.hpp"
#include "policy/secrets/leak.hpp"

namespace cloudlab::app {

/// Adds an error for each place of `output` where one of the `removed` values still stands, and a
/// row to the proofs.
void ProveNoLeaks(const text::Source& input, const Documents& documents, const Output& output,
                  const policy::secrets::LeakSearch& removed, Report& report);

}  // namespace cloudlab::app
