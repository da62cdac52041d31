// What a run is told from outside, as plain data. Front ends fill it in from flags, environment and
// files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kube/krm_list.hpp"
#include "kube/version.hpp"
#include "policy/policy.hpp"
#include "policy/secrets/leak.hpp"
#include "text/diagnostic.hpp"
#include "yaml/view.hpp"

namespace cloudlab::app {

/// A policy document that stands inside another text: a functionConfig.
struct PolicyNode {
  yaml::NodeView root;
  const text::Source* source = nullptr;
  std::size_t offset = 0;  ///< Where the text that was scanned begins in the source.
};

struct Settings {
  /// Where policies come from. The first source that exists is used alone.
  enum class Config : std::uint8_t {
    kFiles,     ///< `config`, read by the front end.
    kNone,      ///< `--config none`: the stream is copied unread.
    kDefaults,  ///< None was given: policies of the stream, and the embedded defaults.
  };
  Config config_kind = Config::kDefaults;
  std::vector<const text::Source*> config;
  std::vector<PolicyNode> config_nodes;           ///< More of them.
  std::string config_name = "embedded defaults";  ///< As report and messages name the source.

  /// The input is this list, its documents are the items. Null: it is a stream of documents.
  const kube::KrmList* list = nullptr;
  /// A host of functions calls: policies that a Pipeline names and that the config does not hold
  /// are looked for in the stream, and so are profiles (docs/kustomize.md).
  bool is_function = false;

  std::string environment;  ///< `--environment`, or empty.
  std::string ns;           ///< `--namespace`, or empty.
  std::string release;      ///< `--release`, or empty.
  std::optional<kube::Version> kube_version;
  std::string today;           ///< "2026-11-21"; empty: no exception expires.
  bool pass_refusals = false;  ///< `--on-refusal=pass`.
  bool dry_run = false;        ///< The output is the input; the report is as if edits were made.
  bool check = false;          ///< A change is an error; there is no output.
  bool want_diff = false;      ///< Fill Result::diff.
  bool want_patches = false;   ///< Fill Result::patches.
  policy::Mending mending;     ///< For tests of the closing look.
  /// For tests of the proof: values that count as replaced.
  std::shared_ptr<const policy::secrets::LeakSearch> removed;
  bool explain = true;  ///< Fill the report's rows and info findings; they cost time.
};

}  // namespace cloudlab::app
