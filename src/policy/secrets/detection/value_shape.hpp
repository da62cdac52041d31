// What a value looks like, whatever it is called: a stand-in for a secret that is elsewhere, a
// placeholder, something that no secret is, or something that only chance writes.
#pragma once

#include <string_view>

namespace cloudlab::policy::secrets {

/// True if the secret, if it is one, is elsewhere: `$(X)`, `${X}`, `$X`, `%X%`, `{{ .x }}`,
/// `<%= x %>`, `env:X`, `vault:path#key`, `ref+...`, `op://...`, an encrypted text.
bool HasReference(std::string_view value);

/// True if such a reference is all of the value.
bool IsReference(std::string_view value);

/// True for what visibly is none: `<token>`, `***`, `REDACTED`, `your-token-here`.
bool IsPlaceholder(std::string_view value);

/// True for values that are no secrets whatever they are called: references, placeholders, empty
/// ones, booleans, short integers, durations, paths of files.
bool IsHarmless(std::string_view value);

/// True for digits alone.
bool IsInteger(std::string_view value);

/// True if letters, digits and cases are mixed as in a token, not as in words: at least 20
/// characters of a token's alphabet.
bool LooksRandom(std::string_view value);

/// True for a weaker sign: letters and digits, or both cases, in a word of some length.
bool LooksChosen(std::string_view value);

/// True for what Kubernetes names objects: words of small letters with hyphens, perhaps
/// `namespace/name`.
bool LooksLikeObjectName(std::string_view value);

/// True for text of several words for people to read.
bool IsProse(std::string_view value);

/// Equal but for the case of ASCII letters.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

/// Where `part`, which is in small letters, begins in `text` at `from` or behind, in any case.
std::size_t FindIgnoringCase(std::string_view text, std::string_view part, std::size_t from = 0);

}  // namespace cloudlab::policy::secrets
