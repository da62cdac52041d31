// What one policy wants for one manifest: changes, new objects, and the reasons for what it left.
//
// A Proposal is the only way for a policy to act. Every change is made together with its report
// row, so that the report cannot disagree with the edit.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kube/manifest.hpp"
#include "kube/quantity.hpp"
#include "text/diagnostic.hpp"
#include "yaml/change.hpp"

namespace cloudlab::policy {

/// A row of the report: one field of one object.
struct FieldEdit {
  enum class Op : std::uint8_t { kAdd, kReplace, kRemove };
  kube::ObjectId object;
  std::string path;
  Op op = Op::kAdd;
  std::string old_value;  ///< Scalars as text, collections in flow style; empty for kAdd.
  std::string new_value;  ///< The same; empty for kRemove. Secrets are masked in both (mask.hpp).
  std::string policy;
  std::string profile;   ///< The environment profile or tier that gave the value, or empty.
  std::string override;  ///< The annotation that gave the value, or empty.
};

/// A manifest that a policy selected but did not change, or a part of it, and why.
struct Skip {
  kube::ObjectId object;
  std::string policy;
  std::string code;     ///< "CL-A-HOST-NETWORK": documented in docs/diagnostics.md.
  std::string message;  ///< Why, and what to do about it.
};

/// An object that does not exist in the stream yet.
struct NewObject {
  yaml::Value content;  ///< Empty once it is written and nobody asks for it any more.
  kube::ObjectId id;
  kube::ObjectId parent;  ///< The workload that it was made for.
  std::size_t parent_document = 0;
  std::string policy;
  bool named_in_policy = true;  ///< Else the program names it after its workload.
  /// Other workloads that want the same object.
  struct Parent {
    kube::ObjectId id;
    std::size_t document = 0;
  };
  std::vector<Parent> more_parents = {};
  bool stands = false;  ///< An object of its identity is in the stream already.
  /// As it will stand in the output; shared with those who read it there. Null until it is written.
  std::shared_ptr<const std::string> text = nullptr;
};

/// A request or limit that a policy wants for a container: what a later stage may not change.
struct StatedResource {
  kube::ObjectId object;
  std::string container;
  std::string field;  ///< "requests.cpu".
  kube::Quantity value;
  yaml::Owner owner = 0;
};

/// Where a proposal's change came from, for its report row.
struct Origin {
  std::string profile;
  std::string override;
};

class Proposal {
 public:
  /// `changes` is shared by all policies of one stage; `owner` is this policy's number in it.
  /// Without `explain` there is one empty row for all changes: it says only that there are any.
  Proposal(const kube::Manifest& manifest, std::string policy, yaml::Owner owner,
           yaml::ChangeSet& changes, bool explain = true);

  const kube::Manifest& manifest() const { return manifest_; }

  /// Replaces the value of `node`, unless it already is `value`: then it is claimed.
  void Replace(yaml::NodeView node, yaml::Value value, const Origin& origin = {});
  /// Says that this policy wants what stands at `path` below `map` as it is, be it nothing. Another
  /// policy that wants something else there is in conflict with this one, as if both had edited.
  /// What a policy leaves to the chart (`Keep`) it must not claim.
  void Claim(yaml::NodeView map, const std::vector<std::string>& path = {});
  /// Says that `node` is as this policy would have made it, and the chart may have it otherwise: a
  /// policy that withdraws what it made leaves it.
  void Use(yaml::NodeView node) { changes_.Use(node.id()); }
  /// Puts `value` at `path` below `map`: walks down what exists, creates what is missing, and
  /// replaces the value there if it differs; if it does not, it is claimed.
  void Put(yaml::NodeView map, const std::vector<std::string>& path, yaml::Value value,
           const Origin& origin = {});
  /// Adds `item` to the sequence at `path` below `map`, creating what is missing.
  void Append(yaml::NodeView map, const std::vector<std::string>& path, yaml::Value item,
              yaml::ItemPlace place = {}, const Origin& origin = {});
  void Remove(yaml::NodeView node, const Origin& origin = {});
  /// `named_in_policy`: see NewObject.
  void AddObject(yaml::Value content, kube::ObjectId id, bool named_in_policy = true);

  /// Says that the manifest holds a container of this policy's; it gets the policy's mark
  /// (ownership.hpp).
  void Own() { owns_ = true; }
  /// Says that it holds none any more; it loses the mark.
  void Disown() { disowns_ = true; }
  /// Says whether what is replaced or removed from now on is secret: then no row shows it.
  void Conceal(bool conceals) { conceals_ = conceals; }
  /// Says that the manifest leaves the stream as a whole.
  void RemoveManifest() { removes_manifest_ = true; }
  /// Says that it changes labels or annotations of the pod template, which policies select by.
  void Relabel() { relabels_ = true; }

