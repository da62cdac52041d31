#include "policy/secrets/detection/value_shape.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

namespace cloudlab::policy::secrets {
namespace {

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return IsUpper(c) || IsLower(c); }
bool IsNameChar(char c) { return IsLetter(c) || IsDigit(c) || c == '_'; }
char Lower(char c) { return IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

template <typename Words>
bool IsOneOf(std::string_view value, const Words& words) {
  return std::ranges::any_of(words, [value](auto w) { return EqualsIgnoringCase(value, w); });
}

template <typename Words>
bool StartsWithOneOf(std::string_view value, const Words& words) {
  return std::ranges::any_of(words, [value](auto w) { return value.starts_with(w); });
}

/// `$X`, `%X%`, `@X@`, `__X__`: a name between marks and nothing else.
bool IsMarkedName(std::string_view value) {
  if (value.size() < 2) return false;
  const auto named = [](std::string_view name) {
    return !name.empty() && !IsDigit(name[0]) && std::ranges::all_of(name, IsNameChar);
  };
  if (value[0] == '$') {
    // `$1` of a script; `$2a$...` is a hash.
    const std::string_view name = value.substr(value.starts_with("$$") ? 2 : 1);
    return named(name) || (name.size() == 1 && (IsDigit(name[0]) || name == "@" || name == "*"));
  }
  const char mark = value.front();
  return (mark == '%' || mark == '@') && value.back() == mark &&
         named(value.substr(1, value.size() - 2));
}

/// `30s`, `1h30m`, `500ms`, `10Mi`, `1.5`, `80%`.
bool IsQuantity(std::string_view value) {
  if (!IsDigit(value[0]) || value.size() > 12) return false;
  std::size_t units = 0;
  for (std::size_t i = 0; i < value.size();) {
    const std::size_t digits = i;
    while (i < value.size() && (IsDigit(value[i]) || value[i] == '.')) ++i;
    if (i == digits) return false;
    const std::size_t unit = i;
    while (i < value.size() && (IsLetter(value[i]) || value[i] == '%')) ++i;
    if (i == unit) return i == value.size();
    static constexpr auto kUnits = std::to_array<std::string_view>(
        {"ns", "us", "ms", "s",  "m",  "h",  "d",  "w", "y", "k", "M",  "G",  "T",  "B",  "K",
         "Ki", "Mi", "Gi", "Ti", "KB", "MB", "GB", "%", "b", "g", "kb", "mb", "gb", "min"});
    const std::string_view written = value.substr(unit, i - unit);
    if (std::ranges::find(kUnits, written) == kUnits.end()) return false;
    ++units;
  }
  return units > 0;
}

bool IsPathOfFile(std::string_view value) {
  static constexpr auto kStarts = std::to_array<std::string_view>(
      {"./", "../", "~/", "file:", "C:\\", "c:\\", "classpath:", "s3://", "gs://"});
  if (StartsWithOneOf(value, kStarts)) return true;
  static constexpr auto kEnds = std::to_array<std::string_view>(
      {".pem", ".key", ".crt", ".cer", ".yaml", ".yml", ".json", ".txt", ".jks", ".p12", ".pfx",
       ".conf", ".properties", ".env"});
  if (std::ranges::any_of(kEnds, [value](auto end) { return value.ends_with(end); })) return true;
  // `/run/secrets/x`, but not `/9j/4AAQ...==`, which only begins like one.
  return value[0] == '/' && !value.ends_with('=') && value.find('+') == value.npos &&
         (value.size() < 30 || value.find('/', 1) < 20);
}

/// The same character again and again, or dots and stars.
bool IsFiller(std::string_view value) {
  if (value.size() < 3)
    return std::ranges::all_of(value,
                               [](char c) { return c == '*' || c == '-' || c == '?' || c == '.'; });
  static constexpr std::string_view kFillers = "xX*.-_#?=0 ";
  return kFillers.find(value[0]) != kFillers.npos &&
         value.find_first_not_of(value[0]) == value.npos;
}

}  // namespace

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, Lower, Lower);
}

