// How Reach reads a stream (reach.hpp).
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/parallel.hpp"
#include "policy/network/api_access.hpp"
#include "policy/network/cilium_rules.hpp"
#include "policy/network/reach.hpp"

namespace cloudlab::policy::network {
namespace {

bool IsPolicy(const kube::Manifest& manifest) {
  return !manifest.local_config &&
         (IsNetworkPolicy(manifest) || IsCiliumPolicy(manifest) || IsAuthorizationPolicy(manifest));
}

/// The policies of the stream and of what comes after it, the last of each name.
std::vector<const kube::Manifest*> LastPolicies(const kube::Index& stream,
                                                std::span<const kube::Manifest> more) {
  std::vector<const kube::Manifest*> policies;
  std::unordered_map<std::string, std::size_t> places;
  const auto add = [&](const kube::Manifest& manifest) {
    if (!IsPolicy(manifest)) return;
    // A generated name is new each time.
    if (!manifest.root.Find({"metadata", "name"}).Text().empty()) {
      const kube::ObjectId& id = manifest.id;
      const auto [place, added] =
          places.try_emplace(id.kind + "/" + id.ns + "/" + id.name, policies.size());
      if (!added) policies[std::exchange(place->second, policies.size())] = nullptr;
    }
    policies.push_back(&manifest);
  };
  for (const kube::Manifest& manifest : stream.manifests()) add(manifest);
  for (const kube::Manifest& manifest : more) add(manifest);
  std::erase(policies, nullptr);
  return policies;
}

/// What a policy says, of whatever kind it is.
struct ReadPolicy {
  std::vector<NetworkPolicy> network;
  std::optional<AuthorizationPolicy> authorization;
};

ReadPolicy Read(const kube::Manifest& manifest, const MeshSettings& mesh) {
  ReadPolicy policy;
  if (IsAuthorizationPolicy(manifest)) {
    policy.authorization = ReadAuthorizationPolicy(manifest, mesh);
  } else if (IsCiliumPolicy(manifest)) {
    policy.network = ReadCiliumPolicy(manifest);
  } else if (auto read = ReadNetworkPolicy(manifest)) {
    policy.network.push_back(*std::move(read));
  }
  return policy;
}

/// Adds `selector` to a key that is equal for equal selectors.
void AddKey(const kube::Selector& selector, std::string& key) {
  const auto add = [&](std::string_view part) { key.append(1, '\0').append(part); };
  for (const kube::Selector::Requirement& requirement : selector.requirements()) {
    key += '\1';
    add(requirement.key);
    add(std::to_string(static_cast<int>(requirement.op)));
    for (const std::string& value : requirement.values) add(value);
  }
}

}  // namespace

Reach::Reach(const kube::Index& stream, std::span<const kube::Manifest> more, MeshSettings mesh)
    : mesh_(std::move(mesh)), policies_(LastPolicies(stream, more)) {
  names_.Add(kNamespaceName);
  ReadNamespaces(stream);
  ReadPods(stream);
  const LabelCounts counts = CountLabels();
  ReadPolicies(counts);
  FileGroups(counts);
  ForEachChunk(pods_.size(), [this](std::size_t, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      pods_[i].groups = GroupsOf(pods_[i].ns, pods_[i].labels);
      SettleMembership(pods_[i]);
    }
  });
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
  std::vector<const kube::Manifest*> workloads;
  for (const kube::Manifest& manifest : stream.manifests()) {
    if (manifest.pod) workloads.push_back(&manifest);
  }
  pods_ = CollectFromChunks<Pod>(workloads.size(), [&](std::size_t i, std::vector<Pod>& found) {
    const kube::Manifest& workload = *workloads[i];
    Pod pod{.host_network = kube::UsesHostNetwork(workload.pod),
            .labels = {},
            .ports = NamedPorts(workload.pod),
            .groups = {},
            .mesh = Mesh::kNone,
            .caller = {PrincipalOf(workload.id.ns, AccountOf(workload)), workload.id.ns}};
    if (!pod.host_network) pod.mesh = mesh_.mode ? *mesh_.mode : MeshOf(workload, stream);
    found.push_back(std::move(pod));
  });
  // Numbers are given out one after the other.
  pod_numbers_.reserve(pods_.size());
  for (std::uint32_t number = 0; number < pods_.size(); ++number) {
    const kube::Manifest& workload = *workloads[number];
    Pod& pod = pods_[number];
    pod.ns = AddNamespace(workload.id.ns);
    pod.labels = names_.AddAll(workload.pod.metadata.Find("labels"));
    ++namespaces_[pod.ns].pods;
    pod_numbers_.emplace(&workload, number);
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

std::string Reach::PrincipalOf(const std::string& ns, const std::string& account) const {
  return mesh_.trust_domain + "/ns/" + ns + "/sa/" + account;
}

/// Who is selected by an AuthorizationPolicy beside it is meant to be a member.
void Reach::SettleMembership(Pod& pod) const {
  if (pod.host_network || pod.mesh != Mesh::kNone || mesh_.mode) return;
  const bool meant = std::ranges::any_of(pod.groups, [&](std::uint32_t number) {
    const Group& group = groups_[number];
    return group.ns == pod.ns && !group.pods.IsEmpty() && group.authorization != nullptr &&
           !group.authorization->IsEmpty();
  });
  if (meant) pod.mesh = Mesh::kSidecar;
}

Reach::Group& Reach::GroupFor(std::uint32_t ns, const kube::Selector* namespaces,
                              const kube::Selector& pods) {
  std::string key = std::to_string(ns);
  AddKey(pods, key);
  key += '\2';
  if (namespaces != nullptr) AddKey(*namespaces, key);
  const auto [place, added] = group_numbers_.try_emplace(key, groups_.size());
  if (added) {
    groups_.emplace_back(ns, LabelSelector(pods, names_));
    if (namespaces != nullptr) groups_.back().namespaces = LabelSelector(*namespaces, names_);
  }
  return groups_[place->second];
}

void Reach::ReadPolicies(const LabelCounts& counts) {
  // Reading is most of the work, and numbers are given out one after the other.
  auto read = CollectFromChunks<ReadPolicy>(
      policies_.size(), [&](std::size_t i, std::vector<ReadPolicy>& found) {
        found.push_back(Read(*policies_[i], mesh_));
      });
  static const kube::Selector everywhere;
  groups_.reserve(policies_.size());  // Large, and most policies have one to themselves.
  const auto add_rules = [&](std::uint32_t number, const std::vector<PolicyRule>& rules,
                             Gate::Rules kind, std::unique_ptr<Gate>& gate) {
    if (rules.empty()) return;
    if (gate == nullptr) gate = std::make_unique<Gate>(kind);
    gate->Add(number, rules, counts, names_);
  };
  const auto add = [&](std::uint32_t number, Direction& direction, const PolicyRules& rules) {
    if (rules.isolates && !direction.isolated_by) direction.isolated_by = number;
    add_rules(number, rules.allow, Gate::Rules::kAllow, direction.allow);
    add_rules(number, rules.deny, Gate::Rules::kDeny, direction.deny);
  };
  for (std::uint32_t number = 0; number < policies_.size(); ++number) {
    const std::string& ns = policies_[number]->id.ns;
    const ReadPolicy one = std::move(read[number]);  // Its memory is of use for the next ones.
    for (const NetworkPolicy& policy : one.network) {
      Group& group = policy.clusterwide ? GroupFor(kElsewhere, &policy.namespaces, policy.pods)
                                        : GroupFor(AddNamespace(ns), nullptr, policy.pods);
      add(number, group.ingress, policy.ingress);
      add(number, group.egress, policy.egress);
    }
    if (const auto& policy = one.authorization) {
      Group& group = policy->everywhere ? GroupFor(kElsewhere, &everywhere, policy->pods)
                                        : GroupFor(AddNamespace(ns), nullptr, policy->pods);
      if (group.authorization == nullptr) {
        group.authorization = std::make_unique<AuthorizationGate>();
      }
      group.authorization->Add(number, *policy);
    }
  }
  group_numbers_.clear();
}

void Reach::FileGroups(const LabelCounts& counts) {
  for (std::uint32_t number = 0; number < groups_.size(); ++number) {
    const Group& group = groups_[number];
    GroupIndex& index = group.namespaces ? everywhere_ : namespaces_[group.ns].groups;
    std::uint32_t count = 0;
    const Labels labels = RarestLabels(group.pods, counts.pods, count);
    for (const Label& label : labels) index.by_label[label].push_back(number);
    if (labels.empty()) index.others.push_back(number);
  }
}

Reach::Numbers Reach::GroupsOf(std::uint32_t ns, const Labels& labels) const {
  Numbers groups;
  if (ns == kElsewhere) return groups;
  const auto collect = [&](const Numbers& numbers) {
    for (const std::uint32_t number : numbers) {
      const Group& group = groups_[number];
      const bool there = !group.namespaces || group.namespaces->Matches(namespaces_[ns].labels);
      if (there && group.pods.Matches(labels)) groups.push_back(number);
    }
  };
  for (const GroupIndex* index : {&namespaces_[ns].groups, &everywhere_}) {
    collect(index->others);
    if (index->by_label.empty()) continue;
    for (const Label& label : labels) {
      const auto found = index->by_label.find(label);
      if (found != index->by_label.end()) collect(found->second);
    }
  }
  return groups;
}

}  // namespace cloudlab::policy::network
