// The command line of the programs, parsed into plain data: flags, then environment variables.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/log.hpp"
#include "kube/version.hpp"

namespace cloudlab::frontend {

struct Options {
  /// What the program works on.
  enum class Input : std::uint8_t {
    kStream,     ///< A stream of manifests.
    kList,       ///< A ResourceList with its functionConfig.
    kUnwrapped,  ///< A stream; the functionConfig is a file.
  };
  Input input = Input::kStream;
  std::vector<std::string> files = {"-"};  ///< Where the input is; `-` is stdin.
  std::string function_config;             ///< Of kUnwrapped: its file.
  std::string function_config_name;        ///< As messages call it.
  std::vector<std::string> config;         ///< Files and folders, or the one word `none`.
  std::string config_origin;  ///< "--config" or "CLOUDLAB_CONFIG"; empty if neither was given.
  std::string environment;
  std::string ns;
  std::string release;
  std::optional<kube::Version> kube_version;
  std::string report;
  std::string diff;
  std::string patches;  ///< A folder.
  std::string today;    ///< "2026-11-21", always set.
  std::string print_schema;
  bool pass_refusals = false;
  bool dry_run = false;
  bool check = false;
  bool print_defaults = false;
  app::LogLevel log_level = app::LogLevel::kInfo;
};

/// What the program is, for --help.
struct Program {
  std::string name;
  std::string description;
  std::string examples;
  bool is_function = false;  ///< A KRM function: kList, or kUnwrapped where it is asked for.
};

/// Options, or the exit code of a program that is done: 0 after --help and --version (printed to
/// stdout), 2 after a usage error (printed to stderr).
struct Parsed {
  std::optional<Options> options;
  int exit_code = 0;
  std::string problem;  ///< The usage error, as it was printed.
};

Parsed Parse(const Program& program, int argc, char** argv);

}  // namespace cloudlab::frontend
