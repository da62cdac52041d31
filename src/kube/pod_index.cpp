#include "kube/pod_index.hpp"

#include <algorithm>
#include <utility>

namespace cloudlab::kube {
namespace {

std::string Key(std::string_view ns, std::string_view label = {}, std::string_view value = {}) {
  std::string key;
  key.reserve(ns.size() + label.size() + value.size() + 2);
  key.append(ns).append(1, '\0').append(label).append(1, '\0').append(value);
  return key;
}

/// The key under which a selector is found: a label that must have one value, or the namespace.
std::string KeyOf(const Selector& selector, const std::string& ns) {
  for (const auto& requirement : selector.requirements()) {
    if (requirement.op == Selector::Operator::kIn && requirement.values.size() == 1) {
      return Key(ns, requirement.key, requirement.values.front());
    }
  }
  return Key(ns);
}

}  // namespace

PodIndex::PodIndex(const Index& index) : index_(index) {
  std::uint32_t number = 0;
  for (const Manifest& manifest : index.manifests()) {
    if (manifest.id.kind == "PodDisruptionBudget" && manifest.id.group() == "policy" &&
        !manifest.hook) {
      AddBudget(manifest, number);
    } else if (manifest.pod && !manifest.hook) {
      AddWorkload(manifest.pod, manifest.id.ns, number);
    }
    ++number;
  }
}

void PodIndex::AddBudget(const Manifest& manifest, std::uint32_t number) {
  const yaml::NodeView node = manifest.root.Find({"spec", "selector"});
  if (!node || node.IsNull()) return;  // Selects nothing (policy/v1).
  auto selector = Selector::Parse(yaml::Value::From(node));
  if (!selector) return;
  const auto place = static_cast<std::uint32_t>(budgets_.size());
  budgets_by_label_[KeyOf(*selector, manifest.id.ns)].push_back(place);
  budgets_.push_back({number, *std::move(selector)});
}

void PodIndex::AddWorkload(const PodTemplate& pod, const std::string& ns, std::uint32_t number) {
  workloads_by_label_[Key(ns)].push_back(number);
  const yaml::NodeView labels = pod.metadata.Find("labels");
  if (!labels) return;
  const yaml::Value all = yaml::Value::From(labels);  // Merged ones too.
  for (const auto& [label, value] : all.entries()) {
    workloads_by_label_[Key(ns, label, value.text())].push_back(number);
  }
}

yaml::NodeView PodIndex::LabelsOf(const Manifest& workload) const {
  return workload.pod.metadata.Find("labels");
}

std::vector<const Manifest*> PodIndex::BudgetsOf(const Manifest& workload) const {
  if (budgets_.empty()) return {};
  const yaml::NodeView labels = LabelsOf(workload);
  std::vector<std::uint32_t> found;
  const auto collect = [&](const std::string& key) {
    const auto places = budgets_by_label_.find(key);
    if (places == budgets_by_label_.end()) return;
    for (const std::uint32_t place : places->second) {
      if (budgets_[place].selector.Matches(labels)) found.push_back(budgets_[place].number);
    }
  };
  collect(Key(workload.id.ns));
  if (labels) {
    const yaml::Value all = yaml::Value::From(labels);
    for (const auto& [label, value] : all.entries()) {
      collect(Key(workload.id.ns, label, value.text()));
    }
  }
  std::ranges::sort(found);
  std::vector<const Manifest*> budgets;
  for (const std::uint32_t number : found) budgets.push_back(&index_.manifests()[number]);
  return budgets;
}

std::vector<const Manifest*> PodIndex::WorkloadsOf(const Selector& selector,
                                                   const std::string& ns) const {
  std::vector<const Manifest*> workloads;
  const auto found = workloads_by_label_.find(KeyOf(selector, ns));
  if (found == workloads_by_label_.end()) return workloads;
  for (const std::uint32_t number : found->second) {
    const Manifest& manifest = index_.manifests()[number];
    if (selector.Matches(LabelsOf(manifest))) workloads.push_back(&manifest);
  }
  return workloads;
}

}  // namespace cloudlab::kube
