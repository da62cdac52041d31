// Source of the annotations and of the names: kubernetes-sigs/kustomize, kyaml/kio/kioutil.
#include "app/file_notes.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

#include "text/ascii.hpp"

namespace cloudlab::app {
namespace {

constexpr std::string_view kIndexAnnotation = "internal.config.kubernetes.io/index";
constexpr std::string_view kLegacyIndexAnnotation = "config.kubernetes.io/index";
constexpr std::string_view kPackageAnnotation = "internal.config.kubernetes.io/package-path";

/// What a host of functions wrote on an object.
struct File {
  std::string path;
  std::string package;
  bool legacy = false;  ///< In the old annotations, too.
};

std::optional<File> FileOf(const kube::Manifest& manifest) {
  const auto [path, legacy, package] = manifest.annotations.FindEach<3>(
      {kube::kPathAnnotation, kube::kLegacyPathAnnotation, kPackageAnnotation});
  if (!path && !legacy) return std::nullopt;
  return File{path ? path.Text() : legacy.Text(), package.Text(), static_cast<bool>(legacy)};
}

int IndexOf(const kube::Manifest& manifest) {
  std::string index = manifest.Annotation(kIndexAnnotation);
  if (index.empty()) index = manifest.Annotation(kLegacyIndexAnnotation);
  int number = 0;
  std::from_chars(index.data(), index.data() + index.size(), number);
  return number;
}

/// The next free place in each file.
std::map<std::string, int> FreePlaces(const kube::Index& index) {
  std::map<std::string, int> free;
  for (const kube::Manifest& manifest : index.manifests()) {
    if (const auto file = FileOf(manifest)) {
      int& next = free[file->path];
      next = std::max(next, IndexOf(manifest) + 1);
    }
  }
  return free;
}

std::string PathBeside(std::string_view parent, const kube::ObjectId& id) {
  const std::size_t slash = parent.rfind('/');
  return std::string(parent.substr(0, slash == std::string_view::npos ? 0 : slash + 1)) +
         text::LowerCase(id.kind) + "_" + id.name + ".yaml";
}

}  // namespace

std::vector<FileNotes> NotesFor(const std::vector<const policy::NewObject*>& objects,
                                const kube::Index& index) {
  std::vector<FileNotes> notes(objects.size());
  std::optional<std::map<std::string, int>> free;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const kube::Manifest* parent = index.Find(objects[i]->parent);
    if (parent == nullptr) continue;
    const auto file = FileOf(*parent);
    if (!file) continue;
    if (!free) free = FreePlaces(index);
    const std::string path = PathBeside(file->path, objects[i]->id);
    const std::string place = std::to_string((*free)[path]++);
    if (!file->package.empty()) notes[i].emplace_back(kPackageAnnotation, file->package);
    notes[i].emplace_back(kube::kPathAnnotation, path);
    notes[i].emplace_back(kIndexAnnotation, place);
    if (!file->legacy) continue;
    notes[i].emplace_back(kube::kLegacyPathAnnotation, path);
    notes[i].emplace_back(kLegacyIndexAnnotation, place);
  }
  return notes;
}

}  // namespace cloudlab::app