std::size_t FindIgnoringCase(std::string_view text, std::string_view part, std::size_t from) {
  if (from >= text.size()) return text.npos;
  const auto found =
      std::search(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), part.begin(),
                  part.end(), [](char a, char b) { return Lower(a) == b; });
  return found == text.end() ? text.npos : static_cast<std::size_t>(found - text.begin());
}

bool IsReference(std::string_view value) {
  if (value.empty()) return false;
  if (IsMarkedName(value)) return true;
  // Of programs that read their secrets from elsewhere: Spring and Vault, vals, 1Password, AWS,
  // Azure, Google, sops, jasypt, Concourse, Grafana, Home Assistant.
  static constexpr auto kStarts =
      std::to_array<std::string_view>({"env:",       "ENV:",
                                       "env.",       "vault:",
                                       "secret:",    "ref+",
                                       "secretref+", "op://",
                                       "arn:aws",    "ENC[",
                                       "ENC(",       "{cipher}",
                                       "((",         "@Microsoft.KeyVault",
                                       "!secret ",   "!env ",
                                       "!ENV ",      "!vault ",
                                       "!Ref ",      "!Sub ",
                                       "keyring:",   "secretmanager:",
                                       "aws-sm://",  "gcp-sm://",
                                       "awssm:",     "sm://",
                                       "`"});
  if (StartsWithOneOf(value, kStarts)) return true;
  if (value.starts_with("projects/") && value.find("/secrets/") != value.npos) return true;
  static constexpr auto kMarks =
      std::to_array<std::pair<std::string_view, std::string_view>>({{"$(", ")"},
                                                                    {"${", "}"},
                                                                    {"{{", "}}"},
                                                                    {"<%", "%>"},
                                                                    {"#{", "}"},
                                                                    {"$__file{", "}"},
                                                                    {"$__env{", "}"},
                                                                    {"%(", ")s"}});
  for (const auto& [open, close] : kMarks) {
    if (value.starts_with(open) && value.find(close) == value.size() - close.size()) return true;
  }
  return value == "%s" || value == "%v" || value == "%q" || value == "{}" ||
         (value.size() > 2 && value.front() == '{' && value.back() == '}' &&
          std::ranges::all_of(value.substr(1, value.size() - 2), IsNameChar));
}

bool HasReference(std::string_view value) {
  if (IsReference(value)) return true;
  static constexpr auto kParts =
      std::to_array<std::string_view>({"$(", "${", "{{", "<%", "#{", "$__env", "$__file", "%("});
  return std::ranges::any_of(kParts, [value](auto part) { return value.find(part) != value.npos; });
}

bool IsPlaceholder(std::string_view value) {
  if (IsFiller(value)) return true;
  const auto between = [value](char open, char close) {
    return value.size() > 2 && value.front() == open && value.back() == close;
  };
  if (between('<', '>') || between('[', ']')) return true;
  static constexpr auto kWhole = std::to_array<std::string_view>(
      {"redacted", "(redacted)", "hidden",     "(hidden)",   "masked",   "dummy",    "placeholder",
       "unused",   "not-used",   "notused",    "not-needed", "n/a",      "na",       "none",
       "null",     "nil",        "undefined",  "optional",   "required", "todo",     "tbd",
       "fixme",    "replaceme",  "replace-me", "replace_me", "string",   "sk-dummy", "not_set",
       "not-set",  "unset",      "<nil>"});
  if (IsOneOf(value, kWhole)) return true;
  static constexpr auto kStarts = std::to_array<std::string_view>(
      {"your-", "your_", "your ", "insert-", "insert_", "replace-with", "replace_with",
       "enter-your", "put-your", "put_your", "add-your", "fill-in", "xxxx"});
  for (const std::string_view start : kStarts) {
    if (EqualsIgnoringCase(value.substr(0, start.size()), start)) return true;
  }
  static constexpr auto kParts = std::to_array<std::string_view>(
      {"xxxxxx", "-here>", "example_key", "examplekey", "redacted", "7example"});
  return std::ranges::any_of(
             kParts, [value](auto part) { return FindIgnoringCase(value, part) != value.npos; }) ||
         EqualsIgnoringCase(value.substr(value.size() < 5 ? 0 : value.size() - 5), "_here") ||
         EqualsIgnoringCase(value.substr(value.size() < 5 ? 0 : value.size() - 5), "-here");
}

