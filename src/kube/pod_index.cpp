#include "kube/pod_index.hpp"

#include <algorithm>
#include <utility>

#include "base/parallel.hpp"

namespace cloudlab::kube {
namespace {

yaml::NodeView LabelsOf(const Manifest& workload) { return workload.pod.metadata.Find("labels"); }

bool IsBudget(const Manifest& manifest) {
  return manifest.id.kind == "PodDisruptionBudget" && manifest.id.group() == "policy";
}

}  // namespace

PodIndex::PodIndex(const Index& index) : index_(index) {
  struct Found {
    std::uint32_t number = 0;
    std::vector<LabelIndex::Key> keys;  // None of a budget.
  };
  const std::vector<Manifest>& manifests = index.manifests();
  auto all = CollectFromChunks<Found>(manifests.size(), [&](std::size_t i, auto& found) {
    const Manifest& manifest = manifests[i];
    if (manifest.hook) return;
    const auto number = static_cast<std::uint32_t>(i);
    if (IsBudget(manifest)) {
      found.push_back({number, {}});
    } else if (manifest.pod) {
      found.push_back({number, LabelIndex::KeysOf(manifest.id.ns, LabelsOf(manifest))});
    }
  });
  std::vector<std::uint32_t> budgets;
  for (const Found& one : all) {
    if (one.keys.empty()) {
      budgets.push_back(one.number);
    } else {
      workloads_.Add(one.number, LabelsOf(manifests[one.number]), one.keys);
    }
  }
  // Which label is rare is known only now.
  for (const std::uint32_t budget : budgets) AddBudget(index.manifests()[budget], budget);
}

void PodIndex::AddBudget(const Manifest& manifest, std::uint32_t number) {
  const yaml::NodeView node = manifest.root.Find({"spec", "selector"});
  if (!node || node.IsNull()) return;  // Selects nothing (policy/v1).
  auto selector = Selector::Parse(yaml::Value::From(node));
  if (!selector) return;
  const auto place = static_cast<std::uint32_t>(budgets_.size());
  for (const LabelIndex::Key key : workloads_.RarestKeys(manifest.id.ns, *selector)) {
    budgets_by_key_[key].push_back(place);
  }
  budgets_.push_back({number, *std::move(selector)});
}

std::vector<const Manifest*> PodIndex::BudgetsOf(const Manifest& workload) const {
  if (budgets_.empty()) return {};
  const yaml::NodeView labels = LabelsOf(workload);
  std::vector<std::uint32_t> found;
  for (const LabelIndex::Key key : LabelIndex::KeysOf(workload.id.ns, labels)) {
    const auto places = budgets_by_key_.find(key);
    if (places == budgets_by_key_.end()) continue;
    for (const std::uint32_t place : places->second) {
      if (budgets_[place].selector.Matches(labels)) found.push_back(budgets_[place].number);
    }
  }
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  std::vector<const Manifest*> budgets;
  for (const std::uint32_t number : found) budgets.push_back(&index_.manifests()[number]);
  return budgets;
}

std::vector<const Manifest*> PodIndex::WorkloadsOf(const Selector& selector, const std::string& ns,
                                                   std::size_t most) const {
  std::vector<const Manifest*> workloads;
  for (const std::uint32_t number : workloads_.Select(ns, selector, most)) {
    workloads.push_back(&index_.manifests()[number]);
  }
  return workloads;
}

}  // namespace cloudlab::kube
