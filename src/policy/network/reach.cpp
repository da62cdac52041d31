#include "policy/network/reach.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace cloudlab::policy::network {

Reach::Stranger Reach::Know(const OutsidePod& pod) const {
  Stranger stranger{.labels = names_.FindAll(pod.labels),
                    .namespace_labels = names_.FindAll(pod.namespace_labels),
                    .groups = {},
                    .ns = kElsewhere};
  std::string name = pod.ns;
  if (name.empty() && !pod.is_where_nothing_is_said) {
    const auto told = pod.namespace_labels.find(std::string(kNamespaceName));
    if (told == pod.namespace_labels.end()) return stranger;
    name = told->second;
  }
  SetLabel(stranger.namespace_labels, {names_.Find(kNamespaceName), names_.Find(name)});
  const auto found = namespace_numbers_.find(name);
  if (found == namespace_numbers_.end()) return stranger;
  stranger.ns = found->second;
  for (const Label& label : namespaces_[stranger.ns].labels) {
    SetLabel(stranger.namespace_labels, label);
  }
  stranger.groups = GroupsOf(stranger.ns, stranger.labels);
  return stranger;
}

const Reach::Pod* Reach::Find(const kube::Manifest& workload) const {
  const auto found = pod_numbers_.find(&workload);
  return found == pod_numbers_.end() ? nullptr : &pods_[found->second];
}

Reach::Party Reach::PartyOf(const Pod& pod) const {
  // To policies a process of the node, with no ports of its own.
  if (pod.host_network) return {.end = {.node = true}};
  return {
      .groups = pod.groups,
      .ports = pod.ports,
      .end = {.labels = &pod.labels, .namespace_labels = &namespaces_[pod.ns].labels, .ns = pod.ns},
      .mesh = pod.mesh,
      .caller = pod.mesh == Mesh::kNone ? nullptr : &pod.caller};
}

Reach::Party Reach::PartyOf(const Stranger& stranger) const {
  return {.groups = stranger.groups,
          .end = {.labels = &stranger.labels,
                  .namespace_labels = &stranger.namespace_labels,
                  .ns = stranger.ns}};
}

Reach::Party Reach::PartyAt(const IpAddress* address) const {
  const auto is_in = [&](const std::vector<IpBlock>& blocks) {
    return address != nullptr && std::ranges::any_of(blocks, [&](const IpBlock& block) {
             return block.Contains(*address);
           });
  };
  return {.end = {.address = address,
                  .node = is_in(mesh_.nodes),
                  .api_server = is_in(mesh_.api_servers)}};
}

/// The policy that closes this direction of `party` to the connection with `other`; null if none
/// does.
const kube::Manifest* Reach::ClosedBy(const Party& party, Direction Group::*direction,
                                      const End& other, Port port,
                                      std::span<const NamedPort> ports) const {
  bool allowed = false;
  std::optional<std::uint32_t> first;
  for (const std::uint32_t number : party.groups) {
    const Group& group = groups_[number];
    const Direction& here = group.*direction;
    const auto find = [&](const std::unique_ptr<Gate>& gate) {
      return gate == nullptr ? std::nullopt : gate->Find(other, group.ns, port, ports);
    };
    if (const auto denial = find(here.deny)) return policies_[*denial];
    allowed = allowed || find(here.allow);
    if (here.isolated_by && (!first || *here.isolated_by < *first)) first = here.isolated_by;
  }
  return allowed || !first ? nullptr : policies_[*first];
}

/// The AuthorizationPolicy that refuses the connection at `to`; null if none does.
const kube::Manifest* Reach::RefusedBy(const Party& from, const Party& to, Port port) const {
  // Proxies of the mesh see TCP alone.
  if (to.mesh == Mesh::kNone || port.protocol != Protocol::kTcp) return nullptr;
  const Arrival arrival{.caller = from.caller,
                        .address = from.end.address,
                        .anywhere = from.end.anywhere,
                        .port = port.number,
                        .mesh = to.mesh};
  bool allowed = false;
  std::optional<std::uint32_t> first;
  for (const std::uint32_t number : to.groups) {
    const AuthorizationGate* gate = groups_[number].authorization.get();
    if (gate == nullptr) continue;
    if (const auto denial = gate->FindDenial(arrival)) return policies_[*denial];
    allowed = allowed || gate->Allows(arrival);
    if (gate->first() && (!first || *gate->first() < *first)) first = gate->first();
  }
  return allowed || !first ? nullptr : policies_[*first];
}

