#include "policy/network/key_words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include "policy/mask.hpp"

namespace cloudlab::policy::network {
namespace {

/// So many texts of one scope are compared with each other; larger maps are data, not settings.
constexpr std::size_t kMostInScope = 1000;

constexpr std::array<std::string_view, 47> kAddressWords = {
    "addr",       "address",   "addresses", "addrs",     "backend",    "backends",   "base",
    "bootstrap",  "broker",    "brokers",   "collector", "connect",    "connection", "dsn",
    "endpoint",   "endpoints", "host",      "hostname",  "hosts",      "join",       "master",
    "nameserver", "node",      "nodes",     "origin",    "peer",       "peers",      "remote",
    "seed",       "seeds",     "sentinel",  "server",    "servers",    "svc",        "target",
    "targets",    "upstream",  "upstreams", "uri",       "uris",       "url",        "urls",
    "cluster",    "primary",   "proxy",     "points",    "destination"};

/// A name that ends with one of these names something else about the address.
constexpr std::array<std::string_view, 36> kOtherWords = {
    "account", "bucket", "class",     "database", "db",   "dir",     "enabled", "file",
    "group",   "id",     "image",     "interval", "key",  "label",   "level",   "log",
    "mode",    "name",   "namespace", "password", "path", "port",    "ports",   "prefix",
    "role",    "schema", "secret",    "table",    "tag",  "timeout", "token",   "topic",
    "type",    "user",   "username",  "version"};

/// Words of names whose addresses are not called.
constexpr std::array<std::string_view, 17> kUncalledWords = {
    "allow",   "allowed",  "allowlist", "alt",       "cors",    "csrf",
    "noproxy", "nonproxy", "permitted", "redirect",  "referer", "san",
    "sans",    "sni",      "trusted",   "whitelist", "subject"};

/// Words of names whose addresses are the program's own: where it listens, and what it calls itself
/// before others.
constexpr std::array<std::string_view, 18> kOwnWords = {
    "advertise", "advertised", "announce", "announced", "base",   "bind",
    "canonical", "domain",     "external", "hostname",  "issuer", "listen",
    "listener",  "listeners",  "public",   "root",      "site",   "visible"};

/// Endings that are written without a separator (PGHOST, dburl), and words that only look so.
constexpr std::array<std::string_view, 6> kEndings = {"hosts", "host", "port",
                                                      "addr",  "url",  "uri"};
constexpr std::array<std::string_view, 11> kWholeWords = {
    "airport",   "curl",     "export", "exports", "ghost",    "import",
    "localhost", "passport", "report", "support", "transport"};

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

template <std::size_t count>
bool IsOneOf(std::string_view word, const std::array<std::string_view, count>& words) {
  return std::ranges::find(words, word) != words.end();
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

/// Takes PGHOST apart: "pghost" becomes "pg", "host".
void SplitEndings(std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (const std::string_view ending : kEndings) {
      if (!words[i].ends_with(ending)) continue;
      if (words[i].size() == ending.size() || IsOneOf(words[i], kWholeWords)) break;
      words[i].resize(words[i].size() - ending.size());
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::string(ending));
      break;
    }
  }
}

/// What an address has in common with its port: of DB_HOST and DB_HOST_NAME "db". Of a Service's
/// name (CART_SERVICE_NAME) "cart", "service", and of any other name the whole.
std::span<const std::string> BaseOf(std::span<const std::string> name) {
  const bool of_name = name.size() > 1 && name.back() == "name";
  const std::string before = of_name ? name[name.size() - 2] : std::string();
  if (before == "host" || before == "server") return name.first(name.size() - 2);
  if (before == "service") return name.first(name.size() - 1);
  return IsOneOf(name.back(), kAddressWords) ? name.first(name.size() - 1) : name;
}

enum class Kinship : std::uint8_t { kNone, kFar, kNear };

/// How surely a port belongs to an address: DB_PORT and DB_PORT_GRPC to DB_HOST; DB_REPLICA_PORT
/// only if there is no such.
Kinship KinshipOf(std::span<const std::string> base, std::span<const std::string> port) {
  if (port.size() <= base.size() || !std::ranges::equal(base, port.first(base.size()))) {
    return Kinship::kNone;
  }
  if (port[base.size()] == "port") return Kinship::kNear;
  return !base.empty() && port.back() == "port" ? Kinship::kFar : Kinship::kNone;
}

}  // namespace

