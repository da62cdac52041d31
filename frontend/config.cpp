#include "frontend/config.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "frontend/files.hpp"

namespace cloudlab::frontend {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLocalConfig = "cloudlab.yaml";

void Fail(const std::string& message, const std::string& hint, text::Diagnostics& diagnostics) {
  text::Diagnostic error;
  error.code = "CL-X-CONFIG";
  error.message = message;
  error.hint = hint;
  diagnostics.Add(std::move(error));
}

/// The policy files of a folder, by name.
std::vector<std::string> FilesOf(const std::string& folder, text::Diagnostics& diagnostics) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string extension = it->path().extension();
    if (extension == ".yaml" || extension == ".yml") paths.push_back(it->path().string());
  }
  if (error) Fail("cannot read the folder " + folder + ": " + error.message(), "", diagnostics);
  if (!error && paths.empty()) {
    Fail("the folder " + folder + " holds no *.yaml file", "put policies into it, or name a file",
         diagnostics);
  }
  std::ranges::sort(paths);
  return paths;
}

void Read(const std::string& path, ConfigFiles& files, text::Diagnostics& diagnostics) {
  std::string content;
  std::string error;
  if (!ReadFile(path, content, error)) {
    Fail("cannot read the policies " + path + ": " + error,
         "name a file or a folder with --config, or --config none for no policies", diagnostics);
    return;
  }
  files.texts.push_back(std::move(content));
  files.sources.push_back({path, files.texts.back()});
}

/// Reads the first source of policies that exists.
void LoadConfig(const Options& options, ConfigFiles& files, app::Settings& settings,
                text::Diagnostics& diagnostics) {
  using Kind = app::Settings::Config;
  std::vector<std::string> paths = options.config;
  std::string origin = options.config_origin;
  std::error_code ignored;
  // A function is told by its host what to do; what happens to lie in the working folder is not it.
  const bool looks_here = options.input == Options::Input::kStream;
  if (paths.empty() && looks_here && fs::exists(kLocalConfig, ignored)) {
    paths = {kLocalConfig};
    origin = "working directory";
  }
  if (paths.empty()) return;
  const bool none = paths.front() == "none";
  settings.config_kind = none ? Kind::kNone : Kind::kFiles;
  settings.config_name = origin;
  for (const std::string& path : paths) {
    settings.config_name += " " + path;
    if (none) break;
    if (!fs::is_directory(path, ignored)) {
      Read(path, files, diagnostics);
      continue;
    }
    for (const std::string& file : FilesOf(path, diagnostics)) Read(file, files, diagnostics);
  }
  for (const text::Source& source : files.sources) settings.config.push_back(&source);
}

}  // namespace

app::Settings MakeSettings(const Options& options, ConfigFiles& files,
                           text::Diagnostics& diagnostics) {
  app::Settings settings;
  settings.environment = options.environment;
  settings.ns = options.ns;
  settings.release = options.release;
  settings.kube_version = options.kube_version;
  settings.today = options.today;
  settings.pass_refusals = options.pass_refusals;
  settings.dry_run = options.dry_run;
  settings.check = options.check;
  settings.want_diff = !options.diff.empty();
  settings.want_patches = !options.patches.empty();
  settings.explain = !options.report.empty() || options.check || options.dry_run ||
                     options.log_level == app::LogLevel::kDebug;
  LoadConfig(options, files, settings, diagnostics);
  return settings;
}

}  // namespace cloudlab::frontend