bool IsInteger(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, IsDigit);
}

bool IsHarmless(std::string_view value) {
  while (!value.empty() && (value.back() == ' ' || value.back() == '\n' || value.back() == '\r')) {
    value.remove_suffix(1);
  }
  if (value.empty()) return true;
  static constexpr auto kWords =
      std::to_array<std::string_view>({"true", "false", "yes", "no", "on", "off", "~"});
  if (value.size() <= 5 && IsOneOf(value, kWords)) return true;
  if (IsInteger(value) || IsQuantity(value) || IsPathOfFile(value)) return true;
  if (value.size() > 1 && value[0] == '-' && IsInteger(value.substr(1))) return true;
  return HasReference(value) || IsPlaceholder(value);
}

bool LooksRandom(std::string_view value) {
  if (value.size() < 20) return false;
  std::array<std::uint32_t, 256> counts{};
  std::size_t upper = 0;
  std::size_t lower = 0;
  std::size_t digits = 0;
  std::size_t changes = 0;
  std::size_t hex = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    static constexpr std::string_view kMore = "+/=_-";
    const bool more = kMore.find(c) != kMore.npos;
    if (!IsLetter(c) && !IsDigit(c) && !more) return false;
    ++counts[static_cast<unsigned char>(c)];
    upper += IsUpper(c) ? 1 : 0;
    lower += IsLower(c) ? 1 : 0;
    digits += IsDigit(c) ? 1 : 0;
    hex += IsDigit(c) || (Lower(c) >= 'a' && Lower(c) <= 'f') ? 1 : 0;
    if (i == 0) continue;
    const char before = value[i - 1];
    if (IsDigit(c) != IsDigit(before) || (IsUpper(c) && IsLower(before))) ++changes;
  }
  double entropy = 0;
  const auto size = static_cast<double>(value.size());
  for (const std::uint32_t count : counts) {
    if (count > 0) entropy -= count / size * std::log2(count / size);
  }
  if (hex == value.size()) return value.size() >= 32 && digits >= 4 && entropy >= 3;
  return digits >= 2 && upper + lower >= 4 && upper >= 2 && lower >= 2 && entropy >= 3.5 &&
         changes * 4 >= value.size();
}

bool LooksChosen(std::string_view value) {
  if (value.size() < 4 || value.find_first_of(" \t\n") != value.npos) return false;
  if (value.find("://") != value.npos) return false;
  std::size_t digits = 0;
  std::size_t letters = 0;
  std::size_t upper = 0;
  std::size_t special = 0;
  for (const char c : value) {
    digits += IsDigit(c) ? 1 : 0;
    letters += IsLetter(c) ? 1 : 0;
    upper += IsUpper(c) ? 1 : 0;
    static constexpr std::string_view kSpecial = "!@#$%^&*+=?~";
    special += kSpecial.find(c) != kSpecial.npos ? 1 : 0;
  }
  const std::size_t separators = static_cast<std::size_t>(std::ranges::count_if(value, [](char c) {
    return c == '-' || c == '.' || c == ':' || c == '/' || c == ',' || c == '_';
  }));
  if (special > 0 && letters + digits >= 3) return separators <= 2;
  return value.size() >= 6 && digits >= 2 && letters >= 3 && separators == 0 &&
         (upper > 0 || digits >= 3);
}

bool LooksLikeObjectName(std::string_view value) {
  if (value.empty() || !IsLower(value.front()) || value.size() > 253) return false;
  if (LooksRandom(value)) return false;
  static constexpr std::string_view kMore = "-./";
  return std::ranges::all_of(
      value, [](char c) { return IsLower(c) || IsDigit(c) || kMore.find(c) != kMore.npos; });
}

bool IsProse(std::string_view value) {
  std::size_t spaces = 0;
  for (std::size_t i = 1; i + 1 < value.size(); ++i) {
    if (value[i] == ' ' && value[i - 1] != ' ') ++spaces;
  }
  if (spaces >= 2) return true;
  return spaces == 1 && std::ranges::all_of(value, [](char c) {
           return IsLetter(c) || c == ' ' || c == '.' || c == '\'' || c == ':' || c == '!';
         });
}

}  // namespace cloudlab::policy::secrets
