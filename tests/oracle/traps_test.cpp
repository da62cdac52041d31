// The tricky cases of tests/traps: outline or error as recorded, and the same tree as libyaml.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "oracle/canonical.hpp"
#include "text/line_index.hpp"
#include "yaml/outline.hpp"
#include "yaml/stream.hpp"
#include "yaml/verify.hpp"

namespace cloudlab {
namespace {

using std::filesystem::path;

std::string ReadFile(const path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Result {
  std::string text;
  bool accepted = true;
};

/// The trees of a stream, or its first problem.
Result Recorded(const std::string& stream) {
  std::string trees;
  int number = 0;
  for (const yaml::Slice& slice : yaml::Split(stream)) {
    const yaml::ScanResult scan = yaml::Scan(slice.text, slice.offset == 0);
    if (scan.problem) {
      const yaml::Problem& p = *scan.problem;
      const auto [line, column] = text::Locate(stream, slice.offset + p.span.begin);
      const bool refusal = p.what == yaml::Problem::Class::kRefusal;
      return {std::to_string(line) + ":" + std::to_string(column) +
                  (refusal ? " refusal " : " error ") + std::string(p.code) + " " + p.message +
                  "\nlibyaml " + (oracle::ByLibyaml(stream) ? "accepts" : "rejects") + " it\n",
              false};
    }
    trees +=
        "document " + std::to_string(++number) + (scan.outline.empty() ? ": no content\n" : "\n");
    trees += yaml::PrintTree(scan.outline);
  }
  return {trees, true};
}

std::vector<path> Traps() {
  std::vector<path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(path(CLOUDLAB_TESTS_DIR) / "traps")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST_CASE("traps: every tricky case is read as recorded, and as libyaml reads it") {
  const bool rewrite = std::getenv("CLOUDLAB_REWRITE_TRAPS") != nullptr;
  std::size_t accepted = 0;
  std::size_t refused = 0;
  for (path file : Traps()) {
    INFO(file.stem().string());
    const std::string stream = ReadFile(file);
    const Result result = Recorded(stream);
    if (result.accepted) CHECK(oracle::ByOutline(stream) == oracle::ByLibyaml(stream));
    file.replace_extension(result.accepted ? ".outline" : ".error");
    if (rewrite) std::ofstream(file, std::ios::binary) << result.text;
    CHECK(std::filesystem::exists(file));
    CHECK(ReadFile(file) == result.text);
    file.replace_extension(result.accepted ? ".error" : ".outline");
    CHECK_FALSE(std::filesystem::exists(file));
    ++(result.accepted ? accepted : refused);
  }
  CHECK(accepted + refused >= 80);
  std::cout << "traps: " << accepted << " accepted as libyaml reads them, " << refused
            << " errors and refusals\n";
}

}  // namespace
}  // namespace cloudlab