  /// Says that this policy wants `value` for a container's `side` (requests, limits) of `resource`,
  /// whether it had to be written or stood there. Later stages see other text, so that the
  /// ChangeSet cannot notice when one wants something else.
  void State(std::string container, std::string_view side, std::string_view resource,
             kube::Quantity value);
  /// Says that this policy wants something else than `other` of an earlier stage at `path` below
  /// `map`.
  void Contradict(const StatedResource& other, yaml::NodeView map,
                  const std::vector<std::string>& path);

  void AddSkip(std::string code, std::string message);
  /// A finding about this manifest; its place is that of `node` in the stream (the caller of the
  /// policy fills the source in), or of the policy if `node` is invalid.
  void AddFinding(text::Severity severity, std::string code, std::string message,
                  yaml::NodeView node = {}, std::string hint = {});

  struct Finding {
    text::Diagnostic diagnostic;
    yaml::NodeView node;
  };
  struct Conflict {
    yaml::Clash clash;
    std::string path;  ///< Of the field that this policy wanted to change.
    std::string hint = "exclude the object from one of them";
  };
  bool owns() const { return owns_; }
  bool disowns() const { return disowns_; }
  bool relabels() const { return relabels_; }
  bool removes_manifest() const { return removes_manifest_; }
  /// What all policies of this stage want so far.
  const yaml::ChangeSet& pending() const { return changes_; }
  const std::vector<FieldEdit>& edits() const { return edits_; }
  /// The rows for the report; to be called last.
  std::vector<FieldEdit> TakeEdits() { return std::move(edits_); }
  const std::vector<NewObject>& objects() const { return objects_; }
  /// The objects for the run; to be called last.
  std::vector<NewObject> TakeObjects() { return std::move(objects_); }
  const std::vector<StatedResource>& stated() const { return stated_; }
  const std::vector<Skip>& skips() const { return skips_; }
  const std::vector<Finding>& findings() const { return findings_; }
  const std::vector<Conflict>& conflicts() const { return conflicts_; }

 private:
  /// A place as reports write it: `keys` below `map`, or below the manifest, and `item` behind
  /// them. It is written out for those who read it only.
  struct Place {
    yaml::NodeView map;
    std::span<const std::string> keys = {};
    std::string_view item = {};
  };
  /// How far a path exists in the manifest.
  struct Walk {
    yaml::NodeView at;
    std::size_t done = 0;  // Keys that were found.
  };

  void ReplaceAt(yaml::NodeView node, const Place& place, yaml::Value value, const Origin& origin);
  std::string TextOf(const Place& place);
  /// kube::FieldPath() of a node that changes are made below, most often the one asked for last.
  const std::string& PathOf(yaml::NodeView node);
  static Walk WalkDown(yaml::NodeView map, const std::vector<std::string>& path);
  bool Accept(std::optional<yaml::Clash> clash, const Place& place);
  /// The clash with a claim on something inside `node`, if there is one.
  std::optional<yaml::Clash> ClashInside(yaml::NodeView node) const;
  /// The clash of a claim on `node` with a change of something that it stands in, if there is one.
  std::optional<yaml::Clash> ClashAround(yaml::NodeView node) const;
  std::string RowText(std::string_view name, const yaml::Value& value) const;
  std::string OldText(std::string_view name, const yaml::Value& value) const;
  void AddRow(FieldEdit::Op op, const Place& place, std::string old_value, std::string new_value,
              const Origin& origin);
  void RefuseShape(const Walk& walk, const Place& place, const std::string& wanted);

  const kube::Manifest& manifest_;
  std::string policy_;
  yaml::Owner owner_;
  yaml::ChangeSet& changes_;
  bool explain_;
  yaml::NodeView last_node_;  // Of PathOf().
  std::string last_path_;
  bool owns_ = false;
  bool disowns_ = false;
  bool relabels_ = false;
  bool conceals_ = false;
  bool removes_manifest_ = false;
  std::vector<FieldEdit> edits_;
  std::vector<NewObject> objects_;
  std::vector<StatedResource> stated_;
  std::vector<Skip> skips_;
  std::vector<Finding> findings_;
  std::vector<Conflict> conflicts_;
};

/// The error for two policies that want different values in one place: `owners` are the names of
/// the policies of the stage, by their numbers.
text::Diagnostic DescribeConflict(const Proposal::Conflict& conflict, const kube::ObjectId& object,
                                  std::span<const std::string> owners);

}  // namespace cloudlab::policy
