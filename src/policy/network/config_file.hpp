// Files of configuration, taken apart into named texts: see ReadFileTexts() in config_text.hpp.
#pragma once

#include <string_view>
#include <vector>

#include "policy/network/config_text.hpp"

namespace cloudlab::policy::network {

/// The texts of a file of lines: `key = value`, `key: value`, `key => value`, `key value;`,
/// `<key>value</key>`, lists over several lines, `[section]`. Comments are lines that begin with
/// `#`, `;` or `//`, and with `--` if `dashes` says so (SQL, Lua). Left out are names that only the
/// file itself knows: of nginx's upstreams and HAProxy's backends.
std::vector<ConfigText> ReadLines(std::string_view content, bool dashes = false);

}  // namespace cloudlab::policy::network
