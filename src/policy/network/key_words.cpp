#include "policy/network/key_words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>

namespace cloudlab::policy::network {
namespace {

/// So many texts of one scope are compared with each other; larger maps are data, not settings.
constexpr std::size_t kMostInScope = 1000;

constexpr std::array<std::string_view, 44> kAddressWords = {
    "addr",       "address",   "addresses", "addrs",     "backend", "backends",   "base",
    "bootstrap",  "broker",    "brokers",   "collector", "connect", "connection", "dsn",
    "endpoint",   "endpoints", "host",      "hostname",  "hosts",   "join",       "master",
    "nameserver", "node",      "nodes",     "origin",    "peer",    "peers",      "remote",
    "seed",       "seeds",     "sentinel",  "server",    "servers", "svc",        "target",
    "targets",    "upstream",  "upstreams", "uri",       "uris",    "url",        "urls",
    "cluster",    "primary"};

/// A name that ends with one of these names something else about the address.
constexpr std::array<std::string_view, 36> kOtherWords = {
    "account", "bucket", "class",     "database", "db",   "dir",     "enabled", "file",
    "group",   "id",     "image",     "interval", "key",  "label",   "level",   "log",
    "mode",    "name",   "namespace", "password", "path", "port",    "ports",   "prefix",
    "role",    "schema", "secret",    "table",    "tag",  "timeout", "token",   "topic",
    "type",    "user",   "username",  "version"};

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

/// True if `port` is `address` with "port" in the place of its last word, and perhaps more behind.
bool BelongTogether(std::span<const std::string> address, std::span<const std::string> port) {
  const std::size_t base = address.size() - 1;
  return port.size() > base && port[base] == "port" &&
         std::ranges::equal(address.first(base), port.first(base));
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
    if (!NamesAddress(text.name)) continue;
    const std::vector<std::string> words = KeyWords(text.name);
    for (const Port& port : ports) {
      if (BelongTogether(words, port.words)) text.ports.push_back(port.number);
    }
  }
}

}  // namespace cloudlab::policy::network
