// When a node must not be changed at all, whatever the change looks like as text: content that is
// shared, keys that stand twice, changes that exclude each other.
#pragma once

#include <optional>
#include <string>

#include "yaml/change.hpp"
#include "yaml/outline.hpp"
#include "yaml/surroundings.hpp"

namespace cloudlab::yaml {

/// Why `change` of the node `id`, one of `changes`, is not safe; or nothing.
std::optional<Problem> FindDanger(const Outline& outline, const Surroundings& around,
                                  const ChangeSet& changes, NodeId id, const NodeChange& change);

/// True if a node around `id` is removed, and `id` with it.
bool IsInsideRemoved(const Outline& outline, const ChangeSet& changes, NodeId id);

/// A refusal to edit, shown at the first line of `id`.
Problem EditRefusal(const Outline& outline, NodeId id, std::string message, std::string hint = {});

}  // namespace cloudlab::yaml
