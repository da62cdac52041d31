#include "kube/label_index.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include "yaml/scalar.hpp"
#include "yaml/value.hpp"

namespace cloudlab::kube {
namespace {

using Operator = Selector::Operator;

using Key = LabelIndex::Key;

/// The key of what `above` is the key of, and `part` in it.
Key Join(Key above, std::string_view part) {
  constexpr Key kFactor = 1099511628211U;  // FNV's prime.
  return (above * kFactor) ^ std::hash<std::string_view>()(part);
}

Key OfNamespace(std::string_view ns) { return Join(0, ns); }

void SortUnique(auto& items) {
  std::ranges::sort(items);
  items.erase(std::ranges::unique(items).begin(), items.end());
}

/// The text of a label that can be read where it stands: no merge, and a value that says something.
std::optional<std::string_view> TextOf(yaml::NodeView label) {
  if (!label.IsScalar() || label.Raw().empty()) return std::nullopt;
  return yaml::Verbatim(label.Raw(), label.node().style);
}
std::optional<std::string_view> NameOf(yaml::NodeView label) {
  if (label.RawKey() == "<<") return std::nullopt;
  return yaml::Verbatim(label.RawKey(), label.node().key_style);
}

}  // namespace

std::vector<Key> LabelIndex::KeysOf(std::string_view ns, yaml::NodeView labels) {
  std::vector<Key> keys{OfNamespace(ns)};
  const auto add = [&](std::string_view name, std::string_view value) {
    keys.push_back(Join(keys.front(), name));
    keys.push_back(Join(keys.back(), value));
  };
  for (const yaml::NodeView label : labels.children()) {
    const auto name = NameOf(label);
    const auto value = TextOf(label);
    if (name && value) {
      add(*name, *value);
      continue;
    }
    keys.resize(1);
    const yaml::Value all = yaml::Value::From(labels);
    for (const auto& [key, text] : all.entries()) add(key, text.text());
    break;
  }
  SortUnique(keys);
  return keys;
}

void LabelIndex::Add(std::uint32_t number, yaml::NodeView labels, const std::vector<Key>& keys) {
  const auto place = static_cast<std::uint32_t>(pods_.size());
  pods_.push_back({number, labels});
  for (const Key key : keys) places_[key].push_back(place);
}

std::size_t LabelIndex::Count(Key key) const {
  const auto found = places_.find(key);
  return found == places_.end() ? 0 : found->second.size();
}

std::vector<Key> LabelIndex::RarestKeys(std::string_view ns, const Selector& selector) const {
  const Key of_namespace = OfNamespace(ns);
  std::vector<Key> rarest{of_namespace};
  std::size_t fewest = Count(rarest.front());
  bool by_label = false;
  for (const Selector::Requirement& requirement : selector.requirements()) {
    std::vector<Key> keys;
    const Key name = Join(of_namespace, requirement.key);
    if (requirement.op == Operator::kExists) keys.push_back(name);
    if (requirement.op == Operator::kIn) {
      for (const std::string& value : requirement.values) keys.push_back(Join(name, value));
      SortUnique(keys);
    }
    if (keys.empty()) continue;
    std::size_t count = 0;
    for (const Key key : keys) count += Count(key);
    // Any label tells more than the namespace: other pods may come to it.
    if (by_label && count >= fewest) continue;
    by_label = true;
    fewest = count;
    rarest = std::move(keys);
  }
  return rarest;
}

std::size_t LabelIndex::Candidates(std::string_view ns, const Selector& selector) const {
  std::size_t count = 0;
  for (const Key key : RarestKeys(ns, selector)) count += Count(key);
  return count;
}

std::vector<std::uint32_t> LabelIndex::Select(std::string_view ns, const Selector& selector,
                                              std::size_t most) const {
  std::vector<std::uint32_t> numbers;
  if (pods_.empty()) return numbers;
  for (const Key key : RarestKeys(ns, selector)) {
    const auto found = places_.find(key);
    if (found == places_.end()) continue;
    for (const std::uint32_t place : found->second) {
      if (numbers.size() == most) break;
      if (selector.Matches(pods_[place].labels)) numbers.push_back(pods_[place].number);
    }
  }
  SortUnique(numbers);
  return numbers;
}

}  // namespace cloudlab::kube
