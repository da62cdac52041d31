// The patterns that give a value away.
//
// A value is searched without the white space around it, in all ways in which it can be written
// that the search does not undo itself (decoded_view.hpp): as it is, with `+` for its blanks, and
// in base64, standard and URL-safe: of the value, of the value as JSON escapes it, and of its
// percent-encoding, each at the three places where an encoded text may go on, without the
// characters that depend on what stands beside. Of a value of several lines (a PEM key) every line
// of at least 16 bytes is searched, too, so that neither indentation nor other line ends hide it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "policy/secrets/pattern_table.hpp"

namespace cloudlab::policy::secrets {

/// The patterns of `value`; none if it has fewer than 8 bytes.
std::vector<Pattern> PatternsOf(std::string_view value, std::size_t id);

}  // namespace cloudlab::policy::secrets
