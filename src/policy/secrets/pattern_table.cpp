#include "policy/secrets/pattern_table.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace cloudlab::policy::secrets {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

std::uint64_t Load8(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// The upper bits of the product depend on all four bytes.
std::uint32_t HashGram(const char* at) {
  std::uint32_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word * 0x9E3779B1U;
}

/// A bit for the four bytes before `end`.
std::uint64_t EndBit(const char* end) { return std::uint64_t{1} << (HashGram(end - 4) >> 26U); }

/// Heads often differ in their last bytes alone, and only the upper bits of a product depend on the
/// upper bits of its factors.
std::size_t HashHead(std::uint64_t head) {
  return static_cast<std::size_t>(((head ^ (head >> 32U)) * 0x9E3779B97F4A7C15U) >> 32U);
}

std::size_t CommonLength(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t at = 0;
  while (at + 8 <= most && Load8(a.data() + at) == Load8(b.data() + at)) at += 8;
  while (at < most && a[at] == b[at]) ++at;
  return at;
}

bool StandsAlone(const Pattern& pattern, std::string_view text, std::size_t at) {
  if (pattern.alone_before && at > 0 && IsTokenByte(text[at - 1])) return false;
  const std::size_t end = at + pattern.text.size();
  return !pattern.alone_after || end == text.size() || !IsTokenByte(text[end]);
}

}  // namespace

bool IsTokenByte(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

void PatternTable::Add(Pattern pattern) {
  if (pattern.text.size() >= kShortest) patterns_.push_back(std::move(pattern));
}

void PatternTable::Build() {
  std::ranges::stable_sort(patterns_, [](const Pattern& a, const Pattern& b) {
    return std::pair(std::string_view(a.text), a.form) <
           std::pair(std::string_view(b.text), b.form);
  });
  // Of equal texts the first stays, and is found wherever one of them would be.
  std::vector<Pattern> distinct;
  for (Pattern& pattern : patterns_) {
    if (distinct.empty() || distinct.back().text != pattern.text) {
      distinct.push_back(std::move(pattern));
      continue;
    }
    distinct.back().alone_before = distinct.back().alone_before && pattern.alone_before;
    distinct.back().alone_after = distinct.back().alone_after && pattern.alone_after;
  }
  patterns_ = std::move(distinct);
  shorter_.assign(patterns_.size(), kNone);
  for (std::uint32_t i = 1; i < patterns_.size(); ++i) {
    std::uint32_t before = i - 1;
    while (before != kNone && !patterns_[i].text.starts_with(patterns_[before].text)) {
      before = shorter_[before];
    }
    shorter_[i] = before;
  }
  BuildGroups();
  BuildGrams();
}

void PatternTable::BuildGroups() {
  for (std::uint32_t i = 0; i < patterns_.size(); ++i) {
    const std::uint64_t head = Load8(patterns_[i].text.data());
    if (groups_.empty() || groups_.back().head != head) groups_.push_back({head, i, i});
    Group& group = groups_.back();
    group.end = i + 1;
    group.alone_before = group.alone_before && patterns_[i].alone_before;
    const auto size = static_cast<std::uint32_t>(patterns_[i].text.size());
    group.shortest = group.shortest == 0 ? size : std::min(group.shortest, size);
  }
  for (Group& group : groups_) {
    for (std::uint32_t i = group.begin; i < group.end; ++i) {
      group.ends |= EndBit(patterns_[i].text.data() + group.shortest);
    }
  }
  slots_.assign(std::bit_ceil(groups_.size() * 2 + 1), 0);
  for (std::uint32_t i = 0; i < groups_.size(); ++i) {
    std::size_t slot = HashHead(groups_[i].head) & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = i + 1;
  }
}

void PatternTable::BuildGrams() {
  constexpr std::size_t kLeastBits = std::size_t{1} << 13U;
  constexpr std::size_t kMostBits = std::size_t{1} << 22U;  // 512 KiB: the cache of a core.
  constexpr std::size_t kBitsPerGram = 32;
  const std::size_t bits =
      std::clamp(std::bit_ceil(groups_.size() * kStride * kBitsPerGram), kLeastBits, kMostBits);
  gram_shift_ = 32U - static_cast<std::uint32_t>(std::countr_zero(bits));
  grams_.assign(bits / 64, 0);
  for (const Group& group : groups_) {
    const char* head = patterns_[group.begin].text.data();
    for (std::size_t i = 0; i < kStride; ++i) {
      const std::uint32_t hash = HashGram(head + i) >> gram_shift_;
      grams_[hash / 64] |= std::uint64_t{1} << (hash % 64);
    }
  }
}

inline std::uint64_t PatternTable::HasGram(const char* at) const {
  const std::uint32_t hash = HashGram(at) >> gram_shift_;
  return (grams_[hash / 64] >> (hash % 64)) & 1U;
}

const PatternTable::Group* PatternTable::FindGroup(std::uint64_t head) const {
  std::size_t slot = HashHead(head) & (slots_.size() - 1);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    const Group& group = groups_[slots_[slot] - 1];
    if (group.head == head) return &group;
  }
  return nullptr;
}

