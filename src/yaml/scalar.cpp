// Decoding follows libyaml's scanner rule by rule (yaml_parser_scan_flow_scalar, _block_scalar,
// _plain_scalar), because its folding is what Helm, kubectl and kustomize show.
#include "yaml/scalar.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "yaml/bytes.hpp"
#include "yaml/escape.hpp"

namespace cloudlab::yaml {
namespace {

void AppendUtf8(std::uint32_t cp, std::string& out) {
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (cp < 0x80) {
    put(cp);
  } else if (cp < 0x800) {
    put(0xC0 | cp >> 6U);
    put(0x80 | (cp & 0x3FU));
  } else if (cp < 0x10000) {
    put(0xE0 | cp >> 12U);
    put(0x80 | (cp >> 6U & 0x3FU));
    put(0x80 | (cp & 0x3FU));
  } else {
    put(0xF0 | cp >> 18U);
    put(0x80 | (cp >> 12U & 0x3FU));
    put(0x80 | (cp >> 6U & 0x3FU));
    put(0x80 | (cp & 0x3FU));
  }
}

/// Skips the line break at `at`; CR LF is one.
std::size_t SkipBreak(std::string_view raw, std::size_t at) {
  return at + (raw[at] == '\r' && at + 1 < raw.size() && raw[at + 1] == '\n' ? 2 : 1);
}

/// Blanks and line breaks at `at` inside a plain or quoted scalar: blanks around breaks vanish, one
/// break becomes a space, n breaks become n - 1 line feeds. `folded` is set behind an escaped
/// line break, whose own break counts as nothing.
std::size_t Fold(std::string_view raw, std::size_t at, bool escaped_break, std::string& out) {
  const std::size_t begin = at;
  std::size_t breaks = 0;
  while (at < raw.size() && (IsBlank(raw[at]) || IsBreak(raw[at]))) {
    if (IsBreak(raw[at])) {
      ++breaks;
      at = SkipBreak(raw, at);
    } else {
      ++at;
    }
  }
  if (escaped_break) {
    out.append(breaks, '\n');
  } else if (breaks == 0) {
    out.append(raw.substr(begin, at - begin));
  } else if (breaks == 1) {
    out.push_back(' ');
  } else {
    out.append(breaks - 1, '\n');
  }
  return at;
}

/// The escape whose backslash stands before `at`; returns the offset behind it.
std::size_t Unescape(std::string_view raw, std::size_t at, std::string& out) {
  const char letter = raw[at++];
  const std::size_t digits = EscapeDigits(letter);
  std::uint32_t code_point = EscapedCodePoint(letter).value_or(0);
  for (const char c : raw.substr(at, digits)) {
    code_point = code_point << 4U | HexDigit(c).value_or(0);
  }
  AppendUtf8(code_point, out);
  return at + digits;
}

std::string DecodeBlock(std::string_view raw, Style style, std::uint32_t indent) {
  const bool literal = style == Style::kLiteral;
  std::size_t at = 1;
  char chomping = ' ';
  for (; at < raw.size() && !IsBreak(raw[at]) && !IsBlank(raw[at]); ++at) {
    if (raw[at] == '+' || raw[at] == '-') chomping = raw[at];
  }
  while (at < raw.size() && !IsBreak(raw[at])) ++at;
  if (at < raw.size()) at = SkipBreak(raw, at);

  std::string out;
  std::size_t breaks = 0;      // Of empty lines since the last line with text.
  bool pending_break = false;  // The line break behind that line.
  bool after_blank_start = false;
  const auto skip_empty_lines = [&] {
    while (at < raw.size()) {
      std::size_t spaces = 0;
      while (spaces < indent && at + spaces < raw.size() && raw[at + spaces] == ' ') ++spaces;
      if (at + spaces < raw.size() && !IsBreak(raw[at + spaces])) {
        at += spaces;
        return;
      }
      at += spaces;
      if (at >= raw.size()) return;
      at = SkipBreak(raw, at);
      ++breaks;
    }
  };
  skip_empty_lines();
  while (at < raw.size()) {
    const bool starts_blank = IsBlank(raw[at]);
    if (!literal && pending_break && !after_blank_start && !starts_blank) {
      if (breaks == 0) out.push_back(' ');
    } else if (pending_break) {
      out.push_back('\n');
    }
    out.append(breaks, '\n');
    breaks = 0;
    after_blank_start = starts_blank;
    const std::size_t begin = at;
    while (at < raw.size() && !IsBreak(raw[at])) ++at;
    out.append(raw.substr(begin, at - begin));
    pending_break = at < raw.size();
    if (pending_break) at = SkipBreak(raw, at);
    skip_empty_lines();
  }
  if (chomping != '-' && pending_break) out.push_back('\n');
  if (chomping == '+') out.append(breaks, '\n');
  return out;
}

bool EqualsAnyCase(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b;
  });
}

