// The escapes of double quotes, in one table: the scanner accepts what decoding can read.
//
// They are those that libyaml and go-yaml both take. `\/` and `\'` are not among them: they are
// known to libyaml, to JSON or to people, and go-yaml rejects them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace cloudlab::yaml {

/// A letter behind a backslash, and the code point that both stand for.
struct Escape {
  char letter;
  std::uint32_t code_point;
};

inline constexpr std::array<Escape, 17> kEscapes = {{{'0', 0x00},
                                                     {'a', 0x07},
                                                     {'b', 0x08},
                                                     {'t', 0x09},
                                                     {'\t', 0x09},
                                                     {'n', 0x0A},
                                                     {'v', 0x0B},
                                                     {'f', 0x0C},
                                                     {'r', 0x0D},
                                                     {'e', 0x1B},
                                                     {' ', 0x20},
                                                     {'"', 0x22},
                                                     {'\\', 0x5C},
                                                     {'N', 0x85},
                                                     {'_', 0xA0},
                                                     {'L', 0x2028},
                                                     {'P', 0x2029}}};

/// What the escape of one letter stands for, or nothing if there is none.
constexpr std::optional<std::uint32_t> EscapedCodePoint(char letter) {
  const auto* const found = std::ranges::find(kEscapes, letter, &Escape::letter);
  return found == kEscapes.end() ? std::nullopt : std::optional(found->code_point);
}

/// How many hexadecimal digits follow the letter: `\x41`, `\u0041`, `\U00000041`; else 0.
constexpr std::uint32_t EscapeDigits(char letter) {
  return letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
}

/// The value of a hexadecimal digit, or nothing.
constexpr std::optional<std::uint32_t> HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') return static_cast<std::uint32_t>(lower - 'a' + 10);
  return std::nullopt;
}

}  // namespace cloudlab::yaml
