// The edit distance is Damerau's in its restricted form (optimal string alignment). Words longer
// than kMaxWord are not compared: a field name never is, and the cost is quadratic.
#include "policy/suggest.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace cloudlab::policy {
namespace {

constexpr std::size_t kMaxWord = 64;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_up(b.size() + 1);
  std::vector<std::size_t> up(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) up[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = up[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
      row[j] = std::min({up[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], two_up[j - 2] + 1);
      }
    }
    std::swap(two_up, up);
    std::swap(up, row);
  }
  return up[b.size()];
}

}  // namespace

std::string Nearest(std::string_view word, std::span<const std::string> candidates) {
  if (word.size() > kMaxWord) return {};
  const std::string lower = Lower(word);
  std::string nearest;
  std::size_t least = SIZE_MAX;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kMaxWord) continue;
    const std::size_t distance = Distance(lower, Lower(candidate));
    const std::size_t allowed =
        std::max<std::size_t>(1, std::max(word.size(), candidate.size()) / 3);
    if (distance <= allowed && distance < word.size() && distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string Joined(std::span<const std::string> words) {
  std::string joined;
  for (const std::string& word : words) {
    if (!joined.empty()) joined += ", ";
    joined += word;
  }
  return joined;
}

std::string Suggestion(std::string_view word, std::span<const std::string> candidates) {
  constexpr std::size_t kMaxListed = 12;
  const std::string nearest = Nearest(word, candidates);
  if (!nearest.empty()) return "did you mean \"" + nearest + "\"?";
  if (candidates.empty() || candidates.size() > kMaxListed) return {};
  return "known are: " + Joined(candidates);
}

}  // namespace cloudlab::policy
