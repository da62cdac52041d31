#include "policy/network/labels.hpp"

#include <algorithm>
#include <utility>

#include "yaml/value.hpp"

namespace cloudlab::policy::network {

using Operator = kube::Selector::Operator;

std::uint32_t LabelNames::Add(std::string_view text) {
  const std::uint32_t found = Find(text);
  if (found != kUnknown) return found;
  const auto number = static_cast<std::uint32_t>(numbers_.size());
  numbers_.emplace(text, number);
  return number;
}

std::uint32_t LabelNames::Find(std::string_view text) const {
  const auto found = numbers_.find(text);
  return found == numbers_.end() ? kUnknown : found->second;
}

Labels LabelNames::AddAll(yaml::NodeView labels) {
  Labels result;
  if (!labels) return result;
  const yaml::Value all = yaml::Value::From(labels);  // Merged ones too.
  result.reserve(all.entries().size());
  for (const auto& [key, value] : all.entries()) result.push_back({Add(key), Add(value.text())});
  return result;
}

Labels LabelNames::FindAll(const LabelTexts& labels) const {
  Labels result;
  result.reserve(labels.size() + 1);
  for (const auto& [key, value] : labels) {
    const std::uint32_t number = Find(key);
    if (number != kUnknown) result.push_back({number, Find(value)});
  }
  return result;
}

void SetLabel(Labels& labels, Label label) {
  const auto found = std::ranges::find(labels, label.key, &Label::key);
  if (found == labels.end()) {
    labels.push_back(label);
  } else {
    found->value = label.value;
  }
}

LabelSelector::LabelSelector(const kube::Selector& selector, LabelNames& names) {
  for (const kube::Selector::Requirement& given : selector.requirements()) {
    Requirement requirement{.op = given.op, .key = names.Add(given.key), .values = {}};
    for (const std::string& value : given.values) requirement.values.push_back(names.Add(value));
    std::ranges::sort(requirement.values);
    const auto rest = std::ranges::unique(requirement.values);
    requirement.values.erase(rest.begin(), rest.end());
    requirements_.push_back(std::move(requirement));
  }
}

bool LabelSelector::Requirement::Holds(const Labels& labels) const {
  const auto label = std::ranges::find(labels, key, &Label::key);
  const bool present = label != labels.end();
  switch (op) {
    case Operator::kIn:
      return present && std::ranges::binary_search(values, label->value);
    case Operator::kNotIn:
      return !present || !std::ranges::binary_search(values, label->value);
    case Operator::kExists:
      return present;
    case Operator::kDoesNotExist:
      return !present;
  }
  return false;
}

bool LabelSelector::Matches(const Labels& labels) const {
  return std::ranges::all_of(
      requirements_, [&](const Requirement& requirement) { return requirement.Holds(labels); });
}

std::vector<Labels> LabelSelector::RequiredLabels() const {
  std::vector<Labels> required;
  for (const Requirement& requirement : requirements_) {
    if (requirement.op != Operator::kIn) continue;
    Labels& labels = required.emplace_back();
    for (const std::uint32_t value : requirement.values) labels.push_back({requirement.key, value});
  }
  return required;
}

}  // namespace cloudlab::policy::network
