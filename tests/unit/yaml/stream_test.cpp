// Where a stream is cut: only at `---` at the start of a line with a blank or an end behind it.
#include "yaml/stream.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace cloudlab::yaml {
namespace {

std::vector<std::string> Slices(std::string_view stream) {
  std::vector<std::string> texts;
  std::string all;
  for (const Slice& slice : Split(stream)) {
    CHECK(slice.offset == all.size());
    texts.emplace_back(slice.text);
    all += slice.text;
  }
  CHECK(all == stream);
  return texts;
}

using Texts = std::vector<std::string>;

TEST_CASE("stream: nothing, and one document") {
  CHECK(Slices("") == Texts{});
  CHECK(Slices("\n") == Texts{"\n"});
  CHECK(Slices("a: 1") == Texts{"a: 1"});
  CHECK(Slices("--- a") == Texts{"--- a"});
}

TEST_CASE("stream: a marker and its comment open a slice") {
  CHECK(Slices("a: 1\n---\nb: 2\n") == Texts{"a: 1\n", "---\nb: 2\n"});
  CHECK(Slices("# c\n---\n# Source: x\na: 1\n--- # d\n") ==
        Texts{"# c\n", "---\n# Source: x\na: 1\n", "--- # d\n"});
  CHECK(Slices("---\n---\n---") == Texts{"---\n", "---\n", "---"});
  CHECK(Slices("a\r\n---\r\nb\r\n") == Texts{"a\r\n", "---\r\nb\r\n"});
  CHECK(Slices("a\n---\tb\n") == Texts{"a\n", "---\tb\n"});
}

TEST_CASE("stream: what only looks like a marker") {
  CHECK(Slices("a\n---b\n").size() == 1);
  CHECK(Slices("a\n ---\n").size() == 1);
  CHECK(Slices("a\n----\n").size() == 1);
  CHECK(Slices("a\n--\n").size() == 1);
  CHECK(Slices("a: ---\n").size() == 1);
  CHECK(Slices("a\n...\n").size() == 1);  // An end, not a boundary: the scanner looks at it.
}

TEST_CASE("stream: a marker ends a text in any style") {
  CHECK(Slices("a: |\n  x\n---\nb\n") == Texts{"a: |\n  x\n", "---\nb\n"});
  CHECK(Slices("a: \"x\n---\ny\"\n") == Texts{"a: \"x\n", "---\ny\"\n"});
}

TEST_CASE("stream: markers at every offset of a step of the search") {
  for (std::size_t before = 0; before < 70; ++before) {
    for (std::size_t behind = 0; behind < 4; ++behind) {
      const std::string first = std::string(before, 'x') + "\n";
      const std::string second =
          "---" + std::string(behind == 0 ? 0 : 1, '\n') + std::string(behind, 'y');
      CHECK(Slices(first + second) == Texts{first, second});
    }
  }
}

}  // namespace
}  // namespace cloudlab::yaml
