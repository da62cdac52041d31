// Findings as people read them: `FILE:LINE:COL: error: MESSAGE [CL-X-NAME]`, the line with a caret
// below it, and the way out. Values that look like secrets are masked in the line.
#pragma once

#include <string>

#include "text/diagnostic.hpp"

namespace cloudlab::app {

/// One finding as text, ending with a newline.
std::string PrintMessage(const text::Diagnostic& diagnostic);

/// The line that holds `offset` of `buffer`, with the value in it masked if its name or its shape
/// says that it is a secret.
std::string MaskedLine(std::string_view buffer, std::size_t offset);

}  // namespace cloudlab::app
