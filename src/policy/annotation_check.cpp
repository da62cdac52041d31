// Selection::CheckAnnotations(): what is written to us but would never be read. Warnings, because
// a misspelt opt-out leaves the policy in force, which is the safe side; an unknown environment is
// an error, because nobody can say what was meant.
#include <algorithm>
#include <array>
#include <utility>

#include "policy/mask.hpp"
#include "policy/registry.hpp"
#include "policy/selection.hpp"
#include "policy/suggest.hpp"

namespace cloudlab::policy {
namespace {

constexpr std::string_view kPrefix = "cloudlab.dev/";

/// Every annotation of ours, whoever reads or writes it.
const std::vector<std::string>& KnownKeys() {
  static const std::vector<std::string> keys = {
      std::string(kEnvironmentAnnotation), std::string(kSkipAnnotation),
      std::string(kSkipReasonAnnotation),  std::string(kTierAnnotation),
      std::string(kManagedByAnnotation),   "cloudlab.dev/connects-to",
      "cloudlab.dev/accepts-from",         std::string(kNotSecretAnnotation),
      std::string(kEvidenceAnnotation)};
  return keys;
}

}  // namespace

std::vector<Proposal::Finding> Selection::CheckAnnotations(const kube::Manifest& manifest) const {
  std::vector<Proposal::Finding> findings;
  const MatchTarget target = TargetOf(manifest);
  for (const auto& [key, node] : OwnAnnotations(target)) {
    const std::size_t group = key.find(kPrefix);
    if (group == std::string::npos || (group != 0 && key[group - 1] != '.')) continue;
    CheckAnnotation(manifest, key, node, findings);
  }
  return findings;
}

void Selection::CheckAnnotation(const kube::Manifest& manifest, const std::string& key,
                                yaml::NodeView node,
                                std::vector<Proposal::Finding>& findings) const {
  const auto report = [&](text::Severity severity, std::string code, std::string message,
                          std::string hint) {
    Proposal::Finding finding;
    finding.diagnostic.severity = severity;
    finding.diagnostic.code = std::move(code);
    finding.diagnostic.message = std::move(message);
    finding.diagnostic.object = manifest.id.Display();
    finding.diagnostic.hint = std::move(hint);
    finding.node = node;
    findings.push_back(std::move(finding));
  };
  const auto warn = [&](std::string message, std::string hint) {
    report(text::Severity::kWarning, "CL-P-UNREAD", std::move(message), std::move(hint));
  };
  for (const std::string_view prefix : {kInjectPrefix, kOverridePrefix}) {
    if (!key.starts_with(prefix)) continue;
    const std::string name = key.substr(prefix.size());
    if (std::ranges::find(policy_names_, name) == policy_names_.end()) {
      warn("annotation " + key + " names no policy of this run", Suggestion(name, policy_names_));
    }
    return;
  }
  if (key == kSkipAnnotation) {
    std::vector<std::string> known = Capabilities();
    known.insert(known.end(), policy_names_.begin(), policy_names_.end());
    for (const std::string& word : SkipWords(node.Text())) {
      if (std::ranges::find(known, word) != known.end() || IsEveryPolicy(word)) continue;
      warn("annotation " + key + " names \"" + MaskText({}, word) +
               "\", which is no policy of this run",
           Suggestion(word, known));
    }
  } else if (key == kEnvironmentAnnotation) {
    const std::string environment = node.Text();
    if (run_.environment.empty() && run_.profiles->Find(environment) == nullptr) {
      const text::Diagnostic unknown = run_.profiles->Unknown(environment, {});
      report(text::Severity::kError, unknown.code, unknown.message, unknown.hint);
    } else if (!run_.environment.empty() && environment != run_.environment) {
      warn(
          "annotation " + key + " says " + environment + ", but the run is for " + run_.environment,
          "leave --environment and the Pipeline's environment out, and the annotation holds");
    }
  } else if (!key.starts_with(kContainerTierPrefix) &&
             std::ranges::find(KnownKeys(), key) == KnownKeys().end()) {
    warn("unknown annotation " + key, Suggestion(key, KnownKeys()));
  }
}

}  // namespace cloudlab::policy
