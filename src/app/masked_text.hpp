// A text as people may see it: every scalar that looks like a secret, everything in a Secret's
// data, and every value that the run has replaced prints as three asterisks. Diffs and messages
// show lines through this.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/guard.hpp"
#include "policy/secrets/detection/detect.hpp"
#include "text/span.hpp"
#include "yaml/stream.hpp"
#include "yaml/view.hpp"

namespace cloudlab::app {

/// A line without its ending, and where in it the byte stands that was asked for (0-based).
struct MaskedLine {
  std::string text;
  std::size_t column = 0;
};

/// Where `found` stands in `scalar`, a part of the outline's text: the lines of a literal block in
/// which it does, else the whole scalar.
std::vector<text::Span> PlacesIn(yaml::NodeView scalar,
                                 std::span<const policy::secrets::Found> found);

class MaskedText {
 public:
  /// `buffer` is a stream of documents, valid or not; it must outlive the object. What does not
  /// pass `guard` is masked wherever it stands.
  explicit MaskedText(std::string_view buffer, const Guard& guard = {});

  /// The line that holds `offset`. Only the document around it is scanned, once.
  MaskedLine Line(std::size_t offset);

 private:
  /// The secrets of a document, in the order of the text.
  struct Section {
    std::vector<text::Span> secrets;
    bool readable = false;
    bool has_telling_names = true;
  };
  const Section& SectionAt(std::size_t offset);

  std::string_view buffer_;
  std::vector<yaml::Slice> slices_;
  std::map<std::size_t, Section> sections_;  // By the slice's offset.
  std::vector<text::Span> hidden_;           // In the order of the text, apart from one another.
};

/// Trees of documents as a failed proof prints them, or documents that cannot be read: what looks
/// like a secret is masked, everything under `data` and `stringData`, and what was cut.
std::string MaskedTrees(std::string_view text);

}  // namespace cloudlab::app
