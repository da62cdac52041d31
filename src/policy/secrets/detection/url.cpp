// URLs, and connection strings without a scheme.
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

constexpr int kUrlScore = 95;
constexpr int kQueryScore = 90;
constexpr int kConnectionScore = 85;

bool IsAlnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// Where a URL ends in text: at blanks and quotes, which it has to encode.
bool EndsUrl(char c, bool in_quotes) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte <= ' ' || byte == 0x7F) return true;
  static constexpr std::string_view kEnds = "\"`<>\\";
  return kEnds.find(c) != kEnds.npos || (in_quotes && c == '\'');
}

/// Passwords of documentation: `user:password@host`.
bool IsExample(std::string_view user, std::string_view password) {
  static constexpr auto kPasswords = std::to_array<std::string_view>(
      {"password", "pass", "passwd", "pwd", "pw", "secret", "mypassword", "mypass", "p@ss"});
  static constexpr auto kUsers =
      std::to_array<std::string_view>({"user", "username", "usr", "login", "name", "myuser"});
  const auto is_one_of = [](std::string_view text, const auto& words) {
    return std::ranges::any_of(words, [&](auto word) { return EqualsIgnoringCase(text, word); });
  };
  return is_one_of(password, kPasswords) || (is_one_of(user, kUsers) && password.size() < 6);
}

/// True if the password of a URL is one.
bool IsPassword(std::string_view user, std::string_view password, const Piece& piece) {
  if (password.empty() || HasReference(password) || IsPlaceholder(password)) return false;
  static constexpr auto kPatterns = std::to_array<std::string_view>({"[^", ".*", ".+", "\\w"});
  const auto in = [password](auto pattern) { return password.find(pattern) != password.npos; };
  if (std::ranges::any_of(kPatterns, in)) return false;
  return !piece.comment || !IsExample(user, password);
}

void AddPercent(const Piece& piece, std::string_view written, bool plus, Findings::Secret secret,
                Findings& findings) {
  auto decoded = DecodePercent(written, plus);
  secret.encoding = decoded ? Encoding::kPercent : Encoding::kPlain;
  secret.value = decoded ? *std::move(decoded) : std::string(written);
  secret.written = written;
  secret.rank = Rank::kConnection;
  findings.Add(piece, std::move(secret));
}

void FindInUserinfo(const Piece& piece, std::string_view authority, Findings& findings) {
  const std::size_t end = authority.rfind('@');
  if (end == authority.npos) return;
  const std::size_t colon = authority.find(':');
  if (colon >= end) return;
  // `sqlserver://db:1433;password=a@b`: settings, which are read as such.
  if (authority.substr(0, end).find(';') != authority.npos) return;
  const std::string_view password = authority.substr(colon + 1, end - colon - 1);
  if (!IsPassword(authority.substr(0, colon), password, piece)) return;
  AddPercent(piece, password, false,
             {.written = {},
              .value = {},
              .score = kUrlScore,
              .kind = "password of a URL",
              .label = "PASSWORD"},
             findings);
}

/// `?user=a&password=b`
void FindInQuery(const Piece& piece, std::string_view query, Findings& findings) {
  const bool sas = query.find("sv=") != query.npos && query.find("se=") != query.npos;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find_first_of("&;"), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = pair.find('=');
    if (equals == pair.npos) continue;
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = pair.substr(equals + 1);
    NameRating rating = RateName(name);
    // A shared access signature of Azure.
    if (sas && name == "sig") rating = {NameKind::kSecret, "SIGNATURE"};
    const bool telling = rating.kind == NameKind::kSecret || rating.kind == NameKind::kObject;
    const bool random = rating.kind == NameKind::kWeak && LooksRandom(value);
    if (!telling && !random) continue;
    if (value.empty() || value[0] == ':' || (IsHarmless(value) && !IsInteger(value))) continue;
    if (IsAllowed(name, findings.detection()) || (piece.comment && IsExample("", value))) continue;
    AddPercent(piece, value, true,
               {.written = {},
                .value = {},
                .score = kQueryScore,
                .kind = "secret in the query of a URL",
                .label = rating.label},
               findings);
  }
}

