// Checks what a person wrote against the schema. Every problem is found in one pass and carries the
// node that it is about, so that the caller can show the line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/schema.hpp"
#include "yaml/view.hpp"

namespace cloudlab::policy {

/// One problem in a policy document.
struct Flaw {
  yaml::NodeView node;
  bool at_key = false;  ///< The key is wrong (or the value is missing), not the value.
  std::string code;
  std::string message;
  std::string hint;
};

/// The flaws of `node`, which shall be such an object, in the order of the text. `path` is how
/// messages call it: "spec", or empty for a whole document.
std::vector<Flaw> Check(const Object& object, yaml::NodeView node, std::string_view path);

/// "a map", "a list", "a number" …: what stands at `node`, for messages.
std::string_view Describe(yaml::NodeView node);

// The forms of text that more than the schema asks for.
bool IsName(std::string_view text);
bool IsDate(std::string_view text);
bool IsDuration(std::string_view text);

}  // namespace cloudlab::policy
