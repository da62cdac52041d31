// The proof of a splice: the edited text is scanned again and compared, node by node, with the tree
// that was intended: the input's outline plus the ChangeSet. The expected tree is never derived
// from the spliced text, so a wrong splice cannot vouch for itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "text/edit.hpp"
#include "yaml/change.hpp"
#include "yaml/outline.hpp"

namespace cloudlab::yaml {

/// How the edited document differs from the intended tree. Always a bug of ours.
struct Mismatch {
  std::string what;      ///< One sentence with the path of the first difference.
  std::string intended;  ///< The intended tree, printed.
  std::string found;     ///< The tree of the edited text, printed.
};

/// Compares `edited` (the outline of the spliced text) with `original` after `changes`. Unchanged
/// scalars must have equal bytes and style, changed ones the intended value, entries and items the
/// intended order; every alias must still stand for what it stood for.
std::optional<Mismatch> Verify(const Outline& original, const ChangeSet& changes,
                               const Outline& edited);

/// The last proof, over all edits of a run at once: whatever of `original` lies in the `kept` runs
/// of bytes must stand in `edited` as the same node, with the same key, value and style, below the
/// same parent. Returns the first difference.
std::optional<std::string> VerifyKept(const Outline& original, const std::vector<text::Piece>& kept,
                                      const Outline& edited);

/// The tree of an outline, one line per node, for messages and tests.
std::string PrintTree(const Outline& outline);

}  // namespace cloudlab::yaml
