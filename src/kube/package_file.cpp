#include "kube/package_file.hpp"

#include <algorithm>
#include <charconv>

namespace cloudlab::kube {
namespace {

constexpr std::string_view kBuildAnnotation = "kustomize.config.k8s.io/id";
/// More documents than any file has.
constexpr std::int64_t kMostDocuments = 1'000'000'000;

std::int64_t ReadIndex(const std::string& text) {
  std::int64_t index = 0;
  std::from_chars(text.data(), text.data() + text.size(), index);
  return std::clamp<std::int64_t>(index, 0, kMostDocuments);
}

}  // namespace

std::optional<PackageFile> PackageFileOf(yaml::NodeView annotations) {
  const auto [build, path, legacy_path, index, legacy_index, package] =
      annotations.FindEach<6>({kBuildAnnotation, kPathAnnotation, kLegacyPathAnnotation,
                               kIndexAnnotation, kLegacyIndexAnnotation, kPackageAnnotation});
  PackageFile file;
  file.path = path ? path.Text() : legacy_path.Text();
  if (build || file.path.empty()) return std::nullopt;
  file.index = ReadIndex(index ? index.Text() : legacy_index.Text());
  file.package = package.Text();
  file.legacy = static_cast<bool>(legacy_path);
  return file;
}

}  // namespace cloudlab::kube
