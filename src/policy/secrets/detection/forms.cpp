#include "policy/secrets/detection/forms.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "policy/secrets/detection/encoding.hpp"
#include "policy/secrets/detection/name.hpp"
#include "policy/secrets/detection/value_shape.hpp"

namespace cloudlab::policy::secrets {
namespace {

constexpr int kFormScore = 85;

bool IsAlnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool IsQuote(char c) { return c == '\'' || c == '"'; }
bool IsWordChar(char c) { return IsAlnum(c) || c == '_' || c == '-' || c == '.'; }

void AddForm(const Piece& line, std::string_view written, std::string_view kind,
             std::string_view label, Findings& findings) {
  if (written.empty() || HasReference(written) || IsPlaceholder(written)) return;
  if (line.comment && IsProse(written)) return;
  findings.Add({written, line.quoting, line.comment}, {.written = written,
                                                       .value = std::string(written),
                                                       .score = kFormScore,
                                                       .kind = kind,
                                                       .label = label,
                                                       .rank = Rank::kNamed});
}

std::size_t SkipBlanks(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  return at;
}

/// The words of a line, without the quotes around them.
class Words {
 public:
  explicit Words(std::string_view line) : line_(line) {}

  std::string_view Next() {
    at_ = SkipBlanks(line_, at_);
    if (at_ >= line_.size()) return {};
    const char mark = line_[at_];
    if (mark == '"' || mark == '\'') {
      const std::size_t close = line_.find(mark, at_ + 1);
      if (close != line_.npos) {
        const std::string_view word = line_.substr(at_ + 1, close - at_ - 1);
        at_ = close + 1;
        return word;
      }
    }
    const std::size_t begin = at_;
    at_ = std::min(line_.find_first_of(" \t\r", at_), line_.size());
    std::string_view word = line_.substr(begin, at_ - begin);
    while (word.ends_with(';')) word.remove_suffix(1);
    return word;
  }

 private:
  std::string_view line_;
  std::size_t at_ = 0;
};

/// The SQL string at `at`, in which quotes are doubled.
std::string_view SqlString(std::string_view text, std::size_t at) {
  if (at < text.size() && (text[at] == 'E' || text[at] == 'e')) ++at;
  if (at >= text.size() || text[at] != '\'') return {};
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] != '\'') continue;
    if (i + 1 < text.size() && text[i + 1] == '\'') {
      ++i;
      continue;
    }
    return text.substr(at + 1, i - at - 1);
  }
  return {};
}

bool IsWordAt(std::string_view text, std::size_t at, std::size_t size) {
  return (at == 0 || !IsWordChar(text[at - 1])) &&
         (at + size >= text.size() || !IsWordChar(text[at + size]));
}

}  // namespace

void FindInSql(const Piece& line, Findings& findings) {
  static constexpr std::string_view kPassword = "password";
  static constexpr std::string_view kIdentified = "identified ";
  const std::string_view text = line.text;
  if (text.find('\'') == text.npos) return;
  const auto add = [&](std::string_view written) {
    if (written.starts_with(':') || IsProse(written)) return;
    Piece piece = line;
    piece.quoting = Quoting::kDoubled;
    AddForm(piece, written, "password in SQL", "PASSWORD", findings);
  };
  for (std::size_t at = FindIgnoringCase(text, kPassword); at != text.npos;
       at = FindIgnoringCase(text, kPassword, at + 1)) {
    if (!IsWordAt(text, at, kPassword.size()) || (at > 0 && IsQuote(text[at - 1]))) continue;
    std::size_t next = SkipBlanks(text, at + kPassword.size());
    if (next == at + kPassword.size() && next < text.size() && IsQuote(text[next])) continue;
    if (next < text.size() && (text[next] == '=' || text[next] == '('))
      next = SkipBlanks(text, next + 1);
    add(SqlString(text, next));
  }
  for (std::size_t at = FindIgnoringCase(text, kIdentified); at != text.npos;
       at = FindIgnoringCase(text, kIdentified, at + 1)) {
    const std::string_view rest = text.substr(at, 120);
    const std::size_t by = FindIgnoringCase(rest, " by ");
    if (by != rest.npos) add(SqlString(text, SkipBlanks(text, at + by + 4)));
  }
}

