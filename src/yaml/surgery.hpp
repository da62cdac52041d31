// From intended changes to byte edits: each change becomes the smallest splice that the style of
// its surroundings allows.
//
// Block parents get lines, indented as their siblings are; flow parents get `, key: value`; JSON
// documents stay JSON. Line endings are copied from the neighbouring line. Refused: a change inside
// a node that an alias refers to, to an alias, at a duplicate key, to a tagged collection.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "text/edit.hpp"
#include "yaml/change.hpp"
#include "yaml/outline.hpp"

namespace cloudlab::yaml {

/// The edits that make `changes` true in the document of `outline`, or why that is not safe.
std::variant<text::EditSet, Problem> Operate(const Outline& outline, const ChangeSet& changes);

}  // namespace cloudlab::yaml
