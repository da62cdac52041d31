// The secrets of a run: what was found and what becomes of it, as plans that the policies propose
// from, as rows of the report, and as the proof that nothing of it is left.
#pragma once

#include "app/report.hpp"
#include "app/rules.hpp"
#include "app/stream.hpp"
#include "policy/policy.hpp"
#include "policy/secrets/leak.hpp"
#include "policy/secrets/plan.hpp"

namespace cloudlab::app {

/// True if a SecretReferencePolicy takes part in the run.
bool HasSecrets(const Rules& rules);

class Secrets {
 public:
  /// Reads the whole stream. All arguments outlive it.
  Secrets(const Documents& documents, const Rules& rules, const policy::Run& run);

  const policy::secrets::Plans& plans() const { return plans_; }
  /// The values that policies which apply replace, to be searched for in whatever leaves.
  const policy::secrets::LeakSearch& search() const { return search_; }

  /// Where secrets stand in the stream, those that stay included: nobody shall be shown them.
  std::vector<text::Span> Places() const;
  /// Adds rows to the report, and what concerns the policies as a whole: two of them for one
  /// object, or a SidecarPolicy that brings secrets along itself.
  void Tell(Report& report) const;
  /// Secrets of the chart that became what makes them: one object left, another came.
  void TellConverted(Report& report) const;
  /// Proves that every field that held a secret holds a reference now, values too short to be
  /// searched for included. Adds a row to the proofs, and an error where it does not hold.
  void Prove(const text::Source& input, Report& report) const;

 private:
  void CheckSidecars(Report& report) const;
  bool Holds(const policy::secrets::Plan& plan, const policy::secrets::Member& member) const;

  const Documents& documents_;
  const Rules& rules_;
  const policy::Run& run_;
  policy::secrets::Dictionary dictionary_;
  policy::secrets::Plans plans_;
  policy::secrets::LeakSearch search_;
};

}  // namespace cloudlab::app
