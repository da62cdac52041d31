#include "frontend/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <utility>

#include "app/pipeline.hpp"

namespace cloudlab::frontend {
namespace {

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The day that exceptions are judged by: SOURCE_DATE_EPOCH (reproducible-builds.org), else today.
/// Nothing if the variable holds no seconds up to the year 9999.
std::optional<std::string> Today() {
  constexpr std::int64_t kEndOf9999 = 253'402'300'799;
  std::int64_t now = std::time(nullptr);
  if (const std::string epoch = FromEnvironment("SOURCE_DATE_EPOCH"); !epoch.empty()) {
    const auto [end, error] = std::from_chars(epoch.data(), epoch.data() + epoch.size(), now);
    const bool whole = error == std::errc() && end == epoch.data() + epoch.size();
    if (!whole || now < 0 || now > kEndOf9999) return std::nullopt;
  }
  std::tm utc{};
  const std::time_t seconds = now;
  gmtime_r(&seconds, &utc);
  char day[16];
  std::strftime(day, sizeof day, "%Y-%m-%d", &utc);
  return day;
}

/// `YYYY-MM-DD`, a day of the calendar.
std::string CheckDate(const std::string& text) {
  std::tm tm{};
  const char* end = strptime(text.c_str(), "%Y-%m-%d", &tm);
  const std::chrono::year_month_day day{std::chrono::year(tm.tm_year + 1900),
                                        std::chrono::month(static_cast<unsigned>(tm.tm_mon) + 1),
                                        std::chrono::day(static_cast<unsigned>(tm.tm_mday))};
  const bool valid = text.size() == 10 && end != nullptr && *end == '\0' && day.ok();
  return valid ? "" : "a date like 2026-11-21 is expected, not " + text;
}

std::string CheckVersion(const std::string& text) {
  return kube::Version::Parse(text) ? "" : "a version like 1.32 is expected, not " + text;
}

constexpr std::array<std::pair<std::string_view, app::LogLevel>, 5> kLogLevels = {{
    {"debug", app::LogLevel::kDebug},
    {"info", app::LogLevel::kInfo},
    {"warn", app::LogLevel::kWarning},
    {"error", app::LogLevel::kError},
    {"off", app::LogLevel::kOff},
}};

/// A check by a plain function, which adds nothing to the help.
CLI::Validator Check(std::function<std::string(std::string&)> check) {
  return {std::move(check), "", ""};
}

CLI::Validator OneOf(std::vector<std::string> words) {
  return Check([words = std::move(words)](const std::string& text) -> std::string {
    if (std::ranges::find(words, text) != words.end()) return "";
    std::string expected;
    for (const std::string& word : words) expected += (expected.empty() ? "" : ", ") + word;
    return "one of " + expected + " is expected, not " + text;
  });
}

void AddFlags(CLI::App& cli, Options& o, std::string& kube_version, std::string& refusal) {
  cli.add_option("--config", o.config, "Policies: a file, a folder, or none. May be repeated")
      ->type_name("FILE|DIR|none")
      ->allow_extra_args(false)
      ->group("Policies");
  cli.add_option("--environment", o.environment, "The environment, by the name of its profile")
      ->type_name("NAME")
      ->group("Policies");
  cli.add_option("--namespace", o.ns, "The namespace of objects that name none")
      ->type_name("NAME")
      ->group("Policies");
  cli.add_option("--release", o.release, "Helm's release name, for templates in policies")
      ->type_name("NAME")
      ->group("Policies");
  cli.add_option("--kube-version", kube_version, "The cluster's version (default 1.32)")
      ->type_name("VERSION")
      ->check(CheckVersion)
      ->group("Policies");
  cli.add_option("--today", o.today, "The day that exceptions are judged by")
      ->type_name("DATE")
      ->check(CheckDate)
      ->group("Policies");
  cli.add_option("--on-refusal", refusal,
                 "What cannot be edited safely: fail the run, or pass it through")
      ->type_name("fail|pass")
      ->check(OneOf({"fail", "pass"}))
      ->group("Policies");
  cli.add_option("--report", o.report, "Write the JSON report to this file")
      ->type_name("FILE")
      ->group("Output");
  cli.add_option("--diff", o.diff, "Write a unified diff of the stream; - is stderr")
      ->type_name("FILE|-")
      ->group("Output");
  cli.add_option("--patches", o.patches,
                 "Write what was done as a kustomization: patches and new objects")
      ->type_name("DIR")
      ->group("Output");
  cli.add_flag("--dry-run", o.dry_run, "Print the input; report as if applied")->group("Output");
  cli.add_flag("--check", o.check, "Print nothing; exit 1 with the list if anything would change")
      ->group("Output");
  cli.add_flag("--print-defaults", o.print_defaults, "Print the embedded default policies")
      ->group("Output");
  cli.add_option("--print-schema", o.print_schema, "Print the JSON Schema of a policy kind")
      ->type_name("KIND")
      ->group("Output");
  std::vector<std::string> levels;
  for (const auto& [word, level] : kLogLevels) levels.emplace_back(word);
  cli.add_option_function<std::string>(
         "--log-level",
         [&o](const std::string& word) {
           o.log_level = std::ranges::find(kLogLevels, word,
                                           &std::pair<std::string_view, app::LogLevel>::first)
                             ->second;
         },
         "Least severe message on stderr (default info)")
      ->type_name("debug|info|warn|error|off")
      ->check(OneOf(std::move(levels)))
      ->group("Output");
}

constexpr const char* kEnvironment = R"(
Environment:
  CLOUDLAB_CONFIG     as --config (one file or folder)
  CLOUDLAB_REPORT     as --report
  SOURCE_DATE_EPOCH   the day of --today, in seconds since 1970
)";
constexpr const char* kStreamFooter = R"(
Policies come from the first of: --config, CLOUDLAB_CONFIG, ./cloudlab.yaml, embedded defaults.
Exit codes: 0 done; 1 policy, input or config error, or drift under --check; 2 usage; 3 internal.
On 1 to 3 nothing is written to stdout.
)";
constexpr const char* kFunctionFooter = R"(
Policies come from the functionConfig; if it brings none, from the first of: --config,
CLOUDLAB_CONFIG, the policy documents among the items, embedded defaults.
Exit codes: 0 done; 1 policy, input or config error, or drift under --check; 2 usage; 3 internal.
On 1 to 3 the answer is a ResourceList with `items: []` and the results; stderr tells the same.
As a legacy exec plugin of kustomize it is called with the functionConfig's file, and a stream.
)";

