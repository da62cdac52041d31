// Printable ASCII, tabs and line feeds are skipped many at a time; anything else is read character
// by character.
#include "yaml/bytes.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>

#include "yaml/search.hpp"

namespace cloudlab::yaml {
namespace {

bool IsOrdinary(unsigned char c) { return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\t'; }

/// The first place at or behind `at` from which bytes must be looked at one by one.
std::size_t SkipOrdinary(std::string_view text, std::size_t at) {
  while (at + kStep <= text.size() && IsOrdinaryStep(text.data() + at)) at += kStep;
  while (at < text.size() && IsOrdinary(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

struct Decoded {
  std::uint32_t code_point = 0;
  std::uint32_t size = 0;  ///< 0 if the bytes are not UTF-8.
};

/// One UTF-8 character at `text[at]` (RFC 3629: no overlong forms, no surrogates).
Decoded DecodeUtf8(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::uint32_t size = lead < 0x80             ? 1
                             : (lead & 0xE0) == 0xC0 ? 2
                             : (lead & 0xF0) == 0xE0 ? 3
                             : (lead & 0xF8) == 0xF0 ? 4
                                                     : 0;
  if (size == 0 || at + size > text.size()) return {};
  std::uint32_t code_point = size == 1 ? lead : lead & (0xFFU >> (size + 1));
  for (std::uint32_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if ((next & 0xC0) != 0x80) return {};
    code_point = code_point << 6U | (next & 0x3FU);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < kSmallest[size] || code_point > 0x10FFFF || surrogate) return {};
  return {code_point, size};
}

std::string CodePointName(std::uint32_t code_point) {
  char name[16];
  std::snprintf(name, sizeof name, "U+%04X", code_point);
  return name;
}

std::optional<Problem> CheckCharacter(Decoded c, char next, Span span) {
  using enum Problem::Class;
  const std::uint32_t cp = c.code_point;
  if (c.size == 0) {
    return Problem{kError, "CL-Y-UTF8", "the bytes here are not valid UTF-8",
                   "save the file as UTF-8", span};
  }
  if (cp == '\n' || cp == '\t' || (cp >= 0x20 && cp < 0x7F) || (cp == '\r' && next == '\n')) {
    return std::nullopt;
  }
  if (cp == '\r' || cp == 0x85 || cp == 0x2028 || cp == 0x2029) {
    const std::string name = cp == '\r' ? "a carriage return without a line feed"
                                        : "the Unicode line break " + CodePointName(cp);
    return Problem{kRefusal, "CL-Y-LINE-BREAK", name + " is a line break to some readers only",
                   "use LF or CR LF line endings, or write it as an escape in double quotes", span};
  }
  const bool allowed = (cp >= 0xA0 && cp <= 0xFFFD && cp != 0xFEFF) || cp >= 0x10000;
  if (allowed) return std::nullopt;
  if (cp == 0xFEFF) {
    return Problem{kRefusal, "CL-Y-CONTROL",
                   "a byte order mark (U+FEFF) that does not begin the stream is read differently",
                   "remove it", span};
  }
  return Problem{kError, "CL-Y-CONTROL",
                 "the character " + CodePointName(cp) + " is not allowed in YAML",
                 "remove it, or write it as an escape in double quotes", span};
}

}  // namespace

std::optional<Problem> CheckBytes(std::string_view text) {
  std::size_t at = SkipOrdinary(text, 0);
  while (at < text.size()) {
    const Decoded c = DecodeUtf8(text, at);
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    const std::uint32_t size = std::max(c.size, 1U);
    const auto begin = static_cast<std::uint32_t>(at);
    if (auto problem = CheckCharacter(c, next, {begin, begin + size})) return problem;
    at = SkipOrdinary(text, at + size);
  }
  return std::nullopt;
}

}  // namespace cloudlab::yaml
