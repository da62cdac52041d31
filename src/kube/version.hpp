// A Kubernetes version as people and servers write it: `1.32`, `v1.34.1`, `v1.31.4+k3s1`.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace cloudlab::kube {

struct Version {
  int major = 1;
  int minor = 32;
  int patch = 0;

  /// Major and minor are required; what follows the patch number (`-rc.1`, `+k3s1`) is ignored.
  static std::optional<Version> Parse(std::string_view text);
  /// "1.32", or "1.34.1" if the patch is not zero.
  std::string Print() const;

  friend auto operator<=>(const Version&, const Version&) = default;
};

}  // namespace cloudlab::kube
