// What bytes a document may hold, and what single bytes mean to the scanner.
#pragma once

#include <optional>
#include <string_view>

#include "yaml/outline.hpp"

namespace cloudlab::yaml {

/// U+FEFF, which may begin a stream.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

inline bool IsBlank(char c) { return c == ' ' || c == '\t'; }
inline bool IsBreak(char c) { return c == '\n' || c == '\r'; }
/// Blank, line break, or the '\0' that stands for the end of the text.
inline bool IsBlankOrEnd(char c) { return IsBlank(c) || IsBreak(c) || c == '\0'; }
inline bool IsFlowIndicator(char c) {
  return c == ',' || c == '[' || c == ']' || c == '{' || c == '}';
}
/// A character that begins a plain scalar whatever stands behind it. Others may, too.
inline bool AlwaysStartsPlain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
         (byte >= 'A' && byte <= 'Z') || byte == '/' || byte == '.' || byte == '_' || byte >= 0x80;
}
/// A character of an anchor's or alias's name, as libyaml and go-yaml read them.
inline bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

/// The first byte sequence in `text` that no YAML reader takes, or that readers disagree about:
/// invalid UTF-8, control characters, DEL, C1, U+FEFF, noncharacters (errors); a lone CR, NEL,
/// U+2028, U+2029 (refused: line breaks to go-yaml, not to an editor).
std::optional<Problem> CheckBytes(std::string_view text);

}  // namespace cloudlab::yaml
