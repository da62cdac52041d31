// A function answers with a list also when it could not begin: whoever called it reads the list.
#include "frontend/program.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <new>
#include <string>
#include <typeinfo>

#include "app/function.hpp"
#include "app/log.hpp"
#include "app/message.hpp"
#include "app/pipeline.hpp"
#include "frontend/config.hpp"
#include "frontend/deliver.hpp"
#include "frontend/files.hpp"
#include "policy/defaults.hpp"
#include "policy/schema.hpp"

namespace cloudlab::frontend {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

int Print(std::string_view text) {
  std::string error;
  return WriteAll(STDOUT_FILENO, text, error) ? app::kDone : app::kFailed;
}

/// The last words of a program that gives up.
int Fail(const Program& program, bool answers, const std::string& message, int exit_code) {
  app::Log(app::LogLevel::kError, program.name + ": " + message);
  if (answers) Print(app::FailedFunction(message));
  return exit_code;
}

int FailOfBug(const Program& program, bool answers, const std::string& kind) {
  return Fail(program, answers,
              "error: the run was given up, nothing more was written (" + kind +
                  "). This is a bug of cloudlab: please report it [CL-X-BUG]",
              app::kInternal);
}

int PrintSchema(const Program& program, const std::string& kind) {
  const std::string schema = policy::PrintSchema(kind);
  if (!schema.empty()) return Print(schema);
  std::string kinds;
  for (const std::string& name : policy::KindNames()) kinds += (kinds.empty() ? "" : ", ") + name;
  return Fail(program, false, "no policy kind `" + kind + "`; there are " + kinds, app::kUsage);
}

bool ReadFrom(const std::string& path, std::string& content, std::string& error) {
  if (path != "-") return ReadFile(path, content, error);
  if (isatty(STDIN_FILENO) != 0) {
    app::Log(app::LogLevel::kInfo, "reading from the terminal; end with Ctrl-D");
  }
  return ReadAll(STDIN_FILENO, content, error);
}

/// All of the input, one stream. Returns false and fills `error` if a file cannot be read.
bool ReadInput(const std::vector<std::string>& paths, std::string& content, std::string& error) {
  for (const std::string& path : paths) {
    std::string more;
    if (!ReadFrom(path, more, error)) {
      error = "cannot read " + (path == "-" ? "stdin" : path) + ": " + error;
      return false;
    }
    if (content.empty()) {
      content = std::move(more);
      continue;
    }
    if (more.starts_with(kByteOrderMark)) more.erase(0, kByteOrderMark.size());
    if (!content.ends_with('\n')) content += '\n';
    if (!more.starts_with("---")) content += "---\n";
    content += more;
  }
  return true;
}

int RunAll(const Program& program, const Options& options) {
  std::string manifests;
  std::string config;
  std::string error;
  const bool answers = options.input == Options::Input::kList;
  if (!ReadInput(options.files, manifests, error)) {
    return Fail(program, answers, "error: " + error + " [CL-X-READ]", app::kFailed);
  }
  if (!options.function_config.empty() && !ReadFrom(options.function_config, config, error)) {
    return Fail(program, answers,
                "error: cannot read " + options.function_config + ": " + error + " [CL-X-READ]",
                app::kFailed);
  }
  const bool is_file = options.files.size() == 1 && options.files.front() != "-";
  const text::Source input{is_file ? options.files.front() : "<stdin>", manifests};
  const text::Source function{options.function_config_name, config};
  ConfigFiles files;
  text::Diagnostics problems;
  const app::Settings settings = MakeSettings(options, files, problems);
  app::Result result;
  if (options.input == Options::Input::kList) {
    result = app::RunFunction(input, settings, std::move(problems));
  } else if (options.input == Options::Input::kUnwrapped) {
    result = app::RunUnwrapped(function, input, settings, std::move(problems));
  } else if (problems.HasErrors()) {
    result = app::Reject(settings, std::move(problems));
  } else {
    result = app::Run(input, settings);
  }
  // All is written and closed. Freeing what a large run holds, piece by piece, would take a tenth
  // of its time; the system takes it back at once.
  std::_Exit(Deliver(options, result));
}

}  // namespace

int Main(const Program& program, int argc, char** argv) noexcept {
  bool answers = program.is_function;
  try {
    std::signal(SIGPIPE, SIG_IGN);
    const Parsed parsed = Parse(program, argc, argv);
    if (!parsed.options) {
      if (answers && parsed.exit_code != app::kDone) Print(app::FailedFunction(parsed.problem));
      return parsed.exit_code;
    }
    const Options& options = *parsed.options;
    answers = options.input == Options::Input::kList;
    app::SetLogLevel(options.log_level);
    if (options.print_defaults) return Print(policy::Defaults().text);
    if (!options.print_schema.empty()) return PrintSchema(program, options.print_schema);
    return RunAll(program, options);
  } catch (const std::bad_alloc&) {
    return Fail(program, answers, "not enough memory", app::kInternal);
  } catch (const std::exception& bug) {
    // Its text may quote the input, so that it stays here.
    return FailOfBug(program, answers, typeid(bug).name());
  } catch (...) {
    return FailOfBug(program, answers, "unknown");
  }
}

}  // namespace cloudlab::frontend
