// Turns a byte offset into what people count: line, column, and the text of the line.
//
// Nothing is stored: lines are counted when a message is shown, which is rare and happens once.
#pragma once

#include <cstddef>
#include <string_view>

namespace cloudlab::text {

struct LineColumn {
  std::size_t line = 1;    ///< 1-based.
  std::size_t column = 1;  ///< 1-based, in bytes.
};

/// Line and column of `offset` in `buffer`. An offset past the end counts as the end.
LineColumn Locate(std::string_view buffer, std::size_t offset);

/// The line that holds `offset`, without its line ending.
std::string_view LineAt(std::string_view buffer, std::size_t offset);

}  // namespace cloudlab::text
