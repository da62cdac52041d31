#include "yaml/change.hpp"

#include <algorithm>
#include <iterator>

namespace cloudlab::yaml {
namespace {

std::string Dotted(const std::vector<std::string>& path) {
  std::string text;
  for (const std::string& key : path) text += (text.empty() ? "" : ".") + key;
  return text;
}

/// The value at `path` behind its first key, below `root`; missing maps are created. Null where
/// something that is no map stands in the way.
Value* Reach(Value* at, const std::vector<std::string>& path) {
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (!at->IsMap()) return nullptr;
    Value* next = at->Find(path[i]);
    at = next != nullptr ? next : &at->Put(path[i], Value::Map());
  }
  return at;
}

/// True if `entry` puts something at `path`.
bool StandsAt(const NewEntry& entry, const std::vector<std::string>& path) {
  if (path.empty() || path.front() != entry.key) return false;
  const Value* at = &entry.value;
  for (std::size_t i = 1; i < path.size() && at != nullptr; ++i) at = at->Find(path[i]);
  return at != nullptr;
}

}  // namespace

std::optional<Clash> ChangeSet::Replace(NodeId node, Value value, Owner owner) {
  if (const ClaimedPath* claim = FindClaim(node, "")) return Clash{node, "", claim->owner, owner};
  NodeChange& change = changes_[node];
  if (change.remove || (change.replace && *change.replace != value)) {
    return Clash{node, "", change.owner, owner};
  }
  if (!change.replace) change.owner = owner;
  change.replace = std::move(value);
  return std::nullopt;
}

std::optional<Clash> ChangeSet::Put(NodeId node, const std::vector<std::string>& path, Value value,
                                    Owner owner) {
  const ClaimedPath* claim = claims_.empty() ? nullptr : FindClaim(node, Dotted(path));
  if (claim != nullptr) return Clash{node, claim->path, claim->owner, owner};
  auto& entries = changes_[node].entries;
  auto entry = std::ranges::find(entries, path.front(), &NewEntry::key);
  if (entry == entries.end()) {
    entries.push_back({path.front(), Value::Map(), owner});
    *Reach(&entries.back().value, path) = std::move(value);
    return std::nullopt;
  }
  const std::vector<std::string> parents(path.begin(), std::prev(path.end()));
  Value* holder = path.size() == 1 ? nullptr : Reach(&entry->value, parents);
  if (path.size() > 1 && (holder == nullptr || !holder->IsMap())) {
    return Clash{node, Dotted(path), entry->owner, owner};
  }
  Value* there = path.size() == 1 ? &entry->value : holder->Find(path.back());
  if (there == nullptr) {
    holder->Put(path.back(), std::move(value));
    return std::nullopt;
  }
  if (*there == value) return std::nullopt;
  return Clash{node, Dotted(path), entry->owner, owner};
}

std::optional<Clash> ChangeSet::Append(NodeId node, Value item, Owner owner, ItemPlace place) {
  if (const ClaimedPath* claim = FindClaim(node, "")) return Clash{node, "", claim->owner, owner};
  changes_[node].items.push_back({place, std::move(item), owner});
  return std::nullopt;
}

std::optional<Clash> ChangeSet::Append(NodeId node, const std::vector<std::string>& path,
                                       Value item, Owner owner) {
  auto& entries = changes_[node].entries;
  auto entry = std::ranges::find(entries, path.front(), &NewEntry::key);
  if (entry == entries.end()) {
    entries.push_back({path.front(), path.size() == 1 ? Value::Seq() : Value::Map(), owner});
    entry = std::prev(entries.end());
  }
  Value* at = Reach(&entry->value, path);
  if (at != nullptr && at->IsMap() && at->entries().empty()) *at = Value::Seq();
  if (at == nullptr || !at->IsSeq()) return Clash{node, Dotted(path), entry->owner, owner};
  at->Append(std::move(item));
  return std::nullopt;
}

std::optional<Clash> ChangeSet::Remove(NodeId node, Owner owner) {
  if (const ClaimedPath* claim = FindClaim(node, "")) return Clash{node, "", claim->owner, owner};
  NodeChange& change = changes_[node];
  if (change.replace || change.HasAdditions()) return Clash{node, "", change.owner, owner};
  if (!change.remove) change.owner = owner;
  change.remove = true;
  return std::nullopt;
}

std::optional<Clash> ChangeSet::Claim(NodeId node, const std::vector<std::string>& path,
                                      Owner owner) {
  if (const NodeChange* change = Find(node)) {
    if (path.empty() && (change->replace || change->remove)) {
      return Clash{node, "", change->owner, owner};
    }
    for (const NewEntry& entry : change->entries) {
      if (StandsAt(entry, path)) return Clash{node, Dotted(path), entry.owner, owner};
    }
  }
  claims_[node].push_back({Dotted(path), owner});
  return std::nullopt;
}

const ChangeSet::ClaimedPath* ChangeSet::FindClaim(NodeId node, std::string_view path) const {
  const auto found = claims_.find(node);
  if (found == claims_.end()) return nullptr;
  const auto claim = std::ranges::find(found->second, path, &ClaimedPath::path);
  return claim == found->second.end() ? nullptr : &*claim;
}

std::optional<Owner> ChangeSet::FindClaim(NodeId begin, NodeId end) const {
  const auto found = claims_.lower_bound(begin);
  if (found == claims_.end() || found->first >= end) return std::nullopt;
  return found->second.front().owner;
}

const NodeChange* ChangeSet::Find(NodeId node) const {
  const auto found = changes_.find(node);
  return found == changes_.end() ? nullptr : &found->second;
}

bool ChangeSet::Removes(NodeId node) const {
  const NodeChange* change = Find(node);
  return change != nullptr && change->remove;
}

}  // namespace cloudlab::yaml
