// How many pods a workload keeps, and how many more while it is rolled out.
//
// What an autoscaler makes of the number is not known here; callers put its bounds in place of
// `spec.replicas`. Numbers that cannot be read count as absent, so that the default holds.
//
// Sources: kubernetes pkg/apis/{apps,batch,core}/v1/defaults.go and
// pkg/controller/deployment/util (MaxSurge), argo-rollouts utils/replicaset (canary and blueGreen).
#pragma once

#include <cstdint>
#include <optional>

#include "kube/manifest.hpp"

namespace cloudlab::kube {

/// A whole number at `node` that no reader takes for another one; may be negative.
std::optional<std::int64_t> ReadCount(yaml::NodeView node);

/// The pods that the manifest of a workload asks for: `spec.replicas` (1 if absent); the smaller of
/// parallelism and completions of a Job, and of one run of a CronJob; 1 for a Pod and for a
/// DaemonSet, whose number is that of the nodes and at least that.
std::int64_t StatedPods(const Manifest& workload);

/// The pods that a rolling update runs beyond `pods`: `maxSurge` of a Deployment or canary (25 % if
/// absent, rounded up), all of them again for blue-green, none for Recreate. A StatefulSet deletes
/// first, a DaemonSet too unless it says maxSurge, and Jobs are not rolled out.
std::int64_t RollingSurge(const Manifest& workload, std::int64_t pods);

}  // namespace cloudlab::kube
