#include "policy/pod_edit.hpp"

#include "kube/workload.hpp"

namespace cloudlab::policy {

void WarnIfImmutable(Proposal& proposal) {
  const kube::Manifest& manifest = proposal.manifest();
  if (!kube::HasImmutablePod(manifest)) return;
  proposal.AddFinding(text::Severity::kWarning, "CL-G-IMMUTABLE",
                      "the pod template of a Job cannot be changed once it exists: applying " +
                          manifest.id.Display() + " over an older version of it will fail",
                      manifest.root.Find("kind"),
                      "make it a hook, use generateName, put a version into its name, or exclude "
                      "Jobs in the policy");
}

}  // namespace cloudlab::policy