/// Of the words that a reader may take for something else than a string.
constexpr std::size_t kLongestWord = 5;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Words that a reader may take for null, a boolean, a number, a merge key or a default key.
bool IsReservedWord(std::string_view text) {
  static constexpr std::array<std::string_view, 13> kWords = {
      "y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "=", "<<", "nan"};
  // Most words are longer, or begin otherwise.
  static constexpr std::string_view kFirst = "yYnNoOtTfF~=<";
  return text.size() <= kLongestWord && !text.empty() &&
         kFirst.find(text.front()) != std::string_view::npos &&
         std::ranges::any_of(kWords, [&](auto word) { return EqualsAnyCase(text, word); });
}

/// Words and shapes that a YAML 1.1 or 1.2 reader may take for null, a boolean, a number, a date,
/// a merge key or a default key. Wider than any one reader: quoting too much is harmless.
bool MayBeNonString(std::string_view text) {
  if (IsReservedWord(text)) return true;
  const std::string_view unsigned_text =
      text.starts_with('-') || text.starts_with('+') ? text.substr(1) : text;
  if (unsigned_text.empty()) return true;
  if (EqualsAnyCase(unsigned_text, ".inf") || EqualsAnyCase(text, ".nan")) return true;
  const char c = unsigned_text[0];
  const bool digit_start = c >= '0' && c <= '9';
  const bool dot_digit =
      c == '.' && unsigned_text.size() > 1 &&
      ((unsigned_text[1] >= '0' && unsigned_text[1] <= '9') || unsigned_text[1] == '_' ||
       unsigned_text[1] == 'e' || unsigned_text[1] == 'E');
  if (!digit_start && !dot_digit && !(c == '.' && unsigned_text.size() == 1)) return false;
  // A number, date or sexagesimal in any schema is made of these alone: digits, hexadecimal
  // digits behind 0x, signs, dots, underscores, exponents, colons, and a date's T, Z and space.
  const bool hexadecimal =
      unsigned_text.size() > 1 && c == '0' && (unsigned_text[1] == 'x' || unsigned_text[1] == 'X');
  return std::ranges::all_of(unsigned_text, [hexadecimal](char d) {
    if (d >= '0' && d <= '9') return true;
    if (hexadecimal && ((d >= 'a' && d <= 'f') || (d >= 'A' && d <= 'F') || d == 'x' || d == 'X')) {
      return true;
    }
    return std::string_view("+-._:eEoObBtTzZ ").find(d) != std::string_view::npos;
  });
}

}  // namespace

std::optional<std::string_view> Verbatim(std::string_view raw, Style style) {
  if (style == Style::kLiteral || style == Style::kFolded) return std::nullopt;
  if (style != Style::kPlain) raw = raw.substr(1, raw.size() - 2);
  if (raw.find('\n') != std::string_view::npos) return std::nullopt;
  if (style == Style::kDouble && raw.find('\\') != std::string_view::npos) return std::nullopt;
  if (style == Style::kSingle && raw.find('\'') != std::string_view::npos) return std::nullopt;
  return raw;
}