Parsed Misuse(const Program& program, const std::string& what) {
  const char* name = program.name.c_str();
  std::fprintf(stderr, "%s: %s\nTry '%s --help'.\n", name, what.c_str(), name);
  return {std::nullopt, app::kUsage, what};
}

/// `fn CONFIG FILE...`: the function by hand.
CLI::App& AddByHand(CLI::App& cli, Options& o) {
  CLI::App& fn = *cli.add_subcommand(
      "fn", "Run it by hand: a functionConfig from a file, manifests from others; prints a stream");
  fn.add_option("CONFIG", o.function_config, "The functionConfig: one or several documents")
      ->required();
  fn.add_option("FILE", o.files, "Manifests; - is stdin, and what is read if none is named");
  fn.fallthrough();
  return fn;
}

/// kustomize calls a legacy exec plugin with the functionConfig in a temporary file in front of its
/// own arguments, and tells the folder of the kustomization in a variable.
bool IsLegacyPlugin(const Program& program, int argc, char** argv) {
  return program.is_function && argc >= 2 && argv[1][0] != '-' &&
         std::getenv("KUSTOMIZE_PLUGIN_CONFIG_ROOT") != nullptr;
}

}  // namespace

Parsed Parse(const Program& program, int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    std::printf("%s %s\n", program.name.c_str(), CLOUDLAB_VERSION);
    return {std::nullopt, app::kDone, {}};
  }
  CLI::App cli(program.description, program.name);
  Options options;
  std::string kube_version;
  std::string refusal = "fail";
  cli.set_version_flag("--version", program.name + " " + CLOUDLAB_VERSION, "Print the version");
  cli.set_help_flag("--help,-h", "Print this help");
  AddFlags(cli, options, kube_version, refusal);
  cli.footer("\nExamples:\n" + program.examples + kEnvironment +
             (program.is_function ? kFunctionFooter : kStreamFooter));
  const CLI::App* by_hand = program.is_function ? &AddByHand(cli, options) : nullptr;
  if (program.is_function) options.input = Options::Input::kList;
  if (IsLegacyPlugin(program, argc, argv)) {
    options.input = Options::Input::kUnwrapped;
    options.function_config = argv[1];
    options.function_config_name = "functionConfig";
    argv[1] = argv[0];
    ++argv;
    --argc;
  }
  try {
    cli.parse(argc, argv);
  } catch (const CLI::Success& done) {
    cli.exit(done);
    return {std::nullopt, app::kDone, {}};
  } catch (const CLI::ParseError& error) {
    return Misuse(program, error.what());
  }
  if (options.config.size() > 1 &&
      std::ranges::find(options.config, "none") != options.config.end()) {
    return Misuse(program, "--config: `none` and other policies exclude each other");
  }
  if (by_hand != nullptr && by_hand->parsed()) {
    options.input = Options::Input::kUnwrapped;
    options.function_config_name = options.function_config;
    if (options.function_config == "-" &&
        std::ranges::find(options.files, "-") != options.files.end()) {
      return Misuse(program, "fn: stdin is both the functionConfig and the manifests; name a file");
    }
  }
  options.pass_refusals = refusal == "pass";
  options.kube_version = kube::Version::Parse(kube_version);
  if (options.today.empty()) {
    const std::optional<std::string> today = Today();
    if (!today) {
      return Misuse(
          program, "SOURCE_DATE_EPOCH: seconds since 1970 are expected, as `date +%s` prints them");
    }
    options.today = *today;
  }
  if (options.report.empty()) options.report = FromEnvironment("CLOUDLAB_REPORT");
  if (!options.config.empty()) {
    options.config_origin = "--config";
  } else if (const std::string config = FromEnvironment("CLOUDLAB_CONFIG"); !config.empty()) {
    options.config = {config};
    options.config_origin = "CLOUDLAB_CONFIG";
  }
  return {std::move(options), app::kDone, {}};
}

}  // namespace cloudlab::frontend
