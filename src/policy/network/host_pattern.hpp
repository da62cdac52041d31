// Names of hosts as `toFQDNs` of a CiliumNetworkPolicy matches them (Cilium documentation, "Layer 3
// Policies", DNS based): `*` stands for any characters but a dot, `*` alone for every name, and
// `**.` in front for one or more labels. Case and a dot at the end do not matter.
#pragma once

#include <string>
#include <string_view>

namespace cloudlab::policy::network {

/// False for what matches one name alone.
bool IsHostPattern(std::string_view pattern);

/// Equal for two names that match each other.
std::string HostKey(std::string_view name);

bool HostMatches(std::string_view pattern, std::string_view host);

}  // namespace cloudlab::policy::network
