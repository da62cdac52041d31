// A small cluster for tests of NetworkPolicies, and questions about it in one line.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "closure_given.hpp"
#include "given.hpp"
#include "policy/network/reach.hpp"

namespace cloudlab::policy::network {

/// Namespaces shop and ops, which have objects, and dark, which has none.
inline constexpr const char* kCluster = R"(apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}}
---
apiVersion: v1
kind: Namespace
metadata: {name: ops, labels: {team: b, kubernetes.io/metadata.name: a lie}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: not of the pods}}
spec: {template: {metadata: {labels: {app: web, tier: front}}, spec: {containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: cart}
spec:
  template:
    metadata: {labels: {app: cart, tier: back}}
    spec:
      initContainers:
        - {name: setup, ports: [{name: setup, containerPort: 7070}]}
        - {name: mesh, restartPolicy: Always, ports: [{name: metrics, containerPort: 9090}]}
      containers:
        - {name: c, ports: [{name: http, containerPort: 8080}, {containerPort: 8081}]}
        - {name: d, ports: [{name: names, containerPort: 53, protocol: UDP}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: pre-upgrade}}
spec: {template: {metadata: {labels: {app: migrate}}, spec: {containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: node}
spec:
  template:
    metadata: {labels: {app: node, tier: back}}
    spec: {hostNetwork: true, containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: probe, namespace: ops, labels: {app: probe, tier: front}}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: dark}
spec: {containers: [{name: c}]}
---
)";

/// A NetworkPolicy.
inline std::string Netpol(const std::string& name, const std::string& spec,
                          const std::string& ns = "shop") {
  return Object("networking.k8s.io/v1", "NetworkPolicy", name + ", namespace: " + ns, spec);
}

/// Pods outside of the stream, by the name that a question gives them.
inline const std::map<std::string, OutsidePod>& OutsidePods() {
  static const std::map<std::string, OutsidePod> kPods{
      {"dns", {"kube-system", {}, {{"k8s-app", "kube-dns"}}}},
      {"gateway", {"", {{"team", "a"}, {"role", "edge"}}, {{"app", "web"}}}},
      {"told", {"", {{"kubernetes.io/metadata.name", "ops"}}, {{"app", "probe"}}}},
      {"guest", {"shop", {{"team", "not this"}, {"more", "yes"}}, {{"app", "guest"}}}},
  };
  return kPods;
}

inline const kube::Manifest* FindPod(const kube::Index& index, const std::string& name) {
  for (const kube::Manifest& manifest : index.manifests()) {
    if (manifest.pod && manifest.id.name == name) return &manifest;
  }
  return nullptr;
}

/// "open", "egress NAME" or "ingress NAME" with the policy that closes this side.
inline std::string Text(const Verdict& verdict) {
  if (verdict.open) {
    CHECK(verdict.closed_by == nullptr);
    CHECK(verdict.side == Verdict::Side::kNone);
    return "open";
  }
  if (verdict.closed_by == nullptr) return "no pod";
  return (verdict.side == Verdict::Side::kEgress ? "egress " : "ingress ") +
         verdict.closed_by->id.name;
}

/// Answers "web cart 8080" and "web 10.0.0.1 53 UDP": who, whom, which port; an end is a workload,
/// one of OutsidePods(), an address, or "anywhere".
inline std::string Ask(const Reach& reach, const kube::Index& index, const std::string& question) {
  std::istringstream words(question);
  std::string from;
  std::string to;
  std::string protocol = "TCP";
  std::uint16_t number = 0;
  words >> from >> to >> number;
  words >> protocol;
  const Port port{ParseProtocol(protocol.empty() ? "TCP" : protocol).value(), number};
  const kube::Manifest* source = FindPod(index, from);
  const kube::Manifest* target = FindPod(index, to);
  REQUIRE((source != nullptr || target != nullptr));
  const auto& outside = OutsidePods();
  if (source != nullptr && target != nullptr) return Text(reach.Between(*source, *target, port));
  if (source != nullptr) {
    if (to == "anywhere") return Text(reach.ToAnywhere(*source, port));
    if (outside.contains(to)) return Text(reach.ToPeer(*source, outside.at(to), port));
    return Text(reach.ToAddress(*source, to, port));
  }
  if (from == "anywhere") return Text(reach.FromAnywhere(*target, port));
  if (outside.contains(from)) return Text(reach.FromPeer(outside.at(from), *target, port));
  return Text(reach.FromAddress(from, *target, port));
}

/// Policies beside a cluster, and what Ask() answers about both.
struct Row {
  const char* name;
  std::string policies;
  std::vector<std::pair<const char*, const char*>> answers;
};

inline void Check(const std::vector<Row>& rows, const std::string& cluster,
                  const MeshSettings& mesh) {
  for (const Row& row : rows) {
    const GivenStream given(cluster + row.policies);
    const Reach reach(given.index(), {}, mesh);
    for (const auto& [question, answer] : row.answers) {
      INFO(row.name << "\n" << row.policies << question);
      CHECK(Ask(reach, given.index(), question) == answer);
    }
  }
}

}  // namespace cloudlab::policy::network
