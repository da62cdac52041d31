// Intended changes to one document, as data: what shall be different, not how the text changes.
//
// A ChangeSet is what policies hand over. Surgery turns it into byte edits; the proof compares the
// result with it. Changes are merged as they come: two policies that put `requests.cpu` and
// `requests.memory` under a missing `resources` create it once; two that want different values in
// one place clash, and both are named. Whoever finds what he wants in the document already claims
// it, which is no edit: or it would depend on the document whether two owners are seen to differ.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yaml/outline.hpp"
#include "yaml/value.hpp"

namespace cloudlab::yaml {

/// Whoever wants a change; an index of the caller's.
using Owner = int;

/// Where a new item goes in an existing sequence.
struct ItemPlace {
  enum class Side : std::uint8_t { kEnd, kBefore, kAfter };
  Side side = Side::kEnd;
  NodeId sibling = kNoNode;  ///< An existing item, unless `side` is kEnd.
};

struct NewItem {
  ItemPlace place;
  Value value;
  Owner owner = 0;
};

struct NewEntry {
  std::string key;
  Value value;
  Owner owner = 0;
};

/// Everything that shall happen to one existing node.
struct NodeChange {
  bool remove = false;
  std::optional<Value> replace;
  std::vector<NewEntry>
      entries;                 ///< To add to a map (or to an empty or null value that becomes one).
  std::vector<NewItem> items;  ///< To add to a sequence (or to an empty or null value).
  Owner owner = 0;

  bool HasAdditions() const { return !entries.empty() || !items.empty(); }
};

/// Two changes that exclude each other.
struct Clash {
  NodeId node = kNoNode;
  std::string path;  ///< Keys below `node`, dotted; may be empty.
  Owner first = 0;
  Owner second = 0;
};

class ChangeSet {
 public:
  /// Replaces the value of `node`.
  [[nodiscard]] std::optional<Clash> Replace(NodeId node, Value value, Owner owner);
  /// Puts `value` at `path`, one or more keys below the map `node`, none of which exists there;
  /// `node` may be null or empty. Missing maps are created, in the order of the calls.
  [[nodiscard]] std::optional<Clash> Put(NodeId node, const std::vector<std::string>& path,
                                         Value value, Owner owner);
  /// Adds an item to the sequence `node` (or to a null or empty value).
  std::optional<Clash> Append(NodeId node, Value item, Owner owner, ItemPlace place = {});
  /// Adds an item to the sequence at `path` below the map `node`, none of whose keys exists there.
  [[nodiscard]] std::optional<Clash> Append(NodeId node, const std::vector<std::string>& path,
                                            Value item, Owner owner);
  /// Removes the entry or item `node`.
  [[nodiscard]] std::optional<Clash> Remove(NodeId node, Owner owner);
  /// Says that `owner` wants what stands at `path` below `node` as it is: the value of `node`
  /// itself, or, with a path, that nothing stands there. Changes nothing.
  [[nodiscard]] std::optional<Clash> Claim(NodeId node, const std::vector<std::string>& path,
                                           Owner owner);

  /// Says that `node` is as somebody would have made it. Others may change it all the same.
  void Use(NodeId node) { used_.insert(node); }

  bool empty() const { return changes_.empty(); }
  const std::map<NodeId, NodeChange>& changes() const { return changes_; }
  const NodeChange* Find(NodeId node) const;
  bool Removes(NodeId node) const;
  /// The first owner of a claim on one of the nodes [begin, end), or nothing. What stands inside a
  /// node has the numbers behind its own.
  std::optional<Owner> FindClaim(NodeId begin, NodeId end) const;
  /// True if somebody claims `node` or uses it: who made it may not take it away.
  bool IsWanted(NodeId node) const { return used_.contains(node) || claims_.contains(node); }

 private:
  struct ClaimedPath {
    std::string path;  // Dotted; empty for the node itself.
    Owner owner = 0;
  };

  const ClaimedPath* FindClaim(NodeId node, std::string_view path) const;

  std::map<NodeId, NodeChange> changes_;
  std::map<NodeId, std::vector<ClaimedPath>> claims_;
  std::set<NodeId> used_;
};

}  // namespace cloudlab::yaml