void FindInAuthorization(const Piece& line, bool named, Findings& findings) {
  static constexpr std::string_view kHeader = "authorization";
  static constexpr auto kSchemes =
      std::to_array<std::string_view>({"bearer", "basic", "token", "apikey", "splunk"});
  const std::string_view text = line.text;
  std::size_t header = named ? 0 : FindIgnoringCase(text, kHeader);
  while (header != text.npos) {
    // Between the header and its value stand a separator and quotes.
    std::size_t at = named ? 0 : header + kHeader.size();
    while (at < text.size() &&
           std::string_view(" \t\"':=,\\").find(text[at]) != std::string_view::npos)
      ++at;
    for (const std::string_view scheme : kSchemes) {
      if (!EqualsIgnoringCase(text.substr(at, scheme.size()), scheme)) continue;
      std::size_t begin = at + scheme.size();
      if (text.substr(begin).starts_with("%20")) {
        begin += 3;
      } else if (begin < text.size() && text[begin] == ' ') {
        begin = SkipBlanks(text, begin);
      } else {
        continue;
      }
      std::size_t end = begin;
      while (end < text.size() && (IsAlnum(text[end]) || std::string_view("._~+/=-").find(
                                                             text[end]) != std::string_view::npos))
        ++end;
      const std::string_view written = text.substr(begin, end - begin);
      const bool basic = scheme == "basic";
      const auto decoded = basic ? DecodeBase64(written) : std::nullopt;
      const bool is_secret = basic ? decoded && decoded->find(':') != std::string::npos
                                   : LooksRandom(written) || LooksChosen(written);
      if (written.size() >= 4 && is_secret) {
        AddForm(line, written, "Authorization header", basic ? "BASIC_AUTH" : "TOKEN", findings);
      }
      break;
    }
    header = named ? text.npos : FindIgnoringCase(text, kHeader, header + 1);
  }
}

void FindInDirective(const Piece& line, Findings& findings) {
  struct Directive {
    std::string_view name;
    int skipped;  ///< Words between it and the secret.
  };
  static constexpr auto kDirectives = std::to_array<Directive>({
      {"requirepass", 0},      // Redis
      {"masterauth", 0},       // Redis
      {"sentinel", 2},         // Redis: `sentinel auth-pass mymaster x`
      {"rootpw", 0},           // OpenLDAP's slapd.conf
      {"bindpw", 0},           // nslcd.conf, ldap.conf
      {"auth_pass", 0},        // keepalived
      {"cachemgr_passwd", 0},  // Squid
  });
  Words words(line.text);
  const std::string_view first = words.Next();
  if (first.empty() || HasReference(line.text)) return;
  for (const Directive& directive : kDirectives) {
    if (first != directive.name) continue;
    if (directive.skipped == 2 && words.Next() != "auth-pass") return;
    if (directive.skipped == 2) words.Next();
    return AddForm(line, words.Next(), "password of a directive", "PASSWORD", findings);
  }
  if (first == "stats" && words.Next() == "auth") {  // HAProxy
    const std::string_view user = words.Next();
    const std::size_t colon = user.find(':');
    if (colon != user.npos)
      AddForm(line, user.substr(colon + 1), "password of a directive", "PASSWORD", findings);
    return;
  }
  // nginx, Apache: the name of a variable, then its value.
  if (first == "fastcgi_param" || first == "SetEnv" || first == "uwsgi_param") {
    const std::string_view name = words.Next();
    FindNamed(name, {words.Next(), Quoting::kNone, line.comment}, true, findings);
    return;
  }
  if (first != "user") return;
  // Redis' `user app on >x ~* +@all`, HAProxy's `user app insecure-password x`.
  for (std::string_view word = words.Next(); !word.empty(); word = words.Next()) {
    if (word == "insecure-password") {
      return AddForm(line, words.Next(), "password of a directive", "PASSWORD", findings);
    }
    if (word.size() > 1 && word[0] == '>') {
      AddForm(line, word.substr(1), "password of a directive", "PASSWORD", findings);
    }
  }
}

void FindInPasswordFile(std::string_view file, const Piece& line, Findings& findings) {
  static constexpr std::string_view kKind = "line of a password file";
  const std::string_view text = line.text;
  if (file.ends_with("pgpass") || file.ends_with("pgpass.conf")) {
    if (line.comment || std::ranges::count(text, ':') < 4) return;
    std::size_t colon = text.rfind(':');
    while (colon != text.npos && colon > 0 && text[colon - 1] == '\\')
      colon = text.rfind(':', colon - 1);
    Piece piece = line;
    piece.quoting = Quoting::kBackslash;
    if (colon != text.npos) AddForm(piece, text.substr(colon + 1), kKind, "PASSWORD", findings);
    return;
  }
  if (file.ends_with("userlist.txt")) {
    Words words(text);
    words.Next();
    return AddForm(line, words.Next(), kKind, "PASSWORD", findings);
  }
  const bool netrc = file.ends_with("netrc") || file.ends_with("authinfo");
  Words words(text);
  std::string_view word = words.Next();
  if (!netrc && word != "machine") return;
  for (; !word.empty(); word = words.Next()) {
    if (word == "password") return AddForm(line, words.Next(), kKind, "PASSWORD", findings);
  }
}

void FindInRegistryAuth(const Piece& value, Findings& findings) {
  if (value.text.size() < 6) return;
  const auto decoded = DecodeBase64(value.text);
  if (!decoded) return;
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == decoded->size()) return;
  const bool printable =
      std::ranges::all_of(*decoded, [](unsigned char c) { return c >= ' ' && c < 0x7F; });
  if (printable) AddForm(value, value.text, "credentials of a registry", "AUTH", findings);
}

}  // namespace cloudlab::policy::secrets
