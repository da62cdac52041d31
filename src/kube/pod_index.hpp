// Which pods a selector takes, and which disruption budgets take a pod, without comparing
// everything with everything: selectors are kept by one label that they require, pods by each label
// they have.
//
// Counts as pods: the templates of workloads, and Pods; not those of hooks, which come and go
// before and after a release and often share its labels. A selector without any label that must
// have one value is compared with all pods of its namespace.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "kube/index.hpp"
#include "kube/pod_template.hpp"

namespace cloudlab::kube {

class PodIndex {
 public:
  /// `index` must outlive it.
  explicit PodIndex(const Index& index);

  /// The PodDisruptionBudgets of the stream that select the pods of `workload`, in stream order.
  std::vector<const Manifest*> BudgetsOf(const Manifest& workload) const;
  /// The workloads of namespace `ns` whose pods `selector` takes, in stream order.
  std::vector<const Manifest*> WorkloadsOf(const Selector& selector, const std::string& ns) const;

 private:
  struct Budget {
    std::uint32_t number = 0;
    Selector selector;
  };
  void AddBudget(const Manifest& manifest, std::uint32_t number);
  void AddWorkload(const PodTemplate& pod, const std::string& ns, std::uint32_t number);
  yaml::NodeView LabelsOf(const Manifest& workload) const;

  const Index& index_;
  std::vector<Budget> budgets_;
  // Namespace and label, or the namespace alone -> places in budgets_ or in the index.
  std::unordered_map<std::string, std::vector<std::uint32_t>> budgets_by_label_;
  std::unordered_map<std::string, std::vector<std::uint32_t>> workloads_by_label_;
};

}  // namespace cloudlab::kube
