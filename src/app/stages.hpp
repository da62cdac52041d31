// Lets every policy propose, stage by stage, and makes the documents what the proposals say.
//
// Inside a stage all policies propose against one text; between stages the edited documents are
// scanned again, which is also the proof of the splice. Errors are collected, so that one run shows
// all of them; what is wrong with one document does not hide the next.
#pragma once

#include <deque>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include "app/report.hpp"
#include "app/rules.hpp"
#include "app/stream.hpp"
#include "app/worker.hpp"
#include "policy/sidecar/objects.hpp"

namespace cloudlab::app {

class Stages {
 public:
  /// All arguments outlive the stages. `index` holds the manifests of the input.
  Stages(const text::Source& input, Documents& documents, const Rules& rules,
         const policy::Run& run, bool pass_refusals, Report& report);

  /// Takes every document through `stages`, one after the other. No stage needs what it made of
  /// other documents, so each goes all the way while it is in the cache of its core.
  void Propose(std::initializer_list<policy::Stage> stages);
  /// Brings objects that the policies of the stages so far made in an earlier run up to date, and
  /// removes those that nobody wants any more.
  void SettleObjects();

  /// Objects that are to come into the stream, once every document is settled: what only a document
  /// wanted that was passed through is not among them.
  std::vector<const policy::NewObject*> NewObjects();
  /// Everything that policies of the run want to be there, in the stream already or not.
  const std::deque<policy::NewObject>& WantedObjects() const { return pool_.objects(); }
  /// True if a document is passed through: then an object may come to nothing, or to another
  /// parent.
  bool AnyPassed() const;
  /// The workloads that policies about the network were for.
  const std::vector<Selected>& selected() const { return selected_; }
  /// The first splice that did not turn out as intended: a bug of ours, exit 3.
  const std::optional<yaml::Mismatch>& mismatch() const { return mismatch_; }

 private:
  /// Calls `work` for every document that has manifests, on all cores, with an outcome for each of
  /// the `passes` that it makes; takes these over pass by pass, each in the order of the stream.
  void ForEachDocument(std::size_t passes,
                       const std::function<void(Worker&, std::size_t, std::span<Outcome>)>& work);
  void Take(Outcome outcome);
  /// What only documents wanted that are passed through comes to nothing.
  void ForgetPassed();

  Workplace place_;
  Report& report_;
  policy::ObjectPool pool_;
  std::vector<Selected> selected_;
  std::vector<policy::Stage> unsettled_;  // Stages whose objects are to be settled.
  std::optional<yaml::Mismatch> mismatch_;
};

}  // namespace cloudlab::app
