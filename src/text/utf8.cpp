#include "text/utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace cloudlab::text {
namespace {

/// The bytes of the character that `first` begins, and the least code point that needs as many.
struct Lead {
  std::size_t size = 0;  // 0: begins none.
  std::uint32_t least = 0;
  std::uint32_t bits = 0;
};

Lead ReadLead(unsigned char first) {
  if (first < 0x80) return {1, 0, first};
  if (first >= 0xC2 && first < 0xE0) return {2, 0x80, first & 0x1FU};
  if (first >= 0xE0 && first < 0xF0) return {3, 0x800, first & 0x0FU};
  if (first >= 0xF0 && first < 0xF5) return {4, 0x10000, first & 0x07U};
  return {};
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    Lead lead = ReadLead(static_cast<unsigned char>(bytes[at]));
    if (lead.size == 0 || at + lead.size > bytes.size()) return false;
    for (std::size_t i = 1; i < lead.size; ++i) {
      const auto byte = static_cast<unsigned char>(bytes[at + i]);
      if ((byte & 0xC0U) != 0x80U) return false;
      lead.bits = lead.bits << 6U | (byte & 0x3FU);
    }
    const bool surrogate = lead.bits >= 0xD800 && lead.bits < 0xE000;
    if (lead.bits < lead.least || lead.bits > 0x10FFFF || surrogate) return false;
    at += lead.size;
  }
  return true;
}

}  // namespace cloudlab::text
