#include "policy/network/reach.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/parallel.hpp"

namespace cloudlab::policy::network {
namespace {

/// The label that the API server gives every namespace.
constexpr std::string_view kNamespaceName = "kubernetes.io/metadata.name";
/// Of a pod that is in no namespace of the stream.
constexpr std::uint32_t kElsewhere = ~std::uint32_t{0};

/// The policies of the stream and of what comes after it, the last of each name.
std::vector<const kube::Manifest*> LastPolicies(const kube::Index& stream,
                                                std::span<const kube::Manifest> more) {
  std::vector<const kube::Manifest*> policies;
  std::unordered_map<std::string, std::size_t> places;
  const auto add = [&](const kube::Manifest& manifest) {
    if (!IsNetworkPolicy(manifest) || manifest.local_config) return;
    // A generated name is new each time.
    if (!manifest.root.Find({"metadata", "name"}).Text().empty()) {
      const auto [place, added] =
          places.try_emplace(manifest.id.ns + "/" + manifest.id.name, policies.size());
      if (!added) policies[std::exchange(place->second, policies.size())] = nullptr;
    }
    policies.push_back(&manifest);
  };
  for (const kube::Manifest& manifest : stream.manifests()) add(manifest);
  for (const kube::Manifest& manifest : more) add(manifest);
  std::erase(policies, nullptr);
  return policies;
}

/// Equal for equal selectors.
std::string KeyOf(std::uint32_t ns, const kube::Selector& selector) {
  std::string key = std::to_string(ns);
  const auto add = [&](std::string_view part) { key.append(1, '\0').append(part); };
  for (const kube::Selector::Requirement& requirement : selector.requirements()) {
    key += '\1';
    add(requirement.key);
    add(std::to_string(static_cast<int>(requirement.op)));
    for (const std::string& value : requirement.values) add(value);
  }
  return key;
}

}  // namespace

Reach::Reach(const kube::Index& stream, std::span<const kube::Manifest> more)
    : policies_(LastPolicies(stream, more)) {
  names_.Add(kNamespaceName);
  ReadNamespaces(stream);
  ReadPods(stream);
  const LabelCounts counts = CountLabels();
  ReadPolicies(counts);
  FileGroups(counts);
  for (Pod& pod : pods_) pod.groups = GroupsOf(pod.ns, pod.labels);
}

std::uint32_t Reach::AddNamespace(const std::string& name) {
  const auto number = static_cast<std::uint32_t>(namespaces_.size());
  const auto [place, added] = namespace_numbers_.try_emplace(name, number);
  if (added) {
    namespaces_.emplace_back();
    SetLabel(namespaces_.back().labels, {names_.Add(kNamespaceName), names_.Add(name)});
  }
  return place->second;
}

void Reach::ReadNamespaces(const kube::Index& stream) {
  for (const kube::Manifest& manifest : stream.manifests()) {
    if (manifest.id.kind != "Namespace" || !manifest.id.group().empty() || manifest.local_config) {
      continue;
    }
    Labels& labels = namespaces_[AddNamespace(manifest.id.name)].labels;
    labels = names_.AddAll(manifest.root.Find({"metadata", "labels"}));
    SetLabel(labels, {names_.Add(kNamespaceName), names_.Add(manifest.id.name)});
  }
}

void Reach::ReadPods(const kube::Index& stream) {
  for (const kube::Manifest& manifest : stream.manifests()) {
    if (!manifest.pod) continue;
    Pod pod{.ns = AddNamespace(manifest.id.ns),
            .host_network = kube::UsesHostNetwork(manifest.pod),
            .labels = names_.AddAll(manifest.pod.metadata.Find("labels")),
            .ports = NamedPorts(manifest.pod),
            .groups = {}};
    ++namespaces_[pod.ns].pods;
    pod_numbers_.emplace(&manifest, static_cast<std::uint32_t>(pods_.size()));
    pods_.push_back(std::move(pod));
  }
}

LabelCounts Reach::CountLabels() const {
  LabelCounts counts;
  for (const Pod& pod : pods_) {
    for (const Label& label : pod.labels) ++counts.pods[label];
  }
  for (const Namespace& ns : namespaces_) {
    for (const Label& label : ns.labels) counts.namespaces[label] += ns.pods;
  }
  return counts;
}

void Reach::ReadPolicies(const LabelCounts& counts) {
  std::unordered_map<std::string, std::size_t> places;
  // Reading is most of the work, and numbers are given out one after the other.
  const auto read = CollectFromChunks<std::optional<NetworkPolicy>>(
      policies_.size(), [&](std::size_t i, std::vector<std::optional<NetworkPolicy>>& found) {
        found.push_back(ReadNetworkPolicy(*policies_[i]));
      });
  for (std::uint32_t number = 0; number < policies_.size(); ++number) {
    const std::optional<NetworkPolicy>& policy = read[number];
    if (!policy) continue;
    const std::uint32_t ns = AddNamespace(policies_[number]->id.ns);
    const auto [place, added] = places.try_emplace(KeyOf(ns, policy->pods), groups_.size());
    if (added) groups_.push_back({ns, LabelSelector(policy->pods, names_), {}, {}});
    Group& group = groups_[place->second];
    if (policy->ingress) group.ingress.Add(number, *policy->ingress, counts, names_);
    if (policy->egress) group.egress.Add(number, *policy->egress, counts, names_);
  }
}

void Reach::FileGroups(const LabelCounts& counts) {
  for (std::uint32_t number = 0; number < groups_.size(); ++number) {
    const Group& group = groups_[number];
    Namespace& ns = namespaces_[group.ns];
    std::uint32_t count = 0;
    const Labels labels = RarestLabels(group.pods, counts.pods, count);
    for (const Label& label : labels) ns.groups_by_label[label].push_back(number);
    if (labels.empty()) ns.other_groups.push_back(number);
  }
}

Reach::Numbers Reach::GroupsOf(std::uint32_t ns, const Labels& labels) const {
  Numbers groups;
  if (ns == kElsewhere) return groups;
  const auto collect = [&](const Numbers& numbers) {
    for (const std::uint32_t number : numbers) {
      if (groups_[number].pods.Matches(labels)) groups.push_back(number);
    }
  };
  collect(namespaces_[ns].other_groups);
  if (namespaces_[ns].groups_by_label.empty()) return groups;
  for (const Label& label : labels) {
    const auto found = namespaces_[ns].groups_by_label.find(label);
    if (found != namespaces_[ns].groups_by_label.end()) collect(found->second);
  }
  return groups;
}

Reach::Stranger Reach::Know(const OutsidePod& pod) const {
  Stranger stranger{.labels = names_.FindAll(pod.labels),
                    .namespace_labels = names_.FindAll(pod.namespace_labels),
                    .groups = {},
                    .ns = kElsewhere};
  std::string name = pod.ns;
  if (name.empty()) {
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
  if (pod.host_network) return {};  // To policies a process of the node, with no ports of its own.
  return {pod.groups,
          pod.ports,
          {.labels = &pod.labels, .namespace_labels = &namespaces_[pod.ns].labels, .ns = pod.ns}};
}

Reach::Party Reach::PartyOf(const Stranger& stranger) {
  return {stranger.groups,
          {},
          {.labels = &stranger.labels,
           .namespace_labels = &stranger.namespace_labels,
           .ns = stranger.ns}};
}

/// The first policy that isolates `party` in this direction; null if none does, or a rule of one
/// allows the connection with `other`.
const kube::Manifest* Reach::ClosedBy(const Party& party, Gate Group::*direction, const End& other,
                                      Port port, std::span<const NamedPort> ports) const {
  std::optional<std::uint32_t> first;
  for (const std::uint32_t number : party.groups) {
    const Group& group = groups_[number];
    const Gate& gate = group.*direction;
    if (!gate.first()) continue;
    if (gate.Lets(other, group.ns, port, ports)) return nullptr;
    if (!first || *gate.first() < *first) first = gate.first();
  }
  return first ? policies_[*first] : nullptr;
}

Verdict Reach::Decide(const Party& from, const Party& to, Port port) const {
  if (const auto* policy = ClosedBy(from, &Group::egress, to.end, port, to.ports)) {
    return {false, policy, Verdict::Side::kEgress};
  }
  if (const auto* policy = ClosedBy(to, &Group::ingress, from.end, port, to.ports)) {
    return {false, policy, Verdict::Side::kIngress};
  }
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
  return DecideTo(from, {.end = {.address = address ? &*address : nullptr}}, port);
}

Verdict Reach::FromAddress(std::string_view ip, const kube::Manifest& to, Port port) const {
  const auto address = IpAddress::Parse(ip);
  return DecideFrom({.end = {.address = address ? &*address : nullptr}}, to, port);
}

Verdict Reach::ToAnywhere(const kube::Manifest& from, Port port) const {
  return DecideTo(from, {.end = {.anywhere = true}}, port);
}

Verdict Reach::FromAnywhere(const kube::Manifest& to, Port port) const {
  return DecideFrom({.end = {.anywhere = true}}, to, port);
}

Verdict Reach::ToPeer(const kube::Manifest& from, const OutsidePod& to, Port port) const {
  const Stranger stranger = Know(to);
  return DecideTo(from, PartyOf(stranger), port);
}

Verdict Reach::FromPeer(const OutsidePod& from, const kube::Manifest& to, Port port) const {
  const Stranger stranger = Know(from);
  return DecideFrom(PartyOf(stranger), to, port);
}

}  // namespace cloudlab::policy::network
