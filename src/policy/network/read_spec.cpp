#include "policy/network/read_spec.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

namespace cloudlab::policy::network {
namespace {

using yaml::NodeView;
using yaml::Value;

bool IsNull(const Value& value) {
  const std::string& text = value.text();
  return value.kind() == Value::Kind::kLiteral &&
         (text == "null" || text == "~" || text == "Null" || text == "NULL");
}

/// The matchLabels of a selector that says nothing else, if they can be read where they stand: no
/// merges, each key once, each value a scalar. Most selectors are like that.
NodeView OnlyLabels(NodeView selector) {
  const NodeView labels = *selector.children().begin();
  if (!labels || labels.node().next != yaml::kNoNode) return {};
  if (!labels.KeyIs("matchLabels") || !labels.IsMap()) return {};
  for (const NodeView label : labels.children()) {
    if (label.KeyIs("<<") || !label.IsScalar() || label.IsNull()) return {};
    if (labels.HasDuplicate(label.Key())) return {};
  }
  return labels;
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

NodeView Given(NodeView map, std::string_view key) {
  const NodeView value = map.Find(key).Resolved();
  return value.IsNull() ? NodeView() : value;
}

bool HasOnly(NodeView map, std::initializer_list<std::string_view> keys) {
  if (!map.Resolved().IsMap()) return false;
  const auto is_known = [&](NodeView entry) {
    return std::ranges::any_of(keys, [&](std::string_view key) { return entry.KeyIs(key); });
  };
  if (std::ranges::all_of(map.children(), is_known)) return true;
  // Perhaps a merge brings them in.
  return map.Find("<<") && HasOnly(Value::From(map), keys);
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

std::optional<kube::Selector> SelectorAt(NodeView map, std::string_view key) {
  const NodeView selector = Given(map, key);
  if (!selector) return kube::Selector();
  if (const NodeView labels = OnlyLabels(selector)) return kube::Selector::OfLabels(labels);
  return ReadSelector(Value::From(selector));
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
