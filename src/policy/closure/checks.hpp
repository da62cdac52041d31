// The checks behind CheckClosure(), one function for what belongs together. Each adds its findings
// to a list; none looks at another's.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "policy/closure.hpp"
#include "policy/closure/stream.hpp"

namespace cloudlab::policy {

/// A finding at `node`, which stands in the first of `objects`.
ClosureFinding FindingAt(std::string code, text::Severity severity,
                         const std::vector<const kube::Manifest*>& objects, yaml::NodeView node,
                         std::string message, std::string hint);
/// "a, b, c and 3 more": the first few of a list that begins with `objects` and has `total`.
std::string NameSome(const std::vector<const kube::Manifest*>& objects, std::size_t total);

/// Who scales what (rules C1, C3, C4): two autoscalers of one target, targets that cannot be scaled
/// or are not there, a number of pods that an autoscaler and the manifest both state, and bounds
/// that leave no number. KEDA may take over an HPA that its ScaledObject names
/// (`scaledobject.keda.sh/transfer-hpa-ownership`).
void CheckScalers(const ClosureStream& stream, std::vector<ClosureFinding>& findings);

/// What metrics need (rule C2): a Utilization is a share of requests, and one missing request of a
/// container or native sidecar makes the whole metric fail (replica_calculator.go); a container
/// that is measured, by whatever metric, has to run. A pod that speaks for itself
/// (`spec.resources`) needs none of its containers.
void CheckMetrics(const ClosureStream& stream, std::vector<ClosureFinding>& findings);

/// VerticalPodAutoscalers (rule C5): two on one target, and one that moves the requests that an
/// HPA's cpu or memory metric is measured by.
void CheckVerticalScalers(const ClosureStream& stream, std::vector<ClosureFinding>& findings);

/// Disruption budgets (rules C6, C7): those that allow nothing at the lowest number of pods,
/// several on one pod (the eviction API then refuses every eviction), and those that select no
/// pods.
void CheckBudgets(const ClosureStream& stream, std::vector<ClosureFinding>& findings);

/// LimitRanges and ResourceQuotas (rule B6), these at the highest number of pods plus one rolling
/// surge of every workload.
void CheckCapacity(const ClosureStream& stream, std::vector<ClosureFinding>& findings);

/// Runtime settings against the limits of their containers (runtime_flags.hpp).
void CheckRuntimes(const ClosureStream& stream, std::vector<ClosureFinding>& findings);

}  // namespace cloudlab::policy
