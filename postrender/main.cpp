// cloudlab-postrender: a Helm post-renderer and a filter for any pipe. Manifests come in on stdin
// and leave on stdout; whatever else there is to say goes to stderr and to the report file (Helm 4
// throws stderr away).
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <typeinfo>

#include "app/log.hpp"
#include "app/message.hpp"
#include "app/pipeline.hpp"
#include "frontend/config.hpp"
#include "frontend/deliver.hpp"
#include "frontend/files.hpp"
#include "frontend/options.hpp"
#include "policy/defaults.hpp"
#include "policy/schema.hpp"

namespace {

using namespace cloudlab;

const frontend::Program kProgram = {
    "cloudlab-postrender",
    "Adds what an environment needs (sidecars, resource tiers, autoscalers) to rendered manifests\n"
    "and changes no other byte. Reads manifests from stdin, writes them to stdout.",
    R"(  helm install shop ./chart --post-renderer cloudlab-postrender \
    --post-renderer-args=--config=policies.yaml --post-renderer-args=--environment=production
  helm template shop ./chart | cloudlab-postrender --config policies/ --diff - >out.yaml
  cloudlab-postrender --config policies.yaml --check <rendered.yaml
)"};

int Print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return std::fflush(stdout) == 0 ? app::kDone : app::kFailed;
}

int Fail(const std::string& message) {
  app::Log(app::LogLevel::kError, "cloudlab-postrender: " + message);
  return app::kFailed;
}

int FailOfBug(const std::string& kind) {
  Fail("error: the run was given up, nothing more was written (" + kind +
       "). This is a bug of cloudlab: please report it [CL-X-BUG]");
  return app::kInternal;
}

int PrintSchema(const std::string& kind) {
  const std::string schema = policy::PrintSchema(kind);
  if (!schema.empty()) return Print(schema);
  std::string kinds;
  for (const std::string& name : policy::KindNames()) kinds += (kinds.empty() ? "" : ", ") + name;
  Fail("no policy kind `" + kind + "`; there are " + kinds);
  return app::kUsage;
}

}  // namespace

int main(int argc, char** argv) try {
  std::signal(SIGPIPE, SIG_IGN);
  const frontend::Parsed parsed = frontend::Parse(kProgram, argc, argv);
  if (!parsed.options) return parsed.exit_code;
  const frontend::Options& options = *parsed.options;
  app::SetLogLevel(options.log_level);
  if (options.print_defaults) return Print(policy::Defaults().text);
  if (!options.print_schema.empty()) return PrintSchema(options.print_schema);

  std::string manifests;
  std::string error;
  if (isatty(STDIN_FILENO) != 0) {
    app::Log(app::LogLevel::kInfo, "reading manifests from the terminal; end with Ctrl-D");
  }
  if (!frontend::ReadAll(STDIN_FILENO, manifests, error))
    return Fail("cannot read stdin: " + error);
  const text::Source input{"<stdin>", manifests};
  frontend::ConfigFiles files;
  text::Diagnostics problems;
  const app::Settings settings = frontend::MakeSettings(options, files, problems);
  app::Result result =
      problems.HasErrors() ? app::Reject(settings, std::move(problems)) : app::Run(input, settings);
  // All is written and closed. Freeing what a large run holds, piece by piece, would take a tenth
  // of its time; the system takes it back at once.
  std::_Exit(frontend::Deliver(options, result));
} catch (const std::bad_alloc&) {
  Fail("not enough memory");
  return app::kInternal;
} catch (const std::exception& bug) {
  // Its text may quote the input, so that it stays here.
  return FailOfBug(typeid(bug).name());
} catch (...) {
  return FailOfBug("unknown");
}