bool IsHost(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return IsAlnum(c) || c == '.' || c == '-' || c == '_';
  });
}

void AddPlain(const Piece& piece, std::string_view user, std::string_view password,
              Findings& findings) {
  if (!IsPassword(user, password, piece)) return;
  findings.Add(piece, {.written = password,
                       .value = std::string(password),
                       .score = kConnectionScore,
                       .kind = "password of a connection string",
                       .label = "PASSWORD",
                       .rank = Rank::kConnection});
}

/// `user:password@tcp(db:3306)/shop` (the DSN of Go's MySQL driver: the last `@` before the
/// address counts, the first colon).
bool FindInMysqlDsn(const Piece& piece, Findings& findings) {
  static constexpr auto kNets =
      std::to_array<std::string_view>({"@tcp(", "@unix(", "@tcp6(", "@cloudsql(", "@("});
  const std::string_view text = piece.text;
  if (text.find("://") != text.npos) return false;
  for (const std::string_view net : kNets) {
    const std::size_t at = text.rfind(net);
    if (at == text.npos || text.find(')', at) == text.npos) continue;
    const std::size_t colon = text.find(':');
    if (colon < at)
      AddPlain(piece, text.substr(0, colon), text.substr(colon + 1, at - colon - 1), findings);
    return true;
  }
  return false;
}

/// `jdbc:oracle:thin:user/password@host`; and what of it stands behind another `prefix`.
bool FindInOracle(const Piece& piece, bool named, Findings& findings) {
  static constexpr auto kPrefixes =
      std::to_array<std::string_view>({"jdbc:oracle:thin:", "jdbc:oracle:oci:", "oracle:"});
  std::string_view text = piece.text;
  bool known = false;
  for (const std::string_view prefix : kPrefixes) {
    const std::size_t at = text.find(prefix);
    if (at == text.npos) continue;
    text.remove_prefix(at + prefix.size());
    known = true;
    break;
  }
  const std::size_t slash = text.find('/');
  if ((!known && !named) || slash == text.npos || slash == 0) return false;
  const std::string_view user = text.substr(0, slash);
  if (!std::ranges::all_of(user,
                           [](char c) { return IsAlnum(c) || c == '_' || c == '$' || c == '#'; })) {
    return false;
  }
  std::string_view rest = text.substr(slash + 1);
  if (rest.starts_with('"')) {
    const std::size_t close = rest.find("\"@", 1);
    if (close == rest.npos) return false;
    AddPlain(piece, user, rest.substr(1, close - 1), findings);
    return true;
  }
  const std::size_t host = std::min(rest.find("@//"), rest.find("@("));
  const std::size_t at = host != rest.npos ? host : rest.rfind('@');
  if (at == rest.npos || at + 1 == rest.size()) return false;
  AddPlain(piece, user, rest.substr(0, at), findings);
  return true;
}

/// DB_URL, DSN, CONNECTION_STRING
bool NamesConnection(std::string_view name) {
  if (RateName(name).kind == NameKind::kConnection) return true;
  const std::string_view end = name.substr(name.size() < 3 ? 0 : name.size() - 3);
  return EqualsIgnoringCase(end, "url") || EqualsIgnoringCase(end, "uri");
}

/// `user:password@host:port`, `:password@host:port`.
void FindInBareAuthority(const Piece& piece, bool named, Findings& findings) {
  const std::string_view text = piece.text;
  const std::size_t at = text.rfind('@');
  const std::size_t colon = text.find(':');
  if (at == text.npos || colon >= at || text.find_first_of(" \t\"'{}<>") != text.npos) return;
  const std::string_view user = text.substr(0, colon);
  if (!user.empty() && !IsHost(user)) return;
  static constexpr auto kSchemes = std::to_array<std::string_view>(
      {"mailto", "sip", "sips", "acct", "xmpp", "urn", "ssh", "git", "jdbc", "data", "oci"});
  if (std::ranges::find(kSchemes, user) != kSchemes.end()) return;
  std::string_view host = text.substr(at + 1);
  host = host.substr(0, host.find_first_of("/,?"));
  const std::size_t port = host.find(':');
  const bool has_port =
      port != host.npos && host.size() - port <= 6 && IsInteger(host.substr(port + 1));
  // `image:tag@sha256:...`
  if (!IsHost(host.substr(0, port)) || (!has_port && (!named || port != host.npos))) return;
  AddPlain(piece, user, text.substr(colon + 1, at - colon - 1), findings);
}

}  // namespace

