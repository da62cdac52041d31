// A short name for a text: what changes with it, so that pods are replaced when what they read is
// made of something else. Never of a secret: the hash of a weak password is the password (rule E6).
#pragma once

#include <string>
#include <string_view>

namespace cloudlab::policy::secrets {

/// XXH3 of `text`, 128 bits, as 32 hexadecimal digits.
std::string Checksum(std::string_view text);

}  // namespace cloudlab::policy::secrets
