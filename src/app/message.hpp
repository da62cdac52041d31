// Findings as people read them: `FILE:LINE:COL: error: MESSAGE [CL-X-NAME]`, the line with a caret
// below it, and the way out. Values that look like secrets are masked in the line.
#pragma once

#include <map>
#include <string>

#include "text/diagnostic.hpp"
#include "text/line_index.hpp"

namespace cloudlab::app {

/// Finds lines and columns for many findings; the sources must outlive it.
class Places {
 public:
  /// Where `place` begins; it must have a source.
  text::LineColumn Of(const text::Place& place);

 private:
  std::map<const text::Source*, text::LineIndex> indexes_;
};

/// One finding as text, ending with a newline.
std::string PrintMessage(const text::Diagnostic& diagnostic, Places& places);

/// The line that holds `offset` of `buffer`, with the value in it masked if its name or its shape
/// says that it is a secret.
std::string MaskedLine(std::string_view buffer, std::size_t offset);

}  // namespace cloudlab::app
