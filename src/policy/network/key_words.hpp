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

/// True if `name` says that its value is a secret: what IsSecretName() takes for one, and keys.
bool NamesSecret(std::string_view name);

/// True if `name` says that its address is the program's own, at which it listens or which it tells
/// others: ADVERTISED_HOST, PUBLIC_URL, HOSTNAME.
bool NamesItself(std::string_view name);

/// Gives texts the ports that stand beside them in `scope`: to DB_HOST those of DB_PORT and
/// DB_PORT_GRPC, or else of DB_ADMIN_PORT; to `host` that of `port`; to CART that of CART_PORT.
/// Those that have ports keep theirs.
void GivePorts(std::vector<ConfigText>& scope);

}  // namespace cloudlab::policy::network
