// What a run did to the stream, as a unified diff. It is not searched for: the runs of bytes that
// the edits kept are known, so every line is either kept or not, in time linear in the stream.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/guard.hpp"
#include "app/output.hpp"

namespace cloudlab::app {

/// The diff from `input` to `output.text` with three lines of context; empty if they are equal.
/// What looks like a secret is masked, and what does not pass the guard, in lines that stay too:
/// `patch` refuses such a hunk, nobody leaks it.
std::string UnifiedDiff(std::string_view input, const Output& output, std::string_view name,
                        const Guard& guard);

}  // namespace cloudlab::app
