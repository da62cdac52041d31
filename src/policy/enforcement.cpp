#include "policy/enforcement.hpp"

#include <string>
#include <utility>

#include "policy/sidecar/objects.hpp"
#include "policy/suggest.hpp"

namespace cloudlab::policy {

Enforcement EnforcementOf(const Document& policy) {
  const yaml::Value* value = policy.spec.Find("enforcement");
  const std::string_view text = value == nullptr ? "Apply" : std::string_view(value->text());
  if (text == "Warn") return Enforcement::kWarn;
  if (text == "Fail") return Enforcement::kFail;
  if (text == "DryRun") return Enforcement::kDryRun;
  return Enforcement::kApply;
}

std::vector<Proposal::Finding> EnforcementFindings(Enforcement enforcement,
                                                   const Proposal& proposal,
                                                   std::string_view policy,
                                                   const kube::Index& index) {
  if (enforcement == Enforcement::kApply || enforcement == Enforcement::kDryRun) return {};
  std::vector<std::string> changes;
  for (const FieldEdit& edit : proposal.edits()) {
    const bool removal = edit.op == FieldEdit::Op::kRemove;
    changes.push_back(removal ? "remove " + edit.path : edit.path + " = " + edit.new_value);
  }
  for (const NewObject& object : proposal.objects()) {
    const kube::Manifest* existing = index.Find(object.id);
    if (existing == nullptr) {
      changes.push_back("add " + object.id.Display());
    } else if (WouldChange(*existing, object.content)) {
      changes.push_back("change " + object.id.Display());
    }
  }
  if (changes.empty()) return {};

  Proposal::Finding finding;
  finding.node = proposal.manifest().root;
  finding.diagnostic.severity =
      enforcement == Enforcement::kFail ? text::Severity::kError : text::Severity::kWarning;
  finding.diagnostic.code = "CL-P-ENFORCED";
  finding.diagnostic.object = proposal.manifest().id.Display();
  finding.diagnostic.message =
      "the policy " + std::string(policy) + " is not met: " + Joined(changes);
  finding.diagnostic.hint = "make the chart say so, or set `enforcement: Apply`";
  return {std::move(finding)};
}

}  // namespace cloudlab::policy
