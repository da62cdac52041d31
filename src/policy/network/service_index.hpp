// Which Services a selector takes by the labels that they have themselves, without comparing
// everything with everything: Services are kept by each of their labels, as kube::PodIndex keeps
// pods, and a selector looks at those of the rarest label that it requires.
//
// A selector without any label that must have one value is compared with all of its namespace.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kube/pod_template.hpp"
#include "policy/network/directory.hpp"

namespace cloudlab::policy::network {

class ServiceIndex {
 public:
  /// `directory` must outlive it.
  explicit ServiceIndex(const Directory& directory);

  /// The Services of namespace `ns` that `selector` takes, in stream order.
  std::vector<const Service*> Find(const kube::Selector& selector, std::string_view ns) const;

 private:
  std::span<const Service* const> At(const std::string& key) const;

  // Namespace and label, or the namespace alone.
  std::unordered_map<std::string, std::vector<const Service*>> by_label_;
};

}  // namespace cloudlab::policy::network
