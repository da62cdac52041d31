// Template variables: `{{workload}}` in a policy's text becomes what it is for the workload at
// hand.
//
//   {{workload}}     metadata.name of the workload
//   {{namespace}}    its effective namespace
//   {{kind}}         its kind
//   {{mainContainer}}  its main container (kube::MainContainer)
//   {{environment}}  its effective environment
//   {{release}}      Helm's release, else the label app.kubernetes.io/instance
//   {{profile.secretPath}}  of its environment's profile, with variables of its own
//   {{label:KEY}}    a label of the pod template, else of the workload
//   {{{{             two opening braces
//
// Refused: any other name, a variable that has no value here, and braces that are not closed. So a
// text for another template engine is never half expanded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "policy/policy.hpp"

namespace cloudlab::policy {

class Variables {
 public:
  Variables(const Subject& subject, const Run& run);

  /// What is wrong with a text.
  struct Flaw {
    std::string message;
    std::string hint;
  };

  /// Expands every text in `value`, in place, or says what is wrong with the first that cannot be.
  std::optional<Flaw> Expand(yaml::Value& value) const;
  /// Expands one text in place.
  std::optional<Flaw> Expand(std::string& text) const;

 private:
  /// The value of a variable, or the flaw that it has none.
  std::variant<std::string, Flaw> Find(std::string_view name) const;
  std::variant<std::string, Flaw> FindSecretPath() const;

  const Subject& subject_;
  const Run& run_;
};

/// True if `text` mentions the workload: what is made from it belongs to that workload alone.
bool NamesWorkload(std::string_view text);

}  // namespace cloudlab::policy
