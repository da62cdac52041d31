#include "policy/sidecar/objects.hpp"

#include <algorithm>
#include <utility>

#include "policy/ownership.hpp"
#include "policy/sidecar/lists.hpp"
#include "policy/text_at.hpp"
#include "policy/variables.hpp"

namespace cloudlab::policy {
namespace sidecar {
namespace {

constexpr std::size_t kMaxName = 63;

/// What Kubernetes calls a DNS subdomain, plus `:` for RBAC; at most 63 bytes (rule G5).
bool IsObjectName(std::string_view name) {
  const auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > kMaxName || !is_word(name.front()) || !is_word(name.back())) {
    return false;
  }
  return std::ranges::all_of(
      name, [&](char c) { return is_word(c) || c == '-' || c == '.' || c == ':'; });
}

/// Why the object cannot be one that a sidecar brings; empty if it can.
std::string Objection(const kube::ObjectId& id) {
  if (id.kind.ends_with("List")) return "lists are not allowed; write each object as one entry";
  if (id.group() == kGroup) return "policy documents are not allowed here";
  if (kube::FindWorkloadKind(id.group(), id.kind) != nullptr) {
    return "workloads belong into a chart, where other policies can select them";
  }
  if (!IsObjectName(id.name)) {
    return "`" + id.name + "` is no name for it: at most 63 lower-case letters, digits, `-`, `.`";
  }
  return {};
}

/// The object as it will be written: with a namespace where its workload names one, labels, mark.
yaml::Value Complete(const Injection& injection, const yaml::Value& object, bool cluster_scoped,
                     bool of_workload) {
  yaml::Value result = object;
  const yaml::Value* written = object.Find("metadata");
  yaml::Value metadata;
  const std::string ns = injection.subject.manifest->root.Find({"metadata", "namespace"}).Text();
  for (const auto& [key, value] : written->entries()) {
    metadata.Put(key, value);
    const bool add = key == "name" && !ns.empty() && !cluster_scoped;
    if (add && written->Find("namespace") == nullptr) {
      metadata.Put("namespace", yaml::Value::String(ns));
    }
  }
  if (of_workload) CopyAppLabels(*injection.subject.manifest, metadata);
  yaml::Value annotations =
      metadata.Find("annotations") == nullptr ? yaml::Value() : *metadata.Find("annotations");
  annotations.Put(std::string(kManagedByAnnotation), yaml::Value::String(injection.policy.name()));
  metadata.Put("annotations", std::move(annotations));
  result.Put("metadata", std::move(metadata));
  return result;
}

/// `template_name` is the name before its variables were expanded.
void ProposeObject(Injection& injection, const yaml::Value& object,
                   std::string_view template_name) {
  const yaml::Value* metadata = object.Find("metadata");
  if (metadata == nullptr) return;  // The schema demands it.
  const kube::Index& index = *injection.run.index;
  kube::ObjectId id{TextAt(object, "apiVersion"), TextAt(object, "kind"),
                    TextAt(*metadata, "namespace"), NameOf(*metadata)};
  const std::string objection = Objection(id);
  if (!objection.empty()) {
    injection.AddError("CL-A-OBJECT", id.Display() + " under spec.objects: " + objection,
                       "correct the policy");
    return;
  }
  const bool cluster_scoped = index.IsClusterScoped(id.group(), id.kind);
  if (id.ns.empty()) id.ns = injection.subject.manifest->id.ns;
  index.ResolveNamespace(id);
  const kube::Manifest* existing = index.Find(id);
  if (existing != nullptr && !IsManagedBy(*existing, injection.policy.name())) {
    injection.proposal.AddSkip("CL-A-OBJECT-EXISTS",
                               id.Display() +
                                   " is in the stream already and is not of this "
                                   "policy; it stays as it is");
    return;
  }
  injection.proposal.AddObject(
      Complete(injection, object, cluster_scoped, NamesWorkload(template_name)), id);
}

}  // namespace

void ProposeObjects(Injection& injection) {
  const yaml::Value* objects = injection.spec.Find("objects");
  const yaml::Value* templates = injection.subject.spec->Find("objects");
  if (objects == nullptr || templates == nullptr) return;
  for (std::size_t i = 0; i < objects->items().size(); ++i) {
    const yaml::Value* metadata = templates->items()[i].Find("metadata");
    ProposeObject(injection, objects->items()[i],
                  metadata == nullptr ? std::string() : NameOf(*metadata));
  }
}

}  // namespace sidecar

