#include "policy/secrets/dictionary.hpp"

#include <algorithm>
#include <array>

#include "kube/pod_template.hpp"
#include "text/ascii.hpp"

namespace cloudlab::policy::secrets {
namespace {

/// Default passwords in the documentation of many programs, names of these, and words for roles.
constexpr std::array<std::string_view, 78> kWords = {
    "account",   "admin",         "adminadmin", "administrator", "agent",       "alertmanager",
    "app",       "application",   "backend",    "cassandra",     "change",      "changeit",
    "changeme",  "clickhouse",    "client",     "cockroach",     "database",    "datadog",
    "db",        "default",       "demo",       "dev",           "develop",     "development",
    "elastic",   "elasticsearch", "example",    "frontend",      "grafana",     "guest",
    "it",        "kafka",         "keycloak",   "local",         "localhost",   "mariadb",
    "me",        "metrics",       "minio",      "minioadmin",    "mongo",       "mongodb",
    "monitor",   "monitoring",    "my",         "mysql",         "nginx",       "opensearch",
    "operator",  "owner",         "pass",       "passw",         "password",    "placeholder",
    "postgres",  "postgresql",    "prom",       "prometheus",    "public",      "rabbitmq",
    "rd",        "readonly",      "redis",      "replace",       "replication", "root",
    "sample",    "secret",        "server",     "service",       "sonarqube",   "super",
    "superuser", "supersecret",   "sys",        "system",        "test",        "user",
};

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Calls take(word) for every run of letters, until it says false.
template <typename Take>
bool ForEachWord(std::string_view text, const Take& take) {
  for (std::size_t at = 0; at < text.size();) {
    if (!IsLetter(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && IsLetter(text[end])) ++end;
    if (!take(text::LowerCase(text.substr(at, end - at)))) return false;
    at = end;
  }
  return true;
}

/// The name of an image without registry, folder, tag and digest.
std::string_view ImageName(std::string_view image) {
  image = image.substr(0, image.find('@'));
  image.remove_prefix(image.find_last_of('/') + 1);  // npos + 1 is 0.
  return image.substr(0, image.find(':'));
}

}  // namespace

Dictionary::Dictionary(const kube::Index& stream) {
  for (const kube::Manifest& manifest : stream.manifests()) {
    AddName(manifest.id.name);
    AddName(manifest.id.ns);
    if (!manifest.pod) continue;
    for (const kube::Container& container : kube::Containers(manifest.pod)) {
      AddName(container.name);
      AddName(ImageName(container.Image()));
    }
  }
}

void Dictionary::AddName(std::string_view name) {
  ForEachWord(name, [this](std::string word) {
    names_.insert(std::move(word));
    return true;
  });
}

bool Dictionary::Knows(std::string_view value) const {
  // Digits between letters make no word: a token is full of short runs of letters.
  constexpr std::size_t kMostDigits = 4;
  constexpr std::size_t kMostWords = 4;
  std::size_t words = 0;
  std::size_t letters = 0;
  const bool known = ForEachWord(value, [&](const std::string& word) {
    letters += word.size();
    ++words;
    return std::ranges::find(kWords, word) != kWords.end() || names_.contains(word);
  });
  const auto digits = static_cast<std::size_t>(
      std::ranges::count_if(value, [](char c) { return c >= '0' && c <= '9'; }));
  return known && words > 0 && words <= kMostWords && digits <= kMostDigits && letters > digits;
}

}  // namespace cloudlab::policy::secrets
