// What the name of a variable, option or key says about its value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/network/config_text.hpp"

namespace cloudlab::policy::network {

/// The words of a name in lower case: REDIS_ADDR, redis-addr and redisAddr are "redis", "addr".
std::vector<std::string> KeyWords(std::string_view name);

/// Gives each text that is named as an address the ports that stand beside it in `scope`: of
/// DB_HOST those of DB_PORT and DB_PORT_GRPC, of `host` that of `port`.
void GivePorts(std::vector<ConfigText>& scope);

}  // namespace cloudlab::policy::network
