// One Kubernetes object where it stands: the root of a document, or an item of a list in it.
//
// `kind: List` and typed lists (`ConfigMapList`, `DeploymentList`, ...) are opened, also inside
// one another. What has no kind, or is no map, is no manifest and is left alone.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "kube/object_id.hpp"
#include "yaml/view.hpp"

namespace cloudlab::kube {

struct Manifest {
  yaml::NodeView root;
  yaml::NodeView annotations;  ///< `metadata.annotations`; invalid if there are none.
  ObjectId id;
  std::size_t document = 0;  ///< Index of its document in the stream.
  bool in_list = false;
  /// The template it was rendered from: Helm 4's `postrenderer.helm.sh/postrender-filename`
  /// annotation, else the `# Source:` comment of its document; empty if there is neither.
  std::string source;
  std::string filename_annotation;  ///< Helm 4's annotation alone; empty if absent.
  bool hook = false;                ///< Carries `helm.sh/hook`.
  bool local_config = false;        ///< Is for tools and never applied (rule G9).

  /// metadata.annotations[key] / metadata.labels[key], decoded; empty if absent.
  std::string Annotation(std::string_view key) const;
  std::string Label(std::string_view key) const;
};

/// The manifests of one document, with `metadata.namespace` as it is written (rule G1 is applied by
/// kube::Index, which sees the whole stream).
std::vector<Manifest> Manifests(const yaml::Outline& outline, std::size_t document);

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
