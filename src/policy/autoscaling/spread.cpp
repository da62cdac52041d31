// Spreading pods over zones and nodes. The constraint counts the pods that the workload's own
// selector takes, unless the policy says which.
#include "policy/autoscaling/parts.hpp"

#include <utility>

namespace cloudlab::policy::autoscaling {

void ProposeSpread(const Target& target) {
  const yaml::Value* wanted = target.spec().Find("topologySpread");
  if (wanted == nullptr) return;
  const yaml::NodeView existing = target.pod().spec.Find("topologySpreadConstraints");
  const bool stated = existing && !existing.IsNull() && !existing.children().empty();
  const std::optional<yaml::Value> selector = target.Selector();
  yaml::Value constraints = yaml::Value::Seq();
  for (yaml::Value constraint : wanted->items()) {
    if (constraint.Find("labelSelector") == nullptr) {
      if (!selector) {
        target.Skip("CL-C-NO-SELECTOR",
                    "it has no spec.selector by which a constraint could count its pods");
        return;
      }
      constraint.Put("labelSelector", *selector);
    }
    constraints.Append(std::move(constraint));
  }
  if (stated && yaml::Value::From(existing) == constraints) return;
  if (stated && target.conflicts() != ConflictPolicy::kReplace) {
    target.Skip("CL-C-SPREAD-EXISTS", "the chart spreads these pods its own way; that stays");
    return;
  }
  target.proposal().Put(target.manifest().root,
                        target.pod().PathTo({"spec", "topologySpreadConstraints"}),
                        std::move(constraints));
}

}  // namespace cloudlab::policy::autoscaling
