// The identity of a Kubernetes object in one stream.
#pragma once

#include <string>
#include <string_view>

namespace cloudlab::kube {

struct ObjectId {
  std::string api_version;  ///< "apps/v1"
  std::string kind;
  std::string ns;    ///< The effective namespace (rule G1); empty for cluster-scoped kinds.
  std::string name;  ///< metadata.name, else metadata.generateName ("import-").

  /// "apps" of "apps/v1"; empty for the core group.
  std::string_view group() const;
  /// "Deployment/shop/cart", or "ClusterRole/cart" without a namespace: how messages name it.
  std::string Display() const;

  friend auto operator<=>(const ObjectId&, const ObjectId&) = default;
};

}  // namespace cloudlab::kube
