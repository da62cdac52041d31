// A part of a text as a reader of it would get it: with escapes undone, and for every byte the
// place where it came from. Search finds in a view what is written in another way in the text
// itself.
//
// Undone are, one at a time: backslash escapes (of YAML, JSON, C and shells, all at once: what no
// reader knows stays as it is), the doubled quotes of single-quoted YAML, percent-encoding, with
// `+` for a blank or without, and the line breaks and indentation between lines of base64. Text
// inside text is a view of a view.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cloudlab::policy::secrets {

enum class Undo : std::uint8_t { kBackslashes, kQuotes, kPercents, kPercentsAndPluses };

struct View {
  std::string text;
  std::vector<std::uint32_t> at;  ///< Of each byte, where it is written; of the end, too.
};

/// The bytes [begin, end) of `text` as they are.
View ViewOf(std::string_view text, std::size_t begin, std::size_t end);

/// True if `undo` would change something in `text`.
bool Changes(Undo undo, std::string_view text);

View Undone(Undo undo, const View& view);

/// The next byte at or behind `at` with which an escape may begin: `\`, `%` or a quote; or the end.
std::size_t FindEscape(std::string_view text, std::size_t at);

bool IsBase64Byte(char c);

/// True for a line of at least 16 characters of base64 and nothing but blanks around.
bool IsBase64Line(std::string_view line);

/// Where the next such line of `text` begins, at or behind the line that begins at `at`; or the
/// end.
std::size_t FindBase64Line(std::string_view text, std::size_t at);

/// The lines of base64 that begin at `begin` as one, from the last word of the line before to the
/// first one behind. `end` becomes the offset behind the last such line.
View JoinedLines(std::string_view text, std::size_t begin, std::size_t& end);

}  // namespace cloudlab::policy::secrets
