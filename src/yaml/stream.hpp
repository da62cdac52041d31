// Splits a stream at its document markers into slices whose concatenation is the input.
//
// A line that starts with `---` followed by a blank or the line's end is always a boundary:
// YAML 1.2 forbids it inside any scalar (c-forbidden), and libyaml and go-yaml end plain and block
// scalars there and reject it in quotes. A marker, its comment and what follows belong to the slice
// that the marker opens; comments and blank lines before the first marker are a slice of their own.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace cloudlab::yaml {

struct Slice {
  std::string_view text;
  std::size_t offset = 0;  ///< Where it begins in the stream.
  bool is_item = false;    ///< One item of a block sequence with its dash; see ScanItem().
};

/// The slices of `stream`, in order; none for an empty stream. Views into `stream`, no copy.
std::vector<Slice> Split(std::string_view stream);

}  // namespace cloudlab::yaml
