// Source of the names: kubernetes-sigs/kustomize, kyaml/kio/kioutil (CreatePathAnnotationValue).
#include "app/file_notes.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "kube/package_file.hpp"
#include "text/ascii.hpp"

namespace cloudlab::app {
namespace {

/// The next free place in each file.
std::map<std::string, std::int64_t> FreePlaces(const kube::Index& index) {
  std::map<std::string, std::int64_t> free;
  for (const kube::Manifest& manifest : index.manifests()) {
    if (const auto file = kube::PackageFileOf(manifest.annotations)) {
      std::int64_t& next = free[file->path];
      next = std::max(next, file->index + 1);
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
  std::optional<std::map<std::string, std::int64_t>> free;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const kube::Manifest* parent = index.Find(objects[i]->parent);
    if (parent == nullptr) continue;
    const auto file = kube::PackageFileOf(parent->annotations);
    if (!file) continue;
    if (!free) free = FreePlaces(index);
    const std::string path = PathBeside(file->path, objects[i]->id);
    const std::string place = std::to_string((*free)[path]++);
    if (!file->package.empty()) notes[i].emplace_back(kube::kPackageAnnotation, file->package);
    notes[i].emplace_back(kube::kPathAnnotation, path);
    notes[i].emplace_back(kube::kIndexAnnotation, place);
    if (!file->legacy) continue;
    notes[i].emplace_back(kube::kLegacyPathAnnotation, path);
    notes[i].emplace_back(kube::kLegacyIndexAnnotation, place);
  }
  return notes;
}

}  // namespace cloudlab::app
