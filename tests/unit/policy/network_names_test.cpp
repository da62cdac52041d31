// Names that lead elsewhere than to a Service's pods, values that are no names at all, and what
// people state of either.
#include <catch2/catch.hpp>
#include <string>

#include "policy/network/stated.hpp"
#include "unit/policy/network_edges.hpp"

namespace cloudlab::policy::network {
namespace {

/// "client -> server port" of all that the annotations of a stream state, then its flaws.
Strings StatedBy(const std::string& text) {
  const GivenStream stream(text);
  const kube::PodIndex pods(stream.index());
  const Directory directory(stream.index(), pods);
  const Workloads workloads(stream.index());
  std::vector<Edge> edges;
  std::vector<Flaw> flaws;
  for (const kube::Manifest& manifest : stream.index().manifests()) {
    if (manifest.pod) ReadStatedEdges(manifest, workloads, directory, edges, flaws);
  }
  Strings lines;
  for (const Edge& edge : edges) {
    const std::string to = edge.server != nullptr ? edge.server->id.name : edge.host;
    lines.push_back(edge.client->id.name + " -> " + to + " " + std::to_string(edge.port));
  }
  for (const Flaw& flaw : flaws) lines.push_back(flaw.message);
  return lines;
}

/// A Deployment with this annotation, and the ports `http` 80 and `pg` 5432.
std::string Stating(const std::string& name, const std::string& annotation = "x: y") {
  return "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " + name +
         ", annotations: {" + annotation +
         "}}\nspec: {template: {metadata: {labels: {app: " + name +
         "}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 80}, " +
         "{name: pg, containerPort: 5432}]}]}}}\n";
}

TEST_CASE("ports in annotations", "[policy][network]") {
  const auto accepting = [](const std::string& word) {
    return StatedBy(Stating("db", "cloudlab.dev/accepts-from: '" + word + "'") + Stating("web"));
  };
  CHECK(accepting("web:5432") == Strings{"web -> db 5432"});
  CHECK(accepting("web:pg") == Strings{"web -> db 5432"});
  CHECK(accepting("web:70000") ==
        Strings{"cloudlab.dev/accepts-from names \"web:70000\", but \"70000\" is no port of "
                "Deployment/db"});
  CHECK(accepting("web:mysql").front().ends_with("\"mysql\" is no port of Deployment/db"));
  const auto connecting = [](const std::string& word) {
    return StatedBy(Stating("db") + Stating("web", "cloudlab.dev/connects-to: '" + word + "'"));
  };
  CHECK(connecting("db:pg") == Strings{"web -> db 5432"});
  CHECK(connecting("db:70000").front().ends_with("\"70000\" is no port of Deployment/db"));
}

TEST_CASE("annotations follow ExternalNames", "[policy][network]") {
  const std::string alias =
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: ext}\nspec: {type: ExternalName, "
      "externalName: cart.data.svc.cluster.local}\n";
  CHECK(StatedBy(Server("cart", "data") + alias +
                 Stating("web", "cloudlab.dev/connects-to: 'ext:80'")) ==
        Strings{"web -> cart 8080"});
  CHECK(StatedBy(alias + Stating("web", "cloudlab.dev/connects-to: 'ext:80'")) ==
        Strings{"web -> cart.data.svc.cluster.local 80"});
  CHECK(StatedBy(Stating("web", "cloudlab.dev/connects-to: 'https://kubernetes.default.svc'")) ==
        Strings{"web -> kubernetes.default.svc 443"});
}

TEST_CASE("workloads of any kind are found by name", "[policy][network]") {
  const GivenStream stream(
      Stating("a") +
      "---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: "
      "[{name: c}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b, "
      "annotations: {config.kubernetes.io/local-config: 'true'}}\nspec: "
      "{containers: [{name: c}]}\n");
  const Workloads workloads(stream.index());
  CHECK(workloads.Find("shop", "a").size() == 2);
  CHECK(workloads.Find("shop", "a", "Pod").size() == 1);
  CHECK(workloads.Find("shop", "b").empty());
  CHECK(workloads.Find("other", "a").empty());
}

TEST_CASE("host aliases", "[policy][network]") {
  const auto lines = [](const std::string& env) {
    return Lines(Server("cart") +
                 Client("env: [" + env + "]",
                        "hostAliases: [{ip: 192.0.2.7, hostnames: [cart, db.example.com]}, {ip: "
                        "127.0.0.1, hostnames: [me.example.com]}]"));
  };
  CHECK(lines("{name: A, value: 'http://cart:80'}") ==
        Strings{"web -> 192.0.2.7 TCP 80 Exact [env A]"});
  CHECK(lines("{name: DB_HOST, value: db.example.com}, {name: DB_PORT, value: '5432'}") ==
        Strings{"web -> 192.0.2.7 TCP 5432 Exact [env DB_HOST]"});
  CHECK(lines("{name: A, value: 'http://me.example.com'}, {name: THEME, value: cart}").empty());
}

TEST_CASE("an ExternalName in a variable of a host", "[policy][network]") {
  CHECK(Lines("---\napiVersion: v1\nkind: Service\nmetadata: {name: mail}\nspec: {type: "
              "ExternalName, externalName: smtp.example.com}\n" +
              Client("env: [{name: MAIL_HOST, value: mail}, {name: MAIL_PORT, value: '25'}]")) ==
        Strings{"web -> smtp.example.com TCP 25 Exact [env MAIL_HOST]"});
}

TEST_CASE("a part of a secret is no host", "[policy][network]") {
  const auto lines = [](const std::string& data) {
    return Lines(Server("cart") +
                 "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {" + data +
                 "}\n" + Client("envFrom: [{secretRef: {name: s}}]"));
  };
  for (const char* data :
       {"PASSWORD: 'hunter2.xyzzy:8080'", "TOKEN_URL: 'https://s3cr3t.tok/abc@hooks.example.com'",
        "API_KEY: 'https://s3cr3t.tok/abc'", "SIGNING_KEY: 's3cr3t.tok:80'",
        "DB_PASSWORD: 'x@hunter2.xyzzy:8080'", "CREDENTIALS: '192.0.2.1:80'"}) {
    INFO(data);
    CHECK(lines(data).empty());
  }
  const auto named = [&](const std::string& data) { return lines(data).at(0).substr(0, 27); };
  CHECK(lines("PASSWORD: 'cart:80'") == Strings{"web -> cart TCP 8080 Exact [env PASSWORD]"});
  CHECK(named("DB_SECRET: 'postgres://u:p@db.example.com:1/x'") == "web -> db.example.com TCP 1");
  CHECK(named("DB_SECRET: 'u:p@tcp(db.example.com:1)/x'") == "web -> db.example.com TCP 1");
  CHECK(named("CONNECTION_STRING: 'Host=db.example.com;Port=1;Password=p'") ==
        "web -> db.example.com TCP 1");
  CHECK(named("TOKEN_URL: 'https://db.example.com:1/token'") == "web -> db.example.com TCP 1");
}

TEST_CASE("a file whose name says that it is a secret", "[policy][network]") {
  const auto lines = [](const std::string& key) {
    return Lines("---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {" + key +
                 ": 'hunter2.xyzzy:8080'}\n" +
                 Client("volumeMounts: [{name: v, mountPath: /s}]",
                        "volumes: [{name: v, secret: {secretName: s}}]"));
  };
  CHECK(lines("password").empty());
  CHECK(lines("place").size() == 1);
}

TEST_CASE("a workload that calls its own Service", "[policy][network]") {
  const auto lines = [](const std::string& env, bool replicated = true) {
    std::string client = Client("env: [" + env + "]");
    if (replicated) client.replace(client.find("spec: {"), 7, "spec: {replicas: 2, ");
    return Lines(
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {selector: "
        "{app: web}, ports: [{port: 80}]}\n" +
        client);
  };
  CHECK(lines("{name: SELF_URL, value: 'http://api:80'}") ==
        Strings{"web -> web TCP 80 Exact [env SELF_URL]"});
  CHECK(lines("{name: PEERS, value: 'api:80'}").size() == 1);
  // One pod alone only comes back to itself.
  CHECK(lines("{name: SELF_URL, value: 'http://api:80'}", false).empty());
  for (const char* name : {"HOSTNAME", "HOST", "SERVICE_NAME", "ADVERTISED_LISTENERS", "PUBLIC_URL",
                           "BASE_URL", "ROOT_URL", "EXTERNAL_URL", "ISSUER", "THEME"}) {
    INFO(name);
    CHECK(lines("{name: " + std::string(name) + ", value: api}").empty());
  }
  CHECK(lines("{name: PUBLIC_URL, value: 'http://api'}").empty());
  CHECK(lines("{name: CORS_ORIGINS, value: 'http://api:80'}").empty());
}

TEST_CASE("pods that mount the same file share it", "[policy][network]") {
  const auto pod = [](const std::string& name, const std::string& port) {
    return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name +
           "}\nspec: {volumes: [{name: v, configMap: {name: c}}], containers: [{name: c, "
           "volumeMounts: [{name: v, mountPath: /v}], env: [{name: MY_NUMBER, value: '" +
           port + "'}]}]}\n";
  };
  CHECK(Lines(Server("cart") +
              "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a.conf: 'url = "
              "http://cart:$MY_NUMBER', b.conf: 'url = https://b.example.com'}\n" +
              pod("p", "80") + pod("q", "9090") + pod("r", "80")) ==
        Strings{"p -> cart TCP 8080 Exact [file a.conf]",
                "p -> b.example.com TCP 443 Exact [file b.conf]",
                "q -> cart TCP 9090 Exact [file a.conf]",
                "q -> b.example.com TCP 443 Exact [file b.conf]",
                "r -> cart TCP 8080 Exact [file a.conf]",
                "r -> b.example.com TCP 443 Exact [file b.conf]"});
}

}  // namespace
}  // namespace cloudlab::policy::network
