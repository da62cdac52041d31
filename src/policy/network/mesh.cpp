#include "policy/network/mesh.hpp"

#include <string>
#include <string_view>

#include "kube/pod_template.hpp"

namespace cloudlab::policy::network {
namespace {

constexpr std::string_view kInject = "sidecar.istio.io/inject";
constexpr std::string_view kRevision = "istio.io/rev";
constexpr std::string_view kMode = "istio.io/dataplane-mode";

/// What the pod says about injection: a label, or the annotation of older versions.
std::string InjectOf(const kube::PodTemplate& pod) {
  std::string inject = pod.Label(kInject);
  return inject.empty() ? pod.Annotation(kInject) : inject;
}

}  // namespace

Mesh MeshOf(const kube::Manifest& workload, const kube::Index& stream) {
  if (kube::UsesHostNetwork(workload.pod)) return Mesh::kNone;
  const std::string inject = InjectOf(workload.pod);
  if (inject == "true") return Mesh::kSidecar;
  const kube::Manifest* ns = stream.FindNamespace(workload.id.ns);
  std::string mode = workload.pod.Label(kMode);
  if (mode.empty() && ns != nullptr) mode = ns->Label(kMode);
  if (inject != "false") {
    if (!workload.pod.Label(kRevision).empty()) return Mesh::kSidecar;
    // A Namespace that is both, ambient and with a revision, is ambient: the revision then tells
    // whose ztunnel it is.
    const bool injects = ns != nullptr && (ns->Label("istio-injection") == "enabled" ||
                                           (!ns->Label(kRevision).empty() && mode != "ambient"));
    if (injects) return Mesh::kSidecar;
  }
  return mode == "ambient" ? Mesh::kAmbient : Mesh::kNone;
}

}  // namespace cloudlab::policy::network
