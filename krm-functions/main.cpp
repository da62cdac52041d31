// cloudlab-krm: a KRM function for kustomize, kpt and CI. A ResourceList comes in on stdin and
// leaves on stdout; the functionConfig in it says which policies run. kustomize's legacy exec
// plugins and `cloudlab-krm fn` work on a plain stream with the functionConfig in a file.
#include "frontend/program.hpp"

namespace {

const cloudlab::frontend::Program kProgram = {
    .name = "cloudlab-krm",
    .description =
        "Adds what an environment needs (sidecars, resource tiers, autoscalers, network policies,\n"
        "secret references) to Kubernetes objects and changes no other byte. A KRM function: "
        "reads\n"
        "a ResourceList from stdin, writes one to stdout. Its functionConfig is a policy document\n"
        "of cloudlab.dev/v1alpha1 (a Pipeline holds several), or a ConfigMap with such documents\n"
        "under `policies` and settings such as `environment` in its data.",
    .examples =
        R"(  transformers: entry of a kustomization (kustomize build --enable-alpha-plugins --enable-exec):
    apiVersion: cloudlab.dev/v1alpha1
    kind: ResourceTierPolicy
    metadata:
      name: app-tiers
      annotations:
        config.kubernetes.io/function: |
          exec: {path: cloudlab-krm}
    spec: {match: {any: [{kinds: [Workload]}]}, tier: small}
  kpt fn eval --exec cloudlab-krm --fn-config policies.yaml
  kustomize fn run DIR --enable-exec --exec-path cloudlab-krm
  cloudlab-krm fn policies.yaml deployment.yaml service.yaml >out.yaml
)",
    .is_function = true};

}  // namespace

int main(int argc, char** argv) { return cloudlab::frontend::Main(kProgram, argc, argv); }
