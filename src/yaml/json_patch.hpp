// What turns one tree into another, as operations of RFC 6902 (JSON Patch): for programs that hold
// only the first tree, and get to know of the second one by this.
//
// Lists are compared item by item: an item is the same if it is equal or has the same `name`, and
// what came in, left or changed is told by its index. An index means little by itself, and the tree
// that the operations meet one day may have changed. So they are guarded by `test`:
//
//   - ahead of everything that is done to a named item, or in front of one, stands a test of its
//     name;
//   - ahead of a key that comes in, a test that there was none. RFC 6902 has no such test; that a
//     missing value equals null is how evanphx/json-patch reads it, which kustomize, Flux and
//     kubectl use.
//
// No operation quotes a value of the first tree, but for names: it may be a secret.
#pragma once

#include <vector>

#include "yaml/value.hpp"

namespace cloudlab::yaml {

/// The operations that make `after` out of `before`, each a map; none if both say the same. A key
/// whose value is null counts as missing. Iterative; quadratic in the items that differ of one
/// list, linear in the others.
std::vector<Value> JsonPatch(const Value& before, const Value& after);

}  // namespace cloudlab::yaml
