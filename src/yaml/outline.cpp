// Look-ups in an outline; the scanner (scanner.hpp) makes it.
#include "yaml/outline.hpp"

#include <algorithm>

namespace cloudlab::yaml {

const Property* Outline::FindProperty(NodeId id) const {
  if (!nodes_[id].has_property) return nullptr;
  const auto found = std::lower_bound(properties_.begin(), properties_.end(), id,
                                      [](const Property& p, NodeId n) { return p.node < n; });
  return found != properties_.end() && found->node == id ? &*found : nullptr;
}

NodeId Outline::SubtreeEnd(NodeId id) const {
  while (id != kNoNode && nodes_[id].next == kNoNode) id = nodes_[id].parent;
  return id == kNoNode ? static_cast<NodeId>(nodes_.size()) : nodes_[id].next;
}

NodeId Outline::TargetOf(NodeId id) const {
  const auto found = std::lower_bound(aliases_.begin(), aliases_.end(), id,
                                      [](const AliasTarget& a, NodeId n) { return a.alias < n; });
  return found != aliases_.end() && found->alias == id ? found->target : kNoNode;
}

bool Outline::IsShared(NodeId id) const {
  if (aliases_.empty()) return false;
  for (NodeId up = id; up != kNoNode; up = nodes_[up].parent) {
    if (nodes_[up].has_property &&
        std::ranges::any_of(aliases_, [up](const AliasTarget& a) { return a.target == up; })) {
      return true;
    }
  }
  return false;
}

}  // namespace cloudlab::yaml
