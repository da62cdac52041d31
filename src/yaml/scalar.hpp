// Scalars between text and meaning: decoding what stands in a document (folding, escapes,
// chomping, exactly as libyaml does it), and encoding new strings so that no reader of YAML 1.1
// or 1.2 takes them for anything but the string that they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "yaml/outline.hpp"

namespace cloudlab::yaml {

/// The decoded scalar at `id`; line breaks become LF.
std::string DecodeScalar(const Outline& outline, NodeId id);
/// The decoded text of a plain or quoted scalar if it stands in `raw` as it is: on one line,
/// without escapes. Nearly every scalar does, and need not be copied to be compared.
std::optional<std::string_view> Verbatim(std::string_view raw, Style style);
/// The decoded text of a plain or quoted scalar as written in `raw`.
std::string DecodeFlowScalar(std::string_view raw, Style style);

/// True if `text`, written plain on one line, is read back as the same string by YAML 1.1
/// (Helm, kubectl, the API server) and 1.2 (kustomize, kpt) readers, in block and in flow context.
bool IsPlainSafe(std::string_view text);
/// `text` in double quotes, with JSON's escapes (never `\/`).
std::string DoubleQuoted(std::string_view text);
/// `text` plain if that is safe, else double-quoted.
std::string EncodeInline(std::string_view text);

}  // namespace cloudlab::yaml
