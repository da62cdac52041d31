#include "policy/closure.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/parallel.hpp"
#include "policy/closure/checks.hpp"
#include "policy/closure/stream.hpp"

namespace cloudlab::policy {
namespace {

/// So many objects are named in a message or kept with a finding.
constexpr std::size_t kNamed = 3;
constexpr std::size_t kKept = 10;

}  // namespace

ClosureFinding FindingAt(std::string code, text::Severity severity,
                         const std::vector<const kube::Manifest*>& objects, yaml::NodeView node,
                         std::string message, std::string hint) {
  ClosureFinding finding{.code = std::move(code),
                         .severity = severity,
                         .objects = {},
                         .node = node ? node : objects.front()->root,
                         .document = objects.front()->document,
                         .message = std::move(message),
                         .hint = std::move(hint)};
  for (std::size_t i = 0; i < std::min(objects.size(), kKept); ++i) {
    finding.objects.push_back(objects[i]->id);
  }
  return finding;
}

std::string NameSome(const std::vector<const kube::Manifest*>& objects, std::size_t total) {
  const std::size_t named = std::min(objects.size(), kNamed);
  const std::size_t more = total - named;
  std::string text;
  for (std::size_t i = 0; i < named; ++i) {
    const bool last = more == 0 && i + 1 == named;
    if (i > 0) text += last ? " and " : ", ";
    text += objects[i]->id.Display();
  }
  return more == 0 ? text : text + " and " + std::to_string(more) + " more";
}

std::vector<ClosureFinding> CheckClosure(const kube::Index& stream) {
  using Check = void (*)(const ClosureStream&, std::vector<ClosureFinding>&);
  constexpr std::array<Check, 6> kChecks = {CheckScalers, CheckMetrics,  CheckVerticalScalers,
                                            CheckBudgets, CheckCapacity, CheckRuntimes};
  const ClosureStream gathered(stream);
  std::array<std::vector<ClosureFinding>, kChecks.size()> found;
  ForEachTask(kChecks.size(), [&](std::size_t i) { kChecks[i](gathered, found[i]); });
  std::vector<ClosureFinding> findings;
  for (auto& some : found) std::move(some.begin(), some.end(), std::back_inserter(findings));
  return findings;
}

}  // namespace cloudlab::policy
