// Offsets as people count them.
#include "text/line_index.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <utility>

namespace cloudlab::text {
namespace {

std::pair<std::size_t, std::size_t> At(std::string_view text, std::size_t offset) {
  const LineColumn one = Locate(text, offset);
  const LineColumn two = LineIndex(text).Locate(offset);
  CHECK((one.line == two.line && one.column == two.column));
  return {one.line, one.column};
}

TEST_CASE("line index: lines and columns begin with 1, columns count bytes") {
  const std::string text =
      "ab\n\nc\xC3\xA9"
      "d\n";
  CHECK(At(text, 0) == std::pair<std::size_t, std::size_t>(1, 1));
  CHECK(At(text, 2) == std::pair<std::size_t, std::size_t>(1, 3));  // The line feed itself.
  CHECK(At(text, 3) == std::pair<std::size_t, std::size_t>(2, 1));
  CHECK(At(text, 4) == std::pair<std::size_t, std::size_t>(3, 1));
  CHECK(At(text, 7) == std::pair<std::size_t, std::size_t>(3, 4));
  CHECK(At(text, 9) == std::pair<std::size_t, std::size_t>(4, 1));
}

TEST_CASE("line index: an offset behind the end counts as the end") {
  CHECK(At("ab", 99) == std::pair<std::size_t, std::size_t>(1, 3));
  CHECK(At("", 0) == std::pair<std::size_t, std::size_t>(1, 1));
  CHECK(At("ab\n", 99) == std::pair<std::size_t, std::size_t>(2, 1));
}

TEST_CASE("line index: the line at an offset, without its ending") {
  const std::string_view text = "one\r\ntwo\nthree";
  CHECK(LineAt(text, 0) == "one");
  CHECK(LineAt(text, 3) == "one");
  CHECK(LineAt(text, 4) == "one");
  CHECK(LineAt(text, 5) == "two");
  CHECK(LineAt(text, 9) == "three");
  CHECK(LineAt(text, 99) == "three");
  CHECK(LineAt("", 0).empty());
  CHECK(LineAt("a\n", 2).empty());
}

}  // namespace
}  // namespace cloudlab::text
