// spec.replicas and an autoscaler are two owners of one number. What happens when the field leaves
// the manifest depends on who applies it:
//
//   Helm 3   compares the old manifest with the new one and sends `replicas: null`: the API server
//            sets 1, and the autoscaler raises it again (helm/helm#12650, #7090).
//   Helm 4   applies on the server: the field stays if another manager, the autoscaler, owns it
//   too;
//            a field that only Helm owned is reset to 1 (Kubernetes, "Server-Side Apply",
//            transferring ownership). A field that stays in the manifest is a conflict once the
//            autoscaler moved it.
//   Argo CD  shows a difference for ever, and may set it back, unless it is told to ignore the
//   field.
#include <algorithm>

#include "policy/autoscaling/parts.hpp"

namespace cloudlab::policy::autoscaling {
namespace {

using yaml::Value;

constexpr std::string_view kField = "spec.replicas";

std::string RemovalMessage(const Target& target, const Scaler& scaler) {
  return std::string(kField) + " is removed: " + scaler.name + " sets the number of pods, " +
         std::to_string(scaler.bounds.least) + " to " + std::to_string(scaler.bounds.most) +
         ". The first rollout over a running " + target.id().kind +
         ": Helm 3 sends `replicas: null`, which means 1 pod until the autoscaler answers, about "
         "15 "
         "seconds later; Helm 4 leaves the number that the autoscaler set, and 1 pod if none did "
         "yet; Argo CD does as Helm 4 if it applies on the server, else as Helm 3. A new "
         "installation begins with 1 pod";
}

std::string RemovalSteps(const Target& target) {
  const std::string ns = target.id().ns.empty() ? "" : " -n " + target.id().ns;
  return "without a dip: 1. roll out with replicasPolicy: Keep, so that the autoscaler comes "
         "first; "
         "2. wait until `kubectl get hpa" +
         ns +
         "` shows a current value; 3. with Helm 4, let another manager own the field (kubectl "
         "apply "
         "--server-side --field-manager=handover of a manifest that says only spec.replicas), and "
         "roll out with Remove; with Helm 3, use SetToMin, which never sends null, or take the dip "
         "in "
         "a quiet hour; with Argo CD, ignoreDifferences with jsonPointers [/spec/replicas] and "
         "RespectIgnoreDifferences=true";
}

}  // namespace

void HandOverReplicas(const Target& target, const Scaler& scaler) {
  if (!target.run().mending.replicas) return;
  const std::string policy = TextAt(target.spec(), "replicasPolicy");
  const yaml::NodeView node = target.manifest().root.Find({"spec", "replicas"});
  if (policy == "SetToMin") {
    // 0 would switch the workload off, which a ScaledObject does by itself.
    const std::int64_t least = std::max<std::int64_t>(scaler.bounds.least, 1);
    if (target.replicas() == least) return;
    target.proposal().Put(target.manifest().root, {"spec", "replicas"}, Value::Int(least));
    if (!target.explains()) return;
    target.Tell(text::Severity::kInfo, "CL-C-REPLICAS-SET",
                std::string(kField) + " is " + std::to_string(least) + ", the least that " +
                    scaler.name +
                    " allows: every Helm 3 upgrade sets the number of pods back to it, and every "
                    "Helm 4 upgrade after the autoscaler moved it is a conflict",
                node, "with Helm 4 and Argo CD use replicasPolicy: Remove");
    return;
  }
  if (!node) return;
  if (policy == "Keep") {
    target.Tell(text::Severity::kWarning, "CL-C-REPLICAS-KEPT",
                std::string(kField) + " stays beside " + scaler.name +
                    ": each Helm 3 upgrade sets the number of pods back to it, and a Helm 4 "
                    "upgrade fails with a conflict once the autoscaler moved it",
                node, "use replicasPolicy: Remove when the autoscaler is in place");
    return;
  }
  target.proposal().Remove(node);
  if (!target.explains()) return;
  target.Tell(text::Severity::kInfo, "CL-C-REPLICAS-REMOVED", RemovalMessage(target, scaler), node,
              RemovalSteps(target));
}

}  // namespace cloudlab::policy::autoscaling
