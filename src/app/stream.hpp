// The stream while it is worked on: every document with its input text, its outline, and, once it
// was edited, its newest text with the runs of bytes that it still shares with the input.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kube/manifest.hpp"
#include "text/diagnostic.hpp"
#include "text/edit.hpp"
#include "yaml/change.hpp"
#include "yaml/outline.hpp"
#include "yaml/stream.hpp"
#include "yaml/verify.hpp"
#include "yaml/view.hpp"

namespace cloudlab::app {

class Document {
 public:
  explicit Document(yaml::Slice slice) : slice_(slice) {}
  /// Makes the outline; to be called once, before anything else.
  void Scan();
  /// The outline of `text`, which stands for this document.
  yaml::ScanResult OutlineOf(std::string_view text) const;

  const yaml::Slice& slice() const { return slice_; }
  const yaml::Outline& input() const { return input_; }
  /// Of the newest text; the same as input() until the first edit.
  const yaml::Outline& current() const { return edited_ ? edited_->outline : input_; }
  std::string_view text() const { return edited_ ? std::string_view(edited_->text) : slice_.text; }
  bool edited() const { return edited_ != nullptr; }
  /// Why there is no outline, or null.
  const yaml::Problem* problem() const { return problem_.get(); }

  /// The runs of the slice that stand unchanged in text().
  std::vector<text::Piece> kept() const;
  /// Where `span` of the newest text stands in the stream, if its first byte came from there.
  std::optional<text::Span> InStream(text::Span span) const;

  /// Where a node of input(), current() or a version that was kept stands in the stream: its first
  /// line. Nothing for an invalid view, and for what was written by us.
  std::optional<text::Span> PlaceOf(yaml::NodeView node) const;

  /// Makes `changes` true: splice, scan again, compare. Returns what went wrong, if anything did:
  /// a Problem (not editable safely) or a Mismatch (a bug of ours); the text is then as it was.
  struct Failure {
    std::optional<yaml::Problem> problem;
    std::optional<yaml::Mismatch> mismatch;
  };
  std::optional<Failure> Edit(const yaml::ChangeSet& changes);

  /// From now on every version stays: somebody keeps views into the newest one.
  void KeepVersions() { keeps_versions_ = true; }

  /// Takes every edit back: the document leaves as it came (`--on-refusal=pass`).
  void Pass();
  bool passed() const { return passed_; }

  bool removed = false;    ///< Leaves the stream: an object of ours that nobody wants any more.
  bool is_policy = false;  ///< A policy document: the run does nothing to it.
  bool stays = false;      ///< A policy document that is not taken out of the output.
  /// True if it is not part of the output.
  bool leaves() const { return removed || (is_policy && !stays); }

 private:
  struct Version {
    std::string text;
    yaml::Outline outline;
    std::vector<text::Piece> kept;
  };

  yaml::Slice slice_;
  yaml::Outline input_;
  std::unique_ptr<const yaml::Problem> problem_;
  /// Takes the newest version out of the way.
  void Retire();
  /// Where `span` of `version`, null for the input, stands in the stream.
  std::optional<text::Span> InStream(const Version* version, text::Span span) const;

  std::unique_ptr<Version> edited_;
  std::vector<std::unique_ptr<Version>> earlier_;
  bool keeps_versions_ = false;
  bool passed_ = false;
};

using Documents = std::deque<Document>;

/// The documents that stand in `slices`, scanned, with the policy documents among them marked.
Documents ReadDocuments(const std::vector<yaml::Slice>& slices);

/// True if the bytes that the edits left alone, document.kept(), are those of the input.
bool KeptBytesAreEqual(const Document& document, const std::vector<text::Piece>& kept);

}  // namespace cloudlab::app
