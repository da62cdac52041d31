// What the policies of one stage want for single documents: asks them, edits the documents, and
// keeps the account of it in an Outcome. Stages runs workers side by side and puts their outcomes
// together in the order of the stream.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "app/report.hpp"
#include "app/rules.hpp"
#include "app/stream.hpp"
#include "policy/selection.hpp"

namespace cloudlab::app {

/// What all workers share and none changes, but for the documents: each is one worker's alone.
struct Workplace {
  const text::Source& input;
  Documents& documents;
  const Rules& rules;
  const policy::Run& run;
  bool pass_refusals = false;
  std::vector<std::pair<std::size_t, std::size_t>> manifests;  ///< Per document: first, count.

  /// The manifests of a document as it stands. They are those of the index, or, once it was
  /// edited, read again into `fresh`.
  std::span<const kube::Manifest> ManifestsOf(std::size_t document,
                                              std::vector<kube::Manifest>& fresh) const;
};

/// A workload that a policy was for, and the policy's spec if an annotation has overridden it.
struct Selected {
  std::size_t policy = 0;  ///< Its number.
  kube::ObjectId object;
  std::unique_ptr<yaml::Value> spec;
};

/// The account of some documents that stand one behind the other.
struct Outcome {
  std::vector<std::pair<std::size_t, std::size_t>> counts;  ///< Per policy: selected, changed.
  std::vector<policy::FieldEdit> rows;
  std::vector<policy::Skip> skips;
  std::vector<text::Diagnostic> diagnostics;
  /// With their policy's number.
  std::vector<std::pair<std::size_t, std::unique_ptr<policy::NewObject>>> objects;
  std::vector<Selected> selected;       ///< Of policies about the network.
  std::vector<kube::ObjectId> dropped;  ///< Objects whose document is passed through after all.
  /// Manifests that leave the stream, with the number of the policy that takes them out.
  std::vector<std::pair<const kube::Manifest*, std::size_t>> removed;
  std::size_t refused = 0;
  std::optional<yaml::Mismatch> mismatch;
};

class Worker {
 public:
  using ObjectsById = std::map<kube::ObjectId, const policy::NewObject*>;

  explicit Worker(const Workplace& place);

  /// Findings about annotations of ours that nobody would ever read.
  void CheckAnnotations(std::size_t document, Outcome& outcome);
  /// Lets the policies of one stage after the other propose, and makes the document what they say.
  /// There is an outcome for each stage.
  void Propose(std::size_t document, std::span<const policy::Stage> stages,
               std::span<Outcome> outcomes);
  /// Brings objects of an earlier run that stand in one document up to date.
  void UpdateObjects(std::size_t document, ObjectsById objects, Outcome& outcome);

 private:
  struct Chosen;
  struct Doubt;
  struct Work;

  void ProposeStage(std::size_t document, policy::Stage stage, Outcome& outcome);
  void Write(policy::NewObject& object) const;
  void AskAll(policy::Stage stage, const kube::Manifest& manifest, Work& work, Outcome& outcome);
  void Ask(std::size_t number, const kube::Manifest& manifest, Work& work, Outcome& outcome);
  void LetPropose(std::size_t number, const kube::Manifest& manifest, policy::Subject* subject,
                  Work& work, Outcome& outcome);
  static Chosen ChosenOf(std::size_t number, policy::Choice choice);
  std::string ChangeOfMind(const Chosen& before, const kube::Manifest& manifest);
  void LookAgain(std::size_t document, const Doubt& doubt, Outcome& outcome);
  void Account(std::size_t number, policy::Proposal& proposal, Work& work, Outcome& outcome);
  void AddRows(policy::Proposal& proposal, Outcome& outcome) const;
  void TakeOut(std::size_t number, const kube::Manifest& manifest, Outcome& outcome) const;
  bool Apply(std::size_t document, const yaml::ChangeSet& changes, const kube::Manifest& subject,
             Outcome& outcome);
  void Refuse(std::size_t document, yaml::Problem problem, const kube::Manifest& subject,
              Outcome& outcome);
  void AddFinding(const policy::Proposal::Finding& finding, std::size_t document,
                  text::Place otherwise, Outcome& outcome) const;

  const Workplace& place_;
  policy::Selection selection_;
  std::vector<std::string> owners_;  // Names of the policies, by their number.
  // What sidecar policies want for containers of the document at hand.
  std::vector<policy::StatedResource> stated_;
  // By earlier stages for manifests of the document at hand; they are the outcomes'.
  std::vector<const policy::NewObject*> made_;
};

}  // namespace cloudlab::app
