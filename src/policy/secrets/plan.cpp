#include "policy/secrets/plan.hpp"

#include <algorithm>
#include <array>

#include "kube/pod_template.hpp"
#include "policy/secrets/planner.hpp"
#include "text/ascii.hpp"

namespace cloudlab::policy::secrets {
namespace {

/// Passwords that stand in the documentation of many programs.
constexpr std::array<std::string_view, 44> kDictionary = {
    "adminadmin", "administrator", "admin123",      "admin1234",   "alertmanager",
    "cassandra",  "changeit",      "changeme",      "change-me",   "changeme123",
    "clickhouse", "cockroach",     "datadog",       "default",     "dockerpass",
    "elastic",    "elasticsearch", "example",       "grafana",     "keycloak",
    "localhost",  "mariadb",       "minioadmin",    "mongodb",     "opensearch",
    "passw0rd",   "password",      "password1",     "password123", "placeholder",
    "postgres",   "postgresql",    "prom-operator", "rabbitmq",    "replication",
    "root",       "root1234",      "rootpassword",  "secret",      "secretpassword",
    "sonarqube",  "test1234",      "testtest",      "wordpress"};

/// The name of an image without registry, folder, tag and digest.
std::string_view ImageName(std::string_view image) {
  image = image.substr(0, image.find('@'));
  image.remove_prefix(image.find_last_of('/') + 1);  // npos + 1 is 0.
  return image.substr(0, image.find(':'));
}

}  // namespace

bool IsDictionaryWord(std::string_view value, const kube::Index& index) {
  if (std::ranges::find(kDictionary, text::LowerCase(value)) != kDictionary.end()) return true;
  return std::ranges::any_of(index.manifests(), [&](const kube::Manifest& manifest) {
    if (manifest.id.name == value || manifest.id.ns == value) return true;
    if (!manifest.pod) return false;
    return std::ranges::any_of(kube::Containers(manifest.pod), [&](const auto& container) {
      return container.name == value || ImageName(container.Image()) == value;
    });
  });
}

Plan::Plan(std::string policy, const kube::Index& index, std::vector<Member> members,
           const MemberOf& member_of)
    : policy_(std::move(policy)), members_(std::move(members)) {
  Planner(*this, index, member_of).Run();
}

const Share* Plan::Find(const kube::Manifest& manifest) const {
  const auto place = [](const kube::Manifest* m) { return std::pair(m->document, m->root.id()); };
  const auto found = std::ranges::lower_bound(
      shares_, place(&manifest), {}, [&](const Share& share) { return place(share.manifest); });
  if (found == shares_.end() || found->manifest->root != manifest.root) return nullptr;
  return &*found;
}

const Plan* Plans::Find(std::string_view policy) const {
  const auto found = std::ranges::find(plans_, policy, [](const auto& p) { return p->policy(); });
  return found == plans_.end() ? nullptr : found->get();
}

}  // namespace cloudlab::policy::secrets
