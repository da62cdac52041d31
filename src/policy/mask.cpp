// Names are split into words at `_ - . /` and where a small letter meets a capital; then
//   +70  a word that names a secret (PASSWORD, TOKEN, ...), or two that do together (API KEY)
//   +90  a value that has the shape of one: PEM, JWT, a provider's prefix, credentials in a URL,
//        `password=` in a list of settings
//     0  whatever the name says: a name that speaks about a secret (..._FILE, ..._NAME,
//     PUBLIC_...),
//        and values that cannot be one: empty, `$(VAR)`, booleans, integers, paths
#include "policy/mask.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

namespace cloudlab::policy {
namespace {

constexpr int kNameScore = 70;
constexpr int kShapeScore = 90;

constexpr std::array<std::string_view, 11> kSecretWords = {
    "PASSWORD", "PASSWD", "PWD",         "PASSPHRASE", "SECRET",    "SECRETS",
    "TOKEN",    "APIKEY", "CREDENTIALS", "DSN",        "CREDENTIAL"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kSecretPairs = {{
    {"API", "KEY"},
    {"ACCESS", "KEY"},
    {"PRIVATE", "KEY"},
    {"SECRET", "KEY"},
    {"CONNECTION", "STRING"},
}};
constexpr std::array<std::string_view, 14> kVetoEnds = {
    "FILE",   "PATH", "DIR", "NAME",   "ALIAS", "TTL",    "ENABLED",
    "HEADER", "TYPE", "ID",  "LENGTH", "REF",   "PROMPT", "URI"};
constexpr std::array<std::string_view, 12> kPrefixes = {"AKIA",  "ASIA",        "ghp_",     "gho_",
                                                        "ghs_",  "github_pat_", "glpat-",   "xoxb-",
                                                        "xoxp-", "sk_live_",    "rk_live_", "AIza"};

template <typename Words>
bool Contains(const Words& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// "dbPassword", "DB_PASSWORD" -> DB, PASSWORD.
std::vector<std::string> NameWords(std::string_view name) {
  std::vector<std::string> words(1);
  char previous = '_';
  for (const char c : name) {
    const auto letter = static_cast<unsigned char>(c);
    const bool border = std::islower(static_cast<unsigned char>(previous)) && std::isupper(letter);
    if ((border || !std::isalnum(letter)) && !words.back().empty()) words.emplace_back();
    if (std::isalnum(letter)) words.back() += static_cast<char>(std::toupper(letter));
    previous = c;
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

/// True for values that no secret has.
bool IsHarmless(std::string_view value) {
  if (value.empty() || value == "true" || value == "false" || value == "null") return true;
  if (value.find_first_not_of("0123456789") == std::string_view::npos) return true;
  if (value.starts_with('/') || value == kMask) return true;
  return value.starts_with("$(") && value.find(')') == value.size() - 1;
}

/// `scheme://user:password@host`.
bool HasCredentialsInUrl(std::string_view value) {
  for (std::size_t at = value.find("://"); at != std::string_view::npos;
       at = value.find("://", at + 3)) {
    std::string_view rest = value.substr(at + 3);
    rest = rest.substr(0, rest.find_first_of("/?# \t\n"));
    const std::size_t user_end = rest.rfind('@');
    if (user_end == std::string_view::npos) continue;
    const std::size_t colon = rest.find(':');
    if (colon < user_end && !IsHarmless(rest.substr(colon + 1, user_end - colon - 1))) return true;
  }
  return false;
}

/// `Host=db;Password=x`, `user=a password=b`.
bool HasPasswordSetting(std::string_view value) {
  if (value.find('=') == std::string_view::npos) return false;
  std::string lower(value);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view key : {"password=", "pwd=", "passwd="}) {
    const std::size_t at = lower.find(key);
    if (at == std::string::npos) continue;
    std::string_view rest = value.substr(at + key.size());
    rest = rest.substr(0, rest.find_first_of(";& \t\n"));
    if (!rest.empty() && !rest.starts_with("$(")) return true;
  }
  return false;
}

bool IsJwt(std::string_view value) {
  return value.starts_with("eyJ") && std::ranges::count(value, '.') == 2;
}

bool HasSecretShape(std::string_view value) {
  if (value.find("-----BEGIN") != std::string_view::npos &&
      value.find("PRIVATE KEY") != std::string_view::npos) {
    return true;
  }
  const bool prefixed = value.size() >= 16 && std::ranges::any_of(kPrefixes, [&](auto prefix) {
                          return value.starts_with(prefix);
                        });
  return prefixed || IsJwt(value) || HasCredentialsInUrl(value) || HasPasswordSetting(value);
}

}  // namespace

bool IsSecretName(std::string_view name) {
  const std::vector<std::string> words = NameWords(name);
  if (words.empty() || Contains(kVetoEnds, words.back()) || Contains(words, "PUBLIC")) return false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (Contains(kSecretWords, words[i])) return true;
    const auto forms = [&](const auto& pair) {
      return pair.first == words[i - 1] && pair.second == words[i];
    };
    if (i > 0 && std::ranges::any_of(kSecretPairs, forms)) return true;
  }
  return false;
}

int SecretScore(std::string_view name, std::string_view value) {
  if (IsHarmless(value)) return 0;
  if (HasSecretShape(value)) return kShapeScore;
  return IsSecretName(name) ? kNameScore : 0;
}

std::string MaskText(std::string_view name, std::string_view value) {
  return std::string(SecretScore(name, value) >= kSecretScore ? kMask : value);
}

std::string SecretName(yaml::NodeView node) {
  std::string key = node.Key();
  if (key == "value") {
    std::string variable = node.parent().Find("name").Text();
    if (!variable.empty()) return variable;
  }
  return key;
}

std::string MaskNode(yaml::NodeView node) { return MaskText(SecretName(node), node.Text()); }

yaml::Value MaskValue(std::string_view name, yaml::Value value) {
  struct Work {
    std::string name;
    yaml::Value* value;
  };
  std::vector<Work> work = {{std::string(name), &value}};
  while (!work.empty()) {
    const Work at = std::move(work.back());
    work.pop_back();
    if (at.value->IsScalar()) {
      if (SecretScore(at.name, at.value->text()) >= kSecretScore) {
        *at.value = yaml::Value::String(std::string(kMask));
      }
      continue;
    }
    for (yaml::Value& item : at.value->mutable_items()) work.push_back({at.name, &item});
    const yaml::Value* variable = at.value->IsMap() ? at.value->Find("name") : nullptr;
    for (auto& [key, child] : at.value->mutable_entries()) {
      const bool is_value = key == "value" && variable != nullptr && variable->IsScalar();
      work.push_back({is_value ? variable->text() : key, &child});
    }
  }
  return value;
}

}  // namespace cloudlab::policy
