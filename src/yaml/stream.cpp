#include "yaml/stream.hpp"

#include "yaml/search.hpp"

namespace cloudlab::yaml {
namespace {

/// `---` at the start of `line`, with a blank, a line ending or nothing behind it.
bool IsMarker(std::string_view line) {
  if (!line.starts_with("---")) return false;
  return line.size() == 3 || line[3] == '\n' || line[3] == ' ' || line[3] == '\t' ||
         line[3] == '\r';
}

}  // namespace

std::vector<Slice> Split(std::string_view stream) {
  std::vector<Slice> slices;
  std::size_t begin = 0;
  std::size_t at = FindDashLine(stream, 0);
  while (at < stream.size()) {
    const std::size_t line = at + 1;
    if (IsMarker(stream.substr(line, 4))) {
      slices.push_back({stream.substr(begin, line - begin), begin});
      begin = line;
    }
    at = FindDashLine(stream, line);
  }
  if (begin < stream.size()) slices.push_back({stream.substr(begin), begin});
  return slices;
}

}  // namespace cloudlab::yaml
