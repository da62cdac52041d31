// What enters pods from outside of the workloads of the stream: every object that can say so.
#include "policy/network/inbound.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "unit/policy/closure_given.hpp"
#include "unit/policy/given.hpp"

namespace cloudlab::policy::network {
namespace {

std::string NameOf(Entry::From from) {
  switch (from) {
    case Entry::From::kController:
      return "controller";
    case Entry::From::kAnywhere:
      return "anywhere";
    case Entry::From::kMonitoring:
      return "monitoring";
    case Entry::From::kApiServer:
      return "API server";
  }
  return {};
}

/// The entries of a stream, each in one line: "controller -> cart TCP 8080 [Ingress web]".
Strings Lines(const std::string& text) {
  const GivenStream stream(text);
  const kube::PodIndex pods(stream.index());
  const Directory directory(stream.index(), pods);
  Strings lines;
  for (const Entry& entry : FindEntries(stream.index(), directory, pods)) {
    lines.push_back(NameOf(entry.from) + " -> " + entry.server->id.name +
                    (entry.server->id.ns == "shop" ? "" : "." + entry.server->id.ns) + " " +
                    std::string(Name(entry.protocol)) + " " + std::to_string(entry.port) + " [" +
                    entry.evidence + "]");
  }
  return lines;
}

/// A Service with the ports http (80 to the pod's `web`), metrics (9090), https (443 to 8443) and
/// dns (53, UDP), in front of pods of its name.
std::string Front(const std::string& name, const std::string& ns = "shop",
                  const std::string& more = "x: y") {
  return Object("v1", "Service",
                name + ", namespace: " + ns + ", labels: {app: " + name + ", team: a}",
                "{" + more + ", selector: {app: " + name +
                    "}, ports: [{name: http, port: 80, targetPort: web}, "
                    "{name: metrics, port: 9090}, {name: https, port: 443, targetPort: 8443}, "
                    "{name: dns, port: 53, protocol: UDP}]}");
}

/// Its Deployment.
std::string Back(const std::string& name, const std::string& ns = "shop") {
  return Object(
      "apps/v1", "Deployment", name + ", namespace: " + ns,
      "{template: {metadata: {labels: {app: " + name +
          ", team: a}}, spec: {initContainers: [{name: setup, ports: [{name: web, containerPort: "
          "7070}]}], containers: [{name: app, ports: [{name: web, containerPort: 8080}, {name: "
          "names, containerPort: 53, protocol: UDP}]}, {name: exporter, ports: [{name: prom, "
          "containerPort: 9100}]}]}}}");
}

std::string Server(const std::string& name, const std::string& ns = "shop") {
  return Front(name, ns) + Back(name, ns);
}

/// The entries of one object beside `cart` of the namespaces shop and ops, and `db` of shop.
Strings Of(const std::string& object) {
  return Lines(Server("cart") + Server("db") + Server("cart", "ops") + object);
}

TEST_CASE("nothing enters by itself", "[policy][network]") { CHECK(Of("").empty()); }

Strings OfIngress(const std::string& spec, const std::string& version = "networking.k8s.io/v1") {
  return Of(Object(version, "Ingress", "web", spec));
}

TEST_CASE("Ingress", "[policy][network]") {
  const auto path = [](const std::string& backend) {
    return "{rules: [{http: {paths: [{path: /, backend: " + backend + "}]}}]}";
  };
  const Strings http = {"controller -> cart TCP 8080 [Ingress web]"};
  CHECK(OfIngress(path("{service: {name: cart, port: {number: 80}}}")) == http);
  CHECK(OfIngress(path("{service: {name: cart, port: {name: http}}}")) == http);
  CHECK(OfIngress("{defaultBackend: {service: {name: cart, port: {number: 80}}}}") == http);
  CHECK(OfIngress("{defaultBackend: {service: {name: db, port: {name: metrics}}}, rules: [{http: "
                  "{paths: [{backend: {service: {name: cart, port: {name: https}}}}]}}]}") ==
        Strings{"controller -> cart TCP 8443 [Ingress web]",
                "controller -> db TCP 9090 [Ingress web]"});
  // Older versions.
  const std::string beta = "networking.k8s.io/v1beta1";
  CHECK(OfIngress(path("{serviceName: cart, servicePort: 80}"), beta) == http);
  CHECK(OfIngress(path("{serviceName: cart, servicePort: http}"), "extensions/v1beta1") == http);
  CHECK(OfIngress("{backend: {serviceName: cart, servicePort: '80'}}", beta) == http);
  // What is not in the stream, is no Service, or of another protocol.
  CHECK(OfIngress(path("{service: {name: other, port: {number: 80}}}")).empty());
  CHECK(OfIngress(path("{service: {name: cart, port: {number: 8080}}}")).empty());
  CHECK(OfIngress(path("{service: {name: cart, port: {name: web}}}")).empty());
  CHECK(OfIngress(path("{service: {name: cart, port: {name: dns}}}")).empty());
  CHECK(OfIngress(path("{service: {name: cart}}")).empty());
  CHECK(OfIngress(path("{resource: {kind: Bucket, name: cart}}")).empty());
  CHECK(OfIngress(path("{serviceName: cart, servicePort: 80}"), "example.com/v1").empty());
}

Strings OfRoute(const std::string& rule, const std::string& kind = "HTTPRoute",
                const std::string& parents = "[{name: edge}]") {
  return Of(Object("gateway.networking.k8s.io/v1", kind, "web",
                   "{parentRefs: " + parents + ", rules: [" + rule + "]}"));
}

TEST_CASE("routes of the Gateway API", "[policy][network]") {
  const std::string cart = "{backendRefs: [{name: cart, port: 80}]}";
  for (const char* kind : {"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"}) {
    INFO(kind);
    CHECK(OfRoute(cart, kind) ==
          Strings{std::string("controller -> cart TCP 8080 [") + kind + " web]"});
  }
  CHECK(OfRoute("{backendRefs: [{name: cart, port: 53}]}", "UDPRoute") ==
        Strings{"controller -> cart UDP 53 [UDPRoute web]"});
  CHECK(OfRoute(cart, "UDPRoute").empty());

  CHECK(OfRoute("{backendRefs: [{group: '', kind: Service, name: cart, namespace: ops, port: "
                "443}]}") == Strings{"controller -> cart.ops TCP 8443 [HTTPRoute web]"});
  CHECK(OfRoute("{backendRefs: [{name: cart, namespace: , port: 80}]}") ==
        Strings{"controller -> cart TCP 8080 [HTTPRoute web]"});
  const std::string mirror =
      "filters: [{type: RequestMirror, requestMirror: {backendRef: {name: db, port: 80}}}]";
  const Strings mirrored = {"controller -> cart TCP 8080 [HTTPRoute web]",
                            "controller -> db TCP 8080 [HTTPRoute web]"};
  CHECK(OfRoute("{backendRefs: [{name: cart, port: 80}], " + mirror + "}") == mirrored);
  CHECK(OfRoute("{backendRefs: [{name: cart, port: 80, " + mirror + "}]}") == mirrored);
  // Other kinds of backends, no port, a port of the pod.
  CHECK(
      OfRoute("{backendRefs: [{group: example.com, kind: Bucket, name: cart, port: 80}]}").empty());
  CHECK(OfRoute("{backendRefs: [{group: example.com, kind: Service, name: cart, port: 80}]}")
            .empty());
  CHECK(OfRoute("{backendRefs: [{name: cart}]}").empty());
  CHECK(OfRoute("{backendRefs: [{name: cart, port: 8080}]}").empty());
  // A route of the mesh is attached to Services (GAMMA).
  CHECK(OfRoute(cart, "HTTPRoute", "[{group: '', kind: Service, name: cart}]").empty());
  CHECK(OfRoute(cart, "HTTPRoute", "[{kind: Service, name: cart}, {name: edge}]").size() == 1);
}

std::string VirtualService(const std::string& name, const std::string& spec) {
  return Object("networking.istio.io/v1", "VirtualService", name, spec);
}

Strings OfVirtualService(const std::string& routes, const std::string& gateways = "[edge]") {
  return Of(VirtualService("web", "{gateways: " + gateways + ", " + routes + "}"));
}

TEST_CASE("VirtualService", "[policy][network]") {
  const Strings http = {"controller -> cart TCP 8080 [VirtualService web]"};
  const std::string to_cart = "[{route: [{destination: {host: cart, port: {number: 80}}}]}]";
  for (const char* protocol : {"http", "tls", "tcp"}) {
    INFO(protocol);
    CHECK(OfVirtualService(std::string(protocol) + ": " + to_cart) == http);
  }
  const auto to = [](const std::string& destination) {
    return OfVirtualService("http: [{route: [{destination: {" + destination + "}}]}]");
  };
  CHECK(to("host: cart.shop.svc.cluster.local, port: {number: 80}") == http);
  CHECK(to("host: cart.ops.svc.cluster.local, port: {number: 443}") ==
        Strings{"controller -> cart.ops TCP 8443 [VirtualService web]"});
  CHECK(to("host: cart") == Strings{"controller -> cart TCP 8080 [VirtualService web]",
                                    "controller -> cart TCP 8443 [VirtualService web]",
                                    "controller -> cart TCP 9090 [VirtualService web]"});
  CHECK(to("host: cart, port: {number: 8080}").empty());
  CHECK(to("host: www.example.com, port: {number: 80}").empty());
  const Strings mirrored = {"controller -> db TCP 8080 [VirtualService web]"};
  CHECK(OfVirtualService("http: [{mirror: {host: db, port: {number: 80}}}]") == mirrored);
  CHECK(OfVirtualService("http: [{mirrors: [{destination: {host: db, port: {number: 80}}}]}]") ==
        mirrored);
  // Only what comes through a gateway.
  CHECK(OfVirtualService("http: " + to_cart, "[mesh, istio-system/edge]") == http);
  CHECK(OfVirtualService("http: " + to_cart, "[mesh]").empty());
  CHECK(Of(VirtualService("web", "{http: " + to_cart + "}")).empty());
  // A delegate has no gateways of its own.
  const std::string part = VirtualService("part", "{http: " + to_cart + "}");
  const std::string root =
      VirtualService("web", "{gateways: [edge], http: [{delegate: {name: part}}]}");
  CHECK(Of(root + part) == Strings{"controller -> cart TCP 8080 [VirtualService part]"});
}

TEST_CASE("Route of OpenShift", "[policy][network]") {
  const auto of = [](const std::string& spec) {
    return Of(Object("route.openshift.io/v1", "Route", "web", spec));
  };
  const std::string cart = "{to: {kind: Service, name: cart}, ";
  const Strings http = {"controller -> cart TCP 8080 [Route web]"};
  CHECK(of(cart + "port: {targetPort: http}}") == http);
  CHECK(of(cart + "port: {targetPort: 8080}}") == http);
  CHECK(of(cart + "port: {targetPort: '8080'}}") == http);
  CHECK(of(cart + "port: {targetPort: 80}}").empty());   // Endpoints have the pod's number,
  CHECK(of(cart + "port: {targetPort: web}}").empty());  // and the Service's name.
  CHECK(of(cart + "wildcardPolicy: None}").size() == 3);
  CHECK(
      of(cart + "alternateBackends: [{kind: Service, name: db}], port: {targetPort: http}}") ==
      Strings{"controller -> cart TCP 8080 [Route web]", "controller -> db TCP 8080 [Route web]"});
  CHECK(of("{to: {kind: Bucket, name: cart}, port: {targetPort: http}}").empty());
}

TEST_CASE("Services that are open to the world", "[policy][network]") {
  const auto of = [](const std::string& more) {
    return Lines(Front("cart", "shop", more) + Back("cart"));
  };
  CHECK(of("type: LoadBalancer") ==
        Strings{"anywhere -> cart TCP 8080 [Service cart (LoadBalancer)]",
                "anywhere -> cart TCP 8443 [Service cart (LoadBalancer)]",
                "anywhere -> cart TCP 9090 [Service cart (LoadBalancer)]",
                "anywhere -> cart UDP 53 [Service cart (LoadBalancer)]"});
  CHECK(of("type: NodePort")[0] == "anywhere -> cart TCP 8080 [Service cart (NodePort)]");
  CHECK(of("externalIPs: [192.0.2.1]")[0] ==
        "anywhere -> cart TCP 8080 [Service cart (externalIPs)]");
  CHECK(of("type: ClusterIP, externalIPs: []").empty());
  // Nothing is known of what stands behind these.
  CHECK(of("type: ExternalName, externalName: cart.example.com, externalIPs: [192.0.2.1]").empty());
  CHECK(
      Lines(Back("cart") + Object("v1", "Service", "cart", "{type: NodePort, ports: [{port: 80}]}"))
          .empty());
}

Strings OfMonitor(const std::string& spec) {
  return Of(Object("monitoring.coreos.com/v1", "ServiceMonitor", "m", "{" + spec + "}"));
}

TEST_CASE("ServiceMonitor", "[policy][network]") {
  const std::string cart = "selector: {matchLabels: {app: cart}}, ";
  const std::string metrics = "endpoints: [{port: metrics}]";
  const Strings found = {"monitoring -> cart TCP 9090 [ServiceMonitor m]"};
  const Strings twice = {"monitoring -> cart TCP 9090 [ServiceMonitor m]",
                         "monitoring -> cart.ops TCP 9090 [ServiceMonitor m]"};
  CHECK(OfMonitor(cart + metrics) == found);
  CHECK(OfMonitor("selector: {matchExpressions: [{key: app, operator: NotIn, values: [db]}]}, " +
                  metrics) == found);
  CHECK(OfMonitor("selector: {}, " + metrics).size() == 2);
  CHECK(OfMonitor("selector: {matchLabels: {team: a, app: db}}, " + metrics) ==
        Strings{"monitoring -> db TCP 9090 [ServiceMonitor m]"});
  CHECK(OfMonitor("selector: {matchLabels: {app: x}}, " + metrics).empty());
  CHECK(OfMonitor(metrics).empty());

  CHECK(OfMonitor(cart + "namespaceSelector: {any: true}, " + metrics) == twice);
  CHECK(OfMonitor(cart + "namespaceSelector: {matchNames: [shop, ops]}, " + metrics) == twice);
  CHECK(OfMonitor(cart + "namespaceSelector: {matchNames: [ops]}, " + metrics) ==
        Strings{twice[1]});
  CHECK(OfMonitor(cart + "namespaceSelector: {}, " + metrics) == found);

  // A Service port by name; or the pod's port, which the Service need not have.
  CHECK(OfMonitor(cart + "endpoints: [{port: http}]") ==
        Strings{"monitoring -> cart TCP 8080 [ServiceMonitor m]"});
  CHECK(OfMonitor(cart + "endpoints: [{port: '9090'}, {port: web}, {port: dns}]").empty());
  CHECK(OfMonitor(cart + "endpoints: [{targetPort: 9999}]") ==
        Strings{"monitoring -> cart TCP 9999 [ServiceMonitor m]"});
  CHECK(OfMonitor(cart + "endpoints: [{targetPort: prom}]") ==
        Strings{"monitoring -> cart TCP 9100 [ServiceMonitor m]"});
  CHECK(OfMonitor(cart + "endpoints: [{port: metrics, targetPort: prom}]") == found);
  CHECK(OfMonitor(cart + "endpoints: [{path: /metrics}]").size() == 3);
}

TEST_CASE("PodMonitor", "[policy][network]") {
  const auto of = [](const std::string& spec) {
    return Of(Object("monitoring.coreos.com/v1", "PodMonitor", "m", "{" + spec + "}"));
  };
  const std::string cart = "selector: {matchLabels: {app: cart}}, ";
  const Strings found = {"monitoring -> cart TCP 9100 [PodMonitor m]"};
  CHECK(of(cart + "podMetricsEndpoints: [{port: prom}]") == found);
  CHECK(of(cart + "podMetricsEndpoints: [{portNumber: 9100}]") == found);
  CHECK(of(cart + "podMetricsEndpoints: [{targetPort: 9100}]") == found);
  CHECK(of(cart + "podMetricsEndpoints: [{targetPort: prom}]") == found);
  CHECK(of(cart + "podMetricsEndpoints: [{port: prom, portNumber: 1}]") == found);
  CHECK(of(cart + "podMetricsEndpoints: [{path: /metrics}]") ==
        Strings{"monitoring -> cart TCP 8080 [PodMonitor m]", found[0]});
  CHECK(of(cart + "podMetricsEndpoints: [{port: metrics}, {port: '9100'}, {port: names}]").empty());
  CHECK(of(cart + "namespaceSelector: {any: true}, podMetricsEndpoints: [{port: prom}]").size() ==
        2);
  CHECK(of(cart + "namespaceSelector: {matchNames: [ops]}, podMetricsEndpoints: [{port: prom}]") ==
        Strings{"monitoring -> cart.ops TCP 9100 [PodMonitor m]"});
  CHECK(of("selector: {}, podMetricsEndpoints: [{port: prom}]").size() == 2);

  // Two containers may have a port of one name: both are scraped.
  const std::string two = Object(
      "apps/v1", "Deployment", "two",
      "{template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: a, ports: [{name: "
      "prom, containerPort: 1}]}, {name: b, ports: [{name: prom, containerPort: 2}]}]}}}");
  CHECK(
      Lines(two + Object("monitoring.coreos.com/v1", "PodMonitor", "m",
                         "{" + cart + "podMetricsEndpoints: [{port: prom}]}")) ==
      Strings{"monitoring -> two TCP 1 [PodMonitor m]", "monitoring -> two TCP 2 [PodMonitor m]"});
}

TEST_CASE("annotations of Prometheus", "[policy][network]") {
  const auto of_pod = [](const std::string& annotations) {
    return Lines(Object("apps/v1", "Deployment", "cart",
                        "{template: {metadata: {annotations: {" + annotations +
                            "}}, spec: {containers: [{name: app, ports: [{containerPort: 8080}, "
                            "{containerPort: 53, protocol: UDP}]}]}}}"));
  };
  const std::string tail = " [annotation prometheus.io/scrape]";
  CHECK(of_pod("prometheus.io/scrape: 'true', prometheus.io/port: '9102'") ==
        Strings{"monitoring -> cart TCP 9102" + tail});
  CHECK(of_pod("prometheus.io/scrape: 'true'") == Strings{"monitoring -> cart TCP 8080" + tail});
  CHECK(of_pod("prometheus.io/scrape: 'false', prometheus.io/port: '9102'").empty());
  CHECK(of_pod("prometheus.io/port: '9102'").empty());

  const auto of_service = [](const std::string& annotations) {
    return Lines(Object("v1", "Service", "cart, annotations: {" + annotations + "}",
                        "{selector: {app: cart}, ports: [{name: http, port: 80, targetPort: web}, "
                        "{name: dns, port: 53, protocol: UDP}]}") +
                 Back("cart"));
  };
  CHECK(of_service("prometheus.io/scrape: 'true'") ==
        Strings{"monitoring -> cart TCP 8080" + tail});
  CHECK(of_service("prometheus.io/scrape: 'true', prometheus.io/port: '9100'") ==
        Strings{"monitoring -> cart TCP 9100" + tail});
  CHECK(of_service("prometheus.io/scrape: 'false'").empty());
}

TEST_CASE("what the API server calls", "[policy][network]") {
  const std::string service = "service: {namespace: shop, name: cart}";
  const std::string other = "service: {namespace: ops, name: cart, port: 80}";
  const auto webhooks = [](const std::string& kind, const std::string& clients) {
    return Of("apiVersion: admissionregistration.k8s.io/v1\nkind: " + kind +
              "\nmetadata: {name: admission}\nwebhooks: [" + clients + "]\n---\n");
  };
  for (const std::string& kind : {std::string("ValidatingWebhookConfiguration"),
                                  std::string("MutatingWebhookConfiguration")}) {
    CHECK(webhooks(kind, "{clientConfig: {" + service + "}}, {clientConfig: {" + other + "}}") ==
          Strings{"API server -> cart TCP 8443 [" + kind + " admission]",
                  "API server -> cart.ops TCP 8080 [" + kind + " admission]"});
    CHECK(webhooks(kind, "{clientConfig: {url: 'https://cart.shop.svc'}}").empty());
    CHECK(webhooks(kind, "{clientConfig: {service: {namespace: x, name: cart}}}").empty());
  }
  CHECK(
      Of(Object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "things",
                "{conversion: {strategy: Webhook, webhook: {clientConfig: {" + service + "}}}}")) ==
      Strings{"API server -> cart TCP 8443 [CustomResourceDefinition things]"});
  CHECK(Of(Object("apiregistration.k8s.io/v1", "APIService", "v1.things", "{" + service + "}")) ==
        Strings{"API server -> cart TCP 8443 [APIService v1.things]"});
  CHECK(Of(Object("apiregistration.k8s.io/v1", "APIService", "v1.things", "{" + other + "}")) ==
        Strings{"API server -> cart.ops TCP 8080 [APIService v1.things]"});
  CHECK(Of(Object("apiregistration.k8s.io/v1", "APIService", "v1.", "{service: null}")).empty());
}

TEST_CASE("entries are in the order of their servers, each once", "[policy][network]") {
  const auto ingress = [](const std::string& name, const std::string& service) {
    return Object("networking.k8s.io/v1", "Ingress", name,
                  "{defaultBackend: {service: {name: " + service + ", port: {number: 80}}}}");
  };
  const std::string open = Front("cart", "shop", "type: LoadBalancer");
  CHECK(Lines(ingress("b", "db") + ingress("a", "cart") + ingress("z", "db") + open + Back("cart") +
              Server("db")) == Strings{"controller -> cart TCP 8080 [Ingress a]",
                                       "anywhere -> cart TCP 8080 [Service cart (LoadBalancer)]",
                                       "anywhere -> cart TCP 8443 [Service cart (LoadBalancer)]",
                                       "anywhere -> cart TCP 9090 [Service cart (LoadBalancer)]",
                                       "anywhere -> cart UDP 53 [Service cart (LoadBalancer)]",
                                       "controller -> db TCP 8080 [Ingress b]"});
  // All workloads behind a Service, each by its own port of that name.
  const std::string canary =
      Object("apps/v1", "Deployment", "canary",
             "{template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: app, ports: "
             "[{name: web, containerPort: 8081}]}]}}}");
  CHECK(Lines(Server("cart") + canary + ingress("a", "cart")) ==
        Strings{"controller -> cart TCP 8080 [Ingress a]",
                "controller -> canary TCP 8081 [Ingress a]"});
}

TEST_CASE("no entry leads to a hook, or comes of what is never applied", "[policy][network]") {
  const std::string job =
      "{template: {metadata: {labels: {app: cart}, annotations: {prometheus.io/scrape: 'true', "
      "prometheus.io/port: '1'}}, spec: {containers: [{name: c}]}}}";
  const std::string hook = "cart, annotations: {helm.sh/hook: pre-upgrade}";
  const std::string local = "cart, annotations: {config.kubernetes.io/local-config: 'true'}";
  const std::string open = Front("cart", "shop", "type: NodePort");
  CHECK(Lines(open + Object("batch/v1", "Job", hook, job)).empty());
  CHECK(Lines(open + Object("batch/v1", "Job", local, job)).empty());
  CHECK(Of(Object("networking.k8s.io/v1", "Ingress", local,
                  "{defaultBackend: {service: {name: cart, port: {number: 80}}}}"))
            .empty());
}

TEST_CASE("many monitors, each of its own Service", "[policy][network]") {
  constexpr int kCount = 2000;
  std::string text;
  for (int i = 0; i < kCount; ++i) {
    const std::string name = "s" + std::to_string(i);
    text += Server(name) + Object("monitoring.coreos.com/v1", "ServiceMonitor", name,
                                  "{selector: {matchLabels: {team: a, app: " + name +
                                      "}}, endpoints: [{port: metrics}]}");
  }
  CHECK(Lines(text).size() == kCount);
}

}  // namespace
}  // namespace cloudlab::policy::network
