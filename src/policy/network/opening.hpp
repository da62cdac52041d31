// From what a stream tells (traffic.hpp) and what a policy asks for (settings.hpp) to the openings
// of one workload: who may connect to it, and whereto it may connect, each with its reason.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/network/access.hpp"
#include "policy/network/settings.hpp"
#include "policy/network/traffic.hpp"
#include "text/diagnostic.hpp"

namespace cloudlab::policy::network {

/// Something that people should know about the openings of a workload.
struct Notice {
  text::Severity severity = text::Severity::kInfo;
  std::string code;
  std::string message;
  std::string hint;
  yaml::NodeView node = {};  ///< In the workload; invalid: the workload as a whole.
};

/// The label selector by which policies find the pods of `workload`: its spec.selector, or, of
/// kinds that have none, the labels of its pods without those that change with each version or pod
/// (rule D1). Nothing if no label is left.
std::optional<yaml::Value> NetworkSelectorOf(const kube::Manifest& workload);

/// How the pods of `workload` are part of the mesh, as `settings` say or the stream tells.
Mesh MeshOf(const kube::Manifest& workload, const Settings& settings, const kube::Index& stream);

/// Why the pods of `workload` talk to the API server: a binding of its ServiceAccount, an address
/// in its configuration, or the policy itself; empty if they do not.
std::string ApiServerEvidence(const kube::Manifest& workload, const Settings& settings,
                              const Traffic& traffic);

/// Where the pods of `workload` resolve names: as the policy says, unless the pod has resolvers of
/// its own (dnsPolicy None) or those of its node (Default), which may be anywhere.
std::vector<Peer> ResolversOf(const kube::Manifest& workload, const Settings& settings);

/// True if `end` of an `allow` rule means `workload`.
bool IsAt(const AllowEnd& end, const kube::Manifest& workload);
/// The workloads of the stream that `end` means where a workload of namespace `ns` is at the
/// `other` one. If neither end names a namespace, they are in the same.
std::vector<const kube::Manifest*> WorkloadsAt(const AllowEnd& end, const AllowEnd& other,
                                               const std::string& ns, const kube::Index& stream);

/// The access of `workload`, which is of `traffic.stream()`; nothing if no label finds its pods.
std::optional<Access> Open(const kube::Manifest& workload, const Settings& settings,
                           const Traffic& traffic, std::vector<Notice>& notices);

}  // namespace cloudlab::policy::network
