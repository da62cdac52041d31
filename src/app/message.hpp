// Findings as people read them: `FILE:LINE:COL: error: MESSAGE [CL-X-NAME]`, the line with a caret
// below it, and the way out. Values that look like secrets are masked in the line.
#pragma once

#include <map>
#include <string>

#include "app/guard.hpp"
#include "app/masked_text.hpp"
#include "text/diagnostic.hpp"
#include "text/line_index.hpp"

namespace cloudlab::app {

/// Finds lines and columns for many findings; the sources must outlive it.
class Places {
 public:
  Places() = default;
  /// Lines show nothing that does not pass `guard`, which is copied: a line is
  /// cut for display, and no one would know the rest of a value behind a cut.
  explicit Places(const Guard& guard) : guard_(guard) {}

  /// Where `place` begins; it must have a source.
  text::LineColumn Of(const text::Place& place);
  /// Its line as it may be shown.
  MaskedLine LineOf(const text::Place& place);

 private:
  Guard guard_;
  std::map<const text::Source*, text::LineIndex> indexes_;
  std::map<const text::Source*, MaskedText> texts_;
};

/// One finding as text, ending with a newline.
std::string PrintMessage(const text::Diagnostic& diagnostic, Places& places);

}  // namespace cloudlab::app
