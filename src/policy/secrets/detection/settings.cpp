// Settings in one text: `Host=db;Password=x`, `user=a password='b c'`, `--password=x`.
#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "policy/secrets/detection/connection.hpp"
#include "policy/secrets/detection/encoding.hpp"
#include "policy/secrets/detection/name.hpp"
#include "policy/secrets/detection/value_shape.hpp"

namespace cloudlab::policy::secrets {
namespace {

constexpr int kSettingScore = 85;
/// What is longer is no list of settings.
constexpr std::size_t kLongest = 4096;

bool IsKeyChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
}
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

struct Key {
  std::string_view name;
  char before = '\0';   ///< What separates it from the setting before it; '\0' at the start.
  bool option = false;  ///< `--name`, `-Dname`
};

/// The key before the `=` at `equals`.
std::optional<Key> KeyBefore(std::string_view text, std::size_t equals) {
  if (equals + 1 < text.size() &&
      (text[equals + 1] == '=' || text[equals + 1] == '~' || text[equals + 1] == '>')) {
    return std::nullopt;
  }
  std::size_t end = equals;
  while (end > 0 && text[end - 1] == ' ') --end;
  std::size_t begin = end;
  while (begin > 0 && end - begin < 100 && IsKeyChar(text[begin - 1])) --begin;
  if (begin == end) return std::nullopt;
  Key key;
  key.name = text.substr(begin, end - begin);
  while (begin > 0 && text[begin - 1] == ' ') --begin;
  key.before = begin == 0 ? '\0' : text[begin - 1];
  if (begin > 0 && begin < end && text[begin] == ' ' && IsKeyChar(key.before)) key.before = ' ';
  if (key.name.starts_with("-D")) {
    key.option = true;
    key.name.remove_prefix(2);
  }
  while (key.name.starts_with('-')) {
    key.option = true;
    key.name.remove_prefix(1);
  }
  return key;
}

/// True if another setting begins at `at`, perhaps behind blanks.
bool IsKeyAt(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] == ' ') ++at;
  const std::size_t begin = at;
  while (at < text.size() && at - begin < 60 && (IsKeyChar(text[at]) || text[at] == ' ')) ++at;
  return at > begin && at < text.size() && text[at] == '=';
}

/// What ends the value that begins at `at`, behind the first key of the text.
char SeparatorBehind(std::string_view text, std::size_t at) {
  for (std::size_t i = at; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == ';' || c == ',' || c == '&' || IsBlank(c)) && IsKeyAt(text, i + 1)) {
      return IsBlank(c) ? ' ' : c;
    }
  }
  return text.find(';', at) != text.npos ? ';' : '\0';
}

struct Value {
  std::string_view written;
  std::string value;
  Encoding encoding = Encoding::kPlain;
};

/// A value in quotes, which is written as libpq, JAAS (backslashes) or ADO.NET (doubled) do it.
std::optional<Value> QuotedValue(std::string_view text, std::size_t at, char separator) {
  const char mark = text[at];
  const bool doubled = separator == ';' || separator == ',';
  std::size_t end = at + 1;
  bool escaped = false;
  while (end < text.size()) {
    const bool twice = doubled && end + 1 < text.size() && text[end + 1] == mark;
    if (text[end] == mark && !twice) break;
    if (text[end] == mark || (!doubled && text[end] == '\\')) {
      escaped = true;
      ++end;
    }
    ++end;
  }
  if (end >= text.size()) return std::nullopt;
  Value value;
  value.written = text.substr(at + 1, end - at - 1);
  value.value = doubled ? DecodeDoubled(value.written, mark) : DecodeBackslashes(value.written);
  if (!escaped) value.value = std::string(value.written);
  value.encoding = escaped ? Encoding::kOther : Encoding::kPlain;
  return value;
}

/// `{a;b}` of ODBC and JDBC for SQL Server.
std::optional<Value> BracedValue(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && (text[end] != '}' || text.substr(end).starts_with("}}"))) {
    end += text[end] == '}' ? 2 : 1;
  }
  if (end >= text.size() || (end + 1 < text.size() && text[end + 1] != ';')) return std::nullopt;
  Value value;
  value.written = text.substr(at + 1, end - at - 1);
  value.value = DecodeDoubled(value.written, '}');
  if (value.value != value.written) value.encoding = Encoding::kOther;
  return value;
}

bool EndsValue(char c, char separator) {
  switch (separator) {
    case '\0':
      return false;
    case '&':
      return IsBlank(c) || std::string_view("&#\"'`<>)").find(c) != std::string_view::npos;
    case '(':
      return c == ')' || c == ',';
    case ' ':
      return IsBlank(c);
    default:
      return c == separator || c == '\n';
  }
}

std::optional<Value> ReadValue(std::string_view text, std::size_t at, const Key& key) {
  char separator = key.before;
  if (key.option || IsBlank(separator) || separator == '"' || separator == '\'') {
    separator = ' ';
  } else if (separator == '?') {
    separator = '&';
  } else if (separator == '\0' || separator == ':' || separator == '/') {
    separator = SeparatorBehind(text, at);
  }
  while (at < text.size() && separator != '&' && text[at] == ' ') ++at;
  if (at >= text.size()) return std::nullopt;
  if (text[at] == '"' || text[at] == '\'') {
    if (auto quoted = QuotedValue(text, at, separator)) return quoted;
  }
  if (text[at] == '{' && separator == ';') {
    // `{password}` alone is what a program formats.
    auto braced = BracedValue(text, at);
    const bool format =
        braced && HasReference(text.substr(at, braced->written.size() + 2)) &&
        (RateName(braced->written).kind != NameKind::kNone || braced->written.size() < 4);
    if (braced && !format) return braced;
  }
  std::size_t end = at;
  while (end < text.size() && !EndsValue(text[end], separator)) ++end;
  while (separator != ' ' && end > at && IsBlank(text[end - 1])) --end;
  Value value;
  value.written = text.substr(at, end - at);
  value.value = std::string(value.written);
  if (separator == '&') {
    if (auto decoded = DecodePercent(value.written, true)) {
      value.value = *std::move(decoded);
      value.encoding = Encoding::kPercent;
    }
  }
  return value;
}

