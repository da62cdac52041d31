// Real manifests: every document of the corpus is accepted, and whatever is accepted of it and of
// the golden cases has libyaml's tree.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "oracle/canonical.hpp"
#include "yaml/outline.hpp"
#include "yaml/stream.hpp"

namespace cloudlab {
namespace {

using std::filesystem::path;

std::string ReadFile(const path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<path> YamlFiles(const path& folder, const std::string& name = "") {
  std::vector<path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const path& file = entry.path();
    if (file.extension() == ".yaml" && (name.empty() || file.filename() == name))
      files.push_back(file);
  }
  return files;
}

struct Figures {
  std::size_t documents = 0;
  std::size_t refused = 0;  ///< Files that are not accepted.
};

/// Compares the trees of what is accepted.
Figures CompareAll(const std::vector<path>& files) {
  Figures figures;
  for (const path& file : files) {
    INFO(file.filename().string());
    const std::string stream = ReadFile(file);
    const auto ours = oracle::ByOutline(stream);
    figures.refused += ours ? 0U : 1U;
    if (ours) CHECK((ours == oracle::ByLibyaml(stream)));
    for (const yaml::Slice& slice : yaml::Split(stream)) {
      figures.documents += yaml::Scan(slice.text, slice.offset == 0).outline.empty() ? 0U : 1U;
    }
  }
  return figures;
}

TEST_CASE("corpus: real charts are read as libyaml reads them") {
  const char* chosen = std::getenv("CLOUDLAB_CORPUS");
  const path corpus = chosen != nullptr
                          ? path(chosen)
                          : path(CLOUDLAB_TESTS_DIR).parent_path() / "../shared/corpus";
  if (!std::filesystem::is_directory(corpus)) {
    // ctest takes a test that prints this for a skipped one (tests/CMakeLists.txt).
    std::cout << "corpus: skipped, there is no corpus (CLOUDLAB_CORPUS)\n";
    return;
  }
  const auto files = YamlFiles(corpus);
  const Figures figures = CompareAll(files);
  CHECK(figures.documents > 0);
  CHECK(figures.refused == 0);
  std::cout << "corpus: " << figures.documents << " documents in " << files.size() << " files, "
            << figures.refused << " refused\n";
}

TEST_CASE("corpus: the inputs of the golden cases are read as libyaml reads them") {
  const auto files = YamlFiles(path(CLOUDLAB_TESTS_DIR) / "golden", "input.yaml");
  const Figures figures = CompareAll(files);
  CHECK(figures.documents >= files.size());
  std::cout << "corpus: " << figures.documents << " documents in " << files.size()
            << " golden inputs, " << figures.refused << " of them broken on purpose\n";
}

}  // namespace
}  // namespace cloudlab
