// Real manifests: every document of the corpus and of every golden case is accepted, with libyaml's tree.
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
    if (file.extension() == ".yaml" && (name.empty() || file.filename() == name)) files.push_back(file);
  }
  return files;
}

/// Compares the trees and returns how many documents there are.
std::size_t CompareAll(const std::vector<path>& files) {
  std::size_t documents = 0;
  for (const path& file : files) {
    INFO(file.filename().string());
    const std::string stream = ReadFile(file);
    const auto theirs = oracle::ByLibyaml(stream);
    const auto ours = oracle::ByOutline(stream);
    CHECK(theirs.has_value());
    CHECK(ours.has_value());
    CHECK((ours == theirs));
    for (const yaml::Slice& slice : yaml::Split(stream)) {
      documents += yaml::Scan(slice.text, slice.offset == 0).outline.empty() ? 0U : 1U;
    }
  }
  return documents;
}

TEST_CASE("corpus: real charts are read as libyaml reads them") {
  const char* chosen = std::getenv("CLOUDLAB_CORPUS");
  const path corpus = chosen != nullptr ? path(chosen)
                                        : path(CLOUDLAB_TESTS_DIR).parent_path() / "../shared/corpus";
  if (!std::filesystem::is_directory(corpus)) {
    std::cout << "corpus: skipped, there is no corpus (CLOUDLAB_CORPUS)\n";
    return;
  }
  const auto files = YamlFiles(corpus);
  const std::size_t documents = CompareAll(files);
  std::cout << "corpus: " << documents << " documents in " << files.size() << " files\n";
}

TEST_CASE("corpus: the inputs of the golden cases are read as libyaml reads them") {
  const auto files = YamlFiles(path(CLOUDLAB_TESTS_DIR) / "golden", "input.yaml");
  const std::size_t documents = CompareAll(files);
  CHECK(documents >= files.size());
  std::cout << "corpus: " << documents << " documents in " << files.size() << " golden inputs\n";
}

}  // namespace
}  // namespace cloudlab
