#include "policy/network/emit.hpp"
namespace cloudlab::policy::network {
yaml::Value CiliumNetworkPolicySpec(const Access&, const Settings&) { return {}; }
yaml::Value AuthorizationPolicySpec(const Access&, const Settings&) { return {}; }
std::string AuthorizationObstacle(const Access&) { return {}; }
}  // namespace cloudlab::policy::network
