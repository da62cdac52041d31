// What is null counts as absent, as the API server reads it.
#include <catch2/catch.hpp>
#include <string>

#include "policy/network/inbound.hpp"
#include "unit/policy/network_edges.hpp"

namespace cloudlab::policy::network {
namespace {

/// A Service with this spec before a Deployment with this container port.
std::string Cart(const std::string& spec, const std::string& port) {
  return "---\napiVersion: v1\nkind: Service\nmetadata: {name: cart}\nspec: {" + spec +
         "}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec: {template: "
         "{metadata: {labels: {app: cart}}, spec: {containers: [{name: c, ports: [" +
         port + "]}]}}}\n";
}

TEST_CASE("null in Services, container ports and variables", "[policy][network]") {
  const std::string client = Client("env: [{name: CART, value: 'http://cart/x'}]");
  const Strings edge = {"web -> cart TCP 80 Exact [env CART]"};
  const std::string named = "{name: http, protocol: null, containerPort: 80}";
  CHECK(Lines(Cart("selector: {app: cart}, ports: [{port: 80, targetPort: null}]", "") + client) ==
        edge);
  CHECK(Lines(Cart("selector: {app: cart}, ports: [{port: 80, targetPort: ~, protocol: null, "
                   "name: null}]",
                   "") +
              client) == edge);
  CHECK(Lines(Cart("selector: {app: cart}, ports: [{port: 80, targetPort: http}]", named) +
              client) == edge);
  const std::string plain = Cart("selector: {app: cart}, ports: [{port: 80}]", named);
  CHECK(Lines(plain + Client("env: [{name: CART, value: 'http://cart/x', valueFrom: null}]")) ==
        edge);
  CHECK(Lines(plain +
              "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {A: ~, "
              "CART: 'http://cart/x'}\n" +
              Client("envFrom: [{configMapRef: {name: c}, prefix: null}]")) == edge);
}

TEST_CASE("externalName counts only in an ExternalName Service", "[policy][network]") {
  const std::string client = Client("env: [{name: CART, value: 'http://cart/x'}]");
  const Strings edge = {"web -> cart TCP 80 Exact [env CART]"};
  for (const char* more : {"externalName: null", "externalName: x.example.com",
                           "type: ClusterIP, externalName: x.example.com"}) {
    INFO(more);
    CHECK(Lines(Cart("selector: {app: cart}, ports: [{port: 80}], " + std::string(more), "") +
                client) == edge);
  }
}

TEST_CASE("a scraped port whose protocol is null is TCP", "[policy][network]") {
  const GivenStream stream(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {prometheus.io/scrape: "
      "'true'}}\nspec: {containers: [{name: c, ports: [{containerPort: 9, protocol: null}]}]}\n");
  const kube::PodIndex pods(stream.index());
  const Directory directory(stream.index(), pods);
  REQUIRE(FindEntries(stream.index(), directory, pods).size() == 1);
}

}  // namespace
}  // namespace cloudlab::policy::network
