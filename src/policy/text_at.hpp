// Reading a field of a policy's spec that passed the schema.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "yaml/value.hpp"

namespace cloudlab::policy {

/// The scalar at `key` of `map`; empty if there is none.
inline std::string TextAt(const yaml::Value& map, std::string_view key) {
  const yaml::Value* value = map.Find(key);
  return value == nullptr ? std::string() : value->text();
}

/// The object at `key`; an empty one if there is none.
inline const yaml::Value& MapAt(const yaml::Value& map, std::string_view key) {
  static const yaml::Value none;
  const yaml::Value* found = map.Find(key);
  return found == nullptr ? none : *found;
}

/// The texts of the list at `key`.
inline std::vector<std::string> TextsAt(const yaml::Value& map, std::string_view key) {
  std::vector<std::string> texts;
  for (const yaml::Value& item : MapAt(map, key).items()) texts.push_back(item.text());
  return texts;
}

}  // namespace cloudlab::policy
