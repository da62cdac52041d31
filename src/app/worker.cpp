#include "app/worker.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "app/output.hpp"
#include "policy/enforcement.hpp"
#include "policy/ownership.hpp"
#include "policy/sidecar/objects.hpp"
#include "policy/suggest.hpp"

namespace cloudlab::app {

using policy::Enforcement;
using policy::Proposal;

namespace {

/// True if it matters to the network whom `policy` was for.
bool IsTold(const policy::Policy& policy) {
  return policy.stage() == policy::Stage::kNetwork ||
         policy.document().spec.Find("egress") != nullptr;
}

}  // namespace

/// How a policy was chosen for a manifest, for a second look.
struct Worker::Chosen {
  std::size_t number = 0;  // Of the policy.
  bool selected = false;
  std::string environment;
  std::unique_ptr<yaml::Value> spec;  // After overrides; null: as the policy has it.

  bool operator==(const Chosen& other) const {
    if (selected != other.selected || environment != other.environment) return false;
    return spec == nullptr || other.spec == nullptr ? spec == other.spec : *spec == *other.spec;
  }
};

/// A manifest whose policies may be chosen otherwise once it is edited.
struct Worker::Doubt {
  std::size_t manifest = 0;  // Of the document's.
  std::vector<std::string> relabelling;
  std::vector<Chosen> chosen;
};

/// What the policies of one stage want for one document.
struct Worker::Work {
  yaml::ChangeSet changes;
  std::vector<std::string> owning;       // Policies that put a container into the manifest at hand.
  std::vector<std::string> withdrawn;    // Policies that took theirs back.
  std::vector<std::string> relabelling;  // Policies that change labels or annotations of its pods.
  std::vector<Chosen> chosen;            // How each policy was chosen for it.
  std::vector<Doubt> doubts;             // Of all manifests so far.
};

std::span<const kube::Manifest> Workplace::ManifestsOf(std::size_t document,
                                                       std::vector<kube::Manifest>& fresh) const {
  if (!documents[document].edited()) {
    const auto [first, count] = manifests[document];
    return std::span(run.index->manifests()).subspan(first, count);
  }
  fresh =
      kube::Manifests(documents[document].current(), document, rules.pipeline.pod_template_paths);
  for (kube::Manifest& manifest : fresh) run.index->ResolveNamespace(manifest.id);
  return fresh;
}

Worker::Worker(const Workplace& place)
    : place_(place), selection_(place.run, place.rules.exceptions, place.rules.documents) {
  for (const auto& policy : place.rules.policies) owners_.push_back(policy->name());
}

void Worker::CheckAnnotations(std::size_t document, Outcome& outcome) {
  std::vector<kube::Manifest> fresh;
  for (const kube::Manifest& manifest : place_.ManifestsOf(document, fresh)) {
    for (const auto& finding : selection_.CheckAnnotations(manifest)) {
      AddFinding(finding, document, {}, outcome);
    }
  }
}

void Worker::Propose(std::size_t document, std::span<const policy::Stage> stages,
                     std::span<Outcome> outcomes) {
  stated_.clear();
  made_.clear();
  std::vector<std::size_t> before;
  for (const Outcome& outcome : outcomes) before.push_back(outcome.objects.size());
  for (std::size_t i = 0; i < stages.size() && !place_.documents[document].passed(); ++i) {
    ProposeStage(document, stages[i], outcomes[i]);
    for (const auto& [number, object] : std::span(outcomes[i].objects).subspan(before[i])) {
      made_.push_back(object.get());
    }
  }
  for (std::size_t i = 0; i < stages.size(); ++i) {
    for (auto& [number, object] : std::span(outcomes[i].objects).subspan(before[i])) Write(*object);
  }
}

/// Writes an object, and drops its tree, which takes many times as much memory, unless somebody may
/// ask for it: the object stands in the stream already, or others may want it as well.
void Worker::Write(policy::NewObject& object) const {
  WriteObject(place_.input.text, place_.documents, *place_.run.index, object);
  object.stands = place_.run.index->Find(object.id) != nullptr;
  if (!object.stands && !object.named_in_policy && !place_.pass_refusals) object.content = {};
}

void Worker::ProposeStage(std::size_t document, policy::Stage stage, Outcome& outcome) {
  std::vector<kube::Manifest> fresh;
  const std::span<const kube::Manifest> manifests = place_.ManifestsOf(document, fresh);
  const auto known = static_cast<std::ptrdiff_t>(outcome.diagnostics.size());
  Work work;
  for (const kube::Manifest& manifest : manifests) {
    work.owning.clear();
    work.withdrawn.clear();
    AskAll(stage, manifest, work, outcome);
    if (!work.relabelling.empty()) {
      const auto index = static_cast<std::size_t>(&manifest - manifests.data());
      work.doubts.push_back({index, std::move(work.relabelling), std::move(work.chosen)});
    }
    if (work.owning.empty() && work.withdrawn.empty()) continue;
    const std::string& policy = work.owning.empty() ? work.withdrawn.front() : work.owning.front();
    Proposal mark(manifest, policy, 0, work.changes, place_.run.explain);
    policy::UpdateMark(work.owning, work.withdrawn, mark);
    AddRows(mark, outcome);
  }
  if (work.changes.empty()) return;
  // What follows from an error is of no use to anybody.
  const bool failed =
      std::any_of(outcome.diagnostics.begin() + known, outcome.diagnostics.end(),
                  [](const text::Diagnostic& d) { return d.severity == text::Severity::kError; });
  if (!Apply(document, work.changes, manifests.front(), outcome) || failed) return;
  for (const Doubt& doubt : work.doubts) LookAgain(document, doubt, outcome);
}

void Worker::AddRows(Proposal& proposal, Outcome& outcome) const {
  if (!place_.run.explain) return;
  for (auto& edit : proposal.TakeEdits()) outcome.rows.push_back(std::move(edit));
}

/// Asks every policy of the stage about one manifest. First all say what they want, then those that
/// are not for it any more take back what nobody else wants.
void Worker::AskAll(policy::Stage stage, const kube::Manifest& manifest, Work& work,
                    Outcome& outcome) {
  work.relabelling.clear();
  work.chosen.clear();
  for (std::size_t number = 0; number < place_.rules.policies.size(); ++number) {
    if (place_.rules.policies[number]->stage() == stage) Ask(number, manifest, work, outcome);
  }
  if (manifest.local_config) return;
  for (const Chosen& chosen : work.chosen) {
    const policy::Policy& policy = *place_.rules.policies[chosen.number];
    if (chosen.selected || !policy::IsManagedBy(manifest, policy.name())) continue;
    LetPropose(chosen.number, manifest, nullptr, work, outcome);
  }
}

/// Asks one policy about one manifest.
void Worker::Ask(std::size_t number, const kube::Manifest& manifest, Work& work, Outcome& outcome) {
  const policy::Policy& policy = *place_.rules.policies[number];
  policy::Choice choice = selection_.Choose(policy, manifest);
  for (const auto& finding : choice.findings) {
    AddFinding(finding, manifest.document, policy.document().name_place(), outcome);
  }
  if (choice.skip) outcome.skips.push_back(*choice.skip);
  if (choice.subject) {
    ++outcome.counts[number].first;
    if (IsTold(policy)) {
      kube::ObjectId id = manifest.id;
      place_.run.index->ResolveNamespace(id);
      outcome.selected.push_back(
          {number, std::move(id),
           choice.spec ? std::make_unique<yaml::Value>(*choice.spec) : nullptr});
    }
    LetPropose(number, manifest, &*choice.subject, work, outcome);
  }
  work.chosen.push_back(ChosenOf(number, std::move(choice)));
}

Worker::Chosen Worker::ChosenOf(std::size_t number, policy::Choice choice) {
  if (!choice.subject) return {number, false, {}, nullptr};
  return {number, true, std::move(choice.subject->environment), std::move(choice.spec)};
}

/// Lets a policy propose for a manifest or, without a subject, withdraw from it. It proposes into a
/// set of its own where it may not apply.
void Worker::LetPropose(std::size_t number, const kube::Manifest& manifest,
                        policy::Subject* subject, Work& work, Outcome& outcome) {
  const policy::Policy& policy = *place_.rules.policies[number];
  const bool applies = policy::EnforcementOf(policy.document()) == Enforcement::kApply;
  yaml::ChangeSet aside;
  Proposal proposal(manifest, policy.name(), static_cast<yaml::Owner>(number),
                    applies ? work.changes : aside, place_.run.explain || !applies);
  if (subject != nullptr) {
    // A policy that only warns is in nobody's way.
    if (applies) subject->stated = stated_;
    subject->made = made_;
    policy.Propose(*subject, place_.run, proposal);
  } else {
    policy.Withdraw(selection_.SubjectOf(policy, manifest), place_.run, proposal);
  }
  Account(number, proposal, work, outcome);
}

/// What a policy would do otherwise in the next run, now that the manifest is edited; empty if it
/// would do nothing.
std::string Worker::ChangeOfMind(const Chosen& before, const kube::Manifest& manifest) {
  const policy::Policy& policy = *place_.rules.policies[before.number];
  policy::Choice choice = selection_.Choose(policy, manifest);
  yaml::ChangeSet aside;
  Proposal proposal(manifest, policy.name(), 0, aside);
  if (choice.subject) policy.Propose(*choice.subject, place_.run, proposal);
  const Chosen after = ChosenOf(before.number, std::move(choice));
  if (after.selected != before.selected) {
    return after.selected ? "select this workload" : "not select this workload";
  }
  const bool fails = std::ranges::any_of(proposal.findings(), [](const Proposal::Finding& f) {
    return f.diagnostic.severity == text::Severity::kError;
  });
  if (fails) return "fail on this workload";
  return after == before && aside.empty() ? "" : "change this workload again";
}

/// Labels and annotations of the pod were changed, and policies go by them. One that would do
/// another thing in the next run would do it only to half of what is deployed.
void Worker::LookAgain(std::size_t document, const Doubt& doubt, Outcome& outcome) {
  std::vector<kube::Manifest> fresh;
  const kube::Manifest& manifest = place_.ManifestsOf(document, fresh)[doubt.manifest];
  for (const Chosen& before : doubt.chosen) {
    const policy::Policy& policy = *place_.rules.policies[before.number];
    const Enforcement enforcement = policy::EnforcementOf(policy.document());
    if (enforcement == Enforcement::kWarn || enforcement == Enforcement::kDryRun) continue;
    const std::string what = ChangeOfMind(before, manifest);
    if (what.empty()) continue;
    text::Diagnostic error;
    error.code = "CL-P-UNSTABLE";
    error.object = manifest.id.Display();
    error.message = "in the next run the policy " + policy.name() + " would " + what +
                    ", because " + policy::Joined(doubt.relabelling) +
                    (doubt.relabelling.size() == 1 ? " changes" : " change") +
                    " labels or annotations of its pods";
    error.hint =
        "go by what the chart says and no policy changes, or write the labels and "
        "annotations in the chart";
    error.place = policy.document().PlaceAt({"spec", "match"});
    outcome.diagnostics.push_back(std::move(error));
  }
}

/// Takes rows, findings and objects of a proposal over, as its policy's enforcement says.
void Worker::Account(std::size_t number, Proposal& proposal, Work& work, Outcome& outcome) {
  const policy::Policy& policy = *place_.rules.policies[number];
  const Enforcement enforcement = policy::EnforcementOf(policy.document());
  const kube::Manifest& manifest = proposal.manifest();
  const auto is_news = [this](const policy::NewObject& object) {
    const kube::Manifest* existing = place_.run.index->Find(object.id);
    return existing == nullptr || policy::WouldChange(*existing, object.content);
  };
  const bool wants_change =
      !proposal.edits().empty() || std::ranges::any_of(proposal.objects(), is_news);
  if (wants_change && enforcement == Enforcement::kApply) ++outcome.counts[number].second;
  outcome.skips.insert(outcome.skips.end(), proposal.skips().begin(), proposal.skips().end());
  for (const auto& finding : proposal.findings()) {
    AddFinding(finding, manifest.document, policy.document().name_place(), outcome);
  }
  for (const auto& conflict : proposal.conflicts()) {
    text::Diagnostic error = policy::DescribeConflict(conflict, manifest.id, owners_);
    error.place = policy.document().name_place();
    outcome.diagnostics.push_back(std::move(error));
  }
  for (const auto& finding :
       policy::EnforcementFindings(enforcement, proposal, policy.name(), *place_.run.index)) {
    AddFinding(finding, manifest.document, policy.document().name_place(), outcome);
  }
  if (enforcement == Enforcement::kApply || enforcement == Enforcement::kDryRun) {
    AddRows(proposal, outcome);
  }
  if (enforcement != Enforcement::kApply) return;
  if (proposal.owns()) work.owning.push_back(policy.name());
  if (proposal.disowns()) work.withdrawn.push_back(policy.name());
  if (proposal.relabels()) work.relabelling.push_back(policy.name());
  if (proposal.removes_manifest()) TakeOut(number, manifest, outcome);
  for (auto& object : proposal.TakeObjects()) {
    outcome.objects.emplace_back(number, std::make_unique<policy::NewObject>(std::move(object)));
  }
  stated_.insert(stated_.end(), proposal.stated().begin(), proposal.stated().end());
}

/// A manifest leaves the stream with its document. Out of a list nothing is taken: it is the
/// chart's.
void Worker::TakeOut(std::size_t number, const kube::Manifest& manifest, Outcome& outcome) const {
  const auto [first, count] = place_.manifests[manifest.document];
  if (!manifest.in_list && count == 1) {
    outcome.removed.emplace_back(&place_.run.index->manifests()[first], number);
    return;
  }
  const policy::Policy& policy = *place_.rules.policies[number];
  Proposal::Finding finding;
  finding.diagnostic.code = "CL-E-LIST";
  finding.diagnostic.object = manifest.id.Display();
  finding.diagnostic.message =
      "the policy " + policy.name() + " takes it out of the stream, and it is an item of a list";
  finding.diagnostic.hint = "write it as a document of its own, or exclude it";
  finding.node = manifest.root;
  AddFinding(finding, manifest.document, policy.document().name_place(), outcome);
}

/// False if the document stays as it was.
bool Worker::Apply(std::size_t document, const yaml::ChangeSet& changes,
                   const kube::Manifest& subject, Outcome& outcome) {
  // With an error nothing will be written; going on only looks for more of them.
  auto failure = place_.documents[document].Edit(changes);
  if (!failure) return true;
  if (failure->mismatch) {
    if (!outcome.mismatch) outcome.mismatch = std::move(failure->mismatch);
    return false;
  }
  Refuse(document, std::move(*failure->problem), subject, outcome);
  return false;
}

/// A document that a policy wants to change and that cannot be edited safely: an error, or, if the
/// run lets refusals pass, a document that leaves as it came.
void Worker::Refuse(std::size_t document, yaml::Problem problem, const kube::Manifest& subject,
                    Outcome& outcome) {
  text::Diagnostic d;
  d.severity = place_.pass_refusals ? text::Severity::kWarning : text::Severity::kError;
  d.code = problem.code;
  d.message = std::move(problem.message);
  d.hint = std::move(problem.hint);
  d.object = subject.id.Display();
  if (const auto span = place_.documents[document].InStream(problem.span))
    d.place = {&place_.input, *span};
  if (place_.pass_refusals) {
    d.message += "; the document is passed through untouched";
    std::vector<kube::Manifest> fresh;
    for (const kube::Manifest& manifest : place_.ManifestsOf(document, fresh)) {
      outcome.dropped.push_back(manifest.id);
    }
    place_.documents[document].Pass();
  }
  ++outcome.refused;
  outcome.diagnostics.push_back(std::move(d));
}

void Worker::UpdateObjects(std::size_t document, ObjectsById objects, Outcome& outcome) {
  std::vector<kube::Manifest> fresh;
  yaml::ChangeSet changes;
  const kube::Manifest* subject = nullptr;
  const std::span<const kube::Manifest> manifests = place_.ManifestsOf(document, fresh);
  for (const kube::Manifest& manifest : manifests) {
    const auto object = objects.extract(manifest.id);  // Of namesakes, the first is meant.
    if (object.empty()) continue;
    Proposal proposal(manifest, object.mapped()->policy, 0, changes, place_.run.explain);
    policy::UpdateObject(object.mapped()->content, proposal);
    AddRows(proposal, outcome);
    if (subject == nullptr) subject = &manifest;
  }
  if (!changes.empty()) Apply(document, changes, *subject, outcome);
}

void Worker::AddFinding(const Proposal::Finding& finding, std::size_t document,
                        text::Place otherwise, Outcome& outcome) const {
  text::Diagnostic diagnostic = finding.diagnostic;
  if (diagnostic.place.source == nullptr) {
    const auto span = place_.documents[document].PlaceOf(finding.node);
    diagnostic.place = span ? text::Place{&place_.input, *span} : otherwise;
  }
  outcome.diagnostics.push_back(std::move(diagnostic));
}

}  // namespace cloudlab::app
