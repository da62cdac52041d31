#include "policy/network/read_spec.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

namespace cloudlab::policy::network {
namespace {

using yaml::Value;

bool IsNull(const Value& value) {
  const std::string& text = value.text();
  return value.kind() == Value::Kind::kLiteral &&
         (text == "null" || text == "~" || text == "Null" || text == "NULL");
}

}  // namespace

const Value* Given(const Value& map, std::string_view key) {
  const Value* value = map.Find(key);
  return value == nullptr || IsNull(*value) ? nullptr : value;
}

bool HasOnly(const Value& map, std::initializer_list<std::string_view> keys) {
  return map.IsMap() && std::ranges::all_of(map.entries(), [&](const Value::Entry& entry) {
           return std::ranges::find(keys, entry.first) != keys.end();
         });
}

bool IsScalarList(const Value& value) {
  return value.IsSeq() && std::ranges::all_of(value.items(), &Value::IsScalar);
}

std::optional<kube::Selector> ReadSelector(const Value& selector) {
  if (!HasOnly(selector, {"matchLabels", "matchExpressions"})) return std::nullopt;
  if (const Value* labels = Given(selector, "matchLabels")) {
    const auto is_scalar = [](const Value::Entry& entry) { return entry.second.IsScalar(); };
    if (!labels->IsMap() || !std::ranges::all_of(labels->entries(), is_scalar)) return std::nullopt;
  }
  if (const Value* expressions = Given(selector, "matchExpressions")) {
    if (!expressions->IsSeq()) return std::nullopt;
    for (const Value& expression : expressions->items()) {
      if (!HasOnly(expression, {"key", "operator", "values"})) return std::nullopt;
      const Value* values = Given(expression, "values");
      if (values != nullptr && !IsScalarList(*values)) return std::nullopt;
    }
  }
  return kube::Selector::Parse(selector);
}

std::optional<kube::Selector> SelectorAt(const Value& map, std::string_view key) {
  const Value* selector = Given(map, key);
  return selector == nullptr ? kube::Selector() : ReadSelector(*selector);
}

std::optional<std::uint16_t> ParsePortNumber(std::string_view text) {
  if (text.starts_with('0')) return std::nullopt;
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::uint16_t> ReadPortNumber(const Value& value) {
  return value.kind() == Value::Kind::kLiteral ? ParsePortNumber(value.text()) : std::nullopt;
}

}  // namespace cloudlab::policy::network
