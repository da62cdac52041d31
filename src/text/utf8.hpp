// UTF-8 as RFC 3629 has it.
#pragma once

#include <string_view>

namespace cloudlab::text {

/// True if `bytes` are UTF-8: no stray byte, no overlong form, no surrogate, nothing beyond
/// U+10FFFF.
bool IsUtf8(std::string_view bytes);

}  // namespace cloudlab::text
