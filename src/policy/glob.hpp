// Globs of the match language: `*` any run of characters, `?` one character, `[a-z]` one of a set,
// `[!a-z]` one outside it. A glob describes the whole text; `*` also crosses slashes and dots.
//
// Matching never goes back further than the last `*`, so a hostile pattern costs at most
// |pattern| x |text| steps.
#pragma once

#include <string_view>

namespace cloudlab::policy {

/// True if every `[` of `pattern` is closed and encloses something.
bool IsGlob(std::string_view pattern);

/// True if `pattern` describes all of `text`. A pattern that is no glob matches nothing.
bool GlobMatches(std::string_view pattern, std::string_view text);

}  // namespace cloudlab::policy
