// Which pods a selector takes, and which disruption budgets take a pod, without comparing
// everything with everything: by the rarest of the labels that a selector asks for (LabelIndex).
//
// Counts as pods: the templates of workloads, and Pods; not those of hooks, which come and go
// before and after a release and often share its labels.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "kube/index.hpp"
#include "kube/label_index.hpp"
#include "kube/pod_template.hpp"

namespace cloudlab::kube {

class PodIndex {
 public:
  /// `index` must outlive it.
  explicit PodIndex(const Index& index);

  /// The PodDisruptionBudgets of the stream that select the pods of `workload`, in stream order.
  /// Its labels may have changed since the index was made.
  std::vector<const Manifest*> BudgetsOf(const Manifest& workload) const;
  /// The workloads of namespace `ns` whose pods `selector` takes, in stream order; no more than
  /// `most` are looked for.
  std::vector<const Manifest*> WorkloadsOf(const Selector& selector, const std::string& ns,
                                           std::size_t most = SIZE_MAX) const;

 private:
  struct Budget {
    std::uint32_t number = 0;
    Selector selector;
  };
  void AddBudget(const Manifest& manifest, std::uint32_t number);

  const Index& index_;
  LabelIndex workloads_;  // Numbers are places in the index.
  std::vector<Budget> budgets_;
  // The rarest keys of a selector -> places in budgets_.
  std::unordered_map<LabelIndex::Key, std::vector<std::uint32_t>> budgets_by_key_;
};

}  // namespace cloudlab::kube
