// SecretReferencePolicy: replaces secrets that stand in manifests by references to a store (rules
// E1 to E8).
//
// What is found (secrets/detect.hpp, secrets/survey.hpp) becomes a plan for the whole stream
// (secrets/plan.hpp) before any document is edited: equal values share one key of the store, and
// who reads an entry of a ConfigMap reads it where it went. Here each manifest gets its share of
// the plan. That no value is left in what leaves the program is proven at the end of the run
// (app/secrets.hpp).
#pragma once

#include <optional>

#include "policy/policy.hpp"
#include "policy/secrets/plan.hpp"
#include "policy/secrets/settings.hpp"

namespace cloudlab::policy {

class SecretReferencePolicy : public Policy {
 public:
  explicit SecretReferencePolicy(const Document& document)
      : Policy(document), settings_(std::make_shared<const secrets::Settings>(document.spec)) {}

  Stage stage() const override { return Stage::kSecrets; }
  bool IsAbout(const kube::ObjectId& id) const override;
  void Propose(const Subject& subject, const Run& run, Proposal& proposal) const override;

  /// The manifest of `subject` as a member of the plan, without its sites.
  secrets::Member MemberOf(const Subject& subject, const Run& run) const;
  /// The same with its sites; nothing if there are none.
  std::optional<secrets::Member> Survey(const Subject& subject, const Run& run) const;

 private:
  std::shared_ptr<const secrets::Settings> SettingsOf(const Subject& subject) const;

  std::shared_ptr<const secrets::Settings> settings_;
};

}  // namespace cloudlab::policy
