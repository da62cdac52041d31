// Files of configuration, taken apart into named texts: see ReadFileTexts() in config_text.hpp.
#pragma once

#include <string_view>
#include <vector>

#include "policy/network/config_text.hpp"

namespace cloudlab::policy::network {

/// The texts of a file of lines: `key = value`, `key: value`, `key value;`, `[section]`. Lines that
/// begin with `#`, `;`, `//` or `--` are comments.
std::vector<ConfigText> ReadLines(std::string_view content);

}  // namespace cloudlab::policy::network