std::vector<std::string> KeyWords(std::string_view name) {
  std::vector<std::string> words;
  bool open = false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!IsUpper(c) && !IsLower(c) && !IsDigit(c)) {
      open = false;
      continue;
    }
    // redisAddr, and also HTTPServer: the last capital of a run begins the next word.
    const bool hump = IsUpper(c) && i > 0 &&
                      (IsLower(name[i - 1]) ||
                       (IsUpper(name[i - 1]) && i + 1 < name.size() && IsLower(name[i + 1])));
    if (!open || hump) words.emplace_back();
    open = true;
    words.back() += IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  SplitEndings(words);
  return words;
}

bool NamesAddress(std::string_view name) {
  const std::vector<std::string> words = KeyWords(name);
  if (words.empty()) return false;
  const bool host_name =
      words.size() > 1 && words.back() == "name" && words[words.size() - 2] == "host";
  if (IsOneOf(words.back(), kOtherWords) && !host_name) return false;
  return std::ranges::any_of(words,
                             [](const std::string& word) { return IsOneOf(word, kAddressWords); });
}

bool EndsAsAddress(std::string_view name) {
  std::vector<std::string> words = KeyWords(name);
  const auto is_number = [](const std::string& word) { return std::ranges::all_of(word, IsDigit); };
  while (!words.empty() && is_number(words.back())) words.pop_back();
  if (words.size() > 1 && words.back() == "name" && words[words.size() - 2] == "host") {
    words.pop_back();
  }
  return !words.empty() && IsOneOf(words.back(), kAddressWords);
}

bool NamesCalled(std::string_view name) {
  const std::vector<std::string> words = KeyWords(name);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (IsOneOf(words[i], kUncalledWords)) return false;
    if (i == 0) continue;
    const std::string& before = words[i - 1];
    if (words[i] == "proxy" && (before == "no" || before == "non")) return false;
    if (words[i].starts_with("name") && (before == "dns" || before == "common")) return false;
  }
  return words.size() < 2 || words.back() != "name" || words[words.size() - 2] != "server";
}

bool NamesItself(std::string_view name) {
  const std::vector<std::string> words = KeyWords(name);
  if (words.size() == 1 && words.front() == "host") return true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (IsOneOf(words[i], kOwnWords)) return true;
    // hostName, SERVICE_NAME
    if (i > 0 && words[i] == "name") return true;
  }
  return false;
}

bool NamesSecret(std::string_view name) {
  const std::vector<std::string> words = KeyWords(name);
  if (words.empty()) return false;
  return IsSecretName(name) || words.back() == "key" || words.back() == "keys" ||
         words.back() == "pass";
}

void GivePorts(std::vector<ConfigText>& scope) {
  if (scope.size() > kMostInScope) return;
  struct Port {
    std::vector<std::string> words;
    std::uint16_t number = 0;
  };
  std::vector<Port> ports;
  for (const ConfigText& text : scope) {
    const auto number = ParsePort(text.text);
    if (!number) continue;
    std::vector<std::string> words = KeyWords(text.name);
    if (std::ranges::find(words, "port") == words.end()) continue;
    ports.push_back({std::move(words), *number});
  }
  if (ports.empty()) return;
  for (ConfigText& text : scope) {
    const std::vector<std::string> words = KeyWords(text.name);
    if (words.empty() || !text.ports.empty() || ParsePort(text.text)) continue;
    // DB_PORT belongs to DB_HOST, and SERVER_PORT to SERVER.
    for (const std::span<const std::string> base :
         {BaseOf(words), std::span(std::as_const(words))}) {
      // `port` alone belongs to an address, not to whatever stands beside it.
      if (base.empty() && !NamesAddress(text.name)) continue;
      for (const Kinship kinship : {Kinship::kNear, Kinship::kFar}) {
        if (!text.ports.empty()) break;
        for (const Port& port : ports) {
          if (KinshipOf(base, port.words) == kinship) text.ports.push_back(port.number);
        }
      }
    }
  }
}

}  // namespace cloudlab::policy::network
