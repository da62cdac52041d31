// Reading a field of a policy's spec that passed the schema.
#pragma once

#include <string>
#include <string_view>

#include "yaml/value.hpp"

namespace cloudlab::policy {

/// The scalar at `key` of `map`; empty if there is none.
inline std::string TextAt(const yaml::Value& map, std::string_view key) {
  const yaml::Value* value = map.Find(key);
  return value == nullptr ? std::string() : value->text();
}

}  // namespace cloudlab::policy
