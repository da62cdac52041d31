// Commands as the kernel and shells get them, taken apart into named texts: options give their
// names to their values (`--db=x`, `--db x`), assignments too (`DB=x`), ports belong to the hosts
// of their command (`-h db -p 5432`, `--db-host db --db-port 5432`, `nc -z db 5432`).
//
// A script is split as a shell splits it, into commands and words; nothing is run, so words stay
// that only a run could tell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/network/config_text.hpp"
#include "policy/network/variables.hpp"

namespace cloudlab::policy::network {

/// The texts of one command. The evidence of each is its option's name, or the number of the word.
std::vector<ConfigText> ReadCommand(const std::vector<std::string>& words);

/// The texts of a script of the shell, without evidence; what it assigns is replaced further on.
std::vector<ConfigText> ReadScript(std::string_view script, Variables variables);

}  // namespace cloudlab::policy::network
