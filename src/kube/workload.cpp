#include "kube/workload.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace cloudlab::kube {
namespace {

constexpr std::array<WorkloadKind, 10> kKinds{{
    {.group = "", .kind = "Pod", .path = ""},
    {.group = "", .kind = "ReplicationController", .path = "spec.template", .scalable = true},
    {.group = "apps", .kind = "Deployment", .path = "spec.template", .scalable = true},
    {.group = "apps", .kind = "ReplicaSet", .path = "spec.template", .scalable = true},
    {.group = "apps", .kind = "StatefulSet", .path = "spec.template", .scalable = true},
    {.group = "apps", .kind = "DaemonSet", .path = "spec.template"},
    {.group = "batch", .kind = "Job", .path = "spec.template", .immutable_pod = true},
    {.group = "batch", .kind = "CronJob", .path = "spec.jobTemplate.spec.template"},
    {.group = "argoproj.io",
     .kind = "Rollout",
     .path = "spec.template",
     .scalable = true,
     .may_borrow_pod = true},
    {.group = "serving.knative.dev", .kind = "Service", .path = "spec.template"},
}};

/// Calls visit(key) for every key of a dotted path.
template <typename Visit>
void ForEachKey(std::string_view path, Visit visit) {
  while (!path.empty()) {
    const std::size_t dot = path.find('.');
    visit(path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
}

}  // namespace

std::vector<std::string> PodTemplate::PathTo(std::initializer_list<std::string_view> keys) const {
  std::vector<std::string> result;
  ForEachKey(path, [&](std::string_view key) { result.emplace_back(key); });
  for (const std::string_view key : keys) result.emplace_back(key);
  return result;
}

std::string PodTemplate::Annotation(std::string_view key) const {
  return metadata.Find("annotations").Find(key).Text();
}

std::string PodTemplate::Label(std::string_view key) const {
  return metadata.Find("labels").Find(key).Text();
}

const WorkloadKind* FindWorkloadKind(std::string_view group, std::string_view kind) {
  const auto* found = std::ranges::find_if(
      kKinds, [&](const WorkloadKind& row) { return row.kind == kind && row.group == group; });
  return found == kKinds.end() ? nullptr : found;
}

std::span<const WorkloadKind> WorkloadKinds() { return kKinds; }

PodTemplate FindPodTemplate(const Manifest& manifest, std::span<const PodTemplatePath> extra) {
  const std::string_view group = manifest.id.group();
  PodTemplate result;
  if (const WorkloadKind* kind = FindWorkloadKind(group, manifest.id.kind)) {
    const yaml::NodeView lender = manifest.root.Find({"spec", "workloadRef"});
    if (kind->may_borrow_pod && lender && !lender.IsNull()) return {};
    result.path = kind->path;
  } else {
    const auto custom = std::ranges::find_if(extra, [&](const PodTemplatePath& row) {
      return row.kind == manifest.id.kind && (row.group.empty() || row.group == group);
    });
    if (custom == extra.end()) return {};
    result.path = custom->path;
  }
  result.root = manifest.root;
  ForEachKey(result.path, [&](std::string_view key) { result.root = result.root.Find(key); });
  const auto [metadata, spec] = result.root.FindEach<2>({"metadata", "spec"});
  result.metadata = metadata;
  result.spec = spec;
  if (!result.spec.Resolved().IsMap()) return {};
  return result;
}

bool IsScalable(const ObjectId& id) {
  const WorkloadKind* kind = FindWorkloadKind(id.group(), id.kind);
  return kind != nullptr && kind->scalable;
}

bool HasImmutablePod(const Manifest& manifest) {
  const WorkloadKind* kind = FindWorkloadKind(manifest.id.group(), manifest.id.kind);
  if (kind == nullptr || !kind->immutable_pod || manifest.hook) return false;
  return !manifest.root.Find({"metadata", "generateName"});
}

}  // namespace cloudlab::kube
