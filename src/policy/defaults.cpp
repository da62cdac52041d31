#include "policy/defaults.hpp"

namespace cloudlab::policy {
namespace {

constexpr std::string_view kDefaults =
    R"(# What cloudlab does when no policy file is given: containers without
# requests get those of the tier `small`. Start your own cloudlab.yaml
# from here.
apiVersion: cloudlab.dev/v1alpha1
kind: Pipeline
metadata:
  name: defaults
spec:
  environment: default
  allowStreamPolicies: true
---
apiVersion: cloudlab.dev/v1alpha1
kind: EnvironmentProfile
metadata:
  name: default
spec:
  tiers:
    small:
      requests:
        cpu: 50m
        memory: 64Mi
---
apiVersion: cloudlab.dev/v1alpha1
kind: ResourceTierPolicy
metadata:
  name: default-requests
spec:
  match:
    any:
      - kinds: [Workload]
  tier: small
  conflictPolicy: Keep
)";

}  // namespace

const text::Source& Defaults() {
  static const text::Source source = {"<defaults>", kDefaults};
  return source;
}

bool AddDefaults(DocumentSet& documents, text::Diagnostics& diagnostics) {
  for (const Document& document : documents.documents()) {
    if (document.kind == "Pipeline" || document.kind == "EnvironmentProfile" ||
        document.kind == "ResourceTierPolicy") {
      return false;
    }
  }
  documents.Read(Defaults(), diagnostics);
  return true;
}

}  // namespace cloudlab::policy
