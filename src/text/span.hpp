// A half-open byte range in one buffer: the only notion of place inside the library.
//
// Offsets are 32-bit: a document is at most 32 MiB (kMaxDocumentBytes of yaml/outline.hpp) and a
// stream at most 4 GiB. Lines and columns exist only in messages (text/line_index.hpp).
#pragma once

#include <cstdint>
#include <string_view>

namespace cloudlab::text {

struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  std::uint32_t size() const { return end - begin; }
  bool empty() const { return begin == end; }
  bool Contains(std::uint32_t offset) const { return begin <= offset && offset < end; }
  bool Contains(Span other) const { return begin <= other.begin && other.end <= end; }
  std::string_view In(std::string_view buffer) const { return buffer.substr(begin, size()); }

  friend bool operator==(Span, Span) = default;
};

}  // namespace cloudlab::text
