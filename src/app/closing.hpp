// The last look at what is about to be written: does the stream as a whole work, whoever wrote
// which part of it (policy/closure.hpp)? Autoscalers, budgets, limits, quotas, runtime settings.
//
// What a policy of this run made must be right: a contradiction that one of our objects is part of
// ends the run. One that the chart brings along is a warning. How strictly limits, quotas and
// runtime settings are taken, the policies say (`checks` of ResourceTierPolicy).
#pragma once

#include <deque>
#include <vector>

#include "app/output.hpp"
#include "app/report.hpp"
#include "app/rules.hpp"
#include "app/stream.hpp"
#include "kube/index.hpp"
#include "policy/proposal.hpp"

namespace cloudlab::app {

/// What the closing look needs to know of the run.
struct Closing {
  const text::Source& input;
  const Documents& documents;
  const Rules& rules;
  const kube::Index& index;  ///< Of the input.
  /// Every object that policies of the run want to be there, in the stream already or not.
  const std::deque<policy::NewObject>& wanted;
  /// Those that come into the stream, as they will stand there.
  const std::vector<const policy::NewObject*>& added;
};

/// True if the policies of the run, or what the stream holds, make a closing look worth its time.
bool NeedsClosing(const Rules& rules, const kube::Index& index);

/// Adds what was found to the report, and a row to its proofs. `stream` is what is about to be
/// written, if somebody has read it already; objects of network policies may be missing there.
void Close(const Closing& closing, const kube::Index* stream, bool explain, Report& report);

}  // namespace cloudlab::app
