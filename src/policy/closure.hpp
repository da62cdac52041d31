// The closing look at a stream that is about to be written: do its autoscalers, disruption budgets,
// limits and quotas fit together?
//
// It reads manifests only and knows no policy, so that it sees what the cluster will see, whoever
// wrote it: the chart, a policy of this run, or one that was switched off. What is not in the
// stream is not known; where that matters a finding is information, or there is none.
//
// The work is linear in the stream: objects meet through maps by namespace, name and label, never
// by pairs. Hooks come and go before and after a release; they count towards no sum.
//
// Sources: rules B4 to B6 and C1 to C7; kubernetes pkg/controller/podautoscaler (metrics,
// requests), pkg/controller/disruption and pkg/registry/core/pod/rest/eviction.go (one budget per
// pod), autoscaler vertical-pod-autoscaler/docs (limitations), KEDA's admission webhook. The rules
// of each code stand at the functions of closure/checks.hpp.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "kube/index.hpp"
#include "kube/object_id.hpp"
#include "text/diagnostic.hpp"
#include "yaml/view.hpp"

namespace cloudlab::policy {

/// Something in the stream that will not work together.
struct ClosureFinding {
  std::string code;  ///< "CL-C-TWO-SCALERS"
  /// A proposal; callers may be stricter or milder.
  text::Severity severity = text::Severity::kError;
  /// Whom it is about: first the object that `node` stands in, then the others. Of many only some.
  std::vector<kube::ObjectId> objects;
  yaml::NodeView node;
  std::size_t document = 0;  ///< Index of the document of `node` in the stream.
  std::string message;       ///< One sentence without a full stop.
  std::string hint;          ///< The way out.
};

/// All findings, by kind of check and then in the order of the stream.
std::vector<ClosureFinding> CheckClosure(const kube::Index& stream);

}  // namespace cloudlab::policy
