#include "app/stages.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/output.hpp"
#include "base/parallel.hpp"
#include "policy/enforcement.hpp"
#include "policy/ownership.hpp"

namespace cloudlab::app {

Stages::Stages(const text::Source& input, Documents& documents, const Rules& rules,
               const policy::Run& run, bool pass_refusals, Report& report)
    : place_{input, documents, rules, run, pass_refusals, {}}, report_(report) {
  for (const auto& policy : rules.policies) {
    report.policies.push_back({policy->name(), policy->document().kind, 0, 0});
  }
  place_.manifests.resize(documents.size());
  const auto& manifests = run.index->manifests();
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    auto& [first, count] = place_.manifests[manifests[i].document];
    if (count++ == 0) first = i;
  }
  ForEachDocument(1, [](Worker& worker, std::size_t document, std::span<Outcome> outcomes) {
    worker.CheckAnnotations(document, outcomes.front());
  });
}

void Stages::ForEachDocument(
    std::size_t passes, const std::function<void(Worker&, std::size_t, std::span<Outcome>)>& work) {
  std::vector<std::vector<Outcome>> chunks(ChunkCount(place_.documents.size()));
  ForEachChunk(place_.documents.size(), [&](std::size_t chunk, std::size_t begin, std::size_t end) {
    Worker worker(place_);
    std::vector<Outcome> outcomes(passes);
    for (Outcome& outcome : outcomes) outcome.counts.resize(place_.rules.policies.size());
    for (std::size_t i = begin; i < end; ++i) {
      const bool has_manifests = place_.manifests[i].second > 0;
      if (has_manifests && !place_.documents[i].passed()) work(worker, i, outcomes);
    }
    chunks[chunk] = std::move(outcomes);
  });
  for (std::size_t pass = 0; pass < passes; ++pass) {
    for (auto& outcomes : chunks) Take(std::move(outcomes[pass]));
  }
}

void Stages::Propose(std::initializer_list<policy::Stage> stages) {
  std::vector<policy::Stage> used;
  std::ranges::copy_if(stages, std::back_inserter(used), [this](policy::Stage stage) {
    return std::ranges::any_of(place_.rules.policies,
                               [stage](const auto& policy) { return policy->stage() == stage; });
  });
  unsettled_.insert(unsettled_.end(), stages.begin(), stages.end());
  if (used.empty()) return;
  ForEachDocument(used.size(),
                  [&](Worker& worker, std::size_t document, std::span<Outcome> outcomes) {
                    worker.Propose(document, used, outcomes);
                  });
}

void Stages::Take(Outcome outcome) {
  for (std::size_t i = 0; i < outcome.counts.size(); ++i) {
    report_.policies[i].selected += outcome.counts[i].first;
    report_.policies[i].changed += outcome.counts[i].second;
  }
  for (auto& row : outcome.rows) report_.AddEdit(std::move(row));
  if (!outcome.dropped.empty()) report_.DropEdits(outcome.dropped);
  std::move(outcome.skips.begin(), outcome.skips.end(), std::back_inserter(report_.skips));
  for (auto& diagnostic : outcome.diagnostics) report_.diagnostics.Add(std::move(diagnostic));
  report_.refused += outcome.refused;
  if (!mismatch_) mismatch_ = std::move(outcome.mismatch);
  std::move(outcome.selected.begin(), outcome.selected.end(), std::back_inserter(selected_));
  for (const auto& [manifest, number] : outcome.removed) {
    place_.documents[manifest->document].removed = true;
    report_.removed.push_back({manifest->id, {}, place_.rules.policies[number]->name()});
  }
  for (auto& [number, object] : outcome.objects) {
    // Freed at once, so that its memory is of use for the next one.
    if (auto error = pool_.Add(std::move(*std::exchange(object, nullptr)))) {
      error->place = place_.rules.policies[number]->document().name_place();
      report_.diagnostics.Add(std::move(*error));
    }
  }
}

bool Stages::AnyPassed() const { return std::ranges::any_of(place_.documents, &Document::passed); }

void Stages::ForgetPassed() {
  if (!AnyPassed()) return;
  pool_.Forget([&](std::size_t document) { return place_.documents[document].passed(); },
               [&](policy::NewObject& object) {
                 WriteObject(place_.input.text, place_.documents, *place_.run.index, object);
               });
}

void Stages::SettleObjects() {
  std::vector<std::string> makers;
  std::vector<std::string> removers;
  for (const auto& policy : place_.rules.policies) {
    const bool ran = std::ranges::find(unsettled_, policy->stage()) != unsettled_.end();
    const bool applies = policy::EnforcementOf(policy->document()) == policy::Enforcement::kApply;
    if (!ran || !applies) continue;
    makers.push_back(policy->name());
    // What an earlier run made of a secret is the only place that still tells of it.
    if (policy->stage() != policy::Stage::kSecrets) removers.push_back(policy->name());
  }
  unsettled_.clear();
  std::map<std::size_t, Worker::ObjectsById> existing;  // By document.
  ForgetPassed();
  for (const policy::NewObject& object : pool_.objects()) {
    if (!object.stands || std::ranges::find(makers, object.policy) == makers.end()) continue;
    const kube::Manifest* found = place_.run.index->Find(object.id);
    existing[found->document].emplace(found->id, &object);
  }
  Worker worker(place_);
  Outcome outcome;
  for (auto& [document, objects] : existing) {
    worker.UpdateObjects(document, std::move(objects), outcome);
  }
  Take(std::move(outcome));
  // Of a document that is passed through nobody knows what its policies would have wanted to stay.
  if (AnyPassed()) return;
  for (const kube::Manifest* orphan : policy::FindOrphans(*place_.run.index, removers, pool_)) {
    if (orphan->in_list) continue;  // Its list is the chart's.
    place_.documents[orphan->document].removed = true;
    report_.removed.push_back({orphan->id, {}, policy::Managers(*orphan).front()});
  }
}

std::vector<const policy::NewObject*> Stages::NewObjects() {
  ForgetPassed();
  std::vector<const policy::NewObject*> objects;
  for (const policy::NewObject& object : pool_.objects()) {
    if (!object.stands) objects.push_back(&object);
  }
  return objects;
}

}  // namespace cloudlab::app
