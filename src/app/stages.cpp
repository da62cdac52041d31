#include "app/stages.hpp"

#include <algorithm>
#include <utility>

#include "policy/enforcement.hpp"
#include "policy/ownership.hpp"

namespace cloudlab::app {

using policy::Enforcement;
using policy::Proposal;

/// What the policies of one stage want for one document.
struct Stages::Work {
  yaml::ChangeSet changes;
  std::vector<std::string> owning;     // Policies that put a container into the manifest at hand.
  std::vector<std::string> withdrawn;  // Policies that took theirs back.
};

Stages::Stages(const text::Source& input, Documents& documents, const Rules& rules,
               const policy::Run& run, bool pass_refusals, Report& report)
    : input_(input),
      documents_(documents),
      rules_(rules),
      run_(run),
      pass_refusals_(pass_refusals),
      report_(report),
      selection_(run, rules.exceptions, rules.documents) {
  for (const auto& policy : rules.policies) {
    owners_.push_back(policy->name());
    report.policies.push_back({policy->name(), policy->document().kind, 0, 0});
  }
  input_manifests_.resize(documents.size());
  const auto& manifests = run.index->manifests();
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    auto& [first, count] = input_manifests_[manifests[i].document];
    if (count++ == 0) first = i;
    for (const auto& finding : selection_.CheckAnnotations(manifests[i])) {
      AddFinding(finding, manifests[i].document, {});
    }
  }
}

std::span<const kube::Manifest> Stages::ManifestsOf(std::size_t document,
                                                    std::vector<kube::Manifest>& fresh) const {
  if (!documents_[document].edited()) {
    const auto [first, count] = input_manifests_[document];
    return std::span(run_.index->manifests()).subspan(first, count);
  }
  fresh = kube::Manifests(documents_[document].current(), document);
  for (kube::Manifest& manifest : fresh) run_.index->ResolveNamespace(manifest.id);
  return fresh;
}

void Stages::Propose(policy::Stage stage) {
  const bool any =
      std::ranges::any_of(rules_.policies, [stage](const auto& p) { return p->stage() == stage; });
  if (!any) return;
  for (std::size_t i = 0; i < documents_.size(); ++i) {
    if (input_manifests_[i].second > 0 && !documents_[i].passed()) ProposeFor(i, stage);
  }
}

void Stages::ProposeFor(std::size_t document, policy::Stage stage) {
  std::vector<kube::Manifest> fresh;
  const std::span<const kube::Manifest> manifests = ManifestsOf(document, fresh);
  Work work;
  for (const kube::Manifest& manifest : manifests) {
    work.owning.clear();
    work.withdrawn.clear();
    for (std::size_t number = 0; number < rules_.policies.size(); ++number) {
      if (rules_.policies[number]->stage() == stage) Ask(number, manifest, work);
    }
    if (work.owning.empty() && work.withdrawn.empty()) continue;
    const std::string& policy = work.owning.empty() ? work.withdrawn.front() : work.owning.front();
    Proposal mark(manifest, policy, 0, work.changes, run_.explain);
    policy::UpdateMark(work.owning, work.withdrawn, mark);
    AddRows(mark);
  }
  if (!work.changes.empty()) Apply(document, work.changes, manifests.front());
}

void Stages::AddRows(Proposal& proposal) {
  if (!run_.explain) return;
  for (auto& edit : proposal.TakeEdits()) report_.AddEdit(std::move(edit));
}

/// Asks one policy about one manifest; it proposes into a set of its own where it may not apply.
void Stages::Ask(std::size_t number, const kube::Manifest& manifest, Work& work) {
  const policy::Policy& policy = *rules_.policies[number];
  const policy::Choice choice = selection_.Choose(policy, manifest);
  for (const auto& finding : choice.findings) {
    AddFinding(finding, manifest.document, policy.document().name_place());
  }
  if (choice.skip) report_.skips.push_back(*choice.skip);
  const bool withdraws = !choice.subject && policy::IsManagedBy(manifest, policy.name());
  if (!choice.subject && !withdraws) return;

  const Enforcement enforcement = policy::EnforcementOf(policy.document());
  yaml::ChangeSet aside;
  const bool applies = enforcement == Enforcement::kApply;
  Proposal proposal(manifest, policy.name(), static_cast<yaml::Owner>(number),
                    applies ? work.changes : aside, run_.explain || !applies);
  if (choice.subject) {
    ++report_.policies[number].selected;
    policy.Propose(*choice.subject, run_, proposal);
  } else {
    policy.Withdraw(selection_.SubjectOf(policy, manifest), run_, proposal);
  }
  Account(number, proposal, work);
}