/// True if a setting stands in the text that connection strings have beside a password.
bool HasCompanion(std::string_view text) {
  static constexpr auto kCompanions =
      std::to_array<std::string_view>({"host",         "hostname",
                                       "server",       "source",
                                       "address",      "addr",
                                       "user",         "id",
                                       "uid",          "username",
                                       "userid",       "dbname",
                                       "database",     "catalog",
                                       "endpoint",     "endpoints",
                                       "accountname",  "defaultendpointsprotocol",
                                       "port",         "sslmode",
                                       "ssl",          "sharedaccesskeyname",
                                       "abortconnect", "login",
                                       "clientid",     "client_id",
                                       "tenant",       "usessl",
                                       "principal",    "blobendpoint",
                                       "usr",          "user_name",
                                       "service",      "hosts",
                                       "url",          "keyspace"});
  for (std::size_t at = text.find('='); at != text.npos; at = text.find('=', at + 1)) {
    const auto key = KeyBefore(text, at);
    if (!key || key->before == '{') continue;
    if (std::ranges::any_of(kCompanions,
                            [&](auto word) { return EqualsIgnoringCase(key->name, word); })) {
      return true;
    }
  }
  return text.starts_with("jdbc:");
}

/// True if the text is nothing but settings (`api-key=x,tenant=y`), perhaps behind an address
/// (`cache:6379,password=x`).
bool IsSettingsOnly(std::string_view text) {
  static constexpr std::string_view kForeign = "{}()<>|\"'`$\n";
  if (text.find_first_of(kForeign) != text.npos) return false;
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(",;"), text.size());
    std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    if (part.empty()) continue;
    const std::size_t key =
        static_cast<std::size_t>(std::ranges::find_if_not(part, IsKeyChar) - part.begin());
    const bool address =
        first && key < part.size() && part[key] == ':' && IsInteger(part.substr(key + 1));
    first = address;
    if (address) continue;
    if (key == 0 || key == part.size() || part[key] != '=') return false;
    const std::string_view value = part.substr(key + 1);
    const std::size_t blank = value.find(' ');
    const std::string_view scheme = value.substr(0, blank);
    if (blank != value.npos && scheme != "Bearer" && scheme != "Basic") return false;
  }
  return true;
}

bool IsSeparated(const Key& key) {
  static constexpr std::string_view kBefore = " \t\n;&?,(\"':/";
  return key.before == '\0' || key.option || kBefore.find(key.before) != kBefore.npos;
}

/// Behind another option or a word, as in `--from-literal=password=x`, nothing is known.
bool IsSecretSetting(std::string_view value, NameKind kind) {
  if (value.empty() || (IsHarmless(value) && !IsInteger(value))) return false;
  return kind == NameKind::kSecret || !LooksLikeObjectName(value);
}

}  // namespace

bool HasSecretSetting(std::string_view text) {
  text = text.substr(0, kLongest);
  for (std::size_t at = text.find('='); at != text.npos; at = text.find('=', at + 1)) {
    const auto key = KeyBefore(text, at);
    if (!key || RateName(key->name).kind != NameKind::kSecret) continue;
    const auto value = ReadValue(text, at + 1, *key);
    if (value && !value->written.empty() && !HasReference(value->written)) return true;
  }
  return false;
}

void FindInSettings(const Piece& piece, Findings& findings) {
  const std::string_view text = piece.text;
  if (text.size() > kLongest || (!MayTell(text) && text.find("sig=") == text.npos)) return;
  std::optional<bool> settings;
  for (std::size_t at = text.find('='); at != text.npos; at = text.find('=', at + 1)) {
    const auto key = KeyBefore(text, at);
    if (!key || !IsSeparated(*key)) continue;
    NameRating rating = RateName(key->name);
    if (key->name == "sig" && text.find("sv=") != text.npos)
      rating = {NameKind::kSecret, "SIGNATURE"};
    if (rating.kind != NameKind::kSecret && rating.kind != NameKind::kObject) continue;
    if (!settings) settings = HasCompanion(text) || IsSettingsOnly(text);
    if (!key->option && !*settings) continue;
    auto value = ReadValue(text, at + 1, *key);
    if (!value || !IsSecretSetting(value->written, rating.kind)) continue;
    if (IsAllowed(key->name, findings.detection())) continue;
    if (piece.comment && IsProse(value->written)) continue;
    const std::size_t end =
        static_cast<std::size_t>(value->written.data() - text.data()) + value->written.size();
    findings.Add(piece,
                 {.written = value->written,
                  .value = std::move(value->value),
                  .encoding = value->encoding,
                  .score = kSettingScore,
                  .kind = key->option ? "secret of an option" : "secret of a connection string",
                  .label = rating.label,
                  .rank = Rank::kConnection});
    at = std::max(at, end == 0 ? 0 : end - 1);
  }
}

}  // namespace cloudlab::policy::secrets
