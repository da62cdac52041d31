// `override.cloudlab.dev/<policy>`: a JSON merge patch (RFC 7396) of a policy's spec, written on a
// workload. JSON is flow YAML, so our own scanner reads it; the patched spec must pass the schema.
//
// Refused: a patch that is no map, and one that touches whom the policy is for and how it is
// enforced (match, exclude, locked, enforcement): those are the policy's own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/schema.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy {

/// Merges `patch` into `target` as RFC 7396 says: null removes, maps merge, all else replaces.
void MergePatch(yaml::Value& target, const yaml::Value& patch);

struct OverrideFlaw {
  std::string message;
  std::string hint;
};

/// Applies the patch in `text` to `spec`. Flaws leave `spec` in an unusable state.
std::vector<OverrideFlaw> ApplyOverride(const KindSchema& schema, std::string_view text,
                                        yaml::Value& spec);

}  // namespace cloudlab::policy
