// One Kubernetes object where it stands: the root of a document, or an item of a list in it.
//
// `kind: List` and typed lists (`ConfigMapList`, `DeploymentList`, ...) are opened, also inside
// one another. What has no kind, or is no map, is no manifest and is left alone.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kube/object_id.hpp"
#include "yaml/view.hpp"

namespace cloudlab::kube {

/// Says which file a document comes from; Helm 4 writes it, and reads it again.
inline constexpr std::string_view kFilenameAnnotation = "postrenderer.helm.sh/postrender-filename";

/// The pod template of a custom resource, told at run time.
struct PodTemplatePath {
  std::string group;  ///< Empty: any.
  std::string kind;
  std::string path;  ///< Of the template itself, dotted: "spec.pod".
};

/// Where a workload keeps its pod template. False if the manifest has none.
struct PodTemplate {
  yaml::NodeView root;      ///< The map that holds the pod's metadata and spec.
  yaml::NodeView metadata;  ///< Of the pod (not of the workload); invalid if it is missing.
  yaml::NodeView spec;
  /// Of `root` below the manifest, dotted; empty for a Pod. Part of the table, or of the run's
  /// PodTemplatePaths.
  std::string_view path;

  explicit operator bool() const { return static_cast<bool>(spec); }
  /// `path` with `keys` behind it: a place below the manifest's root.
  std::vector<std::string> PathTo(std::initializer_list<std::string_view> keys) const;
  /// The pod's annotation or label `key`, decoded; empty if absent.
  std::string Annotation(std::string_view key) const;
  std::string Label(std::string_view key) const;
};

struct Manifest {
  yaml::NodeView root;
  yaml::NodeView annotations;  ///< `metadata.annotations`; invalid if there are none.
  ObjectId id;
  std::size_t document = 0;  ///< Index of its document in the stream.
  bool in_list = false;
  bool hook = false;          ///< Carries `helm.sh/hook`.
  bool local_config = false;  ///< Is for tools and never applied (rule G9).
  PodTemplate pod;            ///< False if it has none of its own.

  /// metadata.annotations[key] / metadata.labels[key], decoded; empty if absent.
  std::string Annotation(std::string_view key) const;
  std::string Label(std::string_view key) const;
  /// The template it was rendered from: Helm 4's annotation, else the `# Source:` comment of its
  /// document; empty if there is neither.
  std::string Source() const;
};

/// The manifests of one document, with `metadata.namespace` as it is written (rule G1 is applied by
/// kube::Index, which sees the whole stream). `paths` are the pod templates of custom resources;
/// they outlive the manifests.
std::vector<Manifest> Manifests(const yaml::Outline& outline, std::size_t document,
                                std::span<const PodTemplatePath> paths = {});

/// True if Kubernetes reads `node` as true: its reader knows YAML 1.1, where `yes` and `on` are
/// booleans.
bool IsTrue(yaml::NodeView node);

/// The place of `node` below `root`, as reports write it:
/// `spec.template.spec.containers[name=app].resources.requests.cpu`. Items of a sequence are
/// named by their `name` where they have one, else by index; keys that hold a dot or a slash are
/// written `annotations["sidecar.istio.io/inject"]`.
std::string FieldPath(yaml::NodeView root, yaml::NodeView node);
/// Makes `path` one key deeper, as FieldPath() writes it.
void AppendKey(std::string& path, const std::string& key);

}  // namespace cloudlab::kube
