// Names of hosts as `toFQDNs` of a CiliumNetworkPolicy matches them (Cilium documentation, "Layer 3
// Policies", DNS based): `*` stands for any characters but a dot, `*` alone for every name, and
// `**.` in front for one or more labels. Case and a dot at the end do not matter.
#pragma once

#include <string_view>

namespace cloudlab::policy::network {

bool HostMatches(std::string_view pattern, std::string_view host);

}  // namespace cloudlab::policy::network
