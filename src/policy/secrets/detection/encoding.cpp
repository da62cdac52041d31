#include "policy/secrets/detection/encoding.hpp"

#include <array>
#include <cstdint>
#include <utility>

#include "text/base64.hpp"

namespace cloudlab::policy::secrets {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The number in `digits`, all of them hexadecimal.
std::optional<std::uint32_t> ParseHex(std::string_view digits) {
  std::uint32_t number = 0;
  for (const char c : digits) {
    const int digit = HexDigit(c);
    if (digit < 0) return std::nullopt;
    number = number * 16 + static_cast<std::uint32_t>(digit);
  }
  return number;
}

void AppendUtf8(std::string& out, std::uint32_t code) {
  const auto push = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return push(code);
  if (code < 0x800) {
    push(0xC0 | (code >> 6));
    return push(0x80 | (code & 0x3F));
  }
  if (code < 0x10000) {
    push(0xE0 | (code >> 12));
  } else {
    push(0xF0 | ((code >> 18) & 0x07));
    push(0x80 | ((code >> 12) & 0x3F));
  }
  push(0x80 | ((code >> 6) & 0x3F));
  push(0x80 | (code & 0x3F));
}

/// Of `\uD83D\uDE00` the whole character.
std::uint32_t JoinSurrogates(std::string_view text, std::size_t& at, std::uint32_t code) {
  if (code < 0xD800 || code > 0xDBFF || !text.substr(at + 1).starts_with("\\u")) return code;
  if (text.size() < at + 7) return code;
  const auto low = ParseHex(text.substr(at + 3, 4));
  if (!low || *low < 0xDC00 || *low > 0xDFFF) return code;
  at += 6;
  return 0x10000 + ((code - 0xD800) << 10) + (*low - 0xDC00);
}

}  // namespace

std::optional<std::string> DecodePercent(std::string_view text, bool plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus) {
      out += ' ';
      continue;
    }
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto byte = ParseHex(text.substr(i + 1, 2));
    if (!byte) return std::nullopt;
    out += static_cast<char>(*byte);
    i += 2;
  }
  return out;
}

std::string DecodeBackslashes(std::string_view text) {
  static constexpr auto kEscapes = std::to_array<std::pair<char, char>>(
      {{'n', '\n'}, {'t', '\t'}, {'r', '\r'}, {'b', '\b'}, {'f', '\f'}, {'0', '\0'}});
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    const std::size_t digits = c == 'u' ? 4 : c == 'x' ? 2 : c == 'U' ? 8 : 0;
    if (digits > 0 && i + digits < text.size()) {
      if (const auto code = ParseHex(text.substr(i + 1, digits))) {
        i += digits;
        AppendUtf8(out, JoinSurrogates(text, i, *code));
        continue;
      }
    }
    char plain = c;
    for (const auto& [letter, meant] : kEscapes) {
      if (letter == c) plain = meant;
    }
    out += plain;
  }
  return out;
}

std::string DecodeDoubled(std::string_view text, char mark) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == mark && i + 1 < text.size() && text[i + 1] == mark) ++i;
  }
  return out;
}

std::string DecodeXml(std::string_view text) {
  static constexpr auto kEntities = std::to_array<std::pair<std::string_view, char>>(
      {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}});
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '&') {
      for (const auto& [entity, meant] : kEntities) {
        if (!text.substr(i).starts_with(entity)) continue;
        c = meant;
        i += entity.size() - 1;
        break;
      }
    }
    out += c;
  }
  return out;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() % 4 == 1 || text.find_first_not_of(kDigits) != text.npos) return std::nullopt;
  return text::DecodeBase64(text);
}

}  // namespace cloudlab::policy::secrets
