#include "policy/secrets/decoded_view.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "yaml/escape.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace cloudlab::policy::secrets {
namespace {

constexpr std::size_t kShortestLine = 16;
constexpr std::string_view kBlanks = " \t\r";

constexpr std::array<bool, 256> kBase64 = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789+/-_=")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

/// What stands in place of an escape, and how many bytes the escape has.
struct Unit {
  std::string text;
  std::size_t size = 0;  ///< 0: no escape.
};

std::optional<std::uint32_t> Hex(std::string_view digits) {
  std::uint32_t value = 0;
  for (const char c : digits) {
    const auto digit = yaml::HexDigit(c);
    if (!digit) return std::nullopt;
    value = value * 16 + *digit;
  }
  return value;
}

void AppendUtf8(std::uint32_t code, std::string& out) {
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto more = [&](std::uint32_t shift) { put(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x80U) {
    put(code);
  } else if (code < 0x800U) {
    put(0xC0U | (code >> 6U));
    more(0);
  } else if (code < 0x10000U) {
    put(0xE0U | (code >> 12U));
    more(6);
    more(0);
  } else {
    put(0xF0U | ((code >> 18U) & 0x07U));
    more(12);
    more(6);
    more(0);
  }
}

/// A backslash, a letter and digits; two of them for what JSON writes as two surrogates.
Unit DigitsUnit(std::string_view text, std::size_t digits) {
  if (text.size() < 2 + digits) return {};
  auto code = Hex(text.substr(2, digits));
  if (!code) return {};
  Unit unit{{}, 2 + digits};
  if (digits == 4 && (*code & 0xFC00U) == 0xD800U && text.substr(6, 2) == "\\u" &&
      text.size() >= 12) {
    const auto low = Hex(text.substr(8, 4));
    if (low && (*low & 0xFC00U) == 0xDC00U) {
      code = 0x10000U + ((*code & 0x3FFU) << 10U) + (*low & 0x3FFU);
      unit.size = 12;
    }
  }
  AppendUtf8(*code, unit.text);
  return unit;
}

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Unit BackslashUnit(std::string_view text) {
  if (text.size() < 2 || text.front() != '\\') return {};
  const char letter = text[1];
  if (const std::uint32_t digits = yaml::EscapeDigits(letter); digits != 0) {
    return DigitsUnit(text, digits);
  }
  Unit unit{{}, 2};
  if (const auto code = yaml::EscapedCodePoint(letter)) {
    AppendUtf8(*code, unit.text);
  } else if (!IsLetterOrDigit(letter)) {
    unit.text = letter;
  } else {
    unit.size = 0;
  }
  return unit;
}

Unit PercentUnit(std::string_view text) {
  if (text.size() < 3 || text.front() != '%') return {};
  const auto code = Hex(text.substr(1, 2));
  return code ? Unit{std::string(1, static_cast<char>(*code)), 3} : Unit{};
}

Unit UnitAt(Undo undo, std::string_view text) {
  switch (undo) {
    case Undo::kBackslashes:
      return BackslashUnit(text);
    case Undo::kQuotes:
      return text.starts_with("''") ? Unit{"'", 2} : Unit{};
    case Undo::kPercents:
      return PercentUnit(text);
    case Undo::kPercentsAndPluses:
      return text.starts_with('+') ? Unit{" ", 1} : PercentUnit(text);
  }
  return {};
}

/// Where the next byte stands with which something may begin that is undone, or the end.
std::size_t FindCandidate(Undo undo, std::string_view text, std::size_t at) {
  const auto next = [&](char c) { return std::min(text.find(c, at), text.size()); };
  switch (undo) {
    case Undo::kBackslashes:
      return next('\\');
    case Undo::kQuotes:
      return next('\'');
    case Undo::kPercents:
      return next('%');
    case Undo::kPercentsAndPluses:
      return std::min(text.find_first_of("%+", at), text.size());
  }
  return text.size();
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view LineFrom(std::string_view text, std::size_t at) {
  return text.substr(at, text.find('\n', at) - at);
}

void Append(std::string_view text, std::size_t begin, std::size_t end, View& view) {
  for (std::size_t i = begin; i < end; ++i) {
    view.text.push_back(text[i]);
    view.at.push_back(static_cast<std::uint32_t>(i));
  }
}

/// False for most lines of YAML: there is a blank or a colon among their last 16 bytes.
inline bool MayBeBase64Line(std::string_view line) {
  if (line.size() < kShortestLine) return false;
  if (IsBlank(line.back())) return true;
  const std::string_view tail = line.substr(line.size() - kShortestLine);
#if defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(tail.data()));
  const __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8(':')));
  return _mm_movemask_epi8(found) == 0;
#else
  return tail.find_first_of(" :") == std::string_view::npos;
#endif
}

}  // namespace

