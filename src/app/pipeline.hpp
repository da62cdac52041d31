// The one story: bytes in, policies asked, edits made and proven, bytes out. All or nothing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/guard.hpp"
#include "app/patches.hpp"
#include "app/report.hpp"
#include "app/settings.hpp"
#include "kube/index.hpp"
#include "text/diagnostic.hpp"

namespace cloudlab::app {

/// Exit codes of every program.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;  ///< Policy, input or config error; drift under --check.
inline constexpr int kUsage = 2;
inline constexpr int kInternal = 3;  ///< A proof failed: a bug of ours.

struct Result {
  int exit_code = kDone;
  std::string output;  ///< Empty unless exit_code is kDone, but see RunFunction().
  std::string diff;    ///< If Settings::want_diff.
  /// If Settings::want_patches and the run has not failed; drift is no failure.
  std::optional<Patches> patches;
  /// With kInternal: the intended and the found tree, masked, for a bug report.
  std::string failure;
  bool is_check = false;  ///< It only looks: --check, or `mode: Validate` of the Pipeline.
  const kube::Index* index = nullptr;  ///< The manifests of the input, if it could be read.
  Report report;
  Guard guard;  ///< What everything but `output` passes on its way out.
  /// What the run worked on: documents, index, objects. Handed out because it is much: a program
  /// that ends need not free it.
  std::vector<std::shared_ptr<const void>> kept;
};

/// Runs all policies over the stream `input`. `input` and the settings' sources must outlive the
/// result, whose diagnostics point into them.
Result Run(const text::Source& input, const Settings& settings);

/// The result of a run that could not begin: `problems` are all that there is to say.
Result Reject(const Settings& settings, text::Diagnostics problems);

/// What was done, in a few lines for stderr: per policy selected, changed and skipped, with the
/// reasons; ends with a newline.
std::string Summary(const Report& report);

}  // namespace cloudlab::app
