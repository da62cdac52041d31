// What policy::network::InferEdges finds in streams of manifests, for tests in tests/truth. A line
// of stdin is a question, a line of stdout its answer, both JSON:
//
//   {"stream": YAML, "namespace": NAME}
//   {"edges": [{"client": ID, "to": TO, "host": NAME, "port": N, "confidence": TEXT, ...}...]}
//
// Workloads are told as `shop/Deployment/cart`; `to` is the server, `namespace` or `outside`. What
// is in the `namespace` is what names none. A stream that is no YAML is answered with {"problem":
// TEXT}; a line that is no question ends the program with 2.
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "answering.hpp"
#include "kube/index.hpp"
#include "kube/pod_index.hpp"
#include "policy/network/directory.hpp"
#include "policy/network/graph.hpp"

namespace {

using cloudlab::kube::Index;
using cloudlab::kube::Manifest;
using cloudlab::policy::network::Directory;
using cloudlab::policy::network::Edge;
using nlohmann::json;

std::string IdOf(const Manifest& manifest) {
  return manifest.id.ns + "/" + manifest.id.kind + "/" + manifest.id.name;
}

std::string EndOf(const Edge& edge) {
  if (edge.server != nullptr) return IdOf(*edge.server);
  return edge.to == Edge::To::kNamespace ? "namespace" : "outside";
}

json EdgesOf(const Index& index) {
  const cloudlab::kube::PodIndex pods(index);
  json edges = json::array();
  for (const Edge& edge : InferEdges(index, Directory(index, pods))) {
    edges.push_back({{"client", IdOf(*edge.client)},
                     {"to", EndOf(edge)},
                     {"host", edge.host},
                     {"namespace", edge.ns},
                     {"protocol", Name(edge.protocol)},
                     {"service_port", edge.service_port},
                     {"port", edge.port},
                     {"confidence", Name(edge.confidence)},
                     {"evidence", edge.evidence}});
  }
  return edges;
}

}  // namespace

int main() {
  return cloudlab::truth::AnswerAll("network_edges",
                                    [](const json& /*question*/, const Index& index) -> json {
                                      return {{"edges", EdgesOf(index)}};
                                    });
}
