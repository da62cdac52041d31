#include "policy/network/authorization_rules.hpp"

#include <algorithm>
#include <utility>

#include "policy/network/read_spec.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy::network {
namespace {

using yaml::Value;

/// Means the trust domain of the mesh, whatever its name ("Trust Domain Migration").
constexpr std::string_view kOwnTrustDomain = "cluster.local/";

/// How a rule is read.
struct Reading {
  const MeshSettings* mesh = nullptr;
  std::string ns;  ///< Of the policy.
  bool deny = false;
};

/// Calls `add` for each text of the list `key`; false if one of them cannot be read. A list that is
/// given may not be empty.
template <typename Add>
bool ForEachText(const Value& map, std::string_view key, const Add& add) {
  const Value* list = Given(map, key);
  if (list == nullptr) return true;
  if (!IsScalarList(*list) || list->items().empty()) return false;
  return std::ranges::all_of(list->items(), [&](const Value& item) {
    return item.kind() == Value::Kind::kString && add(item.text());
  });
}

bool ReadPrincipals(const Value& source, std::string_view key, const Reading& reading,
                    AuthorizationTexts& texts) {
  return ForEachText(source, key, [&](std::string text) {
    if (text.starts_with(kOwnTrustDomain)) {
      text.replace(0, kOwnTrustDomain.size() - 1, reading.mesh->trust_domain);
    }
    return texts.Add(std::move(text));
  });
}

/// `account` or `namespace/account`.
bool ReadAccounts(const Value& source, std::string_view key, const Reading& reading,
                  AuthorizationTexts& texts) {
  return ForEachText(source, key, [&](const std::string& text) {
    const std::size_t slash = text.find('/');
    const bool has_ns = slash != std::string::npos;
    const std::string ns = has_ns ? text.substr(0, slash) : reading.ns;
    const std::string account = has_ns ? text.substr(slash + 1) : text;
    return !account.empty() && texts.Add("*/ns/" + ns + "/sa/" + account);
  });
}

bool ReadBlocks(const Value& source, std::string_view key, std::vector<IpBlock>& blocks) {
  return ForEachText(source, key, [&](const std::string& text) {
    const auto block = IpBlock::ParseWithAddress(text);
    if (block) blocks.push_back(*block);
    return block.has_value();
  });
}

bool ReadPorts(const Value& operation, std::string_view key, std::vector<std::uint16_t>& ports) {
  return ForEachText(operation, key, [&](const std::string& text) {
    const auto port = ParsePortNumber(text);
    if (port) ports.push_back(*port);
    return port.has_value();
  });
}

bool HasAny(const Value& map, std::initializer_list<std::string_view> keys) {
  return std::ranges::any_of(keys,
                             [&](std::string_view key) { return Given(map, key) != nullptr; });
}

std::optional<AuthorizationSource> ReadSource(const Value& item, const Reading& reading) {
  const Value* source = Given(item, "source");
  if (!HasOnly(item, {"source"}) || source == nullptr || source->IsEmptyCollection() ||
      !HasOnly(*source, {"principals", "notPrincipals", "requestPrincipals", "notRequestPrincipals",
                         "namespaces", "notNamespaces", "ipBlocks", "notIpBlocks", "remoteIpBlocks",
                         "notRemoteIpBlocks", "serviceAccounts", "notServiceAccounts"})) {
    return std::nullopt;
  }
  AuthorizationSource result;
  // Istio takes accounts instead of principals, not beside them.
  const bool both = HasAny(*source, {"principals", "namespaces"}) &&
                    HasAny(*source, {"serviceAccounts", "notServiceAccounts"});
  const auto add_to = [](AuthorizationTexts& texts) {
    return [&texts](const std::string& text) { return texts.Add(text); };
  };
  const bool read = !both && ReadPrincipals(*source, "principals", reading, result.principals) &&
                    ReadPrincipals(*source, "notPrincipals", reading, result.not_principals) &&
                    ReadAccounts(*source, "serviceAccounts", reading, result.principals) &&
                    ReadAccounts(*source, "notServiceAccounts", reading, result.not_principals) &&
                    ForEachText(*source, "namespaces", add_to(result.namespaces)) &&
                    ForEachText(*source, "notNamespaces", add_to(result.not_namespaces)) &&
                    ReadBlocks(*source, "ipBlocks", result.blocks) &&
                    ReadBlocks(*source, "notIpBlocks", result.not_blocks);
  result.has_layer7 = HasAny(*source, {"requestPrincipals", "notRequestPrincipals",
                                       "remoteIpBlocks", "notRemoteIpBlocks"});
  return read ? std::optional(std::move(result)) : std::nullopt;
}

std::optional<AuthorizationOperation> ReadOperation(const Value& item, const Reading& /*reading*/) {
  const Value* operation = Given(item, "operation");
  if (!HasOnly(item, {"operation"}) || operation == nullptr || operation->IsEmptyCollection() ||
      !HasOnly(*operation, {"ports", "notPorts", "hosts", "notHosts", "methods", "notMethods",
                            "paths", "notPaths"})) {
    return std::nullopt;
  }
  AuthorizationOperation result;
  if (!ReadPorts(*operation, "ports", result.ports) ||
      !ReadPorts(*operation, "notPorts", result.not_ports)) {
    return std::nullopt;
  }
  result.has_layer7 =
      HasAny(*operation, {"hosts", "notHosts", "methods", "notMethods", "paths", "notPaths"});
  return result;
}

/// Reads the list `key` of a rule; `any` becomes true if it asks nothing, or cannot be read and
/// denies.
template <typename Item, typename Read>
void ReadList(const Value& rule, std::string_view key, const Reading& reading, const Read& read,
              bool& any, std::vector<Item>& items) {
  const Value* list = Given(rule, key);
  any = list == nullptr;
  if (list == nullptr) return;
  bool all_read = list->IsSeq() && !list->items().empty();
  for (const Value& value : list->items()) {
    if (auto item = read(value, reading)) {
      items.push_back(*std::move(item));
    } else {
      all_read = false;
    }
  }
  if (!all_read && reading.deny) any = true;
}

AuthorizationRule ReadRule(const Value& rule, const Reading& reading) {
  AuthorizationRule result;
  const Value* when = Given(rule, "when");
  const bool known = HasOnly(rule, {"from", "to", "when"}) && (when == nullptr || when->IsSeq());
  if (!known) {
    result.any_source = reading.deny;
    result.any_operation = reading.deny;
    return result;
  }
  ReadList(rule, "from", reading, ReadSource, result.any_source, result.from);
  ReadList(rule, "to", reading, ReadOperation, result.any_operation, result.to);
  if (when == nullptr) return result;
  for (const Value& condition : when->items()) {
    const Value* key = condition.Find("key");
    result.has_conditions = true;
    if (key != nullptr && key->text().starts_with("request.")) result.has_layer7 = true;
  }
  return result;
}

/// The action, if it decides about connections.
std::optional<bool> ReadDenies(const Value& spec, bool& known) {
  const Value* action = Given(spec, "action");
  const std::string text = action == nullptr ? "ALLOW" : action->text();
  if (text == "CUSTOM" || text == "AUDIT") return std::nullopt;
  known = text == "ALLOW" || text == "DENY";
  return text == "DENY";
}

}  // namespace

