#include "policy/secrets/forms.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace cloudlab::policy::secrets {
namespace {

constexpr std::size_t kLongEnough = 16;  ///< Bytes that stand for themselves.
constexpr std::string_view kWhite = " \t\r\n";
constexpr std::string_view kDigits = "0123456789ABCDEF";

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kWhite);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhite) + 1 - begin);
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// A value that could be a part of other words is searched as a word of its own. What is long and
/// of letters and digits is no word: it gives itself away also where something is glued to it.
bool MayBePartOfWords(std::string_view text) {
  if (text.size() < kLongEnough || std::ranges::none_of(text, IsDigit)) return true;
  return std::ranges::none_of(text, [](char c) { return IsTokenByte(c) && !IsDigit(c); });
}

std::string JsonEscaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append(1, '\\').append(1, c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20U) {
      out += std::string("\\u00") + kDigits[byte >> 4U] + kDigits[byte & 0xFU];
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string PercentEncoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (IsTokenByte(c) || c == '-' || c == '.' || c == '~') {
      out.push_back(c);
    } else {
      out += std::string("%") + kDigits[byte >> 4U] + kDigits[byte & 0xFU];
    }
  }
  return out;
}

/// The characters that encode `value` and nothing else where it begins `offset` bytes behind a
/// multiple of three.
std::string Base64Core(std::string_view value, std::size_t offset, std::string_view alphabet) {
  std::string core;
  std::uint32_t bits = 0;
  std::size_t count = 0;
  // The bits of a character that it shares with the byte before are left out.
  std::size_t skip = (6 - offset * 8 % 6) % 6;
  for (const char c : value) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    count += 8;
    if (skip != 0) {
      count -= skip;
      skip = 0;
    }
    while (count >= 6) {
      count -= 6;
      core.push_back(alphabet[(bits >> count) & 0x3FU]);
    }
  }
  return core;
}

void AddBase64(std::string_view value, std::size_t id, std::vector<Pattern>& patterns) {
  constexpr std::string_view kStandard =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::string_view kUrlSafe =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (std::size_t offset = 0; offset < 3; ++offset) {
    std::string standard = Base64Core(value, offset, kStandard);
    std::string url_safe = Base64Core(value, offset, kUrlSafe);
    if (url_safe != standard) patterns.push_back({std::move(url_safe), id, Form::kBase64});
    patterns.push_back({std::move(standard), id, Form::kBase64});
  }
}

/// Everything for one run of bytes.
void AddForms(std::string_view value, std::size_t id, std::vector<Pattern>& patterns) {
  const bool word = MayBePartOfWords(value);
  Pattern raw{std::string(value), id, Form::kRaw, word && IsTokenByte(value.front()),
              word && IsTokenByte(value.back())};
  if (value.find(' ') != std::string_view::npos) {
    Pattern plus = raw;
    plus.form = Form::kPercent;
    std::ranges::replace(plus.text, ' ', '+');
    patterns.push_back(std::move(plus));
  }
  patterns.push_back(std::move(raw));
  AddBase64(value, id, patterns);
  const std::string escaped = JsonEscaped(value);
  if (escaped != value) AddBase64(escaped, id, patterns);
  const std::string percent = PercentEncoded(value);
  if (percent != value) AddBase64(percent, id, patterns);
}

}  // namespace

std::vector<Pattern> PatternsOf(std::string_view value, std::size_t id) {
  std::vector<Pattern> patterns;
  value = Trimmed(value);
  // What a scrubbed text is full of cannot be searched.
  if (value.find_first_not_of('*') == std::string_view::npos) return patterns;
  if (value.size() < PatternTable::kShortest) return patterns;
  AddForms(value, id, patterns);
  if (value.find('\n') == std::string_view::npos) return patterns;
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t end = std::min(value.find('\n', at), value.size());
    const std::string_view line = Trimmed(value.substr(at, end - at));
    const bool mark = line.starts_with("-----BEGIN") || line.starts_with("-----END");
    if (line.size() >= kLongEnough && !mark) AddForms(line, id, patterns);
    at = end + 1;
  }
  return patterns;
}

}  // namespace cloudlab::policy::secrets
