// Is this policy for this object, and with which settings? Everything between a document and
// Policy::Propose(): environment, match and exclude, opting in and out, exceptions, overrides.
//
// Decided in this order, and the first that says no gives the reason:
//   match, exclude   the policy's own words; `inject.cloudlab.dev/<policy>: enabled` stands in for
//                    them (on a Namespace, not for its hooks)
//   exceptions       PolicyException
//   local config     `config.kubernetes.io/local-config: "true"`: an object for tools
//   opting out       `inject.cloudlab.dev/<policy>: disabled`, or `cloudlab.dev/skip`; the nearer
//   of
//                    the two holds, at one place the former
//   overrides        `override.cloudlab.dev/<policy>`: JSON merge patches of the spec (RFC 7396),
//                    from far to near, checked by the schema again
// A locked policy bears no opting out, no override and no tier annotation: each is an error.
//
// The environment is the run's (flag, then Pipeline). Where the run has none, the annotation
// cloudlab.dev/environment decides: of the pod template, the object, the Namespace, nearest first.
// For a locked policy the farthest one decides, or a workload could leave it by moving to another
// environment.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kube/index.hpp"
#include "policy/annotations.hpp"
#include "policy/exception.hpp"
#include "policy/policy.hpp"
#include "policy/profile.hpp"
#include "policy/proposal.hpp"

namespace cloudlab::policy {

/// One (policy, manifest) pair, decided. No subject and no skip: the policy is not about such
/// objects, or an error is among the findings.
struct Choice {
  std::optional<Subject> subject;
  std::optional<Skip> skip;
  std::vector<Proposal::Finding> findings;
  std::unique_ptr<yaml::Value> spec;  ///< What `subject` points to if the spec was overridden.
};

class Selection {
 public:
  /// All arguments must outlive the selection; `run` must have its profiles and its index.
  Selection(const Run& run, const Exceptions& exceptions, const DocumentSet& documents);

  Choice Choose(const Policy& policy, const kube::Manifest& manifest);
  /// The subject without any check or override: for Policy::Withdraw().
  Subject SubjectOf(const Policy& policy, const kube::Manifest& manifest) const;

  /// Findings about annotations of ours on `manifest` that no policy would ever read: misspelt
  /// keys, names of unknown policies, words of `cloudlab.dev/skip`, an unknown environment, or one
  /// that the run's environment outvotes. To be asked once for each manifest of the input.
  std::vector<Proposal::Finding> CheckAnnotations(const kube::Manifest& manifest) const;

 private:
  /// What a policy says of objects, read once.
  struct Terms {
    Match match;
    Match exclude;
  };
  /// `inject.cloudlab.dev/<policy>`.
  struct Switch {
    Annotation annotation;
    bool enabled = false;
  };
  struct OptOut {
    yaml::NodeView node;
    std::string message;
  };

  MatchTarget TargetOf(const kube::Manifest& manifest) const;
  const Terms& TermsOf(const Policy& policy);
  std::string EnvironmentOf(const MatchTarget& target, bool locked) const;
  bool IsMatched(const Policy& policy, const MatchTarget& target, Choice& choice);
  std::optional<Switch> FindSwitch(const Policy& policy, const MatchTarget& target,
                                   Choice& choice) const;
  std::optional<OptOut> FindOptOut(const Policy& policy, const MatchTarget& target,
                                   const std::optional<Switch>& inject) const;
  static OptOut OfLocalConfig(const kube::Manifest& manifest);
  bool Names(std::string_view words, const Policy& policy) const;
  void CheckAnnotation(const kube::Manifest& manifest, const std::string& key, yaml::NodeView node,
                       std::vector<Proposal::Finding>& findings) const;
  bool MayPassLock(const Policy& policy, const MatchTarget& target,
                   const std::optional<OptOut>& opt_out, Choice& choice) const;
  bool Override(const Policy& policy, const MatchTarget& target, Subject& subject,
                Choice& choice) const;

  const Run& run_;
  const Exceptions& exceptions_;
  std::vector<std::string> policy_names_;
  std::map<const Policy*, Terms> terms_;
};

}  // namespace cloudlab::policy
