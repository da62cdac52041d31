#include "app/function.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

#include "app/function_config.hpp"
#include "app/list_output.hpp"
#include "app/results.hpp"
#include "kube/krm_list.hpp"
#include "kube/package_file.hpp"
#include "yaml/stream.hpp"

namespace cloudlab::app {
namespace {

/// What a run reads and its result points into.
struct Call {
  kube::KrmList list;
  std::deque<yaml::Outline> outlines;  // Of a functionConfig apart from it.
  FunctionTexts texts;
};

/// True if the items are files of a package: kpt deletes those that do not come back, also from a
/// function that only validates. A validator of kustomize must answer without items.
bool AreFiles(const kube::KrmList& list) {
  if (!list.items().Given()) return false;
  return std::ranges::any_of(list.items().children(), [](yaml::NodeView item) {
    return kube::PackageFileOf(item.Find({"metadata", "annotations"})).has_value();
  });
}

text::Diagnostic Unreadable(const text::Source& input, yaml::Problem problem) {
  text::Diagnostic error;
  error.code = problem.code;
  error.message = std::move(problem.message);
  error.hint = std::move(problem.hint);
  if (!input.text.empty()) error.place = {&input, problem.span};
  return error;
}

/// The list that was put together is none.
void FailProof(Result& result) {
  result.exit_code = kInternal;
  result.report.exit_code = kInternal;
  result.report.proofs.push_back({"the answer is a ResourceList", false});
  result.output = EmptyList(ResultsOf(result));
}

}  // namespace

Result RunFunction(const text::Source& input, Settings settings, text::Diagnostics problems) {
  auto call = std::make_shared<Call>();
  if (auto problem = call->list.Read(input.text)) {
    problems.Add(Unreadable(input, std::move(*problem)));
  } else {
    ReadFunctionConfig({call->list.function_config(), &input, call->list.offset()}, settings,
                       call->texts, problems);
  }
  settings.list = &call->list;
  settings.is_function = true;
  Result result =
      problems.HasErrors() ? Reject(settings, std::move(problems)) : Run(input, settings);
  if (call->list.slices().empty() && result.exit_code == kDone) {
    result.output = AssembleItems(input.text, call->list, {}, {}, {}).text;
  }
  const yaml::Value results = ResultsOf(result);
  if (result.exit_code != kDone || (result.is_check && !AreFiles(call->list))) {
    result.output = EmptyList(results);
  } else {
    std::string items = result.is_check ? std::string(input.text) : std::move(result.output);
    result.output = WithResults(std::move(items), input.text.size(), call->list, results);
    // Whole lines behind whole lines need no proof.
    const bool is_simple =
        !call->list.is_flow() && !call->list.results() && result.report.removed.empty();
    if (!is_simple && kube::KrmList().Read(result.output)) FailProof(result);
  }
  result.kept.push_back(std::move(call));
  return result;
}

Result RunUnwrapped(const text::Source& config, const text::Source& input, Settings settings,
                    text::Diagnostics problems) {
  auto call = std::make_shared<Call>();
  for (const yaml::Slice& slice : yaml::Split(config.text)) {
    yaml::ScanResult scan = yaml::Scan(slice.text, slice.offset == 0);
    if (scan.problem) {
      const auto shift = static_cast<std::uint32_t>(slice.offset);
      scan.problem->span = {scan.problem->span.begin + shift, scan.problem->span.end + shift};
      problems.Add(Unreadable(config, std::move(*scan.problem)));
      continue;
    }
    if (scan.outline.empty()) continue;
    const yaml::Outline& outline = call->outlines.emplace_back(std::move(scan.outline));
    ReadFunctionConfig({yaml::NodeView::Root(outline), &config, slice.offset}, settings,
                       call->texts, problems);
  }
  if (call->outlines.empty() && !problems.HasErrors()) {
    yaml::Problem problem;
    problem.code = "CL-K-CONFIG";
    problem.message = "the functionConfig holds no document";
    problems.Add(Unreadable(config, std::move(problem)));
  }
  settings.is_function = true;
  Result result =
      problems.HasErrors() ? Reject(settings, std::move(problems)) : Run(input, settings);
  result.kept.push_back(std::move(call));
  return result;
}

std::string FailedFunction(const std::string& message) { return EmptyList(ErrorResult(message)); }

}  // namespace cloudlab::app
