// What a run is told from outside, as plain data. Front ends fill it in from flags, environment and
// files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kube/version.hpp"
#include "policy/policy.hpp"
#include "policy/secrets/leak.hpp"
#include "text/diagnostic.hpp"

namespace cloudlab::app {

struct Settings {
  /// Where policies come from. The first source that exists is used alone.
  enum class Config : std::uint8_t {
    kFiles,     ///< `config`, read by the front end.
    kNone,      ///< `--config none`: the stream is copied unread.
    kDefaults,  ///< None was given: policies of the stream, and the embedded defaults.
  };
  Config config_kind = Config::kDefaults;
  std::vector<const text::Source*> config;
  std::string config_name = "embedded defaults";  ///< As report and messages name the source.

  std::string environment;  ///< `--environment`, or empty.
  std::string ns;           ///< `--namespace`, or empty.
  std::string release;      ///< `--release`, or empty.
  std::optional<kube::Version> kube_version;
  std::string today;           ///< "2026-11-21"; empty: no exception expires.
  bool pass_refusals = false;  ///< `--on-refusal=pass`.
  bool dry_run = false;        ///< The output is the input; the report is as if edits were made.
  bool check = false;          ///< A change is an error; there is no output.
  bool want_diff = false;      ///< Fill Result::diff.
  policy::Mending mending;     ///< For tests of the closing look.
  /// For tests of the proof: values that count as replaced.
  std::shared_ptr<const policy::secrets::LeakSearch> removed;
  bool explain = true;  ///< Fill the report's rows and info findings; they cost time.
};

}  // namespace cloudlab::app
