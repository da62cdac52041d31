// Every check either lets the pair pass or fills the Choice with the reason and stops. Nothing is
// decided about manifests that have no pod template and that the policy is not about.
#include "policy/selection.hpp"

#include <algorithm>
#include <utility>

#include "policy/mask.hpp"
#include "policy/override.hpp"
#include "policy/registry.hpp"
#include "policy/schema.hpp"

namespace cloudlab::policy {
namespace {

Proposal::Finding MakeFinding(const kube::Manifest& manifest, yaml::NodeView node,
                              text::Severity severity, std::string code, std::string message,
                              std::string hint = {}) {
  Proposal::Finding finding;
  finding.diagnostic.severity = severity;
  finding.diagnostic.code = std::move(code);
  finding.diagnostic.message = std::move(message);
  finding.diagnostic.object = manifest.id.Display();
  finding.diagnostic.hint = std::move(hint);
  finding.node = node;
  return finding;
}

Skip MakeSkip(const Policy& policy, const kube::Manifest& manifest, std::string code,
              std::string message) {
  return {manifest.id, policy.name(), std::move(code), std::move(message)};
}

}  // namespace

Selection::Selection(const Run& run, const Exceptions& exceptions, const DocumentSet& documents)
    : run_(run), exceptions_(exceptions), policy_names_(PolicyNames(documents)) {}

const Selection::Terms& Selection::TermsOf(const Policy& policy) {
  auto at = terms_.find(&policy);
  if (at == terms_.end()) {
    const yaml::Value& spec = policy.document().spec;
    // A secret in a hook is as readable as any other.
    const Match::Hooks hooks =
        policy.stage() == Stage::kSecrets ? Match::Hooks::kInclude : Match::Hooks::kExclude;
    Terms terms{Match(spec.Find("match"), hooks),
                Match(spec.Find("exclude"), Match::Hooks::kInclude)};
    at = terms_.emplace(&policy, std::move(terms)).first;
  }
  return at->second;
}

MatchTarget Selection::TargetOf(const kube::Manifest& manifest) const {
  MatchTarget target;
  target.manifest = &manifest;
  return target;
}

std::string Selection::EnvironmentOf(const MatchTarget& target, bool locked) const {
  if (!run_.environment.empty()) return run_.environment;
  const std::vector<Annotation> found =
      FindAnnotations(target, *run_.index, kEnvironmentAnnotation);
  if (found.empty()) return {};
  return locked ? found.front().value : found.back().value;
}

Choice Selection::Choose(const Policy& policy, const kube::Manifest& manifest) {
  Choice choice;
  MatchTarget target = TargetOf(manifest);
  if (!manifest.pod && !policy.IsAbout(manifest.id)) return choice;
  const std::string environment = EnvironmentOf(target, policy.document().locked());
  target.environment = environment;
  const std::optional<Switch> inject = FindSwitch(policy, target, choice);
  if (!choice.findings.empty()) return choice;
  const bool asked_for = inject && inject->enabled &&
                         (inject->annotation.level != Level::kNamespace || !manifest.hook);
  if (!asked_for && !IsMatched(policy, target, choice)) return choice;
  if (!manifest.pod && kube::FindWorkloadKind(manifest.id.group(), manifest.id.kind) != nullptr) {
    choice.skip = MakeSkip(policy, manifest, "CL-S-NO-POD",
                           "it has no pod template of its own; the policy must select the object "
                           "that has it");
    return choice;
  }
  if (const Document* exception = exceptions_.Find(policy.name(), target)) {
    choice.skip = MakeSkip(policy, manifest, "CL-S-EXCEPTION",
                           exception->Display() + ": " + Reason(*exception));
    return choice;
  }
  std::optional<OptOut> opt_out = FindOptOut(policy, target, inject);
  if (manifest.local_config) opt_out = OfLocalConfig(manifest);
  if (policy.document().locked() && !MayPassLock(policy, target, opt_out, choice)) return choice;
  if (opt_out) {
    const char* code = manifest.local_config ? "CL-S-LOCAL-CONFIG" : "CL-S-OPTED-OUT";
    choice.skip = MakeSkip(policy, manifest, code, opt_out->message);
    return choice;
  }
  Subject subject = SubjectOf(policy, manifest);
  if (Override(policy, target, subject, choice)) choice.subject = std::move(subject);
  return choice;
}

Subject Selection::SubjectOf(const Policy& policy, const kube::Manifest& manifest) const {
  Subject subject;
  subject.manifest = &manifest;
  subject.environment = EnvironmentOf(TargetOf(manifest), policy.document().locked());
  subject.profile = run_.profiles->Find(subject.environment);
  subject.spec = &policy.document().spec;
  return subject;
}

bool Selection::IsMatched(const Policy& policy, const MatchTarget& target, Choice& choice) {
  const Terms& terms = TermsOf(policy);
  const MatchAnswer answer = terms.match.Ask(target);
  if (!answer.matches) {
    if (answer.kind_matches) {
      choice.skip = MakeSkip(policy, *target.manifest, "CL-S-NO-MATCH", answer.reason);
    }
    return false;
  }
  if (terms.exclude.empty() || !terms.exclude.Ask(target).matches) return true;
  choice.skip = MakeSkip(policy, *target.manifest, "CL-S-EXCLUDED", "the policy excludes it");
  return false;
}

std::optional<Selection::Switch> Selection::FindSwitch(const Policy& policy,
                                                       const MatchTarget& target,
                                                       Choice& choice) const {
  const std::string key = std::string(kInjectPrefix) + policy.name();
  std::optional<Annotation> found = FindAnnotation(target, *run_.index, key);
  if (!found) return std::nullopt;
  if (found->value != "enabled" && found->value != "disabled") {
    choice.findings.push_back(
        MakeFinding(*target.manifest, found->node, text::Severity::kError, "CL-P-ANNOTATION",
                    Display(*found, key) + " is \"" + MaskText({}, found->value) + "\"",
                    "write enabled or disabled"));
    return std::nullopt;
  }
  const bool enabled = found->value == "enabled";
  return Switch{std::move(*found), enabled};
}

std::optional<Selection::OptOut> Selection::FindOptOut(const Policy& policy,
                                                       const MatchTarget& target,
                                                       const std::optional<Switch>& inject) const {
  std::optional<Annotation> skip = FindAnnotation(target, *run_.index, kSkipAnnotation);
  if (inject && (!skip || inject->annotation.level >= skip->level)) {
    if (inject->enabled) return std::nullopt;
    const std::string key = std::string(kInjectPrefix) + policy.name();
    return OptOut{inject->annotation.node, Display(inject->annotation, key) + " says disabled"};
  }
  if (!skip || !Names(skip->value, policy)) return std::nullopt;
  const std::optional<Annotation> reason =
      FindAnnotation(target, *run_.index, kSkipReasonAnnotation);
  return OptOut{skip->node,
                Display(*skip, kSkipAnnotation) + " says \"" + MaskText({}, skip->value) + "\"" +
                    (reason ? ": " + MaskText({}, reason->value)
                            : " (no " + std::string(kSkipReasonAnnotation) + " is given)")};
}

/// Rule G9. Helm applies such an object all the same, so that a lock holds against it.
Selection::OptOut Selection::OfLocalConfig(const kube::Manifest& manifest) {
  const std::string key = "config.kubernetes.io/local-config";
  return {manifest.annotations.Find(key),
          "annotation " + key + " says that it is for tools and not for a cluster"};
}

bool Selection::Names(std::string_view words, const Policy& policy) const {
  return std::ranges::any_of(SkipWords(words), [&](const std::string& word) {
    return IsEveryPolicy(word) || word == policy.name() ||
           word == CapabilityOf(policy.document().kind);
  });
}

bool Selection::MayPassLock(const Policy& policy, const MatchTarget& target,
                            const std::optional<OptOut>& opt_out, Choice& choice) const {
  const auto refuse = [&](yaml::NodeView node, const std::string& what) {
    choice.findings.push_back(MakeFinding(
        *target.manifest, node, text::Severity::kError, "CL-P-LOCKED",
        what + ", but the policy " + policy.name() + " is locked",
        "remove the annotation, or ask the owners of the policy for a PolicyException"));
  };
  const auto refuse_key = [&](std::string_view key) {
    for (const Annotation& found : FindAnnotations(target, *run_.index, key)) {
      refuse(found.node, Display(found, key) + " would change this workload");
    }
  };
  if (opt_out) refuse(opt_out->node, opt_out->message);
  refuse_key(std::string(kOverridePrefix) + policy.name());
  if (run_.environment.empty()) {
    const auto found = FindAnnotations(target, *run_.index, kEnvironmentAnnotation);
    if (!found.empty() && found.front().value != found.back().value) {
      refuse(found.back().node, Display(found.back(), kEnvironmentAnnotation) +
                                    " would move this workload out of " + found.front().value);
    }
  }
  if (policy.ReadsTier(SubjectOf(policy, *target.manifest))) refuse_key(kTierAnnotation);
  if (CapabilityOf(policy.document().kind) == "tier") {
    for (const auto& [key, node] : OwnAnnotations(target)) {
      if (key.starts_with(kContainerTierPrefix)) {
        refuse(node, "annotation " + key + " would change this workload");
      }
    }
  }
  return choice.findings.empty();
}

bool Selection::Override(const Policy& policy, const MatchTarget& target, Subject& subject,
                         Choice& choice) const {
  const std::string key = std::string(kOverridePrefix) + policy.name();
  const KindSchema* schema = FindSchema(policy.document().kind);
  for (const Annotation& patch : FindAnnotations(target, *run_.index, key)) {
    if (choice.spec == nullptr) {
      choice.spec = std::make_unique<yaml::Value>(policy.document().spec);
      subject.spec = choice.spec.get();
      subject.override = key;
    }
    for (const OverrideFlaw& flaw : ApplyOverride(*schema, patch.value, *choice.spec)) {
      choice.findings.push_back(MakeFinding(*target.manifest, patch.node, text::Severity::kError,
                                            "CL-P-OVERRIDE",
                                            Display(patch, key) + " " + flaw.message, flaw.hint));
    }
    if (!choice.findings.empty()) return false;
  }
  return true;
}

}  // namespace cloudlab::policy
