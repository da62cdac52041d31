#include "frontend/deliver.hpp"

#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>
#include <system_error>

#include "app/function.hpp"
#include "app/log.hpp"
#include "app/message.hpp"
#include "frontend/files.hpp"

namespace cloudlab::frontend {
namespace {

/// Messages of one code that are shown; a report has all of them.
constexpr std::size_t kMostPerCode = 20;

app::LogLevel LevelOf(text::Severity severity) {
  switch (severity) {
    case text::Severity::kError:
      return app::LogLevel::kError;
    case text::Severity::kWarning:
      return app::LogLevel::kWarning;
    case text::Severity::kInfo:
      return app::LogLevel::kDebug;  // The report has them all.
  }
  return app::LogLevel::kError;
}

void Fail(const std::string& what, const std::string& path, const std::string& error) {
  app::Log(app::LogLevel::kError,
           "error: cannot write " + what + " " + path + ": " + error + " [CL-X-WRITE]");
}

/// What --check found, one line per field and object.
std::string Drift(const app::Report& report) {
  std::string out = "error: the stream is not what the policies make of it [CL-X-DRIFT]\n";
  for (const auto& edit : report.edits) {
    out += "  " + edit.object.Display() + ": " + edit.path + ": " +
           (edit.old_value.empty() ? "(nothing)" : edit.old_value) + " -> " +
           (edit.new_value.empty() ? "(nothing)" : edit.new_value) + " (" + edit.policy + ")\n";
  }
  if (report.edits.empty() && report.added.empty() && report.removed.empty()) {
    out +=
        "  there are no manifests: a comment would say so, for hosts that take no empty stream\n";
  }
  for (const auto& row : report.added)
    out += "  " + row.object.Display() + ": missing (" + row.policy + ")\n";
  for (const auto& row : report.removed)
    out += "  " + row.object.Display() + ": left over (" + row.policy + ")\n";
  return out;
}

void Tell(const Options& options, const app::Result& result) {
  const app::Report& report = result.report;
  app::Places places(result.guard);
  std::map<std::string, std::size_t> told;
  for (const auto& diagnostic : report.diagnostics.items()) {
    const app::LogLevel level = LevelOf(diagnostic.severity);
    if (!app::IsShown(level) || told[diagnostic.code]++ >= kMostPerCode) continue;
    app::Log(level, app::PrintMessage(diagnostic, places));
  }
  for (const auto& [code, count] : told) {
    if (count <= kMostPerCode) continue;
    app::Log(app::LogLevel::kWarning, "and " + std::to_string(count - kMostPerCode) + " more of [" +
                                          code + "]; --report has all");
  }
  if (result.exit_code == app::kInternal) {
    app::Log(app::LogLevel::kError,
             "error: an edit did not turn out as intended; nothing was written. This is a bug of "
             "cloudlab: please report it [CL-X-PROOF]\n" +
                 result.failure);
  }
  if (result.is_check && result.exit_code == app::kFailed && !report.diagnostics.HasErrors()) {
    app::Log(app::LogLevel::kError, Drift(report));
  }
  if (result.exit_code == app::kDone) {
    const std::string mode = options.dry_run ? "cloudlab: dry run, the output is the input\n" : "";
    app::Log(app::LogLevel::kInfo, mode + app::Summary(report));
  }
}

bool WriteReport(const Options& options, const app::Result& result) {
  std::string error;
  const bool written =
      WriteFile(options.report, result.guard.Pass(app::PrintJson(result.report)), error);
  if (!written) Fail("the report", options.report, error);
  return written;
}

bool WriteDiff(const Options& options, const app::Result& result) {
  std::string error;
  const std::string diff = result.guard.Pass(result.diff);
  if (options.diff == "-") return WriteAll(STDERR_FILENO, diff, error);
  const bool written = WriteFile(options.diff, diff, error);
  if (!written) Fail("the diff", options.diff, error);
  return written;
}

/// Both files always: one of an earlier run must not stand beside the other of this one.
bool WritePatches(const Options& options, const app::Result& result) {
  const std::filesystem::path folder = options.patches;
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  std::string error = failure.message();
  const bool written =
      !failure &&
      WriteFile(folder / "kustomization.yaml", result.guard.Pass(result.patches->component),
                error) &&
      WriteFile(folder / "objects.yaml", result.guard.Pass(result.patches->objects), error);
  if (!written) Fail("the patches to", options.patches, error);
  return written;
}

}  // namespace

int Deliver(const Options& options, const app::Result& result) {
  app::GuardLog(result.guard);
  Tell(options, result);
  bool written = options.report.empty() || WriteReport(options, result);
  written = written && (options.diff.empty() || WriteDiff(options, result));
  written = written && (!result.patches || WritePatches(options, result));
  const bool answers = options.input == Options::Input::kList;
  const bool is_lost = !written && result.exit_code == app::kDone;
  std::string error;
  // Only a function has something to answer if its run failed.
  const std::string instead =
      is_lost && answers ? app::FailedFunction("a file could not be written [CL-X-WRITE]") : "";
  if (!WriteAll(STDOUT_FILENO, is_lost ? instead : result.output, error)) {
    Fail("the manifests to", "stdout", error);
    return app::kFailed;
  }
  return written ? result.exit_code : app::kFailed;
}

}  // namespace cloudlab::frontend
