// The PodDisruptionBudget (policy/v1). A budget that allows no eviction blocks every drain of a
// node for ever; two budgets over one pod make it impossible to evict
// (kubernetes/kubernetes#75957). So the budget is computed for the least number of pods that there
// can be.
#include <utility>

#include "kube/budget.hpp"
#include "policy/autoscaling/parts.hpp"

namespace cloudlab::policy::autoscaling {
namespace {

using yaml::Value;

/// What the policy asks for; nothing if it asks for a quorum that has no member to spare.
std::optional<kube::Budget> Wanted(const Value& spec, std::int64_t pods, bool mends) {
  if (TextAt(spec, "quorum") == "true") {
    const kube::Budget budget = kube::QuorumBudget(pods);
    if (mends && kube::AllowedDisruptions(budget, pods) < 1) return std::nullopt;
    return budget;
  }
  kube::Budget budget;
  if (spec.Find("minAvailable") != nullptr) {
    budget.min_available = kube::IntOrPercent::Parse(TextAt(spec, "minAvailable"));
  } else if (spec.Find("maxUnavailable") != nullptr) {
    budget.max_unavailable = kube::IntOrPercent::Parse(TextAt(spec, "maxUnavailable"));
  } else {
    budget.max_unavailable = kube::IntOrPercent{.value = 1};
  }
  return budget;
}

Value AsValue(const kube::IntOrPercent& amount) {
  return amount.percent ? Value::String(amount.Print()) : Value::Int(amount.value);
}

/// Budgets of the stream over these pods that are not ours; says so if there are any.
bool IsCovered(const Target& target) {
  for (const kube::Manifest* budget : target.run().pods->BudgetsOf(target.manifest())) {
    if (!target.run().mending.existing || !target.IsForeign(*budget)) continue;
    const std::string who = budget->id.Display() + " of the chart covers these pods";
    if (target.conflicts() == ConflictPolicy::kKeep) {
      target.Skip("CL-C-BUDGET-EXISTS", who + "; it stays as it is");
    } else {
      target.Tell(text::Severity::kError, "CL-C-BUDGET-EXISTS", who + " already", {},
                  "remove it from the chart, or let it win with conflictPolicy: Keep");
    }
    return true;
  }
  return false;
}

/// A selector that takes pods of another workload would put two budgets over them.
bool TakesOthers(const Target& target, const Value& selector) {
  const auto parsed = kube::Selector::Parse(selector);
  if (!parsed || !target.run().mending.overlap) return false;
  // One besides the workload itself is enough.
  for (const kube::Manifest* other : target.run().pods->WorkloadsOf(*parsed, target.id().ns, 2)) {
    if (other->id == target.id()) continue;
    target.Skip(
        "CL-C-BUDGET-OVERLAP",
        "its selector takes the pods of " + other->id.Display() +
            " too: a budget would cover both; give the workloads labels that tell them apart");
    return true;
  }
  return false;
}

/// `wanted`, or a budget of one pod at a time where that would block every drain.
kube::Budget Mend(const Target& target, const kube::Budget& wanted, std::int64_t pods) {
  if (kube::AllowedDisruptions(wanted, pods) >= 1) return wanted;
  target.Tell(text::Severity::kInfo, "CL-C-BUDGET-MENDED",
              "with " + std::to_string(pods) +
                  " pods the budget of the policy allows no eviction and would block every drain: "
                  "maxUnavailable: 1 is written instead",
              target.manifest().root.Find("spec"));
  kube::Budget budget;
  budget.max_unavailable = kube::IntOrPercent{.value = 1};
  return budget;
}

}  // namespace

void ProposeBudget(const Target& target, const std::optional<Scaler>& scaler) {
  const Value* spec = target.spec().Find("disruptionBudget");
  if (spec == nullptr || IsCovered(target)) return;
  const std::int64_t pods = scaler ? scaler->bounds.least : target.replicas().value_or(1);
  const std::int64_t least = IntAt(*spec, "skipBelow").value_or(2);
  const bool mends = target.run().mending.budgets;
  if (mends && (pods < 2 || pods < least)) {
    target.Skip("CL-C-BUDGET-FEW", "there may be only " + std::to_string(pods) +
                                       (pods == 1 ? " pod" : " pods") +
                                       ": a budget would block drains or protect nothing");
    return;
  }
  const std::optional<kube::Budget> wanted = Wanted(*spec, pods, mends);
  if (!wanted) {
    target.Skip("CL-C-BUDGET-QUORUM", "a quorum of " + std::to_string(pods) +
                                          " members has none to spare; run at least 3");
    return;
  }
  std::optional<Value> selector = target.Selector();
  if (!selector) {
    target.Skip("CL-C-NO-SELECTOR",
                "it has no spec.selector by which a budget could find its pods");
    return;
  }
  if (TakesOthers(target, *selector)) return;
  const kube::Budget budget = mends ? Mend(target, *wanted, pods) : *wanted;
  Value content;
  if (budget.min_available) content.Put("minAvailable", AsValue(*budget.min_available));
  if (budget.max_unavailable) content.Put("maxUnavailable", AsValue(*budget.max_unavailable));
  content.Put("selector", *std::move(selector));
  content.Put("unhealthyPodEvictionPolicy",
              Value::String(TextAt(*spec, "unhealthyPodEvictionPolicy")));
  target.Add(target.NewObject("policy/v1", "PodDisruptionBudget", std::move(content)));
}

}  // namespace cloudlab::policy::autoscaling