/// Every pattern that `text` goes on with is the beginning of the last one that is not greater.
const Pattern* PatternTable::LongestOf(const Group& group, std::string_view text,
                                       std::size_t at) const {
  const std::string_view rest = text.substr(at);
  const auto begin = patterns_.begin() + group.begin;
  const auto end = patterns_.begin() + group.end;
  const auto greater =
      std::upper_bound(begin, end, rest, [](std::string_view wanted, const Pattern& pattern) {
        return wanted < std::string_view(pattern.text);
      });
  if (greater == begin) return nullptr;
  auto i = static_cast<std::uint32_t>(greater - patterns_.begin() - 1);
  const std::size_t common = CommonLength(patterns_[i].text, rest);
  for (; i != kNone; i = shorter_[i]) {
    const Pattern& pattern = patterns_[i];
    if (pattern.text.size() <= common && StandsAlone(pattern, text, at)) return &pattern;
  }
  return nullptr;
}

const Pattern* PatternTable::FindAt(std::string_view text, std::size_t at) const {
  if (at + kShortest > text.size()) return nullptr;
  const Group* group = FindGroup(Load8(text.data() + at));
  if (group == nullptr) return nullptr;
  if (group->alone_before && at > 0 && IsTokenByte(text[at - 1])) return nullptr;
  if (at + group->shortest > text.size()) return nullptr;
  if ((group->ends & EndBit(text.data() + at + group->shortest)) == 0) return nullptr;
  return LongestOf(*group, text, at);
}

void PatternTable::Search(std::string_view text, std::size_t begin, std::size_t end,
                          std::vector<Match>& matches) const {
  if (text.size() < kShortest || empty()) return;
  end = std::min(end, text.size() - kShortest + 1);
  const char* const data = text.data();
  constexpr std::size_t kTogether = 4;
  // A look at `at` finds what begins in the stride that ends there.
  const std::size_t last = end + kStride - 1;
  for (std::size_t at = begin; at < last; at += kStride) {
    // Most looks find nothing: several are done before one asks.
    while (at + kTogether * kStride < last) {
      const std::uint64_t found = HasGram(data + at) | HasGram(data + at + kStride) |
                                  HasGram(data + at + 2 * kStride) |
                                  HasGram(data + at + 3 * kStride);
      if (found != 0) break;
      at += kTogether * kStride;
    }
    const std::size_t steps = std::min(kTogether, (last - at + kStride - 1) / kStride);
    for (std::size_t step = 0; step < steps; ++step) {
      const std::size_t look = at + step * kStride;
      if (HasGram(data + look) == 0) continue;
      const std::size_t first = std::max(begin, look - std::min(look, kStride - 1));
      for (std::size_t start = first; start < std::min(look + 1, end); ++start) {
        if (const Pattern* pattern = FindAt(text, start)) matches.push_back({start, pattern});
      }
    }
    at += (steps - 1) * kStride;
  }
}

}  // namespace cloudlab::policy::secrets
