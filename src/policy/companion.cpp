#include "policy/companion.hpp"

#include <utility>

#include "kube/workload.hpp"
#include "policy/annotations.hpp"
#include "policy/ownership.hpp"
#include "text/ascii.hpp"

namespace cloudlab::policy {
namespace {

std::string CompanionName(const kube::ObjectId& id, const kube::Index& stream) {
  for (const auto& kind : kube::WorkloadKinds()) {
    if (kind.kind == id.kind && kind.group == id.group()) continue;
    if (stream.Find(kind.group, kind.kind, id.ns, id.name) == nullptr) continue;
    return id.name + "-" + text::LowerCase(id.kind);
  }
  return id.name;
}

}  // namespace

yaml::Value CompanionMetadata(const kube::Manifest& workload, const std::string& policy,
                              const kube::Index& stream) {
  kube::ObjectId id = workload.id;
  stream.ResolveNamespace(id);
  yaml::Value metadata;
  metadata.Put("name", yaml::Value::String(CompanionName(id, stream)));
  const std::string ns = workload.root.Find({"metadata", "namespace"}).Text();
  if (!ns.empty()) metadata.Put("namespace", yaml::Value::String(ns));
  CopyAppLabels(workload, metadata);
  metadata.Put(
      "annotations",
      yaml::Value::Map({{std::string(kManagedByAnnotation), yaml::Value::String(policy)}}));
  return metadata;
}

std::optional<yaml::Value> PodSelectorOf(const kube::Manifest& workload) {
  const yaml::NodeView selector = workload.root.Find({"spec", "selector"});
  if (!selector.Resolved().IsMap()) return std::nullopt;
  yaml::Value value = yaml::Value::From(selector);
  // A ReplicationController's is a plain map of labels.
  if (workload.id.kind != "ReplicationController") return value;
  return yaml::Value::Map({{"matchLabels", std::move(value)}});
}

}  // namespace cloudlab::policy