namespace {

/// What is written of an object below the marker line and the comment about its parent.
std::string_view BodyOf(const NewObject& object) {
  std::string_view text = object.text == nullptr ? std::string_view() : *object.text;
  while (text.starts_with("---") || text.starts_with('#')) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  return text;
}

/// The tree of an object, read again from its text if it was dropped.
yaml::Value ContentOf(const NewObject& object) {
  if (object.text == nullptr || !object.content.IsEmptyCollection()) return object.content;
  const yaml::Outline outline = yaml::Scan(*object.text).outline;
  yaml::Value content = yaml::Value::From(yaml::NodeView::Root(outline));
  yaml::Value* annotations = content.Find("metadata")->Find("annotations");
  if (annotations != nullptr) annotations->Erase(kube::kFilenameAnnotation);  // Of its parent.
  return content;
}

/// Of two workloads in one namespace, one may name it and the other leave it to Helm.
yaml::Value WithoutNamespace(yaml::Value content) {
  if (yaml::Value* metadata = content.Find("metadata")) metadata->Erase("namespace");
  return content;
}

bool AreSame(const NewObject& a, const NewObject& b) {
  const std::string_view body = BodyOf(a);
  return (!body.empty() && body == BodyOf(b)) ||
         WithoutNamespace(ContentOf(a)) == WithoutNamespace(ContentOf(b));
}

}  // namespace

std::size_t ObjectPool::Identity::operator()(const kube::ObjectId& id) const {
  constexpr std::size_t kFactor = 1099511628211U;  // FNV's prime.
  std::size_t hash = 0;
  for (const std::string_view part : {id.group(), std::string_view(id.kind),
                                      std::string_view(id.ns), std::string_view(id.name)}) {
    hash = (hash * kFactor) ^ std::hash<std::string_view>()(part);
  }
  return hash;
}

bool ObjectPool::Identity::operator()(const kube::ObjectId& a, const kube::ObjectId& b) const {
  return a.name == b.name && a.ns == b.ns && a.kind == b.kind && a.group() == b.group();
}

std::optional<text::Diagnostic> ObjectPool::Add(NewObject object) {
  objects_.push_back(std::move(object));
  const auto [known, added] = places_.try_emplace(objects_.back().id, objects_.size() - 1);
  if (added) return std::nullopt;
  object = std::move(objects_.back());
  objects_.pop_back();
  NewObject& first = objects_[known->second];
  if (AreSame(first, object)) {
    first.more_parents.push_back({std::move(object.parent), object.parent_document});
    return std::nullopt;
  }
  text::Diagnostic error;
  error.code = "CL-A-OBJECT-DIFFERS";
  error.message = first.parent.Display() + " (" + first.policy + ") and " +
                  object.parent.Display() + " (" + object.policy +
                  ") want different objects of one name: " + object.id.Display();
  error.object = object.parent.Display();
  error.hint = first.named_in_policy && object.named_in_policy
                   ? "put {{workload}} into the object's name"
                   : "exclude the workload from one of them";
  return error;
}

void ObjectPool::Forget(const std::function<bool(std::size_t document)>& is_out,
                        const std::function<void(NewObject& object)>& moved) {
  for (NewObject& object : objects_) {
    auto& others = object.more_parents;
    std::erase_if(others, [&](const NewObject::Parent& parent) { return is_out(parent.document); });
    if (!is_out(object.parent_document) || others.empty()) continue;
    object.parent = std::move(others.front().id);
    object.parent_document = others.front().document;
    others.erase(others.begin());
    moved(object);
  }
  places_.clear();
  std::erase_if(objects_, [&](const NewObject& o) { return is_out(o.parent_document); });
  for (std::size_t i = 0; i < objects_.size(); ++i) places_.emplace(objects_[i].id, i);
}

void UpdateObject(const yaml::Value& content, Proposal& proposal) {
  const yaml::NodeView root = proposal.manifest().root;
  for (const auto& [key, value] : content.entries()) {
    if (key != "metadata") {
      const yaml::NodeView found = root.Find(key);
      if (!found || !sidecar::SameContent(found, value)) proposal.Put(root, {key}, value);
      continue;
    }
    for (const auto& [field, entries] : value.entries()) {
      if (field != "labels" && field != "annotations") continue;  // The identity is the same.
      for (const auto& [name, text] : entries.entries()) {
        if (!root.Find({"metadata", field, name}).TextIs(text.text())) {
          proposal.Put(root, {"metadata", field, name}, text);
        }
      }
    }
  }
  for (const yaml::NodeView entry : root.children()) {
    if (content.Find(entry.Key()) == nullptr) proposal.Remove(entry);
  }
}

bool WouldChange(const kube::Manifest& existing, const yaml::Value& content) {
  yaml::ChangeSet aside;
  Proposal proposal(existing, "", 0, aside, /*explain=*/false);
  UpdateObject(content, proposal);
  return !aside.empty();
}

std::vector<const kube::Manifest*> FindOrphans(const kube::Index& index,
                                               std::span<const std::string> policies,
                                               const ObjectPool& wanted) {
  std::vector<const kube::Manifest*> orphans;
  for (const kube::Manifest& manifest : index.manifests()) {
    // The mark of a workload speaks of a container in it, not of the workload.
    if (!manifest.annotations || manifest.pod) continue;
    const std::vector<std::string> managers = Managers(manifest);
    if (managers.size() != 1) continue;
    if (std::ranges::find(policies, managers.front()) == policies.end()) continue;
    if (!wanted.Contains(manifest.id)) orphans.push_back(&manifest);
  }
  return orphans;
}

}  // namespace cloudlab::policy
