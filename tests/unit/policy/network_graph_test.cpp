// Who talks to whom: evidence of every kind, how sure it is, and how much of real charts is found.
#include "policy/network/graph.hpp"

#include "policy/network/config_text.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "unit/policy/network_edges.hpp"

namespace cloudlab::policy::network {
namespace {

using std::filesystem::path;

Strings OfEnv(const std::string& variables) {
  return Lines(Server("cart") + Client("env: [" + variables + "]"));
}

TEST_CASE("variables", "[policy][network]") {
  CHECK(OfEnv("{name: CART, value: 'http://cart/x'}") ==
        Strings{"web -> cart TCP 8080 Exact [env CART]"});
  CHECK(OfEnv("{name: CART, value: 'cart:9090'}") ==
        Strings{"web -> cart TCP 9090 Exact [env CART]"});
  CHECK(OfEnv("{name: CART, value: cart.shop.svc.cluster.local:80}") ==
        Strings{"web -> cart TCP 8080 Exact [env CART]"});
  CHECK(OfEnv("{name: CART_HOST, value: cart}, {name: CART_PORT, value: '9090'}") ==
        Strings{"web -> cart TCP 9090 Exact [env CART_HOST]"});
  CHECK(OfEnv("{name: CART_HOST, value: cart}") ==
        Strings{"web -> cart TCP 8080 Host [env CART_HOST]",
                "web -> cart TCP 9090 Host [env CART_HOST]"});
  CHECK(OfEnv("{name: HOST, value: cart}, {name: URL, value: 'http://$(HOST):80'}") ==
        Strings{"web -> cart TCP 8080 Exact [env URL] [env HOST]",
                "web -> cart TCP 9090 Host [env HOST]"});
  // A word that is a name too, and a port that the Service does not have.
  CHECK(OfEnv("{name: THEME, value: cart}")[0] == "web -> cart TCP 8080 Token [env THEME]");
  CHECK(OfEnv("{name: IMAGE, value: 'cart:7'}")[0] == "web -> cart TCP 8080 Token [env IMAGE]");
  CHECK(OfEnv("{name: OTEL_SERVICE_NAME, value: web}").empty());
  CHECK(OfEnv("{name: BIND, value: '0.0.0.0:80'}, {name: X, value: 'localhost:80'}").empty());
}

TEST_CASE("commands and arguments", "[policy][network]") {
  const Strings exact = {"web -> cart TCP 8080 Exact [arg --cart]"};
  CHECK(Lines(Server("cart") + Client("args: ['--cart=cart:80']")) == exact);
  CHECK(Lines(Server("cart") + Client("args: [--cart, 'cart:80']")) == exact);
  CHECK(Lines(Server("cart") + Client("command: [sh, -c, \"# cart:9090\\nnc -z cart:80\\n\"]")) ==
        Strings{"web -> cart TCP 8080 Exact [command -c]"});
}

TEST_CASE("ConfigMaps and Secrets", "[policy][network]") {
  const std::string config =
      "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata:\n  CART: cart:80\n"
      "  app.yaml: |\n    # cart:9090\n    backend:\n      host: cart\n      port: 9090\n"
      "  app.ini: |\n    [backend]\n    host = cart ; x\n    port = 80\n"
      "  nginx.conf: |\n    upstream c {\n      server cart:9090;\n    }\n";
  const std::string secret =
      "---\napiVersion: v1\nkind: Secret\nmetadata: {name: keys}\n"
      "data: {DSN: cG9zdGdyZXM6Ly91OnBAY2FydDo4MC9kYg==}\n";
  const auto mounted = [](const std::string& key) {
    return Client("volumeMounts: [{name: v, mountPath: /etc/app}]",
                  "volumes: [{name: v, configMap: {name: config, items: [{key: " + key +
                      ", path: " + key + "}]}}]");
  };
  const std::string stream = Server("cart") + config + secret;
  CHECK(Lines(stream + Client("envFrom: [{configMapRef: {name: config}, prefix: A_}]"))[0]
            .starts_with("web -> cart TCP 8080 Exact [env A_CART]"));
  CHECK(Lines(stream +
              Client("env: [{name: DB, valueFrom: {secretKeyRef: {name: keys, key: DSN}}}]")) ==
        Strings{"web -> cart TCP 8080 Exact [env DB]"});
  CHECK(Lines(stream + mounted("app.yaml")) ==
        Strings{"web -> cart TCP 9090 Exact [file app.yaml]"});
  CHECK(Lines(stream + mounted("nginx.conf")) ==
        Strings{"web -> cart TCP 9090 Exact [file nginx.conf]"});
  CHECK(Lines(stream + mounted("CART")) == Strings{"web -> cart TCP 8080 Exact [file CART]"});
}

TEST_CASE("names in other namespaces, of pods, and outside", "[policy][network]") {
  const std::string two = Server("cart") + Server("cart", "other");
  const GivenStream stream(two + Client("env: [{name: A, value: 'http://cart.other'}]"));
  const std::vector<Edge> edges = EdgesOf(stream);
  REQUIRE(edges.size() == 1);
  CHECK(edges[0].server->id.ns == "other");
  CHECK(edges[0].ns == "other");

  const std::string mongo =
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: m}\nspec: {clusterIP: None, selector: "
      "{app: m}, ports: [{port: 27017}]}\n---\napiVersion: apps/v1\nkind: StatefulSet\n"
      "metadata: {name: m}\nspec: {template: {metadata: {labels: {app: m}}, spec: {containers: "
      "[{name: m, args: ['--peers=m-0.m:27017,m-1.m:27017']}]}}}\n";
  CHECK(Lines(mongo + Client("env: [{name: DB, value: 'mongodb://m-0.m.shop.svc:27017/x'}]")) ==
        Strings{"m -> m TCP 27017 Exact [arg --peers]", "web -> m TCP 27017 Exact [env DB]"});
  CHECK(Lines(mongo + Client("env: [{name: DB, value: 'mongodb://x-0.m:27017/x'}]")).size() == 1);

  CHECK(OfEnv("{name: A, value: 'https://api.example.com/v1'}") ==
        Strings{"web -> api.example.com TCP 443 Exact [env A]"});
  CHECK(OfEnv("{name: A, value: 'http://x.other.svc:81'}") ==
        Strings{"web -> x.other.svc in other TCP 81 Exact [env A]"});
  CHECK(OfEnv("{name: DB_URL, value: 'http://vault:8200'}") ==
        Strings{"web -> vault in shop TCP 8200 Exact [env DB_URL]"});
  const std::string external =
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {type: ExternalName, "
      "externalName: db.example.com}\n";
  CHECK(Lines(external + Client("env: [{name: DB, value: 'postgres://db/x'}]")) ==
        Strings{"web -> db.example.com TCP 5432 Exact [env DB]"});
}

TEST_CASE("names of the API server", "[policy][network]") {
  // No pod of the namespace `default` is meant.
  for (const char* url :
       {"https://kubernetes.default", "https://kubernetes.default.svc",
        "https://kubernetes.default.svc.cluster.local/api", "kubernetes.default.svc:443",
        "https://$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)"}) {
    INFO(url);
    const GivenStream stream(Client("env: [{name: API, value: '" + std::string(url) + "'}]"));
    const std::vector<Edge> edges = EdgesOf(stream);
    REQUIRE(edges.size() == 1);
    CHECK(edges[0].to == Edge::To::kApiServer);
    CHECK(edges[0].server == nullptr);
    CHECK(edges[0].host.starts_with("kubernetes.default"));
    CHECK(edges[0].port == 443);
    CHECK(edges[0].PodPort() == 0);
  }
  // A Service of the stream with that name is what its selector says.
  const Strings cart = Lines(Server("kubernetes", "default") +
                             Client("env: [{name: API, value: 'http://kubernetes.default'}]"));
  CHECK(cart == Strings{"web -> kubernetes TCP 8080 Exact [env API]"});
  CHECK(Lines(Client("env: [{name: PROVIDER, value: kubernetes}]")).empty());
}

TEST_CASE("Services without pods of the stream", "[policy][network]") {
  const auto lines = [](const std::string& spec, const std::string& more = "") {
    return Lines("---\napiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {" + spec +
                 "ports: [{port: 5432, targetPort: 5433}]}\n" + more +
                 Client("env: [{name: DB, value: 'postgres://db/x'}]"));
  };
  // An operator makes the pods: its selector finds them.
  CHECK(lines("selector: {cluster: db}, ") == Strings{"web -> db in shop TCP 5433 Exact [env DB]"});
  // Somebody writes addresses down, with ports of their own; targetPort means nothing then.
  CHECK(
      lines(
          "",
          "---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: db}\n"
          "subsets: [{addresses: [{ip: 192.0.2.1}, {ip: 192.0.2.2}], ports: [{port: 15432}]}]\n") ==
      Strings{"web -> 192.0.2.1 TCP 15432 Exact [env DB]",
              "web -> 192.0.2.2 TCP 15432 Exact [env DB]"});
  CHECK(lines("",
              "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: db-x, "
              "labels: {kubernetes.io/service-name: db}}\nendpoints: [{addresses: [192.0.2.3]}]\n"
              "ports: [{port: 15432}]\n") == Strings{"web -> 192.0.2.3 TCP 15432 Exact [env DB]"});
  // Or writes them down elsewhere.
  CHECK(lines("") == Strings{"web -> db TCP 5433 Exact [env DB]"});
}

TEST_CASE("what the name of a value says", "[policy][network]") {
  for (const char* name : {"REDIS_ADDR", "--db-host", "bootstrapServers", "HOST", "KAFKA_BROKERS",
                           "OTEL_EXPORTER_OTLP_ENDPOINT", "HOST_NAME", "dbURL"}) {
    INFO(name);
    CHECK(NamesAddress(name));
  }
  for (const char* name : {"OTEL_SERVICE_NAME", "HOST_PORT", "SERVER_ID", "DB_HOST_PATH", "THEME",
                           "NODE_NAME", "", "-"}) {
    INFO(name);
    CHECK_FALSE(NamesAddress(name));
  }
}

// Accuracy on real charts: tables that were made by reading them (client, server, Service,
// evidence), and the edges beyond them that were looked at one by one.

using Pair = std::pair<std::string, std::string>;

std::vector<Strings> ReadTable(const path& file) {
  std::vector<Strings> rows;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    Strings row(1);
    for (const char c : line) {
      if (c == '\t') {
        row.emplace_back();
      } else {
        row.back() += c;
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string ShortName(const kube::Manifest& manifest) {
  return manifest.id.kind + "/" + manifest.id.name;
}

TEST_CASE("accuracy: every edge of the tables is found, and no other", "[policy][network]") {
  const char* chosen = std::getenv("CLOUDLAB_CORPUS");
  const path corpus = chosen != nullptr
                          ? path(chosen)
                          : path(CLOUDLAB_TESTS_DIR).parent_path() / "../shared/corpus";
  if (!std::filesystem::exists(corpus / "otel-demo.edges.tsv")) {
    std::cout << "accuracy: skipped, there is no corpus\n";
    return;
  }
  std::map<Pair, std::string> disputed;  // With the chart.
  for (const Strings& row : ReadTable(path(CLOUDLAB_TESTS_DIR) / "truth/disputed.tsv")) {
    REQUIRE(row.size() == 4);
    disputed[{row[1], row[2]}] = row[0];
  }
  CHECK(disputed.size() <= 8);
  for (const std::string& chart : {std::string("otel-demo"), std::string("microservices-demo")}) {
    std::ifstream in(corpus / (chart + ".yaml"), std::ios::binary);
    const GivenStream stream({std::istreambuf_iterator<char>(in), {}},
                             {.option_namespace = "default"});
    std::map<Pair, std::string> found;
    for (const Edge& edge : EdgesOf(stream)) {
      if (edge.server == nullptr || edge.confidence == Confidence::kToken) continue;
      found.try_emplace({ShortName(*edge.client), ShortName(*edge.server)}, edge.evidence.front());
    }
    const std::vector<Strings> table = ReadTable(corpus / (chart + ".edges.tsv"));
    std::set<Pair> known;
    std::size_t hits = 0;
    for (const Strings& row : table) {
      known.emplace(row.at(0), row.at(1));
      INFO(chart << ": " << row[0] << " -> " << row[1] << " by " << row.at(3));
      CHECK(found.contains({row[0], row[1]}));
      hits += found.contains({row[0], row[1]}) ? 1U : 0U;
    }
    std::size_t beyond = 0;
    for (const auto& [pair, evidence] : found) {
      if (known.contains(pair)) continue;
      ++beyond;
      INFO(chart << ": " << pair.first << " -> " << pair.second << " by " << evidence);
      CHECK(disputed.contains(pair));
    }
    std::cout << "accuracy: " << chart << ": " << hits << " of " << table.size() << " edges found, "
              << beyond << " beyond the table\n";
  }
}

}  // namespace
}  // namespace cloudlab::policy::network
