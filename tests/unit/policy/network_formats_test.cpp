// In how many ways programs are told whom to call: an example of each, and of what only looks so.
#include <catch2/catch.hpp>
#include <string>

#include "policy/network/config_text.hpp"
#include "policy/network/variables.hpp"
#include "unit/policy/network_edges.hpp"

namespace cloudlab::policy::network {
namespace {

/// The edges of a client `web`, without their evidence, beside `cart`, `db` and the ensemble `log`.
Strings Of(const std::string& client) {
  const std::string ensemble = R"(---
apiVersion: v1
kind: Service
metadata: {name: logs}
spec: {clusterIP: None, selector: {app: log}, ports: [{name: peer, port: 2888}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: log}
spec: {serviceName: logs, template: {metadata: {labels: {app: log}}, spec: {containers: [{name: c}]}}}
)";
  Strings lines = Lines(Server("cart") + Server("db") + ensemble + client);
  for (std::string& line : lines) line.resize(line.find(" ["));
  std::erase_if(lines, [](const std::string& line) { return line.ends_with("Token"); });
  return lines;
}

Strings OfEnv(const std::string& variables) { return Of(Client("env: [" + variables + "]")); }

/// The edges of a client that mounts this file.
Strings OfFile(const std::string& name, const std::string& content,
               const std::string& container = "x: y") {
  std::string config =
      "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata:\n  " + name + ": |\n";
  std::size_t begin = 0;
  while (begin < content.size()) {
    const std::size_t end = std::min(content.find('\n', begin), content.size());
    config += "    " + content.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return Of(config + Client(container + ", volumeMounts: [{name: v, mountPath: /etc/app}]",
                            "volumes: [{name: v, configMap: {name: config}}]"));
}

/// The edges of a client that runs this script.
Strings OfScript(const std::string& script) { return OfFile("run.sh", script); }

const Strings kHttp = {"web -> cart TCP 8080 Exact"};
const Strings kMetrics = {"web -> cart TCP 9090 Exact"};
const Strings kBoth = {"web -> cart TCP 8080 Host", "web -> cart TCP 9090 Host"};

TEST_CASE("ports that stand beside a host", "[policy][network]") {
  // Several ports of one host: those that are named for it, or for a part of it.
  CHECK(OfEnv("{name: BUS_HOST, value: cart}, {name: BUS_PUBLISH_PORT, value: '80'}, "
              "{name: BUS_SUBSCRIBE_PORT, value: '9090'}") ==
        Strings{"web -> cart TCP 8080 Exact", "web -> cart TCP 9090 Exact"});
  CHECK(OfEnv("{name: DB_HOST, value: cart}, {name: DB_PORT, value: '80'}, "
              "{name: DB_BACKUP_PORT, value: '9090'}") == kHttp);
  CHECK(OfEnv("{name: DB_HOST_NAME, value: cart}, {name: DB_PORT, value: '80'}") == kHttp);
  CHECK(OfEnv("{name: PGHOST, value: cart}, {name: PGPORT, value: '9090'}") == kMetrics);
  CHECK(OfEnv("{name: STORE_HOSTS, value: 'cart,db'}, {name: STORE_PORT, value: '9090'}") ==
        Strings{"web -> cart TCP 9090 Exact", "web -> db TCP 9090 Exact"});
  CHECK(OfEnv("{name: SERVER, value: cart}, {name: SERVER_PORT, value: '9090'}") == kMetrics);
  // A name alone says little; with a port that the Service has, enough.
  CHECK(OfEnv("{name: STORE, value: cart}, {name: STORE_PORT, value: '9090'}") == kMetrics);
  CHECK(OfEnv("{name: DNS_SERVICE_NAME, value: cart}, {name: DNS_SERVICE_PORT, value: '9090'}") ==
        kMetrics);
  CHECK(OfEnv("{name: STORE, value: cart}, {name: STORE_PORT, value: '7000'}").empty());
  CHECK(OfEnv("{name: STORE, value: cart}, {name: PORT, value: '9090'}").empty());
  CHECK(OfEnv("{name: SERVICE_NAME, value: cart}, {name: PORT, value: '9090'}").empty());
}

TEST_CASE("lists, DSNs and what else a variable holds", "[policy][network]") {
  for (const char* value :
       {"redis+cluster://:pw@cart:9090,db:7000/0", "dns:///cart:9090", "kuberesolver:///cart:9090",
        "dns+cart:9090", "dnssrv+_metrics._tcp.cart.shop.svc", "r2dbc:postgresql://cart:9090/x",
        "Server=tcp:cart,9090;Database=x", "host=cart port=9090 user=x", "zk:cart:9090/x",
        R"({host: cart, port: 9090})", R"([{url: 'http://cart:9090'}])",
        "-Xmx1g -Dstore.host=cart -Dstore.port=9090", "--store cart:9090 --level info"}) {
    INFO(value);
    CHECK(OfEnv("{name: X, value: \"" + std::string(value) + "\"}") == kMetrics);
  }
  CHECK(OfEnv("{name: X, value: \"stores:\\n  a:\\n    host: cart\\n    port: 9090\\n\"}") ==
        kMetrics);
  CHECK(OfEnv("{name: CONTACT_POINTS, value: cart}") == kBoth);
}

TEST_CASE("what the kubelet replaces", "[policy][network]") {
  const std::string own = "{name: NS, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}";
  CHECK(OfEnv(own + ", {name: X, value: 'http://cart.$(NS).svc:9090'}") == kMetrics);
  CHECK(OfEnv(own + ", {name: X, value: 'http://cart.$(ANY).svc:9090'}").empty());
  // Variables that it defines by itself, of Services and the API server.
  CHECK(OfEnv("{name: X, value: 'http://$(CART_SERVICE_HOST):$(CART_SERVICE_PORT)'}") == kHttp);
  CHECK(Of(Client("args: ['--to=http://cart:$(CART_SERVICE_PORT)']")) == kHttp);
  CHECK(OfScript("nc -z $CART_SERVICE_HOST 9090\n") == kMetrics);
  CHECK(
      OfEnv("{name: X, value: 'https://$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)'}") ==
      Strings{"web -> kubernetes.default.svc TCP 443 Exact"});
  CHECK(Of(Client("args: ['--to=http://cart:$(CART_SERVICE_PORT)']", "enableServiceLinks: false"))
            .empty());
  CHECK(OfEnv("{name: X, value: 'http://$(SHOP_SERVICE_HOST):80'}").empty());
}

TEST_CASE("options", "[policy][network]") {
  for (const char* words :
       {"[nc, -z, cart, '9090']", "[psql, -h, cart, -p, '9090']", "[mysql, -hcart, -P9090, -uroot]",
        "[app, --db-host, cart, --db-port, '9090']", "[app, --db-host=cart, --db-port=9090]",
        "[app, store.host=cart, store.port=9090]", "[sh, -c, 'exec app --db cart:9090']",
        "[sh, -c, 'until psql -h cart -p 9090; do sleep 1; done']",
        "[sh, -c, 'DB=cart; nc -z $DB 9090']",
        "[bash, -c, 'until curl -s cart:9090/x; do :; done']",
        "[sh, -c, \"bash -c 'wget -qO- cart:9090'\"]"}) {
    INFO(words);
    CHECK(Of(Client("command: " + std::string(words))) == kMetrics);
    CHECK(Of(Client("lifecycle: {postStart: {exec: {command: " + std::string(words) + "}}}")) ==
          kMetrics);
    CHECK(Of(Client("startupProbe: {exec: {command: " + std::string(words) + "}}")) == kMetrics);
  }
  CHECK(Of(Client("args: [sh, -c, 'curl -f cart/health']")) == kHttp);
  CHECK(Of(Client("args: [redis-cli, -h, cart, ping]")) == kBoth);
  // Not every option that begins so, not every word before a number.
  CHECK(Of(Client("args: [app, -health, cart, -p, cart]")).empty());
  CHECK(Of(Client("args: [sh, -c, 'echo cart 7']")).empty());
  CHECK(Of(Client("args: [sh, -c, \"# isn't cart:80\\necho cart\"]")).empty());
  CHECK(Of(Client("args: [sh, -c, 'curl -O cart.tgz']")).empty());
}

TEST_CASE("scripts", "[policy][network]") {
  CHECK(OfScript("#!/bin/sh\nuntil nc -z cart 9090; do sleep 1; done\n") == kMetrics);
  CHECK(OfScript("app start \\\n  --verbose \\\n  --store http://cart:9090\n") == kMetrics);
  CHECK(OfScript("export DB_HOST=cart\nexport DB_PORT=9090\n") == kMetrics);
  CHECK(OfScript("mysqladmin ping -h\"${HOST:-cart}\" -P 9090\n") == kMetrics);
  CHECK(OfScript("cat > /etc/x <<EOF\nhost = cart\nport = 9090\nEOF\n") == kMetrics);
  CHECK(OfScript("# nc -z cart 9090\necho 'it is: cart'\n").empty());
  CHECK(OfScript("OUTSIDE_HOST=$(kubectl get node -o jsonpath='{.status.addresses}')\n").empty());
}

TEST_CASE("files by their format", "[policy][network]") {
  // nginx, HAProxy, Caddy, Apache
  CHECK(OfFile("nginx.conf", "location / { proxy_pass http://cart:9090/; }") == kMetrics);
  CHECK(OfFile("nginx.conf", "upstream cart {\n  server db:9090;\n}\nproxy_pass http://cart;") ==
        Strings{"web -> db TCP 9090 Exact"});
  CHECK(OfFile("haproxy.cfg",
               "frontend f\n  default_backend cart\nbackend cart\n"
               "  server s1 db:9090 check\n") == Strings{"web -> db TCP 9090 Exact"});
  CHECK(OfFile("Caddyfile", "shop.example.com {\n  reverse_proxy /api/* cart:9090\n}") == kMetrics);
  CHECK(OfFile("Caddyfile", "reverse_proxy cart\n") == kBoth);
  CHECK(OfFile("httpd.conf", "ProxyPass \"/api\" \"http://cart:9090/\"") == kMetrics);
  CHECK(OfFile("nginx.conf", "server_name cart;\nlisten 80;").empty());
  // TOML, HCL, XML, PHP, properties, redis.conf
  CHECK(OfFile("a.toml", "[store]\nhost = \"cart\"\nport = 9090") == kMetrics);
  CHECK(OfFile("a.toml", "store = { host = \"cart\", port = 9090 }") == kMetrics);
  CHECK(OfFile("a.hcl", "retry_join = [\n  \"cart\",\n]\nx = [\n  \"db\",\n]") == kBoth);
  CHECK(OfFile("a.xml", "<store>\n  <host>cart</host>\n  <port>9090</port>\n</store>") == kMetrics);
  CHECK(OfFile("a.xml", "<store host=\"cart\" port=\"9090\"/>") == kMetrics);
  CHECK(OfFile("site.xml", "<name>store.host</name>\n<value>cart</value>") == kBoth);
  CHECK(OfFile("a.php", "return [\n  'host' => 'cart',\n  'x' => 1,\n];") == kBoth);
  CHECK(OfFile("a.properties", "store.url=jdbc:postgresql://${DB_HOST:cart}:${DB_PORT:9090}/x") ==
        kMetrics);
  CHECK(OfFile("redis.conf", "replicaof cart 9090") == kMetrics);
  CHECK(OfFile("pgbouncer.ini", "[databases]\n* = host=cart port=9090") == kMetrics);
  CHECK(OfFile("zoo.cfg", "server.1=log-0.logs:2888:3888;2181") ==
        Strings{"web -> log TCP 2888 Exact", "web -> log TCP 3888 Exact"});
  // YAML
  CHECK(OfFile("a.yaml", "seeds:\n  - cart") == kBoth);
  CHECK(
      OfFile("a.yaml", "static:\n  inner.yaml: |\n    a:\n      host: cart\n      port: 9090\n") ==
      kMetrics);
  CHECK(OfFile("envoy.yaml",
               "routes:\n  - cluster: cart\nclusters:\n  - name: cart\n    address: "
               "db\n    port_value: 9090\n") == Strings{"web -> db TCP 9090 Exact"});
  CHECK(OfFile("a.yaml", "host: ${STORE_HOST}\nport: ${STORE_PORT}\n",
               "env: [{name: STORE_HOST, value: cart}, {name: STORE_PORT, value: '9090'}]") ==
        kMetrics);
}

TEST_CASE("names that are not called", "[policy][network]") {
  for (const char* name :
       {"ALLOWED_HOSTS", "CORS_ORIGINS", "corsAllowedOrigins", "NO_PROXY", "no_proxy",
        "http.nonProxyHosts", "TRUSTED_PROXIES", "REDIRECT_URI", "TLS_SERVER_NAME", "dnsNames"}) {
    INFO(name);
    CHECK(OfEnv("{name: " + std::string(name) + ", value: 'http://cart:80,db,cart.shop.svc'}")
              .empty());
    CHECK_FALSE(NamesCalled(name));
  }
  for (const char* name : {"HTTP_PROXY", "CART_ADDR", "X", "SERVER", "DB_NAME"}) {
    INFO(name);
    CHECK(NamesCalled(name));
  }
}

TEST_CASE("members of an ensemble", "[policy][network]") {
  const auto ensemble = [](const std::string& env) {
    return Lines(
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: logs}\nspec: {clusterIP: "
        "None, selector: {app: log}, ports: [{port: 2181}]}\n---\napiVersion: apps/v1\n"
        "kind: StatefulSet\nmetadata: {name: log}\nspec: {serviceName: logs, template: "
        "{metadata: {labels: {app: log}}, spec: {containers: [{name: c, env: [" +
        env + "], ports: [{containerPort: 2888}]}]}}}\n");
  };
  const Strings both = {"log -> log TCP 2181 Host [env SERVERS]",
                        "log -> log TCP 2888 Host [env SERVERS]"};
  CHECK(ensemble("{name: SERVERS, value: 'log-0,log-1'}") == both);
  CHECK(ensemble("{name: SERVERS, value: 'log-0.logs'}") == both);
  CHECK(ensemble("{name: POD_NAME, value: log-0}").empty());
  CHECK(ensemble("{name: SERVERS, value: 'log-x'}").empty());
}

TEST_CASE("a Service for one pod", "[policy][network]") {
  const auto of = [](const std::string& pod) {
    return Of(
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: first}\nspec: {selector: {app: "
        "log, statefulset.kubernetes.io/pod-name: " +
        pod + "}, ports: [{port: 2888}]}\n" + Client("args: ['--log=first:2888']"));
  };
  CHECK(of("log-0") == Strings{"web -> log TCP 2888 Exact"});
  // No StatefulSet of the stream has such a pod: what the selector finds stands elsewhere.
  CHECK(of("log-x") == Strings{"web -> first in shop TCP 2888 Exact"});
  CHECK(of("cart-0") == Strings{"web -> first in shop TCP 2888 Exact"});
}

TEST_CASE("agents on the own node", "[policy][network]") {
  const std::string agent =
      "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent, namespace: ops}\nspec: "
      "{template: {spec: {containers: [{name: a, ports: [{containerPort: 4317, hostPort: 14317}, "
      "{containerPort: 8125, hostPort: 18125, protocol: UDP}]}]}}}\n";
  const auto client = [&](const std::string& variables) {
    return Of(agent + Client("env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}"
                             "," +
                             variables + "]"));
  };
  CHECK(client("{name: X, value: 'http://$(NODE):14317'}") ==
        Strings{"web -> agent TCP 4317 Exact"});
  CHECK(client("{name: NODE_PORT, value: '18125'}") == Strings{"web -> agent UDP 8125 Exact"});
  CHECK(client("{name: X, value: 'http://$(NODE):4317'}").empty());
  CHECK(client("{name: X, value: y}").empty());
}

TEST_CASE("aliases, and what is no host outside", "[policy][network]") {
  CHECK(Of("---\napiVersion: v1\nkind: Service\nmetadata: {name: store}\nspec: {type: "
           "ExternalName, externalName: cart.shop.svc.cluster.local}\n" +
           Client("env: [{name: X, value: 'http://store:9090'}]")) == kMetrics);
  CHECK(OfEnv("{name: SMTP_HOST, value: mail.example.com}") ==
        Strings{"web -> mail.example.com TCP 0 Host"});
  CHECK(OfEnv("{name: CLUSTER_DOMAIN, value: cluster.local}").empty());
  CHECK(OfEnv("{name: SEED_PROVIDER, value: org.example.Seeds}").empty());
  CHECK(OfEnv("{name: SERVER, value: org.example.Seeds}").empty());
  CHECK(OfEnv("{name: HOST_NOTE, value: 'see example.com for more'}").empty());
}

TEST_CASE("variables in files and scripts", "[policy][network]") {
  const Variables variables = {{"A", "x"}, {"B", ""}};
  struct Row {
    const char* text;
    const char* replaced;
  };
  const auto row = GENERATE(values<Row>({
      {"$A ${A} ${env:A} $AB $B", "x x x $AB $B"},
      {"${C:-d} ${C:=d} ${C:d} ${B:-d} ${A:-d}", "d d d d x"},
      {"${C:?no} ${C:+d} ${C} ${C:-}", "${C:?no} ${C:+d} ${C} ${C:-}"},
      {"${C:-${A}} ${C:${D:e}} ${C:-${D:-${A}}}", "x e x"},
      {"${C:-${C}}", "${C}"},
      {"$", "$"},
      {"${", "${"},
      {"${A", "${A"},
      {"$(A) $$", "$(A) $$"},
  }));
  INFO(row.text);
  CHECK(ExpandShell(row.text, variables) == row.replaced);
}

TEST_CASE("variables that hold each other do not grow without end", "[policy][network]") {
  Variables variables = {{"A0", std::string(100, 'x')}};
  for (int i = 1; i < 40; ++i) {
    const std::string one = "$(A" + std::to_string(i - 1) + ")";
    variables["A" + std::to_string(i)] = ExpandKubelet(one + one, variables);
  }
  CHECK(variables["A39"].size() < 4'000'000);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "${B}";
  variables["B"] = many;
  CHECK(ExpandShell(many, variables).size() < 8'000'000);
}

}  // namespace
}  // namespace cloudlab::policy::network