Verdict Reach::Decide(const Party& from, const Party& to, Port port) const {
  if (const auto* policy = ClosedBy(from, &Group::egress, to.end, port, to.ports)) {
    return {false, policy, Verdict::Side::kEgress};
  }
  const auto* policy = ClosedBy(to, &Group::ingress, from.end, port, to.ports);
  if (policy == nullptr) policy = RefusedBy(from, to, port);
  if (policy != nullptr) return {false, policy, Verdict::Side::kIngress};
  return {.open = true};
}

Verdict Reach::DecideTo(const kube::Manifest& from, const Party& to, Port port) const {
  const Pod* pod = Find(from);
  return pod == nullptr ? Verdict{} : Decide(PartyOf(*pod), to, port);
}

Verdict Reach::DecideFrom(const Party& from, const kube::Manifest& to, Port port) const {
  const Pod* pod = Find(to);
  return pod == nullptr ? Verdict{} : Decide(from, PartyOf(*pod), port);
}

Verdict Reach::Between(const kube::Manifest& from, const kube::Manifest& to, Port port) const {
  const Pod* pod = Find(to);
  return pod == nullptr ? Verdict{} : DecideTo(from, PartyOf(*pod), port);
}

Verdict Reach::ToAddress(const kube::Manifest& from, std::string_view ip, Port port) const {
  const auto address = IpAddress::Parse(ip);
  return DecideTo(from, PartyAt(address ? &*address : nullptr), port);
}

Verdict Reach::FromAddress(std::string_view ip, const kube::Manifest& to, Port port) const {
  const auto address = IpAddress::Parse(ip);
  return DecideFrom(PartyAt(address ? &*address : nullptr), to, port);
}

Verdict Reach::ToAnywhere(const kube::Manifest& from, Port port) const {
  return DecideTo(from, {.end = {.anywhere = true}}, port);
}

Verdict Reach::FromAnywhere(const kube::Manifest& to, Port port) const {
  return DecideFrom({.end = {.anywhere = true}}, to, port);
}

Verdict Reach::ToHost(const kube::Manifest& from, const std::string& host, Port port) const {
  return DecideTo(from, {.end = {.host = &host}}, port);
}

Verdict Reach::ToApiServer(const kube::Manifest& from, Port port) const {
  return DecideTo(from, {.end = {.anywhere = true, .api_server = true}}, port);
}

Verdict Reach::FromApiServer(const kube::Manifest& to, Port port) const {
  return DecideFrom({.end = {.anywhere = true, .api_server = true}}, to, port);
}

Verdict Reach::ToPeer(const kube::Manifest& from, const OutsidePod& to, Port port) const {
  const Stranger stranger = Know(to);
  return DecideTo(from, PartyOf(stranger), port);
}

Verdict Reach::FromPeer(const OutsidePod& from, const kube::Manifest& to, Port port) const {
  const Stranger stranger = Know(from);
  return DecideFrom(PartyOf(stranger), to, port);
}

bool Reach::Isolates(const kube::Manifest& workload, Verdict::Side side) const {
  const Pod* pod = Find(workload);
  if (pod == nullptr || pod->host_network || side == Verdict::Side::kNone) return false;
  const auto direction = side == Verdict::Side::kEgress ? &Group::egress : &Group::ingress;
  return std::ranges::any_of(pod->groups, [&](std::uint32_t number) {
    return (groups_[number].*direction).isolated_by.has_value();
  });
}

}  // namespace cloudlab::policy::network
