#include "policy/secrets/detection/token.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>

#include "policy/secrets/detection/value_shape.hpp"

namespace cloudlab::policy::secrets {
namespace {

enum class Alphabet : std::uint8_t {
  kHex,      ///< 0-9a-f
  kUpper,    ///< A-Z0-9
  kAlnum,    ///< A-Za-z0-9
  kUrl,      ///< A-Za-z0-9_-
  kUrlDot,   ///< A-Za-z0-9_-.
  kBase64,   ///< A-Za-z0-9+/=
  kSegment,  ///< A-Za-z0-9_-/
};

struct Format {
  std::string_view prefix;
  Alphabet alphabet;
  std::size_t least;  ///< Characters behind the prefix.
  std::size_t most;
  std::string_view kind;
  std::string_view label;
  std::string_view source;  ///< Where the format is published, or was seen.
};

constexpr std::size_t kAny = 1024;
/// No private key is longer: RSA of 16384 bits has 13 KiB.
constexpr std::size_t kLongestKey = std::size_t{32} * 1024;
using enum Alphabet;

// Formats are facts that providers publish; where only lengths in use are known, there is room.
constexpr auto kFormats = std::to_array<Format>({
    {"AKIA", kUpper, 16, 16, "AWS access key id", "ACCESS_KEY_ID", "AWS IAM: unique identifiers"},
    {"ASIA", kUpper, 16, 16, "AWS access key id", "ACCESS_KEY_ID", "AWS IAM: unique identifiers"},
    {"ghp_", kAlnum, 36, 251, "GitHub token", "TOKEN", "GitHub docs: token formats"},
    {"gho_", kAlnum, 36, 251, "GitHub token", "TOKEN", "GitHub docs: token formats"},
    {"ghu_", kAlnum, 36, 251, "GitHub token", "TOKEN", "GitHub docs: token formats"},
    {"ghs_", kUrlDot, 36, kAny, "GitHub token", "TOKEN", "GitHub docs: token formats"},
    {"ghr_", kAlnum, 36, 251, "GitHub token", "TOKEN", "GitHub docs: token formats"},
    {"github_pat_", kUrl, 82, 251, "GitHub token", "TOKEN", "GitHub docs: token formats"},
    {"glpat-", kUrlDot, 20, 300, "GitLab token", "TOKEN", "GitLab docs: token overview"},
    {"gldt-", kUrlDot, 20, 300, "GitLab token", "TOKEN", "GitLab docs: token overview"},
    {"glrt-", kUrlDot, 20, 300, "GitLab token", "TOKEN", "GitLab docs: token overview"},
    {"glptt-", kUrlDot, 20, 300, "GitLab token", "TOKEN", "GitLab docs: token overview"},
    {"glcbt-", kUrlDot, 20, 300, "GitLab token", "TOKEN", "GitLab docs: token overview"},
    {"glsoat-", kUrlDot, 20, 300, "GitLab token", "TOKEN", "GitLab docs: token overview"},
    {"glagent-", kUrlDot, 20, 300, "GitLab token", "TOKEN", "GitLab docs: token overview"},
    {"gloas-", kUrlDot, 20, 300, "GitLab token", "SECRET", "GitLab docs: token overview"},
    {"xoxb-", kUrl, 24, 250, "Slack token", "TOKEN", "Slack docs: token types"},
    {"xoxp-", kUrl, 24, 250, "Slack token", "TOKEN", "Slack docs: token types"},
    {"xoxa-", kUrl, 24, 250, "Slack token", "TOKEN", "Slack docs: token types"},
    {"xoxs-", kUrl, 24, 250, "Slack token", "TOKEN", "Slack docs: token types"},
    {"xoxr-", kUrl, 24, 250, "Slack token", "TOKEN", "Slack docs: token types"},
    {"xapp-", kUrl, 24, 250, "Slack token", "TOKEN", "Slack docs: token types"},
    {"hooks.slack.com/services/", kSegment, 40, 60, "Slack webhook", "WEBHOOK",
     "Slack docs: incoming webhooks"},
    {"discord.com/api/webhooks/", kSegment, 80, 100, "Discord webhook", "WEBHOOK",
     "Discord docs: webhooks"},
    {"sk_live_", kAlnum, 24, 247, "Stripe key", "KEY", "Stripe docs: API keys"},
    {"sk_test_", kAlnum, 24, 247, "Stripe key", "KEY", "Stripe docs: API keys"},
    {"rk_live_", kAlnum, 24, 247, "Stripe key", "KEY", "Stripe docs: API keys"},
    {"rk_test_", kAlnum, 24, 247, "Stripe key", "KEY", "Stripe docs: API keys"},
    {"whsec_", kBase64, 32, 64, "webhook secret", "SECRET", "Stripe docs: webhook signatures"},
    {"AIza", kUrl, 35, 35, "Google API key", "API_KEY", "seen: 39 characters"},
    {"GOCSPX-", kUrl, 28, 28, "Google OAuth client secret", "CLIENT_SECRET", "seen: 35"},
    {"ya29.", kUrlDot, 40, kAny, "Google OAuth token", "TOKEN", "seen"},
    {"npm_", kAlnum, 36, 36, "npm token", "TOKEN", "GitHub blog: npm's new token format"},
    {"pypi-AgEIcHlwaS5vcmc", kUrl, 50, 1000, "PyPI token", "TOKEN", "PyPI help: API tokens"},
    {"SG.", kUrlDot, 66, 66, "SendGrid key", "API_KEY", "Twilio docs: SendGrid API keys, 69"},
    {"SK", kHex, 32, 32, "Twilio API key", "API_KEY", "Twilio docs: SID, SK and 32 hex digits"},
    {"dop_v1_", kHex, 64, 64, "DigitalOcean token", "TOKEN", "DigitalOcean blog: token prefixes"},
    {"doo_v1_", kHex, 64, 64, "DigitalOcean token", "TOKEN", "DigitalOcean blog: token prefixes"},
    {"dor_v1_", kHex, 64, 64, "DigitalOcean token", "TOKEN", "DigitalOcean blog: token prefixes"},
    {"sk-ant-", kUrl, 80, 120, "Anthropic key", "API_KEY", "seen: sk-ant-api03- and 95"},
    {"sk-proj-", kUrl, 40, 200, "OpenAI key", "API_KEY", "seen: 48 to 156"},
    {"sk-svcacct-", kUrl, 40, 200, "OpenAI key", "API_KEY", "seen"},
    {"sk-or-v1-", kHex, 64, 64, "OpenRouter key", "API_KEY", "seen"},
    {"sk-", kAlnum, 32, 64, "OpenAI key", "API_KEY", "seen: 48, compatible services 32"},
    {"hf_", kAlnum, 34, 40, "Hugging Face token", "TOKEN", "Hugging Face docs: hf_"},
    {"gsk_", kAlnum, 52, 52, "Groq key", "API_KEY", "seen"},
    {"xai-", kAlnum, 80, 80, "xAI key", "API_KEY", "seen"},
    {"pplx-", kAlnum, 48, 48, "Perplexity key", "API_KEY", "seen"},
    {"r8_", kAlnum, 37, 37, "Replicate token", "TOKEN", "seen"},
    {"dapi", kHex, 32, 32, "Databricks token", "TOKEN", "seen: also with -2 or -3 behind"},
    {"hvs.", kUrl, 24, 300, "Vault token", "TOKEN", "Vault docs: tokens, prefixes"},
    {"hvb.", kUrl, 24, 300, "Vault token", "TOKEN", "Vault docs: tokens, prefixes"},
    {"hvr.", kUrl, 24, 300, "Vault token", "TOKEN", "Vault docs: tokens, prefixes"},
    {"lin_api_", kAlnum, 40, 40, "Linear key", "API_KEY", "seen: 40"},
    {"PMAK-", kUrl, 59, 59, "Postman key", "API_KEY", "seen: 24, a hyphen, 34"},
    {"shpat_", kHex, 32, 32, "Shopify token", "TOKEN", "Shopify docs: access tokens"},
    {"shpss_", kHex, 32, 32, "Shopify secret", "SECRET", "Shopify changelog: shared secrets"},
    {"shpca_", kHex, 32, 32, "Shopify token", "TOKEN", "Shopify docs: access tokens"},
    {"shppa_", kHex, 32, 32, "Shopify token", "TOKEN", "Shopify docs: access tokens"},
    {"AGE-SECRET-KEY-1", kUpper, 58, 58, "age key", "KEY", "C2SP age: identities in Bech32"},
    {"dckr_pat_", kUrl, 27, 36, "Docker Hub token", "TOKEN", "Docker docs: dckr_pat_"},
    {"dckr_oat_", kUrl, 27, 36, "Docker Hub token", "TOKEN", "Docker docs: dckr_oat_"},
    {"glsa_", kUrl, 41, 41, "Grafana token", "TOKEN", "Grafana docs: service accounts"},
    {"glc_eyJ", kBase64, 40, 400, "Grafana Cloud token", "TOKEN", "Grafana docs: access policies"},
    {"NRAK-", kUpper, 27, 27, "New Relic key", "API_KEY", "New Relic docs: user keys"},
    {"key-", kHex, 32, 32, "Mailgun key", "API_KEY", "seen"},
    {"sntrys_", kBase64, 60, 600, "Sentry token", "TOKEN", "Sentry docs: auth tokens"},
    {"sntryu_", kHex, 64, 64, "Sentry token", "TOKEN", "Sentry docs: auth tokens"},
    {"dp.pt.", kAlnum, 40, 44, "Doppler token", "TOKEN", "Doppler docs: token formats"},
    {"dp.st.", kUrlDot, 40, 80, "Doppler token", "TOKEN", "Doppler docs: token formats"},
    {"pul-", kHex, 40, 40, "Pulumi token", "TOKEN", "Pulumi docs: access tokens"},
    {"tskey-", kUrl, 20, 80, "Tailscale key", "KEY", "Tailscale docs: key prefixes"},
    {"sbp_", kHex, 40, 40, "Supabase token", "TOKEN", "Supabase docs: access tokens"},
    {"rubygems_", kHex, 48, 48, "RubyGems key", "API_KEY", "RubyGems guides: API keys"},
    {"pscale_tkn_", kUrlDot, 32, 64, "PlanetScale token", "TOKEN", "PlanetScale: prefixes"},
    {"pscale_pw_", kUrlDot, 32, 64, "PlanetScale password", "PASSWORD", "PlanetScale: prefixes"},
    {"ntn_", kAlnum, 43, 48, "Notion token", "TOKEN", "Notion changelog: ntn_"},
    {"figd_", kUrl, 40, 44, "Figma token", "TOKEN", "seen"},
    {"ATATT3", kUrl, 100, 250, "Atlassian token", "TOKEN", "seen: 192"},
    {"xkeysib-", kUrl, 81, 81, "Brevo key", "API_KEY", "seen: 64 hex, a hyphen, 16"},
    {"ops_eyJ", kUrlDot, 250, kAny, "1Password token", "TOKEN", "1Password: service accounts"},
});

/// For each first letter the first format that begins so, and for each format the next one: counted
/// from 1, 0 is the end.
struct Chains {
  std::array<std::uint8_t, 256> first = {};
  std::array<std::uint8_t, kFormats.size() + 1> next = {};
};
constexpr Chains MakeChains() {
  static_assert(kFormats.size() < 256);
  Chains chains;
  for (std::size_t i = kFormats.size(); i > 0; --i) {
    auto& first = chains.first[static_cast<unsigned char>(kFormats[i - 1].prefix[0])];
    chains.next[i] = first;
    first = static_cast<std::uint8_t>(i);
  }
  return chains;
}
constexpr Chains kChains = MakeChains();

constexpr std::array<bool, 256> MakeFirsts() {
  std::array<bool, 256> firsts = {};
  for (const Format& format : kFormats) firsts[static_cast<unsigned char>(format.prefix[0])] = true;
  firsts[static_cast<unsigned char>('e')] = true;  // eyJ: a JSON Web Token.
  firsts[static_cast<unsigned char>('$')] = true;  // A hash of a password.
  for (char c = '0'; c <= '9'; ++c) firsts[static_cast<unsigned char>(c)] = true;  // Telegram.
  return firsts;
}
constexpr std::array<bool, 256> kFirsts = MakeFirsts();

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlnum(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool IsIn(Alphabet alphabet, char c) {
  switch (alphabet) {
    case kHex:
      return IsDigit(c) || (c >= 'a' && c <= 'f');
    case kUpper:
      return IsDigit(c) || (c >= 'A' && c <= 'Z');
    case kAlnum:
      return IsAlnum(c);
    case kUrl:
      return IsAlnum(c) || c == '_' || c == '-';
    case kUrlDot:
      return IsAlnum(c) || c == '_' || c == '-' || c == '.';
    case kBase64:
      return IsAlnum(c) || c == '+' || c == '/' || c == '=';
    case kSegment:
      return IsAlnum(c) || c == '_' || c == '-' || c == '/';
  }
  return false;
}

std::size_t RunLength(std::string_view text, std::size_t from, Alphabet alphabet,
                      std::size_t most) {
  std::size_t at = from;
  const std::size_t end = std::min(text.size(), from + most);
  while (at < end && IsIn(alphabet, text[at])) ++at;
  return at - from;
}

/// Few different characters are a drawing of a token, not one.
bool IsVaried(std::string_view body) {
  std::bitset<256> seen;
  for (const char c : body) seen.set(static_cast<unsigned char>(c));
  return seen.count() >= 6;
}

std::optional<Token> MatchFormat(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  const auto first = static_cast<unsigned char>(rest[0]);
  for (std::size_t i = kChains.first[first]; i != 0; i = kChains.next[i]) {
    const Format& format = kFormats[i - 1];
    if (format.prefix[1] != rest[1] || !rest.starts_with(format.prefix)) continue;
    const std::size_t behind = at + format.prefix.size();
    std::size_t size = RunLength(text, behind, format.alphabet, format.most + 1);
    if (size > format.most) continue;
    while (size > 0 && text[behind + size - 1] == '.') --size;  // The end of a sentence.
    if (size < format.least || (behind + size < text.size() && IsAlnum(text[behind + size])) ||
        !IsVaried(text.substr(behind, size))) {
      continue;
    }
    const std::string_view token = text.substr(at, format.prefix.size() + size);
    if (token.find("EXAMPLE") != token.npos) return std::nullopt;
    return Token{token, format.kind, format.label, format.prefix.size() < 4 ? 80 : 95};
  }
  return std::nullopt;
}

/// Two or three parts of base64url, the first two of which are JSON objects (RFC 7519). Where a
/// first part ends in vain, `none_before` says so, and nobody reads it again.
std::optional<Token> MatchJwt(std::string_view text, std::size_t at, std::size_t& none_before) {
  if (at < none_before || !text.substr(at).starts_with("eyJ")) return std::nullopt;
  const std::size_t head = RunLength(text, at, kUrl, text.size());
  const std::size_t second = at + head + 1;
  if (head < 10 || second >= text.size() || text[second - 1] != '.' ||
      !text.substr(second).starts_with("eyJ")) {
    none_before = at + head;
    return std::nullopt;
  }
  std::size_t end = second + RunLength(text, second, kUrl, text.size());
  if (end + 1 < text.size() && text[end] == '.') {
    end += 1 + RunLength(text, end + 1, kUrl, text.size());
  }
  if (end - second < 8) return std::nullopt;
  return Token{text.substr(at, end - at), "JSON Web Token", "TOKEN", 90};
}

/// A bot's token (Telegram's Bot API): its number, a colon, 35 characters that begin with AA.
std::optional<Token> MatchTelegram(std::string_view text, std::size_t at) {
  std::size_t colon = at;
  while (colon < text.size() && IsDigit(text[colon])) ++colon;
  if (colon - at < 8 || colon - at > 10 || !text.substr(colon).starts_with(":AA")) {
    return std::nullopt;
  }
  if (RunLength(text, colon + 1, kUrl, 36) != 35) return std::nullopt;
  return Token{text.substr(at, colon + 36 - at), "Telegram token", "TOKEN", 95};
}

/// What crypt(3) makes of a password: `$2y$10$...`, `$6$salt$...`, `$apr1$...`, `$argon2id$...`.
std::optional<Token> MatchHash(std::string_view text, std::size_t at) {
  static constexpr auto kSchemes = std::to_array<std::string_view>(
      {"$2a$", "$2b$", "$2y$", "$1$", "$5$", "$6$", "$7$", "$y$", "$apr1$", "$argon2id$",
       "$argon2i$", "$pbkdf2-sha512$", "$pbkdf2-sha256$", "$scrypt$"});
  const std::string_view rest = text.substr(at);
  const bool known =
      std::ranges::any_of(kSchemes, [rest](auto scheme) { return rest.starts_with(scheme); });
  if (!known) return std::nullopt;
  std::size_t end = at;
  while (end < text.size() && (IsAlnum(text[end]) || std::string_view("$./+=,-").find(text[end]) !=
                                                         std::string_view::npos)) {
    ++end;
  }
  if (end - at < 30) return std::nullopt;
  return Token{text.substr(at, end - at), "hash of a password", "PASSWORD_HASH", 75};
}

}  // namespace

std::optional<Token> FindToken(std::string_view text, std::size_t from) {
  std::size_t no_jwt_before = 0;
  for (std::size_t at = from; at + 16 <= text.size(); ++at) {
    const char c = text[at];
    if (!kFirsts[static_cast<unsigned char>(c)]) continue;
    const char before = at == 0 ? ' ' : text[at - 1];
    // Letters and digits before it are another word; so is `x_ghp_...`, unlike an escaped `\n`.
    const bool escaped = at > 1 && text[at - 2] == '\\' && (before == 'n' || before == 't');
    if ((IsAlnum(before) && !escaped) || before == '_') continue;
    if (auto token = MatchFormat(text, at)) return token;
    if (auto token = c == 'e' ? MatchJwt(text, at, no_jwt_before) : std::nullopt) return token;
    if (auto token = c == '$' ? MatchHash(text, at) : std::nullopt) return token;
    if (auto token = IsDigit(c) ? MatchTelegram(text, at) : std::nullopt) return token;
  }
  return std::nullopt;
}

std::optional<Token> FindPrivateKey(std::string_view text, std::size_t from) {
  static constexpr std::string_view kBegin = "-----BEGIN ";
  static constexpr std::string_view kEnd = "-----END ";
  static constexpr std::string_view kDashes = "-----";
  for (std::size_t at = text.find(kBegin, from); at != text.npos; at = text.find(kBegin, at + 1)) {
    const std::size_t title_end = text.find(kDashes, at + kBegin.size());
    if (title_end == text.npos) return std::nullopt;
    const std::string_view title = text.substr(at, title_end - at);
    if (title.size() > 60 || title.find("PRIVATE KEY") == title.npos) continue;
    const std::string_view rest = text.substr(title_end + kDashes.size(), kLongestKey);
    const std::size_t body = rest.find("-----");
    if (body == rest.npos || !rest.substr(body).starts_with(kEnd)) continue;
    const std::size_t end_title = rest.find(kDashes, body + kEnd.size());
    if (end_title == rest.npos) continue;
    // A pattern, or documentation: `-----BEGIN PRIVATE KEY-----...`.
    if (body < 40 || !IsVaried(rest.substr(0, body))) continue;
    const std::size_t end = title_end + kDashes.size() + end_title + kDashes.size();
    return Token{text.substr(at, end - at), "private key", "PRIVATE_KEY", 100};
  }
  return std::nullopt;
}

bool BeginsLikeToken(std::string_view value) {
  if (value.size() < 16) return false;
  if (value.starts_with("eyJ") && std::ranges::count(value, '.') == 2) return true;
  return std::ranges::any_of(kFormats, [value](const Format& format) {
    return format.prefix.size() >= 4 && value.starts_with(format.prefix);
  });
}

bool IsPublicToken(std::string_view value) {
  static constexpr auto kPublic = std::to_array<std::string_view>({
      "pk_live_",  // Stripe docs: publishable keys.
      "pk_test_",
      "phc_",    // PostHog docs: the project's key is written to only, and public.
      "pk.eyJ",  // Mapbox docs: public access tokens.
      "ssh-rsa ",
      "ssh-ed25519 ",
      "ecdsa-sha2-",
      "-----BEGIN PUBLIC",
      "-----BEGIN CERTIFICATE",
  });
  return std::ranges::any_of(kPublic, [value](auto prefix) { return value.starts_with(prefix); });
}

}  // namespace cloudlab::policy::secrets
