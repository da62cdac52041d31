// Lets every policy propose, stage by stage, and makes the documents what the proposals say.
//
// Inside a stage all policies propose against one text; between stages the edited documents are
// scanned again, which is also the proof of the splice. Errors are collected, so that one run shows
// all of them; what is wrong with one document does not hide the next.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "app/report.hpp"
#include "app/rules.hpp"
#include "app/stream.hpp"
#include "policy/selection.hpp"
#include "policy/sidecar/objects.hpp"

namespace cloudlab::app {

class Stages {
 public:
  /// All arguments outlive the stages. `index` holds the manifests of the input.
  Stages(const text::Source& input, Documents& documents, const Rules& rules,
         const policy::Run& run, bool pass_refusals, Report& report);

  void Propose(policy::Stage stage);
  /// Brings objects of an earlier run up to date and removes those that nobody wants any more.
  void SettleObjects();

  /// Objects that are to come into the stream.
  std::vector<const policy::NewObject*> NewObjects() const;
  /// The first splice that did not turn out as intended: a bug of ours, exit 3.
  const std::optional<yaml::Mismatch>& mismatch() const { return mismatch_; }

 private:
  struct Work;
  using ObjectsById = std::map<kube::ObjectId, const policy::NewObject*>;

  /// The manifests of a document as it stands. They are those of the index, or, once it was edited,
  /// read again into `fresh`.
  std::span<const kube::Manifest> ManifestsOf(std::size_t document,
                                              std::vector<kube::Manifest>& fresh) const;
  void AddRows(policy::Proposal& proposal);
  void ProposeFor(std::size_t document, policy::Stage stage);
  void Ask(std::size_t number, const kube::Manifest& manifest, Work& work);
  void Account(std::size_t number, policy::Proposal& proposal, Work& work);
  /// Brings objects that stand in one document up to date.
  void UpdateObjects(std::size_t document, ObjectsById objects);
  void Apply(std::size_t document, const yaml::ChangeSet& changes, const kube::Manifest& subject);
  void Refuse(std::size_t document, yaml::Problem problem, const kube::Manifest& subject);
  void AddFinding(const policy::Proposal::Finding& finding, std::size_t document,
                  text::Place otherwise);
  text::Place PlaceOf(yaml::NodeView node, std::size_t document) const;

  const text::Source& input_;
  Documents& documents_;
  const Rules& rules_;
  const policy::Run& run_;
  bool pass_refusals_;
  Report& report_;
  policy::Selection selection_;
  policy::ObjectPool pool_;
  std::vector<std::string> owners_;  // Names of the policies, by their number.
  std::vector<std::pair<std::size_t, std::size_t>> input_manifests_;  // Per document: first, count.
  std::optional<yaml::Mismatch> mismatch_;
};

}  // namespace cloudlab::app
