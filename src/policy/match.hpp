// The match language: which objects a policy is for, and which containers of a pod.
//
// Inside one entry everything must hold; `any` wants one of its entries, `all` wants every one. A
// Match is read once from a checked spec and asked for each object; where it says no, it says why.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/manifest.hpp"
#include "kube/pod_template.hpp"
#include "kube/workload.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy {

/// An object as the match language sees it.
struct MatchTarget {
  const kube::Manifest* manifest = nullptr;
  std::string_view environment;  ///< The effective one, or empty.
};

/// The answer of a Match.
struct MatchAnswer {
  bool matches = false;
  /// If it does not match: false if already the kind is of no interest to it.
  bool kind_matches = false;
  /// If it does not match: what the nearest entry does not like, "namespace shop is not one of
  /// web".
  std::string reason;
};

class Match {
 public:
  /// What is meant where an entry says nothing of hooks: `match` leaves them out (rule A4),
  /// `exclude` and exceptions speak of them too.
  enum class Hooks { kExclude, kInclude, kOnly };

  /// Of a `match` (or `exclude`) of a spec that passed the schema; `value` may be null.
  Match(const yaml::Value* value, Hooks when_unsaid);

  /// True for a match without entries: as `match` it selects everything, as `exclude` nothing.
  bool empty() const { return any_.empty() && all_.empty(); }
  /// Asks an empty match too: it matches everything.
  MatchAnswer Ask(const MatchTarget& target) const;

 private:
  struct KindName {
    std::optional<std::string> group;  // Without one, any group.
    std::string kind;
  };
  struct Entry {
    std::vector<KindName> kinds;
    std::vector<std::string> namespaces, names, environments, charts, sources;
    std::optional<kube::Selector> selector, pod_selector;
    std::vector<std::pair<std::string, std::optional<std::string>>> annotations;
    Hooks hooks = Hooks::kExclude;
  };

  static Entry ReadEntry(const yaml::Value& value, Hooks when_unsaid);
  static MatchAnswer AskEntry(const Entry& entry, const MatchTarget& target);
  static std::string Objection(const Entry& entry, const MatchTarget& target);

  std::vector<Entry> any_;
  std::vector<Entry> all_;
};

/// A `containers` selector.
class ContainerSelector {
 public:
  /// `value` passed the schema; null selects every container.
  explicit ContainerSelector(const yaml::Value* value);

  /// True if the selector names types; otherwise each policy has its own idea of whom it means.
  bool Matches(const kube::Container& container) const {
    return Matches(container.name, container.Image(), container.type);
  }
  bool Matches(std::string_view name, std::string_view image, kube::ContainerType type) const;

 private:
  std::vector<std::string> names_;
  std::vector<std::string> images_;
  std::vector<kube::ContainerType> types_;
};

/// The annotation `key` of the pod template or, if it has none, of the object itself; nothing if
/// neither has it.
std::optional<std::string> NearestAnnotation(const MatchTarget& target, std::string_view key);

/// The name of the chart that the object comes from: its label helm.sh/chart without the version,
/// else the first folder of its source; empty if neither says.
std::string ChartOf(const kube::Manifest& manifest);

}  // namespace cloudlab::policy
