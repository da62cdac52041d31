// How a value is written in texts, and back: percent-encoding, escapes in quotes, base64.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cloudlab::policy::secrets {

/// `a%20b` is `a b`; with `plus` also `a+b`, as in a query (Go's QueryUnescape, Java's URLDecoder).
/// Nothing if a `%` begins no encoded byte.
std::optional<std::string> DecodePercent(std::string_view text, bool plus);

/// The text behind the escapes of JSON and YAML's double quotes: `a\"b` is `a"b`.
std::string DecodeBackslashes(std::string_view text);

/// `it''s` is `it's`, for the quote `mark`.
std::string DecodeDoubled(std::string_view text, char mark);

/// `a&lt;b` is `a<b`.
std::string DecodeXml(std::string_view text);

/// Standard or URL alphabet, with or without padding.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace cloudlab::policy::secrets
