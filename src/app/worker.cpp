#include "app/worker.hpp"

#include <algorithm>
#include <utility>

#include "policy/enforcement.hpp"
#include "policy/ownership.hpp"
#include "policy/sidecar/objects.hpp"

namespace cloudlab::app {

using policy::Enforcement;
using policy::Proposal;

/// What the policies of one stage want for one document.
struct Worker::Work {
  yaml::ChangeSet changes;
  std::vector<std::string> owning;     // Policies that put a container into the manifest at hand.
  std::vector<std::string> withdrawn;  // Policies that took theirs back.
};

std::span<const kube::Manifest> Workplace::ManifestsOf(std::size_t document,
                                                       std::vector<kube::Manifest>& fresh) const {
  if (!documents[document].edited()) {
    const auto [first, count] = manifests[document];
    return std::span(run.index->manifests()).subspan(first, count);
  }
  fresh = kube::Manifests(documents[document].current(), document);
  for (kube::Manifest& manifest : fresh) run.index->ResolveNamespace(manifest.id);
  return fresh;
}

std::span<const policy::StatedResource> Workplace::StatedOf(std::size_t document) const {
  const auto found = stated.find(document);
  if (found == stated.end()) return {};
  return found->second;
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

void Worker::Propose(std::size_t document, policy::Stage stage, Outcome& outcome) {
  std::vector<kube::Manifest> fresh;
  const std::span<const kube::Manifest> manifests = place_.ManifestsOf(document, fresh);
  Work work;
  for (const kube::Manifest& manifest : manifests) {
    work.owning.clear();
    work.withdrawn.clear();
    for (std::size_t number = 0; number < place_.rules.policies.size(); ++number) {
      if (place_.rules.policies[number]->stage() == stage) Ask(number, manifest, work, outcome);
    }
    if (work.owning.empty() && work.withdrawn.empty()) continue;
    const std::string& policy = work.owning.empty() ? work.withdrawn.front() : work.owning.front();
    Proposal mark(manifest, policy, 0, work.changes, place_.run.explain);
    policy::UpdateMark(work.owning, work.withdrawn, mark);
    AddRows(mark, outcome);
  }
  if (!work.changes.empty()) Apply(document, work.changes, manifests.front(), outcome);
}

void Worker::AddRows(Proposal& proposal, Outcome& outcome) const {
  if (!place_.run.explain) return;
  for (auto& edit : proposal.TakeEdits()) outcome.rows.push_back(std::move(edit));
}

/// Asks one policy about one manifest; it proposes into a set of its own where it may not apply.
void Worker::Ask(std::size_t number, const kube::Manifest& manifest, Work& work, Outcome& outcome) {
  const policy::Policy& policy = *place_.rules.policies[number];
  policy::Choice choice = selection_.Choose(policy, manifest);
  for (const auto& finding : choice.findings) {
    AddFinding(finding, manifest.document, policy.document().name_place(), outcome);
  }
  if (choice.skip) outcome.skips.push_back(*choice.skip);
  const bool withdraws = !choice.subject && policy::IsManagedBy(manifest, policy.name());
  if (!choice.subject && !withdraws) return;

  const Enforcement enforcement = policy::EnforcementOf(policy.document());
  yaml::ChangeSet aside;
  const bool applies = enforcement == Enforcement::kApply;
  Proposal proposal(manifest, policy.name(), static_cast<yaml::Owner>(number),
                    applies ? work.changes : aside, place_.run.explain || !applies);
  if (choice.subject) {
    ++outcome.counts[number].first;
    // A policy that only warns is in nobody's way.
    if (applies) choice.subject->stated = place_.StatedOf(manifest.document);
    policy.Propose(*choice.subject, place_.run, proposal);
  } else {
    policy.Withdraw(selection_.SubjectOf(policy, manifest), place_.run, proposal);
  }
  Account(number, proposal, work, outcome);
}

/// Takes rows, findings and objects of a proposal over, as its policy's enforcement says.
void Worker::Account(std::size_t number, Proposal& proposal, Work& work, Outcome& outcome) {
  const policy::Policy& policy = *place_.rules.policies[number];
  const Enforcement enforcement = policy::EnforcementOf(policy.document());
  const kube::Manifest& manifest = proposal.manifest();
  const bool adds = std::ranges::any_of(proposal.objects(), [this](const auto& object) {
    return place_.run.index->Find(object.id) == nullptr;
  });
  if (!proposal.edits().empty() || adds) ++outcome.counts[number].second;
  outcome.skips.insert(outcome.skips.end(), proposal.skips().begin(), proposal.skips().end());
  for (const auto& finding : proposal.findings()) {
    AddFinding(finding, manifest.document, policy.document().name_place(), outcome);
  }
  for (const auto& conflict : proposal.conflicts()) {
    text::Diagnostic error = policy::DescribeConflict(conflict, manifest.id, owners_);
    error.place = policy.document().name_place();
    outcome.diagnostics.push_back(std::move(error));
  }
  for (const auto& finding : policy::EnforcementFindings(enforcement, proposal, policy.name())) {
    AddFinding(finding, manifest.document, policy.document().name_place(), outcome);
  }
  if (enforcement == Enforcement::kApply || enforcement == Enforcement::kDryRun) {
    AddRows(proposal, outcome);
  }
  if (enforcement != Enforcement::kApply) return;
  if (proposal.owns()) work.owning.push_back(policy.name());
  if (proposal.disowns()) work.withdrawn.push_back(policy.name());
  for (const auto& object : proposal.objects()) outcome.objects.emplace_back(number, object);
  for (const auto& stated : proposal.stated()) {
    outcome.stated.emplace_back(manifest.document, stated);
  }
}

void Worker::Apply(std::size_t document, const yaml::ChangeSet& changes,
                   const kube::Manifest& subject, Outcome& outcome) {
  // With an error nothing will be written; going on only looks for more of them.
  auto failure = place_.documents[document].Edit(changes);
  if (!failure) return;
  if (failure->mismatch) {
    if (!outcome.mismatch) outcome.mismatch = std::move(failure->mismatch);
    return;
  }
  Refuse(document, std::move(*failure->problem), subject, outcome);
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

text::Place Worker::PlaceOf(yaml::NodeView node, std::size_t document) const {
  if (!node) return {};
  text::Span span = node.node().value.empty() ? node.node().key : node.node().value;
  const std::string_view text = node.outline().text().substr(span.begin, span.size());
  span.end = span.begin + static_cast<std::uint32_t>(std::min(text.find('\n'), text.size()));
  const Document& at = place_.documents[document];
  if (&node.outline() == &at.input()) {
    const auto begin = static_cast<std::uint32_t>(at.slice().offset + span.begin);
    return {&place_.input, {begin, begin + span.size()}};
  }
  const auto mapped = at.InStream(span);
  return mapped ? text::Place{&place_.input, *mapped} : text::Place{};
}

void Worker::AddFinding(const Proposal::Finding& finding, std::size_t document,
                        text::Place otherwise, Outcome& outcome) const {
  text::Diagnostic diagnostic = finding.diagnostic;
  if (diagnostic.place.source == nullptr) {
    const text::Place place = PlaceOf(finding.node, document);
    diagnostic.place = place.source == nullptr ? otherwise : place;
  }
  outcome.diagnostics.push_back(std::move(diagnostic));
}

}  // namespace cloudlab::app
