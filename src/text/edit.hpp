// Byte edits against one text: a set that refuses conflicts and is spliced exactly once.
//
// All offsets refer to the original text (the idea of clang's tooling::Replacements). Two edits may
// touch but not overlap. Insertions at one offset keep the order in which they were added; an
// insertion at the border of a replacement goes outside it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/span.hpp"

namespace cloudlab::text {

/// Replaces the bytes of `span` by `text`; an insertion has an empty span.
struct Edit {
  Span span;
  std::string text;
};

/// A run of bytes that the splice copies unchanged: `size` bytes from `from` to `to`.
struct Piece {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::uint32_t size = 0;

  friend bool operator==(const Piece&, const Piece&) = default;
};

class EditSet {
 public:
  /// Adds `edit`, or returns the edit already there that it overlaps and adds nothing.
  std::optional<Edit> Add(Edit edit);

  bool empty() const { return edits_.empty(); }
  /// In order of their position.
  const std::deque<Edit>& edits() const { return edits_; }

  /// `original` with every edit applied.
  std::string Apply(std::string_view original) const;
  /// The bytes of an original of `size` bytes that Apply() keeps, in order.
  std::vector<Piece> Kept(std::size_t size) const;

 private:
  // Sorted by span.begin, then by order of addition. Edits come from the last to the first, as
  // surgery plans them, so they are put in at the front.
  std::deque<Edit> edits_;
};

/// The composition of two splices: `first` maps text A to B, `second` maps B to C; the result
/// holds the runs of A that stand unchanged in C.
std::vector<Piece> Compose(const std::vector<Piece>& first, const std::vector<Piece>& second);

/// The offset in the old text of the byte at `offset` in the new one, or nothing if it was
/// inserted.
std::optional<std::uint32_t> MapBack(const std::vector<Piece>& pieces, std::uint32_t offset);

}  // namespace cloudlab::text
