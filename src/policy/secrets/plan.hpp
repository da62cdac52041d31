// What becomes of every secret of a stream: which key of the store holds it, which Secret brings it
// into the cluster, and what stands in its place. Made once, from the input, before any document is
// edited, because equal values in different documents become one key and because moving an entry of
// a ConfigMap concerns everybody who reads it.
//
//   Member   a manifest that the policy is for, with what was found in it (survey.hpp)
//   Remote   a key of the store
//   Target   a Secret of the cluster: entries, each of texts and Remotes
//   Action   what happens at one Site (rewrite.cpp)
//
// Not replaced but told of: what the policy only warns of, arguments and annotations (kubelets
// expand no reference to a Secret there), entries of a ConfigMap that somebody reads whom the
// policy is not for, and what a hook needs before an ExternalSecret could have made it (rule E7).
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/index.hpp"
#include "policy/proposal.hpp"
#include "policy/secrets/dictionary.hpp"
#include "policy/secrets/readers.hpp"
#include "policy/secrets/settings.hpp"
#include "policy/secrets/survey.hpp"

namespace cloudlab::policy::secrets {

inline constexpr std::string_view kSyncWave = "argocd.argoproj.io/sync-wave";
inline constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// A manifest with secrets in it.
struct Member {
  const kube::Manifest* manifest = nullptr;
  /// The policy's, with the overrides of this manifest.
  std::shared_ptr<const Settings> settings;
  std::vector<Site> sites;
  std::string environment;  ///< The effective one.
  // What the policy's texts say for this manifest.
  std::string secret_name;
  std::string remote_key;
  Store store;
  std::map<std::string, Store, std::less<>> reference_stores;
  /// Why these texts say nothing for it; empty if they do.
  std::string flaw;
  std::string flaw_hint;
};

/// A key of a store. Equal values share one.
struct Remote {
  Store store;
  std::string key = {};
  std::string property = {};  ///< May be empty: the key holds nothing else.
  std::string version = {};   ///< Of a reference; empty: the newest.
  bool base64 = false;        ///< The store holds bytes that are no text, encoded.

  /// "prod/shop/cart#PASSWORD": as reports name it.
  std::string Display() const { return property.empty() ? key : key + "#" + property; }
  friend auto operator<=>(const Remote&, const Remote&) = default;
  /// Keys differ most.
  struct Hash {
    std::size_t operator()(const Remote& remote) const {
      const std::hash<std::string_view> hash;
      return hash(remote.key) * 31 + hash(remote.property);
    }
  };
};

/// A part of an entry: text, or what a Remote holds.
struct Fragment {
  std::string text = {};
  std::size_t remote = kNone;
  bool percent = false;  ///< Percent-encoded, as in a URL.

  friend bool operator==(const Fragment&, const Fragment&) = default;
};

/// One entry of a Secret.
struct Entry {
  std::string key;
  std::vector<Fragment> fragments;

  bool IsPlain() const {
    return fragments.size() == 1 && fragments.front().remote != kNone && !fragments.front().percent;
  }
};

/// A Secret that the policy sees to.
struct Target {
  std::string ns;
  std::string name;
  std::vector<Entry> entries = {};
  const Member* first = nullptr;             ///< Who asked for it first.
  const kube::Manifest* of_chart = nullptr;  ///< The Secret that it was.
  const kube::Manifest* earlier = nullptr;   ///< What an earlier run made.
  std::vector<std::string> taken = {};       ///< The keys that it has.
  kube::ObjectId id = {};                    ///< Of the object that makes it.
};

/// What happens at a site.
struct Action {
  enum class Kind : std::uint8_t {
    kReference,  ///< The variable gets its value from `key` of the target.
    kSplit,      ///< Variables of the target come before it, and `text` refers to them.
    kMove,       ///< The entry of the ConfigMap goes; its readers read the target.
    kConvert,    ///< The Secret becomes the object that makes it.
  };
  /// A variable that comes before the one that refers to it.
  struct Variable {
    std::string name;
    std::string key;
  };
  Kind kind = Kind::kReference;
  std::size_t site = 0;
  std::size_t target = 0;
  std::string key = {};
  std::string text = {};
  std::vector<Variable> variables = {};
};

/// A row of the report.
struct Row {
  kube::ObjectId object;
  std::string path;
  int score = 0;
  bool replaced = false;
  std::string remote_key = {};
};

/// Something to say about a site.
struct Notice {
  text::Severity severity = text::Severity::kError;
  std::string code;
  std::string message;
  std::string hint;
  yaml::NodeView node;
};

/// All that concerns one manifest.
struct Share {
  const kube::Manifest* manifest = nullptr;
  const Member* member = nullptr;  ///< Null for one that only reads what was moved.
  std::vector<Action> actions;
  std::vector<Notice> notices;
  std::vector<std::size_t> reads;  ///< Targets that were Secrets of the chart.
  /// Addresses that nothing in the stream tells of any more, for `cloudlab.dev/connects-to`.
  std::vector<std::string> connections;
};

class Plan {
 public:
  /// A manifest of the index as a member, its sites left empty; nothing if the policy is not for
  /// it.
  using MemberOf = std::function<std::optional<Member>(const kube::Manifest&)>;
  /// `members` are those with sites, in the order of the stream; `index` outlives the plan. Without
  /// `explain` there are no rows().
  Plan(std::string policy, const kube::Index& index, const Dictionary& dictionary,
       std::vector<Member> members, const MemberOf& member_of, bool explain);
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  /// Proposes what it has for `manifest`, one of the index.
  void Propose(const kube::Manifest& manifest, Proposal& proposal) const;

  const std::string& policy() const { return policy_; }
  const std::vector<Member>& members() const { return members_; }
  const std::vector<Target>& targets() const { return targets_; }
  const std::vector<Remote>& remotes() const { return remotes_; }
  const std::vector<Row>& rows() const { return rows_; }
  /// The values that are replaced, each once, as they were.
  const std::vector<std::string>& values() const { return values_; }
  /// The share of `manifest`, or null.
  const Share* Find(const kube::Manifest& manifest) const;

 private:
  friend class Planner;

  std::string policy_;
  bool explain_;
  std::vector<Member> members_;
  std::vector<Remote> remotes_;
  std::vector<Target> targets_;
  Moves moves_;
  std::vector<Share> shares_;  // In the order of the stream.
  std::vector<Row> rows_;
  std::vector<std::string> values_;
};

/// The plans of a run, by the policy's name.
class Plans {
 public:
  void Add(std::unique_ptr<const Plan> plan) { plans_.push_back(std::move(plan)); }
  const Plan* Find(std::string_view policy) const;
  const std::vector<std::unique_ptr<const Plan>>& all() const { return plans_; }

 private:
  std::vector<std::unique_ptr<const Plan>> plans_;
};

/// The object that makes the Secret `target`; empty if somebody else does. It is made when it is
/// asked for: a stream may have thousands, and workers ask side by side.
yaml::Value ContentOf(const Target& target, const Plan& plan);

/// The text of `entry` with placeholders where secrets belong.
std::string StubText(const Entry& entry, const Plan& plan);

}  // namespace cloudlab::policy::secrets
