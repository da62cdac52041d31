// Options of command lines, in arguments and in scripts.
#pragma once

#include "policy/secrets/detection/findings.hpp"

namespace cloudlab::policy::secrets {

/// `--password=x`, `--password x`, and what well-known programs take (`mysql -px`, `curl -u u:x`,
/// `redis-cli -a x`) in a line.
void FindInOptions(const Piece& line, Findings& findings);

}  // namespace cloudlab::policy::secrets
