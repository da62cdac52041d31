// cloudlab-postrender: a Helm post-renderer and a filter for any pipe. Manifests come in on stdin
// and leave on stdout; whatever else there is to say goes to stderr and to the report file (Helm 4
// throws stderr away).
#include "frontend/program.hpp"

namespace {

const cloudlab::frontend::Program kProgram = {
    .name = "cloudlab-postrender",
    .description =
        "Adds what an environment needs (sidecars, resource tiers, autoscalers, network policies,\n"
        "secret references) to rendered manifests and changes no other byte. Reads manifests from\n"
        "stdin, writes them to stdout.",
    .examples =
        R"(  helm install shop ./chart --post-renderer cloudlab-postrender \
    --post-renderer-args=--config=policies.yaml --post-renderer-args=--environment=production
  helm template shop ./chart | cloudlab-postrender --config policies/ --diff - >out.yaml
  cloudlab-postrender --config policies.yaml --check <rendered.yaml
)",
    .is_function = false};

}  // namespace

int main(int argc, char** argv) { return cloudlab::frontend::Main(kProgram, argc, argv); }
