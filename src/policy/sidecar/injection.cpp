#include "policy/sidecar/injection.hpp"

#include <algorithm>

#include "policy/ownership.hpp"
#include "policy/sidecar/lists.hpp"

namespace cloudlab::policy::sidecar {

std::string Injection::container_name() const {
  const yaml::Value* value = container();
  return value == nullptr ? std::string() : NameOf(*value);
}

const kube::Container* Injection::FindExisting() const {
  const std::string name = container_name();
  if (name.empty()) return nullptr;
  const auto found = std::ranges::find_if(containers, [&](const kube::Container& container) {
    return container.name == name && container.type != kube::ContainerType::kEphemeral;
  });
  return found == containers.end() ? nullptr : &*found;
}

bool Injection::IsOfChart(const kube::Container& container) const {
  return container.type != kube::ContainerType::kEphemeral &&
         !IsInjected(*subject.manifest, run, container);
}

}  // namespace cloudlab::policy::sidecar
