#include "policy/secrets/detection/detect.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "policy/glob.hpp"
#include "policy/secrets/detection/command.hpp"
#include "policy/secrets/detection/connection.hpp"
#include "policy/secrets/detection/encoding.hpp"
#include "policy/secrets/detection/findings.hpp"
#include "policy/secrets/detection/forms.hpp"
#include "policy/secrets/detection/name.hpp"
#include "policy/secrets/detection/token.hpp"
#include "policy/secrets/detection/value_shape.hpp"

namespace cloudlab::policy::secrets {
namespace {

constexpr int kNamedScore = 70;
constexpr int kNamedRandomScore = 85;
constexpr int kInsideScore = 62;
constexpr int kWeakScore = 65;

std::string Decode(std::string_view text, Quoting quoting) {
  switch (quoting) {
    case Quoting::kNone:
      break;
    case Quoting::kBackslash:
      return DecodeBackslashes(text);
    case Quoting::kDoubled:
      return DecodeDoubled(text, '\'');
    case Quoting::kXml:
      return DecodeXml(text);
  }
  return std::string(text);
}

/// The lines of a block that are indented, without that.
std::string WithoutIndent(std::string_view block) {
  std::string out;
  while (!block.empty()) {
    const std::size_t end = std::min(block.find('\n'), block.size());
    std::string_view line = block.substr(0, end);
    block.remove_prefix(std::min(end + 1, block.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    out += line;
    if (!block.empty()) out += '\n';
  }
  return out;
}

bool EndsInPassword(std::string_view label) { return label == "PASSWORD" || label == "PASSPHRASE"; }

/// What a value called by such a name must be, beyond being no harmless one.
int ScoreOf(const NameRating& rating, std::string_view value, bool in_file) {
  switch (rating.kind) {
    case NameKind::kNone:
    case NameKind::kNot:
    case NameKind::kAbout:
      return 0;
    case NameKind::kConnection:  // What was no connection string may be a token.
    case NameKind::kWeak:
      return LooksRandom(value) ? kWeakScore : 0;
    case NameKind::kInside:
      return LooksRandom(value) || LooksChosen(value) ? kInsideScore : 0;
    case NameKind::kObject:
      if (LooksRandom(value)) return kNamedRandomScore;
      return LooksChosen(value) || (!in_file && !LooksLikeObjectName(value)) ? kNamedScore : 0;
    case NameKind::kSecret:
      return LooksRandom(value) ? kNamedRandomScore : kNamedScore;
  }
  return 0;
}

/// `web-tls`, `shop/web`: what Secrets are called. Passwords of defaults have no hyphens.
bool IsNameOfSecret(std::string_view value) {
  return LooksLikeObjectName(value) && value.find_first_of("-/") != value.npos;
}

/// `DB_PASSWORD`: the name of a variable or of a key; in files also any constant.
bool IsNameOfVariable(std::string_view value, bool in_file) {
  bool separated = false;
  for (const char c : value) {
    if (c >= '0' && c <= '9') return false;
    if (c != '_' && (c < 'A' || c > 'Z')) return false;
    separated |= c == '_';
  }
  if (!separated || value.starts_with("CHANGE")) return false;
  return in_file || RateName(value).kind != NameKind::kNone;
}

/// `secretKey: token` is which key of a Secret.
bool IsNameOfKey(std::string_view name, std::string_view value) {
  const std::string_view leaf = name.substr(name.rfind('.') + 1);
  return (leaf == "secretKey" || leaf == "authKey") && LooksLikeObjectName(value) &&
         RateName(value).kind != NameKind::kNone;
}

/// Text of people who write another alphabet.
bool HasAscii(std::string_view value) {
  return std::ranges::any_of(value, [](char c) { return c > ' ' && c < 0x7F; });
}

bool IsNamedSecret(std::string_view name, const NameRating& rating, std::string_view value,
                   bool in_file) {
  if (IsNameOfVariable(value, in_file)) return false;
  if (in_file && (IsNameOfKey(name, value) || !HasAscii(value))) return false;
  if (value.find("://") != value.npos && value.find(' ') == value.npos) return false;
  if (value.front() == '{' || (value.front() == '[' && value.back() == ']')) return false;
  if (rating.perhaps_object && IsNameOfSecret(value)) return false;
  // `access_token: jwt` says of what kind it is.
  static constexpr auto kKinds =
      std::to_array<std::string_view>({"jwt", "opaque", "bearer", "basic"});
  const auto is_kind = [value](auto kind) { return EqualsIgnoringCase(value, kind); };
  if (rating.label == "TOKEN" && std::ranges::any_of(kKinds, is_kind)) return false;
  if (EndsInPassword(rating.label) && IsInteger(value)) return value.size() >= 4;
  return !IsHarmless(value) && !IsPublicToken(value);
}

std::string_view KindOf(const NameRating& rating) {
  if (rating.kind == NameKind::kWeak) return "random value";
  static constexpr auto kKinds = std::to_array<std::pair<std::string_view, std::string_view>>(
      {{"PASSWORD", "named as a password"},
       {"PASSPHRASE", "named as a passphrase"},
       {"TOKEN", "named as a token"},
       {"SECRET", "named as a secret"},
       {"CREDENTIALS", "named as credentials"}});
  for (const auto& [label, kind] : kKinds) {
    if (rating.label == label) return kind;
  }
  return "named as a key";
}

/// What stands in a value, so that most finders need not look at most values.
enum Mark : std::uint8_t { kNewline = 1, kConnects = 2, kColon = 4, kBlank = 8, kDash = 16 };

constexpr std::array<std::uint8_t, 256> MakeMarks() {
  std::array<std::uint8_t, 256> marks = {};
  marks['\n'] = kNewline;
  marks['='] = kConnects;
  marks['@'] = kConnects;
  marks[':'] = kColon;
  marks[' '] = kBlank;
  marks['%'] = kBlank;
  marks['-'] = kDash;
  return marks;
}
constexpr std::array<std::uint8_t, 256> kMarks = MakeMarks();

/// HTTP_AUTHORIZATION
bool NamesAuthorization(std::string_view name) {
  static constexpr std::string_view kEnd = "authorization";
  return name.size() >= kEnd.size() &&
         EqualsIgnoringCase(name.substr(name.size() - kEnd.size()), kEnd);
}

unsigned Survey(std::string_view value) {
  unsigned marks = 0;
  for (const char c : value) marks |= kMarks[static_cast<unsigned char>(c)];
  return marks;
}

}  // namespace

void Findings::Add(const Piece& piece, Secret secret) {
  if (secret.score < detection_.min_score || secret.written.empty()) return;
  const bool escaped =
      (piece.quoting == Quoting::kBackslash && secret.value.find('\\') != std::string::npos) ||
      (piece.quoting == Quoting::kDoubled && secret.value.find("''") != std::string::npos) ||
      (piece.quoting == Quoting::kXml && secret.value.find('&') != std::string::npos);
  if (escaped) {
    secret.value = Decode(secret.value, piece.quoting);
    secret.encoding = Encoding::kOther;
  }
  secrets_.push_back(std::move(secret));
}

std::vector<Found> Findings::Take() {
  std::ranges::stable_sort(secrets_, [](const Secret& a, const Secret& b) {
    return a.written.data() < b.written.data();
  });
  const auto better = [](const Secret& a, const Secret& b) {
    if (a.rank != b.rank) return a.rank > b.rank;
    if (a.written.size() != b.written.size()) return a.written.size() > b.written.size();
    return a.score > b.score;
  };
  std::vector<Secret> kept;
  for (Secret& secret : secrets_) {
    const bool overlaps = !kept.empty() && kept.back().written.data() + kept.back().written.size() >
                                               secret.written.data();
    if (!overlaps) {
      kept.push_back(std::move(secret));
    } else if (better(secret, kept.back())) {
      const int score = std::max(secret.score, kept.back().score);
      kept.back() = std::move(secret);
      kept.back().score = score;
    }
  }
  std::vector<Found> found;
  found.reserve(kept.size());
  for (Secret& secret : kept) {
    const auto begin = static_cast<std::uint32_t>(secret.written.data() - text_.data());
    const auto size = static_cast<std::uint32_t>(secret.written.size());
    found.push_back({.span = {begin, begin + size},
                     .value = std::move(secret.value),
                     .encoding = secret.encoding,
                     .score = secret.score,
                     .kind = secret.kind,
                     .label = std::string(secret.label),
                     .whole = size == text_.size()});
  }
  secrets_.clear();
  return found;
}

bool IsAllowed(std::string_view name, const Detection& detection) {
  return std::ranges::any_of(detection.allow, [name](const std::string& glob) {
    return GlobMatches(glob, name) || GlobMatches(glob, name.substr(name.rfind('.') + 1));
  });
}

void FindTokens(const Piece& piece, Findings& findings) {
  if (!findings.detection().values || piece.text.size() < 16) return;
  for (auto token = FindToken(piece.text); token;) {
    findings.Add(piece, {.written = token->text,
                         .value = std::string(token->text),
                         .score = token->score,
                         .kind = token->kind,
                         .label = token->label});
    const auto end =
        static_cast<std::size_t>(token->text.data() - piece.text.data()) + token->text.size();
    token = FindToken(piece.text, end);
  }
  for (auto key = FindPrivateKey(piece.text); key;) {
    const auto begin = static_cast<std::size_t>(key->text.data() - piece.text.data());
    const std::size_t end = begin + key->text.size();
    std::string_view written = key->text;
    // A key that is all of a file is meant with its last line break.
    const bool only = begin == 0 && piece.text.find_first_not_of(" \t\r\n", end) == piece.text.npos;
    if (only) written = piece.text;
    std::string value = only ? std::string(written) : WithoutIndent(written);
    const Encoding encoding = value == written ? Encoding::kPlain : Encoding::kOther;
    findings.Add(piece, {.written = written,
                         .value = std::move(value),
                         .encoding = encoding,
                         .score = key->score,
                         .kind = key->kind,
                         .label = key->label});
    key = FindPrivateKey(piece.text, end);
  }
}

void FindNamed(std::string_view name, const Piece& piece, bool in_file, Findings& findings) {
  const Detection& detection = findings.detection();
  if (!detection.names || piece.text.empty()) return;
  const NameRating rating = RateName(name);
  if (rating.kind <= NameKind::kAbout) return;
  if (rating.kind == NameKind::kWeak && !detection.values) return;
  const std::string_view value = piece.text;
  if (!IsNamedSecret(name, rating, value, in_file)) return;
  const int score = ScoreOf(rating, value, in_file);
  if (score < detection.min_score) return;
  findings.Add(piece, {.written = value,
                       .value = std::string(value),
                       .score = score,
                       .kind = KindOf(rating),
                       .label = rating.label,
                       .rank = rating.kind == NameKind::kWeak ? Rank::kToken : Rank::kNamed});
}

std::vector<Found> FindInValue(std::string_view name, std::string_view value,
                               const Detection& detection) {
  if (value.empty() || (!detection.allow.empty() && IsAllowed(name, detection))) return {};
  const unsigned marks = Survey(value);
  if ((marks & kNewline) != 0 || value.front() == '{' || value.front() == '[') {
    return FindInFile(name, value, detection);
  }
  Findings findings(value, detection);
  const Piece piece = {value};
  FindNamed(name, piece, false, findings);
  if ((marks & kConnects) != 0) FindCredentials(name, piece, findings);
  if ((marks & kColon) != 0 && detection.dsn) FindInUserInfo(name, piece, findings);
  if ((marks & kBlank) != 0 && detection.names) {
    FindInAuthorization(piece, NamesAuthorization(name), findings);
    if ((marks & kDash) != 0) FindInOptions(piece, findings);
  }
  FindTokens(piece, findings);
  if (findings.empty()) return {};
  return findings.Take();
}

}  // namespace cloudlab::policy::secrets
