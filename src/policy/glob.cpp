// One pass over text and pattern. On a mismatch the last `*` takes one character more and matching
// resumes behind it; earlier stars need no second thought, because whatever they could take in
// addition, the last one can take as well.
#include "policy/glob.hpp"

#include <optional>

namespace cloudlab::policy {
namespace {

/// One element of a pattern other than `*`, and where the next one begins.
struct Step {
  std::size_t next = 0;
  bool matches = false;
};

/// The end of the set that opens at `at`: one past its `]`. As in shells, a `]` directly behind the
/// opening stands for itself.
std::optional<std::size_t> EndOfSet(std::string_view pattern, std::size_t at) {
  std::size_t i = at + 1;
  if (i < pattern.size() && pattern[i] == '!') ++i;
  const std::size_t close = pattern.find(']', i + 1);
  if (close == std::string_view::npos) return std::nullopt;
  return close + 1;
}

bool SetContains(std::string_view set, char c) {
  bool found = false;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      found = found || (set[i] <= c && c <= set[i + 2]);
      i += 2;
    } else {
      found = found || set[i] == c;
    }
  }
  return found;
}

Step MatchOne(std::string_view pattern, std::size_t at, char c) {
  if (pattern[at] == '?') return {at + 1, true};
  if (pattern[at] != '[') return {at + 1, pattern[at] == c};
  const std::optional<std::size_t> end = EndOfSet(pattern, at);
  if (!end) return {pattern.size(), false};
  std::string_view set = pattern.substr(at + 1, *end - at - 2);
  const bool negated = set.starts_with('!');
  if (negated) set.remove_prefix(1);
  return {*end, SetContains(set, c) != negated};
}

}  // namespace

bool IsGlob(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '[') continue;
    const std::optional<std::size_t> end = EndOfSet(pattern, i);
    if (!end) return false;
    i = *end - 1;
  }
  return true;
}

bool GlobMatches(std::string_view pattern, std::string_view text) {
  if (!IsGlob(pattern)) return false;
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::size_t> star;  // Behind the last star seen.
  std::size_t taken = 0;            // The first character that this star has not taken.
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      taken = t;
      continue;
    }
    const Step step = p < pattern.size() ? MatchOne(pattern, p, text[t]) : Step{};
    if (step.matches) {
      p = step.next;
      ++t;
    } else if (star) {
      p = *star;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace cloudlab::policy
