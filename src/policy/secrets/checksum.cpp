#include "policy/secrets/checksum.hpp"

#include <xxhash.h>

#include <array>

namespace cloudlab::policy::secrets {

std::string Checksum(std::string_view text) {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, XXH3_128bits(text.data(), text.size()));
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : bytes.digest) {
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 0xFU];
  }
  return out;
}

}  // namespace cloudlab::policy::secrets
