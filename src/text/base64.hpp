// Base64 as Kubernetes writes it (RFC 4648, section 4); the URL alphabet is read, too.
#pragma once

#include <string>
#include <string_view>

namespace cloudlab::text {

/// The bytes behind `text`; line feeds, padding and whatever is no digit are left out.
std::string DecodeBase64(std::string_view text);
/// `bytes` with padding, on one line.
std::string EncodeBase64(std::string_view bytes);

}  // namespace cloudlab::text
