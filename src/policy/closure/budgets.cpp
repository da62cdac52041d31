// Disruption budgets and the pods that they select.
//
// Budgets meet pods through the rarest label (kube::LabelIndex), and budgets with one selector are
// looked up once, so that the work does not grow with budgets times workloads.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "kube/budget.hpp"
#include "kube/label_index.hpp"
#include "policy/closure/checks.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy {
namespace {

using kube::Selector;
using text::Severity;

/// Workloads, or other things, by their number.
using Numbers = std::vector<std::uint32_t>;

/// So many workloads are kept with a finding.
constexpr std::size_t kMostNamed = 5;

std::string Key(std::initializer_list<std::string_view> parts) {
  std::string key;
  for (const std::string_view part : parts) {
    key += part;
    key += '\0';
  }
  return key;
}

/// The pod templates of `stream`, but those of hooks, in namespaces that have budgets.
kube::LabelIndex PodsOf(const ClosureStream& stream) {
  std::unordered_set<std::string_view> with_budgets;
  for (const kube::Manifest* budget : stream.budgets()) with_budgets.insert(budget->id.ns);
  kube::LabelIndex pods;
  std::uint32_t number = 0;
  for (const ClosureWorkload& workload : stream.workloads()) {
    const std::uint32_t here = number++;
    const std::string& ns = workload.manifest->id.ns;
    if (workload.manifest->hook || !with_budgets.contains(ns)) continue;
    pods.Add(here, ns, workload.pod.metadata.Find("labels"));
  }
  return pods;
}

/// The budgets of one namespace with one selector, and the workloads that it selects.
struct Group {
  std::vector<const kube::Manifest*> budgets;
  Numbers workloads;
  std::int64_t fewest = 0;  // Of their pods; 0 if the number cannot be told.
};

/// The selector of a budget; nothing if it selects no pods at all or cannot be read. An absent one
/// selects none, and so did an empty one in policy/v1beta1.
std::optional<Selector> SelectorOf(const kube::Manifest& budget) {
  const yaml::NodeView node = budget.root.Find({"spec", "selector"});
  if (!node || node.IsNull()) return std::nullopt;
  auto selector = Selector::Parse(yaml::Value::From(node));
  if (selector && selector->requirements().empty() && budget.id.api_version == "policy/v1beta1") {
    return std::nullopt;
  }
  return selector;
}

std::string KeyOf(const std::string& ns, const Selector& selector) {
  std::string key = Key({ns});
  for (const Selector::Requirement& requirement : selector.requirements()) {
    key += Key({requirement.key, std::to_string(static_cast<int>(requirement.op))});
    for (const std::string& value : requirement.values) key += Key({value});
    key += '\1';
  }
  return key;
}

class BudgetCheck {
 public:
  BudgetCheck(const ClosureStream& stream, std::vector<ClosureFinding>& findings)
      : stream_(stream), findings_(findings) {}

  void Run() {
    if (stream_.budgets().empty()) return;
    Match();
    for (const Group& group : groups_) {
      for (const kube::Manifest* budget : group.budgets) {
        if (group.workloads.empty()) {
          AddNoPods(*budget);
        } else {
          CheckAllowed(*budget, group);
        }
      }
    }
    CheckDoubles();
  }

 private:
  void Match() {
    const kube::LabelIndex pods = PodsOf(stream_);
    std::unordered_map<std::string, std::size_t> known;
    for (const kube::Manifest* budget : stream_.budgets()) {
      if (budget->hook) continue;
      const auto selector = SelectorOf(*budget);
      if (!selector) {
        if (!Unreadable(*budget)) AddNoPods(*budget);
        continue;
      }
      const auto [place, added] =
          known.try_emplace(KeyOf(budget->id.ns, *selector), groups_.size());
      if (added) {
        Group group{.budgets = {}, .workloads = pods.Select(budget->id.ns, *selector)};
        group.fewest = FewestPods(group.workloads);
        groups_.push_back(std::move(group));
      }
      groups_[place->second].budgets.push_back(budget);
    }
  }

  /// True if there is a selector that only newer readers would understand.
  static bool Unreadable(const kube::Manifest& budget) {
    const yaml::NodeView node = budget.root.Find({"spec", "selector"});
    return node && !node.IsNull() && !Selector::Parse(yaml::Value::From(node));
  }

  /// True if another controller may make pods in `ns`: there is a custom resource that is none of
  /// the usual helpers.
  bool MayHaveForeignPods(const std::string& ns) {
    if (!foreign_read_) {
      for (const kube::Manifest& manifest : stream_.index().manifests()) {
        const std::string_view group = manifest.id.group();
        const bool custom = group.find('.') != std::string_view::npos &&
                            !group.ends_with(".k8s.io") && group != "keda.sh";
        if (custom && kube::FindWorkloadKind(group, manifest.id.kind) == nullptr) {
          foreign_.insert(manifest.id.ns);
        }
      }
      foreign_read_ = true;
    }
    return foreign_.contains(ns);
  }