void FindInUrls(const Piece& piece, Findings& findings) {
  static constexpr std::string_view kMark = "://";
  const std::string_view text = piece.text;
  std::size_t queried = 0;  // A query goes on over the URLs in it.
  for (std::size_t at = text.find(kMark); at != text.npos; at = text.find(kMark, at + 1)) {
    std::size_t scheme = at;
    while (scheme > 0 && at - scheme < 40 &&
           (IsAlnum(text[scheme - 1]) || text[scheme - 1] == '+' || text[scheme - 1] == '.' ||
            text[scheme - 1] == '-')) {
      --scheme;
    }
    if (scheme == at) continue;
    const bool in_quotes = scheme > 0 && text[scheme - 1] == '\'';
    const std::size_t begin = at + kMark.size();
    std::size_t end = begin;
    while (end < text.size() && !EndsUrl(text[end], in_quotes) && text[end] != '/' &&
           text[end] != '?' && text[end] != '#') {
      ++end;
    }
    FindInUserinfo(piece, text.substr(begin, end - begin), findings);
    while (end < text.size() && !EndsUrl(text[end], in_quotes) && text[end] != '?' &&
           text[end] != '#' && !text.substr(end).starts_with(kMark)) {
      ++end;
    }
    if (end >= text.size() || text[end] != '?' || end < queried) continue;
    const std::size_t query = end + 1;
    while (end < text.size() && !EndsUrl(text[end], in_quotes) && text[end] != '#') ++end;
    FindInQuery(piece, text.substr(query, end - query), findings);
    queried = end;
  }
}

bool FindInUserInfo(std::string_view name, const Piece& piece, Findings& findings) {
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"basic.auth.user.info", "basic_auth_user_info", "basic_auth", "basicauth", "userpwd"});
  const auto ends = [name](std::string_view end) {
    return name.size() >= end.size() &&
           EqualsIgnoringCase(name.substr(name.size() - end.size()), end);
  };
  static constexpr std::string_view kLast = "oOhHdD";
  if (name.empty() || kLast.find(name.back()) == kLast.npos) return false;
  const std::size_t colon = piece.text.find(':');
  if (colon == piece.text.npos || colon == 0 || !std::ranges::any_of(kNames, ends)) return false;
  const std::string_view user = piece.text.substr(0, colon);
  const std::string_view password = piece.text.substr(colon + 1);
  if (!IsHost(user) || password.starts_with("//") || IsProse(password)) return false;
  AddPlain(piece, user, password, findings);
  return true;
}

void FindInConnection(std::string_view name, const Piece& piece, Findings& findings) {
  if (piece.text.size() > 4096) return;
  if (piece.text.find('@') == piece.text.npos) {
    FindInUserInfo(name, piece, findings);
    return;
  }
  const bool named = NamesConnection(name);
  if (FindInMysqlDsn(piece, findings) || FindInOracle(piece, named, findings)) return;
  if (piece.text.find("://") == piece.text.npos) FindInBareAuthority(piece, named, findings);
}

void FindCredentials(std::string_view name, const Piece& piece, Findings& findings) {
  if (!findings.detection().dsn) return;
  const bool url = piece.text.find("://") != piece.text.npos;
  if (url && piece.text.find_first_of("@?") != piece.text.npos) FindInUrls(piece, findings);
  if (piece.text.find('=') != piece.text.npos) FindInSettings(piece, findings);
  FindInConnection(name, piece, findings);
}

}  // namespace cloudlab::policy::secrets