std::string DecodeFlowScalar(std::string_view raw, Style style) {
  if (const auto verbatim = Verbatim(raw, style)) return std::string(*verbatim);
  const bool quoted = style != Style::kPlain;
  if (quoted) raw = raw.substr(1, raw.size() - 2);
  std::string out;
  out.reserve(raw.size());
  std::size_t at = 0;
  while (at < raw.size()) {
    const char c = raw[at];
    if (IsBlank(c) || IsBreak(c)) {
      at = Fold(raw, at, false, out);
    } else if (c == '\\' && style == Style::kDouble) {
      if (IsBreak(raw[at + 1])) {
        at = Fold(raw, SkipBreak(raw, at + 1), true, out);
      } else {
        at = Unescape(raw, at + 1, out);
      }
    } else {
      out.push_back(c);
      at += c == '\'' && style == Style::kSingle ? 2 : 1;
    }
  }
  return out;
}

std::string DecodeScalar(const Outline& outline, NodeId id) {
  const Node& node = outline.node(id);
  const std::string_view raw = node.value.In(outline.text());
  if (node.style == Style::kLiteral || node.style == Style::kFolded) {
    return DecodeBlock(raw, node.style, node.indent);
  }
  return DecodeFlowScalar(raw, node.style);
}

namespace {

/// Characters that mean nothing inside a plain scalar, whatever stands beside them: most of any
/// text.
constexpr std::array<bool, 256> MakeDull() {
  std::array<bool, 256> dull{};
  for (std::size_t c = 0; c < dull.size(); ++c) {
    dull[c] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '.' || c == '/' || c == '_';
  }
  return dull;
}
constexpr std::array<bool, 256> kDull = MakeDull();

}  // namespace

bool IsPlainSafe(std::string_view text) {
  if (text.empty()) return false;
  const char first = text.front();
  // Most texts: what begins with a letter and is dull can only be a word.
  if (IsLetter(first) &&
      std::ranges::all_of(text, [](char c) { return kDull[static_cast<unsigned char>(c)]; })) {
    return !IsReservedWord(text);
  }
  if (MayBeNonString(text)) return false;
  if (IsBlank(first) || IsBlank(text.back()) || text.back() == ':') return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`=<~").find(first) != std::string_view::npos) {
    const bool dash_word = first == '-' && text.size() > 1 && !text.starts_with("---") &&
                           std::string_view(" .,[]{}").find(text[1]) == std::string_view::npos;
    if (!dash_word) return false;
  }
  if (text.starts_with("...")) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (kDull[c]) continue;
    if (c < 0x20 || c >= 0x7F) return false;
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == ':' && (IsBlank(next) || IsFlowIndicator(next))) return false;
    if (c == '#' && i > 0 && IsBlank(text[i - 1])) return false;
    if (c == '?' || IsFlowIndicator(static_cast<char>(c))) return false;
  }
  return true;
}

std::string DoubleQuoted(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += {'\\', 'u', '0', '0', kHex[byte >> 4U], kHex[byte & 0xFU]};
    } else if (byte == 0xC2 && i + 1 < text.size() &&
               static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      const auto low = static_cast<unsigned char>(text[++i]);  // C1 controls, NEL among them.
      out += {'\\', 'u', '0', '0', kHex[low >> 4U], kHex[low & 0xFU]};
    } else if (text.substr(i, 3) == "\xE2\x80\xA8" || text.substr(i, 3) == "\xE2\x80\xA9") {
      out += text[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (text.substr(i, 3) == "\xEF\xBB\xBF") {
      out += "\\uFEFF";
      i += 2;
    } else if (text.substr(i, 3) == "\xEF\xBF\xBE" || text.substr(i, 3) == "\xEF\xBF\xBF") {
      out += text[i + 2] == '\xBE' ? "\\uFFFE" : "\\uFFFF";
      i += 2;
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
  return out;
}

std::string EncodeInline(std::string_view text) {
  return IsPlainSafe(text) ? std::string(text) : DoubleQuoted(text);
}

}  // namespace cloudlab::yaml