  void AddNoPods(const kube::Manifest& budget) {
    const bool foreign = MayHaveForeignPods(budget.id.ns);
    findings_.push_back(
        FindingAt("CL-C-NO-PODS", foreign ? Severity::kInfo : Severity::kWarning, {&budget},
                  budget.root.Find({"spec", "selector"}),
                  budget.id.Display() + " selects the pods of no workload in the stream",
                  foreign ? "nothing to do if a custom resource makes the pods"
                          : "copy the selector of the workload that it is for"));
  }

  /// The number of pods when the fewest run; 0 if nothing scales some of them: the disruption
  /// controller finds no number for those.
  std::int64_t FewestPods(const Numbers& workloads) const {
    std::int64_t pods = 0;
    for (const std::uint32_t number : workloads) {
      const ClosureWorkload& workload = stream_.workloads()[number];
      if (!kube::IsScalable(workload.controller->id)) return 0;
      pods += workload.lowest;
    }
    return pods;
  }

  void CheckAllowed(const kube::Manifest& budget, const Group& group) {
    const yaml::NodeView spec = budget.root.Find("spec");
    const auto stated = kube::ReadBudget(spec);
    const std::int64_t pods = group.fewest;
    if (!stated || pods == 0 || kube::AllowedDisruptions(*stated, pods) > 0) return;
    const std::string key = stated->max_unavailable ? "maxUnavailable" : "minAvailable";
    const auto& field = stated->max_unavailable ? stated->max_unavailable : stated->min_available;
    const std::string what = field ? key + " " + field->Print() + " of " + std::to_string(pods) +
                                         (pods == 1 ? " pod" : " pods")
                                   : "it says neither minAvailable nor maxUnavailable";
    std::vector<const kube::Manifest*> workloads;
    for (const std::uint32_t number : group.workloads) {
      if (workloads.size() == kMostNamed) break;
      workloads.push_back(stream_.workloads()[number].controller);
    }
    std::vector<const kube::Manifest*> objects{&budget};
    objects.insert(objects.end(), workloads.begin(), workloads.end());
    const yaml::NodeView node = spec.Find(key);
    findings_.push_back(FindingAt("CL-C-ZERO-BUDGET", Severity::kError, objects, node ? node : spec,
                                  budget.id.Display() +
                                      " allows no eviction when the fewest pods of " +
                                      NameSome(workloads, group.workloads.size()) + " run (" +
                                      what + "), and node drains wait for ever",
                                  pods == 1 ? "keep at least 2 pods, or remove the budget"
                                            : "write `maxUnavailable: 1` alone"));
  }

  /// The eviction API refuses to evict a pod that several budgets select. One finding for each set
  /// of budgets.
  void CheckDoubles() {
    std::vector<Numbers> groups_of(stream_.workloads().size());
    for (std::uint32_t i = 0; i < groups_.size(); ++i) {
      for (const std::uint32_t number : groups_[i].workloads) groups_of[number].push_back(i);
    }
    std::unordered_set<std::string> told;
    for (std::size_t i = 0; i < groups_of.size(); ++i) {
      const Numbers& groups = groups_of[i];
      if (groups.empty() || (groups.size() == 1 && groups_[groups[0]].budgets.size() == 1))
        continue;
      std::string key;
      for (const std::uint32_t group : groups) key += std::to_string(group) + " ";
      if (!told.insert(key).second) continue;
      std::vector<const kube::Manifest*> budgets;
      for (const std::uint32_t group : groups) {
        const auto& more = groups_[group].budgets;
        budgets.insert(budgets.end(), more.begin(), more.end());
      }
      const kube::Manifest* workload = stream_.workloads()[i].manifest;
      // The later one in the stream came too much.
      std::ranges::sort(budgets, {}, &kube::Manifest::document);
      std::ranges::reverse(budgets);
      std::vector<const kube::Manifest*> objects = budgets;
      objects.insert(objects.begin() + 1, workload);
      findings_.push_back(FindingAt("CL-C-TWO-BUDGETS", Severity::kError, objects,
                                    budgets[0]->root.Find({"spec", "selector"}),
                                    NameSome(budgets, budgets.size()) + " select the pods of " +
                                        workload->id.Display() + ", which then cannot be evicted",
                                    "keep one of them, or narrow the selectors"));
    }
  }

  const ClosureStream& stream_;
  std::vector<ClosureFinding>& findings_;
  std::vector<Group> groups_;
  std::unordered_set<std::string> foreign_;
  bool foreign_read_ = false;
};

}  // namespace

void CheckBudgets(const ClosureStream& stream, std::vector<ClosureFinding>& findings) {
  BudgetCheck(stream, findings).Run();
}

}  // namespace cloudlab::policy
