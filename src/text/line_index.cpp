#include "text/line_index.hpp"

#include <algorithm>
#include <iterator>

namespace cloudlab::text {
namespace {

std::size_t LineStart(std::string_view buffer, std::size_t offset) {
  if (offset == 0) return 0;
  const std::size_t newline = buffer.rfind('\n', offset - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

}  // namespace

LineColumn Locate(std::string_view buffer, std::size_t offset) {
  offset = std::min(offset, buffer.size());
  const std::size_t start = LineStart(buffer, offset);
  const auto newlines = std::count(buffer.begin(), buffer.begin() + start, '\n');
  return {static_cast<std::size_t>(newlines) + 1, offset - start + 1};
}

LineIndex::LineIndex(std::string_view buffer) : size_(buffer.size()), starts_{0} {
  for (std::size_t at = buffer.find('\n'); at != std::string_view::npos;
       at = buffer.find('\n', at + 1)) {
    starts_.push_back(at + 1);
  }
}

LineColumn LineIndex::Locate(std::size_t offset) const {
  offset = std::min(offset, size_);
  const auto line = std::prev(std::upper_bound(starts_.begin(), starts_.end(), offset));
  return {static_cast<std::size_t>(line - starts_.begin()) + 1, offset - *line + 1};
}

std::string_view LineAt(std::string_view buffer, std::size_t offset) {
  offset = std::min(offset, buffer.size());
  const std::size_t start = LineStart(buffer, offset);
  std::string_view line = buffer.substr(start, buffer.find('\n', start) - start);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace cloudlab::text
