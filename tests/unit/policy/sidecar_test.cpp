#include "policy/sidecar.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "applied.hpp"

namespace cloudlab::policy {
namespace {

/// A SidecarPolicy "agent" for all workloads, with these lines below `spec`.
std::string Sidecar(const std::string& spec, const std::string& name = "agent") {
  return "---\napiVersion: cloudlab.dev/v1alpha1\nkind: SidecarPolicy\nmetadata: {name: " + name +
         "}\nspec:\n  match: {any: [{kinds: [Workload]}]}\n" + spec;
}

constexpr const char* kContainer = "  container: {name: agent, image: 'acme/agent:1'}\n";
constexpr const char* kAgent =
    "  container:\n    name: agent\n    image: acme/agent:1\n"
    "    readinessProbe: {httpGet: {path: /, port: 1}, successThreshold: 2}\n";

constexpr const char* kCart = R"(apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart
spec:
  template:
    metadata:
      labels: {app: cart}
    spec:
      initContainers:
      - name: mesh
        restartPolicy: Always
      - name: migrate # before the app
      containers:
      - name: app
        image: cart:1
)";

std::string OneLine(const std::string& kind, const std::string& pod, const std::string& more = {}) {
  const bool batch = kind == "Job";
  return "apiVersion: " + std::string(batch ? "batch" : "apps") + "/v1\nkind: " + kind +
         "\nmetadata: {name: cart" + more +
         "}\nspec: {template: {metadata: {labels: {app: cart}}, " + "spec: " + pod + "}}\n";
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Settings Old() {
  Settings settings;
  settings.kube_version = "1.28";
  return settings;
}

TEST_CASE("a native sidecar goes to initContainers, and is ready before others start",
          "[policy][sidecar]") {
  const Applied applied = Apply(Sidecar(kAgent), kCart);
  CHECK(applied.errors == Strings{});
  CHECK(Has(applied.text, R"(      - name: migrate # before the app
      - name: agent
        image: acme/agent:1
        restartPolicy: Always
        readinessProbe:
          httpGet:
            path: /
            port: 1
          successThreshold: 2
        startupProbe:
          httpGet:
            path: /
            port: 1
      containers:
)"));
  CHECK(Has(applied.text, "  annotations:\n    cloudlab.dev/managed-by: agent\n"));
}

TEST_CASE("a classic sidecar is appended to containers", "[policy][sidecar]") {
  const Applied applied = Apply(Sidecar(kAgent), kCart, Old());
  CHECK(applied.errors == Strings{});
  CHECK(Has(applied.text, "      - name: app\n        image: cart:1\n      - name: agent\n"));
  CHECK_FALSE(Has(applied.text, "startupProbe"));
  CHECK_FALSE(Has(applied.text, "default-container"));
}

TEST_CASE("only an explicit before moves a classic sidecar to the front, and kubectl is told",
          "[policy][sidecar]") {
  const Applied applied =
      Apply(Sidecar(std::string(kContainer) + "  order: {before: [app]}\n"), kCart, Old());
  CHECK(applied.errors == Strings{});
  CHECK(Has(applied.text, "      containers:\n      - name: agent\n"));
  CHECK(Has(applied.text, "kubectl.kubernetes.io/default-container: app\n"));
}

TEST_CASE("order among the init containers", "[policy][sidecar]") {
  const auto order = [](const std::string& wish) {
    const Applied applied =
        Apply(Sidecar(std::string(kContainer) + "  order: " + wish + "\n"), kCart);
    if (!applied.errors.empty()) return applied.errors.front();
    std::string names;
    for (const char* name : {"mesh", "agent", "migrate"}) {
      names += std::to_string(applied.text.find(std::string("- name: ") + name)) + " ";
    }
    const std::size_t agent = applied.text.find("- name: agent");
    if (agent < applied.text.find("- name: mesh")) return std::string("first");
    return std::string(agent < applied.text.find("- name: migrate") ? "middle" : "last");
  };
  CHECK(order("{}") == "last");
  CHECK(order("{position: First}") == "first");
  CHECK(order("{position: BeforeApp}") == "middle");
  CHECK(order("{before: [migrate]}") == "middle");
  CHECK(order("{position: First, after: [mesh, absent]}") == "middle");
  CHECK(order("{before: [app]}") == "last");
  CHECK(order("{after: [migrate], before: [mesh]}") ==
        "CL-A-ORDER container agent has no place: it shall start after migrate and before mesh, "
        "which start the other way round");
  CHECK(order("{after: [app]}")
            .starts_with("CL-A-ORDER container agent has no place: it shall "
                         "start after app, but a native sidecar"));
}

TEST_CASE("several policies order their containers among each other", "[policy][sidecar]") {
  const std::string a = Sidecar("  container: {name: a, image: i}\n  order: {after: [b]}\n", "p-a");
  const std::string b = Sidecar("  container: {name: b, image: i}\n", "p-b");
  const std::string c =
      Sidecar("  container: {name: c, image: i}\n  order: {position: First}\n", "p-c");
  for (const std::string& stream :
       {std::string(kCart), OneLine("Deployment", "{containers: [{name: app}]}")}) {
    const Applied applied = Apply(a + b + c, stream);
    CHECK(applied.errors == Strings{});
    CHECK(applied.text.find("name: c") < applied.text.find("name: b"));
    CHECK(applied.text.find("name: b") < applied.text.find("name: a\n"));
    CHECK(Has(applied.text, "p-c,p-b,p-a"));
  }
  const std::string cycle =
      Sidecar("  container: {name: b, image: i}\n  order: {after: [a]}\n", "p-b");
  CHECK(Apply(a + cycle, kCart).errors.front().find("CL-A-ORDER-CYCLE") != std::string::npos);
}

TEST_CASE("a container of the chart keeps what it says", "[policy][sidecar]") {
  const std::string stream = OneLine(
      "Deployment",
      "{containers: [{name: app}, {name: agent, image: auto, args: [x], env: [{name: A, value: "
      "chart}], resources: {limits: {memory: 1Gi}}}]}");
  const std::string policy = Sidecar(
      "  container: {name: agent, image: 'acme/agent:1', args: [y], tty: true, env: [{name: A, "
      "value: policy}, {name: B, value: b}], resources: {requests: {cpu: 50m, memory: 64Mi}}}\n");
  const Applied applied = Apply(policy, stream);
  CHECK(applied.errors == Strings{});
  const std::string at = "spec.template.spec.containers[name=agent].";
  CHECK(applied.rows == Strings{at + "image: auto -> acme/agent:1", at + "tty:  -> true",
                                at + "env[name=B]:  -> {name: B, value: b}",
                                at + "resources.requests.cpu:  -> 50m"});
  CHECK(applied.skips ==
        Strings{"CL-A-KEPT container agent is the chart's; it keeps its args, env"});
  CHECK_FALSE(Has(applied.text, "managed-by"));
}

TEST_CASE("conflicts of single fields", "[policy][sidecar]") {
  const std::string stream =
      OneLine("Deployment", "{containers: [{name: app}, {name: agent, image: old, args: [x]}]}");
  const std::string head = "  container: {name: agent, image: new, args: [y]}\n";
  const Applied merged = Apply(Sidecar(head + "  conflicts: {container.image: Merge}\n"), stream);
  CHECK(merged.rows == Strings{"spec.template.spec.containers[name=agent].image: old -> new"});
  const Applied failed = Apply(Sidecar(head + "  conflicts: {container.args: Fail}\n"), stream);
  CHECK(failed.errors.front().starts_with("CL-A-CONFLICT args of container agent differs"));
}

TEST_CASE("our own container follows the policy", "[policy][sidecar]") {
  const std::string v1 = Sidecar(
      "  container: {name: agent, image: 'a:1', args: [x], tty: true, resources: {requests: {cpu: "
      "1000m}}}\n");
  const std::string v2 = Sidecar(
      "  container: {name: agent, image: 'a:2', args: [z], resources: "
      "{requests: {cpu: 1000m, memory: 1Gi}}}\n");
  const Applied first = Apply(v1, kCart);
  const Applied second = Apply(v2, first.text);
  const std::string at = "spec.template.spec.initContainers[name=agent].";
  CHECK(second.rows == Strings{at + "image: a:1 -> a:2", at + "args: [x] -> [z]",
                               at + "resources.requests.memory:  -> 1Gi", at + "tty: true -> "});
  CHECK(Apply(v2, kCart).text == second.text);
  // Another kind of sidecar: it moves to the other list.
  const Applied moved = Apply(v2, second.text, Old());
  CHECK(moved.text.find("name: agent") > moved.text.find("name: app"));
}

TEST_CASE("a container that its policy renamed stays, and that is said", "[policy][sidecar]") {
  const Applied before = Apply(Sidecar("  container: {name: agent, image: i}\n"), kCart);
  const Applied after = Apply(Sidecar("  container: {name: agent2, image: i}\n"), before.text);
  CHECK(after.errors == Strings{});
  CHECK(Has(after.text, "name: agent\n"));
  CHECK(Has(after.text, "name: agent2\n"));
  REQUIRE(after.notes.size() == 1);
  CHECK(after.notes.front().starts_with("CL-A-RENAMED an earlier run put a container"));
}

TEST_CASE("what is not selected any more is taken back", "[policy][sidecar]") {
  const std::string rest =
      "  volumes: [{name: v, emptyDir: {}}]\n  env: [{name: E, value: '1'}]\n"
      "  podAnnotations: {x/y: 'true'}\n";
  const std::string with_mount =
      "  container: {name: agent, image: i, volumeMounts: [{name: v, "
      "mountPath: /v}]}\n";
  const Applied first = Apply(Sidecar(with_mount + rest), kCart);
  REQUIRE(first.errors == Strings{});
  const Applied back =
      Apply(Sidecar(with_mount + rest + "  exclude: {any: [{names: [cart]}]}\n"), first.text);
  CHECK(back.errors == Strings{});
  CHECK(back.text == kCart);
}

TEST_CASE("volumes, variables and mounts around it", "[policy][sidecar]") {
  const std::string policy = Sidecar(
      std::string(kContainer) +
      "  volumes: [{name: config, configMap: {name: '{{workload}}-agent'}}]\n"
      "  env:\n  - {name: URL, value: 'http://localhost:1'}\n"
      "  - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}, containers: {types: "
      "[Init]}}\n");
  const Applied applied = Apply(policy, kCart);
  CHECK(applied.errors == Strings{});
  CHECK(
      Has(applied.text, "- name: app\n        image: cart:1\n        env:\n        - name: URL\n"));
  CHECK(
      Has(applied.text, "- name: migrate # before the app\n        env:\n        - name: NODE\n"));
  CHECK(Has(applied.text,
            "      volumes:\n      - name: config\n        configMap:\n"
            "          name: cart-agent\n"));
  const std::string other =
      OneLine("Deployment",
              "{volumes: [{name: config, emptyDir: {}}], containers: [{name: app, env: "
              "[{name: URL, value: chart}]}]}");
  const Applied clash = Apply(policy, other);
  CHECK(clash.errors ==
        Strings{"CL-A-CLASH-VOLUME the chart has another volume of the name config"});
  const Applied kept = Apply(policy + "  conflicts: {volumes: Keep}\n", other);
  CHECK(kept.errors == Strings{});
  CHECK(kept.skips == Strings{"CL-A-KEPT volume config stays as the chart says",
                              "CL-A-CLASH-ENV variable URL of container app stays as the chart "
                              "says"});
}

TEST_CASE("clashes", "[policy][sidecar]") {
  const auto clash = [](const std::string& container, const std::string& pod,
                        const std::string& more = {}) {
    const Applied applied =
        Apply(Sidecar("  container: {name: agent, image: i, " + container + "}\n" + more),
              OneLine("Deployment", pod));
    return applied.errors.empty() ? std::string() : applied.errors.front();
  };
  const std::string app = "{containers: [{name: app, ports: [{name: web, containerPort: 80}]}]}";
  CHECK(clash("ports: [{containerPort: 80}]", app) ==
        "CL-A-CLASH-PORT port 80/TCP of container agent is taken by container app");
  CHECK(clash("ports: [{containerPort: 80, protocol: UDP}]", app).empty());
  CHECK(clash("ports: [{name: web, containerPort: 81}]", app)
            .starts_with("CL-A-CLASH-PORT the port name web"));
  CHECK(clash("volumeMounts: [{name: v, mountPath: /v}]", app) ==
        "CL-A-NO-VOLUME container agent mounts volume v, which the pod does not have");
  CHECK(clash("volumeMounts: [{name: v, mountPath: /v}, {name: w, mountPath: /v}]", app,
              "  volumes: [{name: v, emptyDir: {}}, {name: w, emptyDir: {}}]\n")
            .starts_with("CL-A-CLASH-MOUNT"));
  CHECK(clash("securityContext: {runAsUser: 7, capabilities: {add: [NET_ADMIN]}}",
              "{securityContext: {runAsUser: 7}, containers: [{name: app}]}")
            .starts_with("CL-A-CLASH-USER the pod runs as user 7"));
  const Applied two = Apply(Sidecar(kContainer, "p1") + Sidecar(kContainer, "p2"), kCart);
  CHECK(two.errors.front() == "CL-A-CLASH-CONTAINER another policy brings a container agent too");
}

TEST_CASE("a mount for the chart's containers needs a volume too", "[policy][sidecar]") {
  const auto with = [](const std::string& more, const std::string& pod) {
    return Apply(Sidecar("  volumeMounts: [{name: v, mountPath: /v}]\n" + more),
                 OneLine("Deployment", pod))
        .errors;
  };
  const std::string app = "{containers: [{name: app}]}";
  CHECK(with("", app) ==
        Strings{"CL-A-NO-VOLUME container app would mount volume v, which the pod does not have"});
  CHECK(with("  volumes: [{name: v, emptyDir: {}}]\n", app) == Strings{});
  CHECK(with("", "{volumes: [{name: v}], containers: [{name: app}]}") == Strings{});
  CHECK(with("", "{initContainers: [{name: init}]}") == Strings{});  // Nobody mounts it.
}

TEST_CASE("pods that are left alone", "[policy][sidecar]") {
  const std::string mesh = Sidecar("  presets: [{name: istio-proxy, inject: true}]\n");
  const std::string host = OneLine("DaemonSet", "{hostNetwork: true, containers: [{name: app}]}");
  CHECK(Apply(mesh, host).skips.front().starts_with("CL-A-HOST-NETWORK"));
  CHECK_FALSE(Apply(Sidecar(kContainer), host).rows.empty());
  Settings system;
  system.ns = "kube-system";
  CHECK(
      Apply(Sidecar(kContainer), kCart, system).skips.front().starts_with("CL-A-SYSTEM-NAMESPACE"));
  const std::string asks = OneLine("Deployment", "{containers: [{name: app}]}",
                                   ", annotations: {inject.cloudlab.dev/agent: enabled}");
  CHECK_FALSE(Apply(Sidecar(kContainer), asks, system).rows.empty());
}

TEST_CASE("a classic sidecar in a Job is refused", "[policy][sidecar]") {
  const std::string job = OneLine("Job", "{containers: [{name: app}]}");
  CHECK(Apply(Sidecar(kContainer), job, Old()).errors.front().starts_with("CL-A-JOB"));
  const Applied native = Apply(Sidecar(kContainer), job);
  CHECK(native.errors == Strings{});
  CHECK(native.notes.front().starts_with("CL-G-IMMUTABLE"));
  CHECK(Apply(Sidecar(std::string(kContainer) + "  mode: Native\n"), kCart, Old())
            .errors.front()
            .starts_with("CL-A-NATIVE-VERSION"));
}

TEST_CASE("a proxy that others inject must end with the Job", "[policy][sidecar]") {
  const std::string job = OneLine("Job", "{containers: [{name: app}]}");
  const auto said = [&](const std::string& preset, const Settings& settings = {},
                        const std::string& more = {}) {
    const Applied applied =
        Apply(Sidecar("  presets: [{name: " + preset + "}]\n" + more), job, settings);
    for (const Strings& lines : {applied.errors, applied.notes}) {
      for (const std::string& line : lines) {
        if (line.starts_with("CL-A-JOB")) return line;
      }
    }
    return std::string();
  };
  CHECK(said("istio-proxy, inject: true") ==
        "CL-A-JOB-PROXY istio-proxy may keep the pods of this Job from ever completing");
  CHECK(said("istio-proxy, inject: true, nativeSidecar: true").empty());
  CHECK(said("istio-proxy, inject: false").empty());
  CHECK(said("istio-proxy, inject: true, nativeSidecar: false") ==
        "CL-A-JOB istio-proxy keeps the pods of a Job from ever completing: it shall be no native "
        "sidecar");
  CHECK(said("istio-proxy, inject: true, nativeSidecar: true", Old()) ==
        "CL-A-JOB istio-proxy keeps the pods of a Job from ever completing: Kubernetes 1.28 has no "
        "native sidecars");
  CHECK(said("linkerd-proxy").starts_with("CL-A-JOB-PROXY linkerd-proxy"));
  CHECK(said("linkerd-proxy", {},
             "  podAnnotations: {config.beta.linkerd.io/proxy-enable-native-sidecar: enabled}\n")
            .empty());
  CHECK(said("dapr, appId: a").starts_with("CL-A-JOB-PROXY daprd"));
  CHECK(said("vault-agent, role: r").starts_with("CL-A-JOB-PROXY vault-agent"));
  CHECK(said("vault-agent, role: r, prePopulateOnly: true").empty());
}

TEST_CASE("an autoscaled workload wants a request", "[policy][sidecar]") {
  const std::string stream =
      std::string(kCart) +
      "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\n"
      "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}}\n";
  CHECK(Apply(Sidecar(kContainer), stream).notes.front().starts_with("CL-A-NO-REQUEST"));

  const auto notes = [](const std::string& metric, const std::string& annotations = "{}") {
    const std::string scaler =
        "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h, "
        "annotations: " +
        annotations +
        "}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}, metrics: "
        "[{" +
        metric + "}]}\n";
    Strings found;
    for (const std::string& note : Apply(Sidecar(kContainer), kCart + scaler).notes) {
      if (note.starts_with("CL-A-NO-REQUEST")) found.push_back(note);
    }
    return found;
  };
  const std::string share = ", target: {type: Utilization, averageUtilization: 80}}";
  const std::string of_pod = "type: Resource, resource: {name: cpu";
  const std::string of_container = "type: ContainerResource, containerResource: {name: cpu";
  CHECK(notes(of_pod + share).size() == 1);
  CHECK(notes("type: Resource, resource: {name: memory" + share).size() == 1);
  CHECK(notes(of_container + ", container: agent" + share).size() == 1);
  // What it measures needs no request of ours.
  CHECK(notes(of_container + ", container: app" + share) == Strings{});
  CHECK(notes(of_pod + ", target: {type: AverageValue, averageValue: 1}}") == Strings{});
  // The mark of a policy that does not run is as good as none.
  CHECK(notes(of_pod + share, "{cloudlab.dev/managed-by: scaling}").size() == 1);
}

TEST_CASE("tiers leave our sidecars alone, in this run and the next", "[policy][sidecar]") {
  const std::string tiers =
      "---\napiVersion: cloudlab.dev/v1alpha1\nkind: ResourceTierPolicy\nmetadata: {name: tiers}\n"
      "spec: {match: {any: [{kinds: [Workload]}]}, tier: small, conflictPolicy: Replace%}\n"
      "---\napiVersion: cloudlab.dev/v1alpha1\nkind: EnvironmentProfile\nmetadata: {name: "
      "production}\nspec: {tiers: {small: {requests: {cpu: 10m}, limits: {cpu: 20m}}}}\n";
  const std::string sidecar = Sidecar(
      "  mode: Container\n  container: {name: agent, image: i, resources: {requests: {cpu: "
      "50m}}}\n");
  const auto with = [&](const std::string& more) {
    std::string text = tiers;
    return text.replace(text.find('%'), 1, more) + sidecar;
  };
  const Applied plain = Apply(with(""), kCart);
  CHECK(plain.errors == Strings{});
  CHECK(Has(plain.text,
            "        image: i\n        resources:\n          requests:\n"
            "            cpu: 50m\n"));
  // A rule may size it where its policy says nothing; else the two would want different values.
  const std::string rule = ", containers: [{match: {names: [agent]}, tier: small}]";
  const Applied named = Apply(with(rule), kCart);
  CHECK(named.errors ==
        Strings{"conflict at spec.template.spec.containers[name=agent].resources.requests.cpu"});
  const Applied kept = Apply(with(rule + ", conflicts: {requests.cpu: Keep}"), kCart);
  CHECK(kept.errors == Strings{});
  CHECK(
      Has(kept.text, "requests:\n            cpu: 50m\n          limits:\n            cpu: 50m\n"));
}

}  // namespace
}  // namespace cloudlab::policy
