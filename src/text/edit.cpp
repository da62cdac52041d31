#include "text/edit.hpp"

#include <algorithm>

namespace cloudlab::text {

std::optional<Edit> EditSet::Add(Edit edit) {
  // The place behind every edit that begins before this one, and behind equal insertions.
  auto after =
      std::upper_bound(edits_.begin(), edits_.end(), edit, [](const Edit& a, const Edit& b) {
        if (a.span.begin != b.span.begin) return a.span.begin < b.span.begin;
        return a.span.empty() && !b.span.empty();  // An insertion stands before a replacement.
      });
  if (after != edits_.begin()) {
    const Edit& before = *std::prev(after);
    if (before.span.end > edit.span.begin) return before;
  }
  if (after != edits_.end() && edit.span.end > after->span.begin) return *after;
  edits_.insert(after, std::move(edit));
  return std::nullopt;
}

std::string EditSet::Apply(std::string_view original) const {
  std::size_t size = original.size();
  for (const Edit& edit : edits_) size = size + edit.text.size() - edit.span.size();
  std::string result;
  result.reserve(size);
  std::size_t done = 0;
  for (const Edit& edit : edits_) {
    result.append(original.substr(done, edit.span.begin - done));
    result.append(edit.text);
    done = edit.span.end;
  }
  result.append(original.substr(done));
  return result;
}

std::vector<Piece> EditSet::Kept(std::size_t size) const {
  std::vector<Piece> pieces;
  pieces.reserve(edits_.size() + 1);
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  const auto keep_until = [&](std::uint32_t end) {
    if (end > from) pieces.push_back({from, to, end - from});
    to += end - from;
  };
  for (const Edit& edit : edits_) {
    keep_until(edit.span.begin);
    to += static_cast<std::uint32_t>(edit.text.size());
    from = edit.span.end;
  }
  keep_until(static_cast<std::uint32_t>(size));
  return pieces;
}

std::vector<Piece> Compose(const std::vector<Piece>& first, const std::vector<Piece>& second) {
  std::vector<Piece> result;
  auto a = first.begin();
  for (const Piece& b : second) {
    const std::uint32_t b_end = b.from + b.size;
    while (a != first.end() && a->to + a->size <= b.from) ++a;
    for (auto it = a; it != first.end() && it->to < b_end; ++it) {
      const std::uint32_t begin = std::max(it->to, b.from);
      const std::uint32_t end = std::min(it->to + it->size, b_end);
      result.push_back({it->from + (begin - it->to), b.to + (begin - b.from), end - begin});
    }
  }
  return result;
}

std::optional<std::uint32_t> MapBack(const std::vector<Piece>& pieces, std::uint32_t offset) {
  auto after = std::upper_bound(pieces.begin(), pieces.end(), offset,
                                [](std::uint32_t o, const Piece& p) { return o < p.to; });
  if (after == pieces.begin()) return std::nullopt;
  const Piece& piece = *std::prev(after);
  if (offset >= piece.to + piece.size) return std::nullopt;
  return piece.from + (offset - piece.to);
}

}  // namespace cloudlab::text
