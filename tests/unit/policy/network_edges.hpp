// A client, the servers that it may call, and the edges between them in one line each.
#pragma once

#include <string>
#include <vector>

#include "policy/network/graph.hpp"
#include "unit/policy/given.hpp"

namespace cloudlab::policy::network {

inline std::vector<Edge> EdgesOf(const GivenStream& stream) {
  const kube::PodIndex pods(stream.index());
  return InferEdges(stream.index(), Directory(stream.index(), pods));
}

/// The edges of a stream, each in one line: "web -> cart TCP 8080 Exact [env CART]".
inline Strings Lines(const std::string& text) {
  const GivenStream stream(text);
  Strings lines;
  for (const Edge& edge : EdgesOf(stream)) {
    std::string line = edge.client->id.name + " -> ";
    line += edge.server != nullptr ? edge.server->id.name : edge.host;
    if (edge.to == Edge::To::kNamespace) line += " in " + edge.ns;
    line += " " + std::string(Name(edge.protocol)) + " " + std::to_string(edge.port) + " " +
            std::string(Name(edge.confidence));
    for (const std::string& evidence : edge.evidence) line += " [" + evidence + "]";
    lines.push_back(std::move(line));
  }
  return lines;
}

/// A Deployment and its Service with the ports 80 (to 8080) and 9090.
inline std::string Server(const std::string& name, const std::string& ns = "shop") {
  const std::string head = "metadata: {name: " + name + ", namespace: " + ns + "}\n";
  return "---\napiVersion: v1\nkind: Service\n" + head + "spec: {selector: {app: " + name +
         "}, ports: [{name: http, port: 80, targetPort: web}, {name: metrics, port: 9090}]}\n" +
         "---\napiVersion: apps/v1\nkind: Deployment\n" + head +
         "spec: {template: {metadata: {labels: {app: " + name +
         "}}, spec: {containers: [{name: app, ports: [{name: web, containerPort: 8080}]}]}}}\n";
}

/// A client `web` in the namespace shop, whose container and pod hold this besides.
inline std::string Client(const std::string& container, const std::string& pod = "x: y") {
  return "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: "
         "{metadata: {labels: {app: web}}, spec: {" +
         pod + ", containers: [{name: app, " + container + "}]}}}\n";
}

}  // namespace cloudlab::policy::network
