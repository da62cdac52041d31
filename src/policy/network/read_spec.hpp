// Reads parts that specs of policies have in common: nothing that they say may be overlooked, for
// what is overlooked would let too much through.
//
// Most of a spec is read where it stands; what is small and looked at more than once, as a Value.
//
// Null counts as absent, as the API server decodes it; but not as an item of a list, where it would
// mean `{}` and kubectl refuses it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "kube/pod_template.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy::network {

/// The value of `key`, or null if it is absent or null.
const yaml::Value* Given(const yaml::Value& map, std::string_view key);
/// The same where it stands, behind aliases; invalid if it is absent or null.
yaml::NodeView Given(yaml::NodeView map, std::string_view key);

/// True for a map without any other keys: what a newer or mistyped field would mean is not known.
bool HasOnly(const yaml::Value& map, std::initializer_list<std::string_view> keys);
bool HasOnly(yaml::NodeView map, std::initializer_list<std::string_view> keys);

/// True for a list of nothing but scalars.
bool IsScalarList(const yaml::Value& value);

/// kube::Selector::Parse(), but nothing for a selector that says something that it overlooks.
std::optional<kube::Selector> ReadSelector(const yaml::Value& selector);

/// The selector `key` of `map`, an empty one if it is absent; nothing if it cannot be read.
std::optional<kube::Selector> SelectorAt(const yaml::Value& map, std::string_view key);
std::optional<kube::Selector> SelectorAt(yaml::NodeView map, std::string_view key);

/// The number of a port in plain decimal digits, from 1.
std::optional<std::uint16_t> ParsePortNumber(std::string_view text);
/// The same of a number; nothing for text, even if it is made of digits.
std::optional<std::uint16_t> ReadPortNumber(const yaml::Value& value);

}  // namespace cloudlab::policy::network
