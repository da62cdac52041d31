#include "kube/label_index.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "yaml/value.hpp"

namespace cloudlab::kube {
namespace {

using Operator = Selector::Operator;

std::string Key(std::initializer_list<std::string_view> parts) {
  std::string key;
  for (const std::string_view part : parts) key.append(part).append(1, '\0');
  return key;
}

}  // namespace

std::vector<std::string> LabelIndex::KeysOf(std::string_view ns, yaml::NodeView labels) {
  std::vector<std::string> keys{Key({ns})};
  if (!labels) return keys;
  const yaml::Value all = yaml::Value::From(labels);  // Merged ones too.
  for (const auto& [name, value] : all.entries()) {
    keys.push_back(Key({ns, name}));
    keys.push_back(Key({ns, name, value.text()}));
  }
  return keys;
}

void LabelIndex::Add(std::uint32_t number, yaml::NodeView labels, std::vector<std::string> keys) {
  const auto place = static_cast<std::uint32_t>(pods_.size());
  pods_.push_back({number, labels});
  for (std::string& key : keys) places_[std::move(key)].push_back(place);
}

std::size_t LabelIndex::Count(const std::string& key) const {
  const auto found = places_.find(key);
  return found == places_.end() ? 0 : found->second.size();
}

std::vector<std::string> LabelIndex::RarestKeys(std::string_view ns,
                                                const Selector& selector) const {
  std::vector<std::string> rarest{Key({ns})};
  std::size_t fewest = Count(rarest.front());
  bool by_label = false;
  for (const Selector::Requirement& requirement : selector.requirements()) {
    std::vector<std::string> keys;
    if (requirement.op == Operator::kExists) keys.push_back(Key({ns, requirement.key}));
    if (requirement.op == Operator::kIn) {
      for (const std::string& value : requirement.values) {
        keys.push_back(Key({ns, requirement.key, value}));
      }
      std::ranges::sort(keys);
      keys.erase(std::ranges::unique(keys).begin(), keys.end());
    }
    if (keys.empty()) continue;
    std::size_t count = 0;
    for (const std::string& key : keys) count += Count(key);
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
  for (const std::string& key : RarestKeys(ns, selector)) count += Count(key);
  return count;
}

std::vector<std::uint32_t> LabelIndex::Select(std::string_view ns, const Selector& selector,
                                              std::size_t most) const {
  std::vector<std::uint32_t> numbers;
  if (pods_.empty()) return numbers;
  for (const std::string& key : RarestKeys(ns, selector)) {
    const auto found = places_.find(key);
    if (found == places_.end()) continue;
    for (const std::uint32_t place : found->second) {
      if (numbers.size() == most) break;
      if (selector.Matches(pods_[place].labels)) numbers.push_back(pods_[place].number);
    }
  }
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace cloudlab::kube
