// Turns a byte offset into what people count: line, column, and the text of the line.
//
// Lines are counted when a message is shown, which is rare; a LineIndex serves many messages.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace cloudlab::text {

struct LineColumn {
  std::size_t line = 1;    ///< 1-based.
  std::size_t column = 1;  ///< 1-based, in bytes.
};

/// Line and column of `offset` in `buffer`. An offset past the end counts as the end.
LineColumn Locate(std::string_view buffer, std::size_t offset);

/// Where every line of a buffer begins, for many look-ups. The buffer must outlive it.
class LineIndex {
 public:
  explicit LineIndex(std::string_view buffer);

  /// As Locate(), in time logarithmic in the number of lines.
  LineColumn Locate(std::size_t offset) const;

 private:
  std::size_t size_;
  std::vector<std::size_t> starts_;
};

/// The line that holds `offset`, without its line ending.
std::string_view LineAt(std::string_view buffer, std::size_t offset);

}  // namespace cloudlab::text