View ViewOf(std::string_view text, std::size_t begin, std::size_t end) {
  View view;
  view.text = text.substr(begin, end - begin);
  view.at.resize(end - begin + 1);
  for (std::size_t i = begin; i <= end; ++i) view.at[i - begin] = static_cast<std::uint32_t>(i);
  return view;
}

bool Changes(Undo undo, std::string_view text) {
  for (std::size_t at = FindCandidate(undo, text, 0); at < text.size();
       at = FindCandidate(undo, text, at + 1)) {
    if (UnitAt(undo, text.substr(at)).size != 0) return true;
  }
  return false;
}

View Undone(Undo undo, const View& view) {
  const std::string_view text = view.text;
  View result;
  result.text.reserve(text.size());
  result.at.reserve(view.at.size());
  const auto keep = [&](std::size_t begin, std::size_t end) {
    result.text.append(text, begin, end - begin);
    result.at.insert(result.at.end(), view.at.begin() + static_cast<std::ptrdiff_t>(begin),
                     view.at.begin() + static_cast<std::ptrdiff_t>(end));
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t candidate = FindCandidate(undo, text, at);
    keep(at, candidate);
    at = candidate;
    if (at == text.size()) break;
    const Unit unit = UnitAt(undo, text.substr(at));
    if (unit.size == 0) {
      keep(at, at + 1);
      ++at;
      continue;
    }
    result.text += unit.text;
    result.at.insert(result.at.end(), unit.text.size(), view.at[at]);
    at += unit.size;
  }
  result.at.push_back(view.at.back());
  return result;
}

std::size_t FindEscape(std::string_view text, std::size_t at) {
#if defined(__SSE2__)
  constexpr std::size_t kStep = 16;
  for (; at + kStep <= text.size(); at += kStep) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')),
                                                    _mm_cmpeq_epi8(bytes, _mm_set1_epi8('%'))),
                                       _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\'')));
    const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(found));
    if (mask != 0) return at + static_cast<std::size_t>(std::countr_zero(mask));
  }
#endif
  while (at < text.size() && text[at] != '\\' && text[at] != '%' && text[at] != '\'') ++at;
  return at;
}

bool IsBase64Byte(char c) { return kBase64[static_cast<unsigned char>(c)]; }

bool IsBase64Line(std::string_view line) {
  std::size_t end = line.size();
  while (end > 0 && IsBlank(line[end - 1])) --end;
  std::size_t begin = end;
  while (begin > 0 && IsBase64Byte(line[begin - 1])) --begin;
  if (end - begin < kShortestLine) return false;
  return line.find_first_not_of(kBlanks) == begin;
}

std::size_t FindBase64Line(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  const auto ends_at = [&](std::size_t end) {
    const std::string_view line = text.substr(begin, end - begin);
    if (MayBeBase64Line(line) && IsBase64Line(line)) return true;
    begin = end + 1;
    return false;
  };
#if defined(__SSE2__)
  constexpr std::size_t kStep = 16;
  for (; at + kStep <= text.size(); at += kStep) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    auto feeds =
        static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'))));
    for (; feeds != 0; feeds &= feeds - 1) {
      if (ends_at(at + static_cast<std::size_t>(std::countr_zero(feeds)))) return begin;
    }
  }
#endif
  for (; at < text.size(); ++at) {
    if (text[at] == '\n' && ends_at(at)) return begin;
  }
  return begin < text.size() && ends_at(text.size()) ? begin : text.size();
}

View JoinedLines(std::string_view text, std::size_t begin, std::size_t& end) {
  View view;
  if (begin > 0) {
    std::size_t last = begin - 1;  // The line feed.
    while (last > 0 && IsBlank(text[last - 1])) --last;
    std::size_t word = last;
    while (word > 0 && IsBase64Byte(text[word - 1])) --word;
    Append(text, word, last, view);
  }
  std::size_t at = begin;
  while (at < text.size()) {
    const std::string_view line = LineFrom(text, at);
    const std::size_t word = std::min(line.find_first_not_of(kBlanks), line.size());
    std::size_t behind = word;
    while (behind < line.size() && IsBase64Byte(line[behind])) ++behind;
    Append(text, at + word, at + behind, view);
    if (!IsBase64Line(line)) break;
    at = std::min(at + line.size() + 1, text.size());
  }
  end = at;
  view.at.push_back(view.at.empty() ? static_cast<std::uint32_t>(begin) : view.at.back() + 1);
  return view;
}

}  // namespace cloudlab::policy::secrets
