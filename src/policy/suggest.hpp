// "Did you mean": the known word nearest to a misspelt one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cloudlab::policy {

/// The candidate that is nearest to `word`, or empty if none is near: at most a third of the
/// letters differ, letter case aside (swapped neighbours count as one difference).
std::string Nearest(std::string_view word, std::span<const std::string> candidates);

/// `did you mean "X"?`, or else, of at most 12 candidates, `known are: a, b`; empty without any.
std::string Suggestion(std::string_view word, std::span<const std::string> candidates);

/// "a, b, c".
std::string Joined(std::span<const std::string> words);

}  // namespace cloudlab::policy