/// Takes rows, findings and objects of a proposal over, as its policy's enforcement says.
void Stages::Account(std::size_t number, Proposal& proposal, Work& work) {
  const policy::Policy& policy = *rules_.policies[number];
  const Enforcement enforcement = policy::EnforcementOf(policy.document());
  const kube::Manifest& manifest = proposal.manifest();
  if (!proposal.edits().empty() || !proposal.objects().empty()) ++report_.policies[number].changed;
  report_.skips.insert(report_.skips.end(), proposal.skips().begin(), proposal.skips().end());
  for (const auto& finding : proposal.findings()) {
    AddFinding(finding, manifest.document, policy.document().name_place());
  }
  for (const auto& conflict : proposal.conflicts()) {
    text::Diagnostic error = policy::DescribeConflict(conflict, manifest.id, owners_);
    error.place = policy.document().name_place();
    report_.diagnostics.Add(std::move(error));
  }
  for (const auto& finding : policy::EnforcementFindings(enforcement, proposal, policy.name())) {
    AddFinding(finding, manifest.document, policy.document().name_place());
  }
  if (enforcement == Enforcement::kApply || enforcement == Enforcement::kDryRun) {
    AddRows(proposal);
  }
  if (enforcement != Enforcement::kApply) return;
  if (proposal.owns()) work.owning.push_back(policy.name());
  if (proposal.disowns()) work.withdrawn.push_back(policy.name());
  for (const auto& object : proposal.objects()) {
    if (auto error = pool_.Add(object)) {
      error->place = policy.document().name_place();
      report_.diagnostics.Add(std::move(*error));
    }
  }
}

void Stages::Apply(std::size_t document, const yaml::ChangeSet& changes,
                   const kube::Manifest& subject) {
  // With an error nothing will be written; going on only looks for more of them.
  auto failure = documents_[document].Edit(changes);
  if (!failure) return;
  if (failure->mismatch) {
    if (!mismatch_) mismatch_ = std::move(failure->mismatch);
    return;
  }
  Refuse(document, std::move(*failure->problem), subject);
}

/// A document that a policy wants to change and that cannot be edited safely: an error, or, if the
/// run lets refusals pass, a document that leaves as it came.
void Stages::Refuse(std::size_t document, yaml::Problem problem, const kube::Manifest& subject) {
  text::Diagnostic d;
  d.severity = pass_refusals_ ? text::Severity::kWarning : text::Severity::kError;
  d.code = problem.code;
  d.message = std::move(problem.message);
  d.hint = std::move(problem.hint);
  d.object = subject.id.Display();
  if (const auto span = documents_[document].InStream(problem.span)) d.place = {&input_, *span};
  if (pass_refusals_) {
    d.message += "; the document is passed through untouched";
    std::vector<kube::Manifest> fresh;
    report_.DropEdits(ManifestsOf(document, fresh));
    documents_[document].Pass();
  }
  ++report_.refused;
  report_.diagnostics.Add(std::move(d));
}

void Stages::UpdateObjects(std::size_t document, ObjectsById objects) {
  std::vector<kube::Manifest> fresh;
  yaml::ChangeSet changes;
  const kube::Manifest* subject = nullptr;
  const std::span<const kube::Manifest> manifests = ManifestsOf(document, fresh);
  for (const kube::Manifest& manifest : manifests) {
    const auto object = objects.extract(manifest.id);  // Of namesakes, the first is meant.
    if (object.empty()) continue;
    Proposal proposal(manifest, object.mapped()->policy, 0, changes, run_.explain);
    policy::UpdateObject(object.mapped()->content, proposal);
    AddRows(proposal);
    if (subject == nullptr) subject = &manifest;
  }
  if (!changes.empty()) Apply(document, changes, *subject);
}

void Stages::SettleObjects() {
  std::map<std::size_t, ObjectsById> existing;  // By document.
  for (const policy::NewObject& object : pool_.objects()) {
    const kube::Manifest* found = run_.index->Find(object.id);
    if (found != nullptr) existing[found->document].emplace(found->id, &object);
  }
  for (auto& [document, objects] : existing) UpdateObjects(document, std::move(objects));
  std::vector<std::string> applying;  // What only warns, fails or tries takes nothing away.
  for (const auto& policy : rules_.policies) {
    if (policy::EnforcementOf(policy->document()) == Enforcement::kApply) {
      applying.push_back(policy->name());
    }
  }
  for (const kube::Manifest* orphan : policy::FindOrphans(*run_.index, applying, pool_)) {
    if (orphan->in_list) continue;  // Its list is the chart's.
    documents_[orphan->document].removed = true;
    report_.removed.push_back({orphan->id, {}, policy::Managers(*orphan).front()});
  }
}

std::vector<const policy::NewObject*> Stages::NewObjects() const {
  std::vector<const policy::NewObject*> objects;
  for (const policy::NewObject& object : pool_.objects()) {
    const bool passed = documents_[object.parent_document].passed();
    if (!passed && run_.index->Find(object.id) == nullptr) objects.push_back(&object);
  }
  return objects;
}

text::Place Stages::PlaceOf(yaml::NodeView node, std::size_t document) const {
  if (!node) return {};
  text::Span span = node.node().value.empty() ? node.node().key : node.node().value;
  const std::string_view text = node.outline().text().substr(span.begin, span.size());
  span.end = span.begin + static_cast<std::uint32_t>(std::min(text.find('\n'), text.size()));
  const Document& at = documents_[document];
  if (&node.outline() == &at.input()) {
    const auto begin = static_cast<std::uint32_t>(at.slice().offset + span.begin);
    return {&input_, {begin, begin + span.size()}};
  }
  const auto mapped = at.InStream(span);
  return mapped ? text::Place{&input_, *mapped} : text::Place{};
}

void Stages::AddFinding(const Proposal::Finding& finding, std::size_t document,
                        text::Place otherwise) {
  text::Diagnostic diagnostic = finding.diagnostic;
  if (diagnostic.place.source == nullptr) {
    const text::Place place = PlaceOf(finding.node, document);
    diagnostic.place = place.source == nullptr ? otherwise : place;
  }
  report_.diagnostics.Add(std::move(diagnostic));
}

}  // namespace cloudlab::app
