#include "policy/network/service_index.hpp"

#include <algorithm>
#include <iterator>

#include "yaml/value.hpp"

namespace cloudlab::policy::network {
namespace {

std::string Key(std::string_view ns, std::string_view label = {}, std::string_view value = {}) {
  std::string key;
  key.reserve(ns.size() + label.size() + value.size() + 2);
  key.append(ns).append(1, '\0').append(label).append(1, '\0').append(value);
  return key;
}

yaml::NodeView LabelsOf(const Service& service) {
  return service.manifest->root.Find({"metadata", "labels"});
}

}  // namespace

ServiceIndex::ServiceIndex(const Directory& directory) {
  for (const Service& service : directory.services()) {
    const std::string& ns = service.manifest->id.ns;
    by_label_[Key(ns)].push_back(&service);
    const yaml::NodeView labels = LabelsOf(service);
    if (!labels) continue;
    const yaml::Value all = yaml::Value::From(labels);  // Merged ones too.
    for (const auto& [label, value] : all.entries()) {
      by_label_[Key(ns, label, value.text())].push_back(&service);
    }
  }
}

std::span<const Service* const> ServiceIndex::At(const std::string& key) const {
  const auto found = by_label_.find(key);
  if (found == by_label_.end()) return {};
  return found->second;
}

std::vector<const Service*> ServiceIndex::Find(const kube::Selector& selector,
                                               std::string_view ns) const {
  std::span<const Service* const> fewest = At(Key(ns));
  for (const kube::Selector::Requirement& requirement : selector.requirements()) {
    const bool exact =
        requirement.op == kube::Selector::Operator::kIn && requirement.values.size() == 1;
    if (!exact) continue;
    const auto found = At(Key(ns, requirement.key, requirement.values.front()));
    if (found.size() < fewest.size()) fewest = found;
  }
  std::vector<const Service*> services;
  std::ranges::copy_if(fewest, std::back_inserter(services), [&](const Service* service) {
    return selector.Matches(LabelsOf(*service));
  });
  return services;
}

}  // namespace cloudlab::policy::network
