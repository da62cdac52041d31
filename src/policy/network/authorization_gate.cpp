#include "policy/network/authorization_gate.hpp"

#include <algorithm>

namespace cloudlab::policy::network {
namespace {

/// What a rule is worth: see the head of authorization_gate.hpp.
struct Worth {
  bool denies = false;
  bool layer7 = false;      ///< An item with conditions of layer 7 may match.
  bool conditions = false;  ///< So may a rule with a `when`.
};

/// True if `blocks` contain the address; of any address, all of them or, in a rule that denies,
/// some.
bool Contain(const std::vector<IpBlock>& blocks, const Arrival& arrival, bool some) {
  if (arrival.anywhere)
    return some ? !blocks.empty() : std::ranges::any_of(blocks, &IpBlock::IsAllOfIpv4);
  return arrival.address != nullptr && std::ranges::any_of(blocks, [&](const IpBlock& block) {
           return block.Contains(*arrival.address);
         });
}

bool Matches(const AuthorizationSource& source, const Arrival& arrival, const Worth& worth) {
  static const Caller stranger;
  const Caller& caller = arrival.caller == nullptr ? stranger : *arrival.caller;
  if (source.has_layer7 && !worth.layer7) return false;
  if (!source.principals.IsEmpty() && !source.principals.Matches(caller.principal)) return false;
  if (source.not_principals.Matches(caller.principal)) return false;
  if (!source.namespaces.IsEmpty() && !source.namespaces.Matches(caller.ns)) return false;
  if (source.not_namespaces.Matches(caller.ns)) return false;
  if (!source.blocks.empty() && !Contain(source.blocks, arrival, worth.denies)) return false;
  return source.not_blocks.empty() || !Contain(source.not_blocks, arrival, !worth.denies);
}

bool Matches(const AuthorizationOperation& operation, std::uint16_t port, const Worth& worth) {
  const auto has = [&](const std::vector<std::uint16_t>& ports) {
    return std::ranges::find(ports, port) != ports.end();
  };
  if (operation.has_layer7 && !worth.layer7) return false;
  return (operation.ports.empty() || has(operation.ports)) && !has(operation.not_ports);
}

bool Matches(const AuthorizationRule& rule, const Arrival& arrival, const Worth& worth) {
  if (rule.has_conditions && !worth.conditions) return false;
  if (rule.has_layer7 && !worth.layer7) return false;
  const auto from = [&](const AuthorizationSource& source) {
    return Matches(source, arrival, worth);
  };
  const auto to = [&](const AuthorizationOperation& operation) {
    return Matches(operation, arrival.port, worth);
  };
  return (rule.any_operation || std::ranges::any_of(rule.to, to)) &&
         (rule.any_source || std::ranges::any_of(rule.from, from));
}

/// The principals one of which must call, if the rule names them all.
std::vector<std::string> PrincipalsOf(const AuthorizationRule& rule) {
  std::vector<std::string> all;
  if (rule.any_source) return all;
  for (const AuthorizationSource& source : rule.from) {
    const auto exact = source.principals.Exact();
    if (!exact || exact->empty()) return {};
    all.insert(all.end(), exact->begin(), exact->end());
  }
  std::ranges::sort(all);
  const auto rest = std::ranges::unique(all);
  all.erase(rest.begin(), rest.end());
  return all;
}

}  // namespace

void AuthorizationGate::Rules::Add(std::uint32_t policy, const AuthorizationRule& rule) {
  const auto number = static_cast<std::uint32_t>(rules.size());
  rules.push_back({policy, rule});
  const std::vector<std::string> principals = PrincipalsOf(rule);
  for (const std::string& principal : principals) by_principal[principal].push_back(number);
  if (principals.empty()) others.push_back(number);
}

void AuthorizationGate::Add(std::uint32_t policy, const AuthorizationPolicy& rules) {
  if (!rules.denies && !allows_) allows_ = policy;
  for (const AuthorizationRule& rule : rules.rules) {
    (rules.denies ? denying_ : allowing_).Add(policy, rule);
  }
}

std::optional<std::uint32_t> AuthorizationGate::Find(const Rules& rules, const Arrival& arrival,
                                                     bool denies) {
  const bool ambient = arrival.mesh == Mesh::kAmbient;
  const Worth worth{.denies = denies, .layer7 = denies == ambient, .conditions = !denies};
  const auto find = [&](const std::vector<std::uint32_t>& numbers) -> const Rule* {
    const auto found = std::ranges::find_if(numbers, [&](std::uint32_t number) {
      return Matches(rules.rules[number].rule, arrival, worth);
    });
    return found == numbers.end() ? nullptr : &rules.rules[*found];
  };
  const Rule* rule = find(rules.others);
  if (rule == nullptr && arrival.caller != nullptr) {
    const auto named = rules.by_principal.find(arrival.caller->principal);
    if (named != rules.by_principal.end()) rule = find(named->second);
  }
  return rule == nullptr ? std::nullopt : std::optional(rule->policy);
}

std::optional<std::uint32_t> AuthorizationGate::FindDenial(const Arrival& arrival) const {
  return Find(denying_, arrival, true);
}

bool AuthorizationGate::Allows(const Arrival& arrival) const {
  return Find(allowing_, arrival, false).has_value();
}

}  // namespace cloudlab::policy::network