bool AuthorizationTexts::Add(std::string text) {
  if (text.empty()) return false;
  texts_.push_back(std::move(text));
  return true;
}

bool AuthorizationTexts::Matches(std::string_view text) const {
  return std::ranges::any_of(texts_, [&](std::string_view wanted) {
    if (text.empty()) return false;
    if (wanted == "*") return true;
    if (wanted.ends_with('*')) return text.starts_with(wanted.substr(0, wanted.size() - 1));
    if (wanted.starts_with('*')) return text.ends_with(wanted.substr(1));
    return text == wanted;
  });
}

std::optional<std::vector<std::string>> AuthorizationTexts::Exact() const {
  const auto is_pattern = [](const std::string& text) {
    return text.starts_with('*') || text.ends_with('*');
  };
  return std::ranges::any_of(texts_, is_pattern) ? std::nullopt : std::optional(texts_);
}

bool IsAuthorizationPolicy(const kube::Manifest& manifest) {
  return manifest.id.kind == "AuthorizationPolicy" &&
         (manifest.id.api_version == "security.istio.io/v1" ||
          manifest.id.api_version == "security.istio.io/v1beta1");
}

std::optional<AuthorizationPolicy> ReadAuthorizationPolicy(const kube::Manifest& manifest,
                                                           const MeshSettings& mesh) {
  const yaml::NodeView node = manifest.root.Find("spec");
  const Value spec = !node || node.IsNull() ? Value() : Value::From(node);
  bool known = false;
  const auto denies = ReadDenies(spec, known);
  if (!spec.IsMap() || !denies || HasAny(spec, {"targetRef", "targetRefs"}) ||
      manifest.Annotation("istio.io/dry-run") == "true") {
    return std::nullopt;
  }
  const Value* selector = Given(spec, "selector");
  if (selector != nullptr && !HasOnly(*selector, {"matchLabels"})) return std::nullopt;
  auto pods = SelectorAt(spec, "selector");
  if (!pods) return std::nullopt;
  AuthorizationPolicy policy{.pods = *std::move(pods),
                             .everywhere = manifest.id.ns == mesh.root_namespace,
                             .denies = *denies,
                             .rules = {}};
  known = known && HasOnly(spec, {"selector", "rules", "action", "provider"});
  const Value* rules = Given(spec, "rules");
  const Reading reading{&mesh, manifest.id.ns, policy.denies};
  if (!known || (rules != nullptr && !rules->IsSeq())) {
    if (policy.denies) policy.rules.push_back(ReadRule(Value::Seq(), reading));
    return policy;
  }
  if (rules == nullptr) return policy;
  for (const Value& rule : rules->items()) policy.rules.push_back(ReadRule(rule, reading));
  return policy;
}

}  // namespace cloudlab::policy::network
