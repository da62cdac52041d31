#include "app/stream.hpp"

#include <algorithm>
#include <utility>

#include "base/parallel.hpp"
#include "policy/document.hpp"
#include "yaml/surgery.hpp"

namespace cloudlab::app {

void Document::Scan() {
  yaml::ScanResult scan = OutlineOf(slice_.text);
  input_ = std::move(scan.outline);
  if (scan.problem) problem_ = std::make_unique<const yaml::Problem>(*std::move(scan.problem));
}

yaml::ScanResult Document::OutlineOf(std::string_view text) const {
  return slice_.is_item ? yaml::ScanItem(text) : yaml::Scan(text, slice_.offset == 0);
}

std::vector<text::Piece> Document::kept() const {
  if (edited_) return edited_->kept;
  return {{0, 0, static_cast<std::uint32_t>(slice_.text.size())}};
}

std::optional<text::Span> Document::InStream(text::Span span) const {
  return InStream(edited_.get(), span);
}

std::optional<text::Span> Document::InStream(const Version* version, text::Span span) const {
  const auto offset = version == nullptr ? span.begin : text::MapBack(version->kept, span.begin);
  if (!offset) return std::nullopt;
  const auto begin = static_cast<std::uint32_t>(slice_.offset + *offset);
  return text::Span{begin, begin + span.size()};
}

std::optional<text::Span> Document::PlaceOf(yaml::NodeView node) const {
  if (!node) return std::nullopt;
  text::Span span = node.node().value.empty() ? node.node().key : node.node().value;
  const std::string_view text = node.outline().text().substr(span.begin, span.size());
  span.end = span.begin + static_cast<std::uint32_t>(std::min(text.find('\n'), text.size()));
  if (&node.outline() == &input_) return InStream(nullptr, span);
  for (const auto& version : earlier_) {
    if (&node.outline() == &version->outline) return InStream(version.get(), span);
  }
  return InStream(span);
}

std::optional<Document::Failure> Document::Edit(const yaml::ChangeSet& changes) {
  auto planned = yaml::Operate(current(), changes);
  if (auto* problem = std::get_if<yaml::Problem>(&planned)) return Failure{std::move(*problem), {}};
  const auto& edits = std::get<text::EditSet>(planned);

  auto next = std::make_unique<Version>();
  next->text = edits.Apply(text());
  yaml::ScanResult scan = OutlineOf(next->text);
  if (scan.problem) {
    yaml::Mismatch mismatch{"the edited text is not valid: " + scan.problem->message,
                            yaml::PrintTree(current()), next->text};
    return Failure{{}, std::move(mismatch)};
  }
  if (auto mismatch = yaml::Verify(current(), changes, scan.outline)) {
    return Failure{{}, std::move(*mismatch)};
  }
  next->outline = std::move(scan.outline);
  next->kept = edits.Kept(text().size());
  if (edited_) next->kept = text::Compose(edited_->kept, next->kept);
  Retire();
  edited_ = std::move(next);
  return std::nullopt;
}

void Document::Retire() {
  if (keeps_versions_ && edited_) earlier_.push_back(std::move(edited_));
  edited_.reset();
}

void Document::Pass() {
  Retire();
  passed_ = true;
}

Documents ReadDocuments(const std::vector<yaml::Slice>& slices) {
  Documents documents;
  for (const yaml::Slice& slice : slices) documents.emplace_back(slice);
  ForEachChunk(documents.size(), [&](std::size_t, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      Document& document = documents[i];
      document.Scan();
      document.is_policy =
          !document.problem() && policy::IsPolicyDocument(yaml::NodeView::Root(document.input()));
    }
  });
  return documents;
}

bool KeptBytesAreEqual(const Document& document, const std::vector<text::Piece>& kept) {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  for (const text::Piece& piece : kept) {
    if (piece.from < from || piece.to < to) return false;
    from = piece.from + piece.size;
    to = piece.to + piece.size;
    if (from > document.slice().text.size() || to > document.text().size()) return false;
    if (document.slice().text.substr(piece.from, piece.size) !=
        document.text().substr(piece.to, piece.size)) {
      return false;
    }
  }
  return true;
}

}  // namespace cloudlab::app
