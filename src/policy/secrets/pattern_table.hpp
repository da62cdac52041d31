// Thousands of patterns, searched in one pass over a text.
//
// Every pattern has at least 8 bytes. The text is looked at every 5 bytes: wherever a pattern
// stands, one of these looks falls on four of its first 8 bytes, and whether four bytes are such is
// one bit of a table. The looks do not depend on one another, so that the processor does several at
// a time. What passes is looked up by 8 bytes; patterns that begin with the same 8 stand sorted and
// are told apart by bisection, so that values with equal beginnings cost a logarithm.
//
// Patterns of fewer bytes are refused.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace cloudlab::policy::secrets {

/// How a value stands in a text.
enum class Form : std::uint8_t { kRaw, kEscapes, kPercent, kBase64 };

struct Pattern {
  std::string text;
  std::size_t id = 0;
  Form form = Form::kRaw;
  bool alone_before = false;  ///< No letter, digit or `_` may stand before it.
  bool alone_after = false;   ///< Nor behind it.
};

/// True for a byte of which words are made.
bool IsTokenByte(char c);

class PatternTable {
 public:
  static constexpr std::size_t kShortest = 8;

  void Add(Pattern pattern);
  /// To be called once, behind the last Add().
  void Build();
  bool empty() const { return patterns_.empty(); }
  std::size_t size() const { return patterns_.size(); }

  struct Match {
    std::size_t begin = 0;
    const Pattern* pattern = nullptr;
  };
  /// Adds to `matches` the longest pattern at each place of [begin, end) where one begins.
  void Search(std::string_view text, std::size_t begin, std::size_t end,
              std::vector<Match>& matches) const;

 private:
  static constexpr std::size_t kGram = 4;
  static constexpr std::size_t kStride = kShortest - kGram + 1;

  /// The patterns [begin, end) begin with the 8 bytes `head`.
  struct Group {
    std::uint64_t head = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    bool alone_before = true;  ///< All of them.
    /// The length of the shortest, and a bit for each hash of the four bytes with which that part
    /// of a pattern ends: words of the stream often begin as its passwords do.
    std::uint32_t shortest = 0;
    std::uint64_t ends = 0;
  };

  void BuildGroups();
  void BuildGrams();
  /// 1 if four of the first bytes of a pattern may stand there, else 0.
  std::uint64_t HasGram(const char* at) const;
  const Group* FindGroup(std::uint64_t head) const;
  const Pattern* FindAt(std::string_view text, std::size_t at) const;
  const Pattern* LongestOf(const Group& group, std::string_view text, std::size_t at) const;

  std::vector<Pattern> patterns_;       // Sorted by text.
  std::vector<std::uint32_t> shorter_;  // The longest other pattern that this one begins with.
  std::vector<Group> groups_;
  std::vector<std::uint32_t> slots_;  // Open addressing: 1 + index of a group, or 0.
  std::vector<std::uint64_t> grams_;  // A bit for each hash of four bytes.
  std::uint32_t gram_shift_ = 0;
};

}  // namespace cloudlab::policy::secrets
