#include "policy/secrets.hpp"

#include <utility>

#include "policy/ownership.hpp"
#include "policy/variables.hpp"

namespace cloudlab::policy {
namespace {

/// Without a profile that names one, secrets stand where their workload does.
constexpr std::string_view kUsualPath = "{{namespace}}/{{workload}}";

/// True for what an earlier run made: a Secret of placeholders has no secret in it.
bool IsOurs(const kube::Manifest& manifest, const std::string& policy) {
  const bool makes_secret = manifest.id.kind == "Secret" || manifest.id.kind == "ExternalSecret";
  return makes_secret && IsManagedBy(manifest, policy);
}

}  // namespace

std::shared_ptr<const secrets::Settings> SecretReferencePolicy::SettingsOf(
    const Subject& subject) const {
  if (subject.spec == &document().spec) return settings_;
  return std::make_shared<const secrets::Settings>(*subject.spec);
}

secrets::Member SecretReferencePolicy::MemberOf(const Subject& subject, const Run& run) const {
  secrets::Member member;
  member.manifest = subject.manifest;
  member.settings = SettingsOf(subject);
  member.environment = subject.environment;
  const secrets::Settings& settings = *member.settings;
  const Variables variables(subject, run);
  const auto expand = [&](std::string text) {
    if (auto flaw = variables.Expand(text)) {
      member.flaw = std::move(flaw->message);
      member.flaw_hint = std::move(flaw->hint);
    }
    return text;
  };
  const bool has_path = subject.profile != nullptr && !subject.profile->secret_path.empty();
  const std::string usual = has_path ? "{{profile.secretPath}}" : std::string(kUsualPath);
  member.secret_name = expand(settings.secret_name);
  constexpr std::size_t kLongestName = 253;  // Of a DNS subdomain.
  if (member.secret_name.size() > kLongestName) {
    member.flaw = "the name of its Secret would be longer than 253 characters";
    member.flaw_hint = "write a shorter spec.secretName";
  }
  if (settings.provider != secrets::Settings::Provider::kExternalSecret) {
    // There is no store; equal values of one workload still are one.
    member.remote_key = subject.manifest->id.Display();
    return member;
  }
  member.remote_key = expand(settings.remote_key.empty() ? usual : settings.remote_key);
  member.store = {settings.store.kind, expand(settings.store.name)};
  for (const auto& [backend, store] : settings.reference_stores) {
    member.reference_stores[backend] = {store.kind, expand(store.name)};
  }
  return member;
}

std::optional<secrets::Member> SecretReferencePolicy::Survey(const Subject& subject,
                                                             const Run& run) const {
  if (IsOurs(*subject.manifest, name())) return std::nullopt;
  std::vector<secrets::Site> sites = secrets::Survey(*subject.manifest, *SettingsOf(subject));
  if (sites.empty()) return std::nullopt;
  secrets::Member member = MemberOf(subject, run);
  member.sites = std::move(sites);
  return member;
}

bool SecretReferencePolicy::IsAbout(const kube::ObjectId& id) const {
  const bool holds_data = id.group().empty() && (id.kind == "ConfigMap" || id.kind == "Secret");
  return holds_data || Policy::IsAbout(id);
}

void SecretReferencePolicy::Propose(const Subject& subject, const Run& run,
                                    Proposal& proposal) const {
  const secrets::Plan* plan = run.secrets == nullptr ? nullptr : run.secrets->Find(name());
  if (plan != nullptr) plan->Propose(*subject.manifest, proposal);
}

}  // namespace cloudlab::policy
