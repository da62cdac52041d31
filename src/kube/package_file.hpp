// The file of a package that an object comes from, as hosts of KRM functions write it on items.
//
// Source: kubernetes-sigs/kustomize, kyaml/kio/kioutil. `kustomize build` writes such paths too,
// once a function has run; its items are no files, and carry `kustomize.config.k8s.io/id`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "yaml/view.hpp"

namespace cloudlab::kube {

inline constexpr std::string_view kPathAnnotation = "internal.config.kubernetes.io/path";
inline constexpr std::string_view kIndexAnnotation = "internal.config.kubernetes.io/index";
inline constexpr std::string_view kPackageAnnotation = "internal.config.kubernetes.io/package-path";
/// What hosts wrote before 2022 and still write along.
inline constexpr std::string_view kLegacyPathAnnotation = "config.kubernetes.io/path";
inline constexpr std::string_view kLegacyIndexAnnotation = "config.kubernetes.io/index";

struct PackageFile {
  std::string path;
  std::int64_t index = 0;  ///< Which document of the file it is; 0 if nobody says.
  std::string package;     ///< Of kpt's packages in packages; may be empty.
  bool legacy = false;     ///< Told in the old annotations, too.
};

/// The file of the object with these `annotations`, or nothing if it comes from none.
std::optional<PackageFile> PackageFileOf(yaml::NodeView annotations);

}  // namespace cloudlab::kube
