// Who talks to whom: edges between workloads, and from workloads to places outside, inferred from
// what programs are configured with. Every edge carries its evidence.
//
// How sure an edge is:
//   Exact   host and port are given, and the Service has that port
//   Host    the host is given, as an address: a URL, a qualified name, a value that its name calls
//           an address; the ports are all of the Service
//   Token   a word that is also the name of a Service; only for the report
// Namespaces are the effective ones, always (rule G1).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "kube/index.hpp"
#include "policy/network/directory.hpp"
#include "policy/network/protocol.hpp"
#include "policy/network/source.hpp"

namespace cloudlab::policy::network {

enum class Confidence : std::uint8_t { kToken, kHost, kExact };

/// "Token", "Host", "Exact".
std::string_view Name(Confidence confidence);
std::optional<Confidence> ParseConfidence(std::string_view name);

struct Edge {
  enum class To : std::uint8_t {
    kWorkload,
    kNamespace,  ///< A name inside the cluster that the stream does not know: some pod of `ns`.
    kOutside,    ///< A host or address outside the cluster.
    kApiServer,  ///< The API server by its name in the cluster, `kubernetes.default`.
  };
  const kube::Manifest* client = nullptr;
  To to = To::kWorkload;
  const kube::Manifest* server = nullptr;  ///< Of kWorkload.
  /// Of kNamespace: a Service of the stream whose pods are not in it.
  const Service* service = nullptr;
  std::string host = {};  ///< The Service's name (on the own node, the workload's); outside and
                          ///< of the API server, the host as it is configured.
  std::string ns = {};    ///< Of the server; empty outside and of the API server.
  Protocol protocol = Protocol::kTcp;
  std::uint16_t service_port = 0;
  /// Of the pod, of a Service that is not in the stream (also the API server's), or outside; 0 if
  /// it is not known.
  std::uint16_t port = 0;
  std::uint16_t last_port = 0;  ///< Of a range that begins with `port`; 0: there is none.
  Confidence confidence = Confidence::kToken;
  std::vector<std::string> evidence = {};  ///< "env REDIS_ADDR": a few, the best first.
  /// How sure it is by each source alone.
  std::array<std::optional<Confidence>, kSourceCount> by_source = {};

  /// The port of the pods that are connected to, 0 if it is not known. Of a Service that is not in
  /// the stream only its own port is known, unless people state that of the pods.
  std::uint16_t PodPort() const;
  /// Notes that `source` speaks for the edge, this surely.
  void Support(Source source, Confidence by);
  /// How sure it is if only `sources` count; nothing if none of them speaks for it.
  std::optional<Confidence> ConfidenceBy(SourceSet sources) const;
};

/// What edges are put in order by: namespace, name and kind of a workload; nothing of none.
std::tuple<std::string_view, std::string_view, std::string_view> NameOf(
    const kube::Manifest* manifest);

/// `edge` to whatever is behind `port` of a Service without pods of the stream: those that its
/// selector names, the addresses that are written down for it, or else some place outside.
std::vector<Edge> EdgesBehind(const Service& service, const ServicePort& port, Edge edge);

/// The edges of all workloads of the stream, hooks included, by client in the order of the stream;
/// works on all cores.
std::vector<Edge> InferEdges(const kube::Index& stream, const Directory& directory);

}  // namespace cloudlab::policy::network
