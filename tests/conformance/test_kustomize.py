"""Conformance with the real kustomize, alone (5.8) and in kubectl (5.5): one test per rule that its function protocols set.

Case 14 is in test_hosts.py, 21 and 22 in test_kpt.py, 24 (how the image runs) in tests/container.
"""
import json
import shutil

import pytest
import yaml

from support import paths
from support.chart import make_chart
from support.kustomize import HOSTS, as_function, write_tree
from support.manifests import containers, find, identity, objects, pod_template
from support.normalise import normalise

COMPONENTS = paths.TOP / "kustomize/components"
CAPABILITIES = sorted(folder.name for folder in COMPONENTS.iterdir() if folder.is_dir())

CART = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart}
spec:
  replicas: 3
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      containers:
      - name: cart
        image: registry.example/cart:1.0
        ports: [{containerPort: 8080}]
        env:
        - {name: VALKEY_ADDR, value: "valkey:6379"}
        - {name: DB_PASSWORD, value: Tidal-Marsh-42}
        - {name: MOTTO, valueFrom: {configMapKeyRef: {name: motto, key: motto}}}
---
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {selector: {app: cart}, ports: [{port: 80, targetPort: 8080}]}
"""

VALKEY = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: valkey}
spec:
  serviceName: valkey
  selector: {matchLabels: {app: valkey}}
  template:
    metadata: {labels: {app: valkey}}
    spec:
      containers: [{name: valkey, image: "registry.example/valkey:8.1", ports: [{containerPort: 6379}]}]
---
apiVersion: v1
kind: Service
metadata: {name: valkey}
spec: {clusterIP: None, selector: {app: valkey}, ports: [{port: 6379}]}
"""

BASE = "resources: [cart.yaml, valkey.yaml]\nconfigMapGenerator: [{name: motto, literals: [motto=open]}]\n"

# An agent that reads the generated ConfigMap of the base by its name there.
AGENT = """\
apiVersion: cloudlab.dev/v1alpha1
kind: SidecarPolicy
metadata:
  name: agent
spec:
  match: {any: [{kinds: [Deployment]}]}
  mode: Container
  container:
    name: agent
    image: registry.example/agent:1.0
    env: [{name: MOTTO, valueFrom: {configMapKeyRef: {name: motto, key: motto}}}]
    resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 16Mi}}
"""

VALIDATE = """\
apiVersion: cloudlab.dev/v1alpha1
kind: Pipeline
metadata:
  name: validate
spec:
  mode: Validate
  policies:
""" + "".join(f"  {'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(AGENT.splitlines()))


@pytest.fixture(params=HOSTS)
def host(request):
    return request.param


@pytest.fixture
def on(host, request):
    """The kustomize that can run functions of this host."""
    return request.getfixturevalue("kustomize_with_docker" if host == "container" else "kustomize")


@pytest.fixture
def shop(tmp_path):
    """A base, for overlays beside it; and the components, as people have them in their repository."""
    shutil.copytree(COMPONENTS, tmp_path / "repository/components")
    return write_tree(tmp_path / "repository", {"base/cart.yaml": CART, "base/valkey.yaml": VALKEY, "base/kustomization.yaml": BASE})


def named(stream, kind):
    return sorted(each["metadata"]["name"] for each in objects(stream) if each["kind"] == kind)


def variables(container):
    return {each["name"]: each for each in container["env"]}


def motto_of(container):
    return variables(container)["MOTTO"]["valueFrom"]["configMapKeyRef"]["name"]


@pytest.mark.parametrize("host", ["legacy", "container"])
def test_case_15_kubectl(host, on, shop):
    """kubectl 1.32 has kustomize 5.5, which knows no `args` and `envs` in the annotation, and no --enable-exec."""
    write_tree(shop, {"agent/agent.yaml": as_function(AGENT, host), "agent/kustomization.yaml": "resources: [../base]\ntransformers: [agent.yaml]\n"})
    stream = on.kubectl(shop / "agent")
    assert containers(find(stream, "Deployment", "cart")) == ["cart", "agent"]
    assert stream.rstrip() == on.build(shop / "agent", host).rstrip()


@pytest.mark.parametrize("name", CAPABILITIES)
def test_case_15_kubectl_runs_every_function_as_a_legacy_plugin(name, shop, kustomize):
    """A patch takes the annotation away; what is left is a document that every kubectl since 1.21 hands to a plugin."""
    write_tree(shop, {"function/kustomization.yaml": f"""\
resources: [../components/{name}/function]
patches:
- target: {{kind: Pipeline}}
  patch: |-
    - op: remove
      path: /metadata/annotations
""", "shop/kustomization.yaml": "resources: [../base]\ntransformers: [../function]\n"})
    assert kustomize.kubectl(shop / "shop") != kustomize.kubectl(shop / "base")


def test_case_16_hash_suffix_survives(host, on, shop):
    """The suffix of a generated ConfigMap, the prefix, and every reference to it: those of the chart, and those that we bring."""
    write_tree(shop, {"agent/agent.yaml": as_function(AGENT, host), "agent/kustomization.yaml": "namePrefix: dev-\nresources: [../base]\ntransformers: [agent.yaml]\n"})
    stream = on.build(shop / "agent", host)
    [motto] = named(stream, "ConfigMap")
    assert motto.startswith("dev-motto-") and len(motto) == len("dev-motto-") + 10
    cart = find(stream, "Deployment", "dev-cart")
    assert containers(cart) == ["cart", "agent"]
    assert [motto_of(container) for container in pod_template(cart)["spec"]["containers"]] == [motto, motto]


def test_case_16_a_generated_secret_becomes_a_reference(shop, kustomize):
    """Its ExternalSecret takes over the suffix, too: object, target and reader have one name."""
    write_tree(shop, {"shop/cart.yaml": CART.replace("{name: DB_PASSWORD, value: Tidal-Marsh-42}", "{name: DB, valueFrom: {secretKeyRef: {name: creds, key: password}}}"),
                      "shop/kustomization.yaml": """\
namePrefix: dev-
resources: [cart.yaml]
configMapGenerator: [{name: motto, literals: [motto=open]}]
secretGenerator: [{name: creds, literals: [password=Tidal-Marsh-42]}]
components: [../components/secrets]
"""})
    stream = kustomize.build(shop / "shop")
    [secret] = named(stream, "ExternalSecret")
    kustomization = shop / "shop/kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("Tidal-Marsh-42", "Another-Tide-43"))
    assert kustomize.build(shop / "shop") == stream, "the suffix tells of the password"
    assert secret.startswith("dev-creds-") and named(stream, "Secret") == [] and b"Tidal" not in stream
    assert find(stream, "ExternalSecret", secret)["spec"]["target"]["name"] == secret
    [cart] = pod_template(find(stream, "Deployment", "dev-cart"))["spec"]["containers"]
    assert variables(cart)["DB"]["valueFrom"]["secretKeyRef"]["name"] == secret


def test_case_16_nothing_of_kustomize_is_left(host, on, shop):
    write_tree(shop, {"agent/agent.yaml": as_function(AGENT, host), "agent/kustomization.yaml": "resources: [../base]\ntransformers: [agent.yaml]\n"})
    stream = on.build(shop / "agent", host)
    for word in b"internal.config", b"config.kubernetes.io", b"config.k8s.io", b"kustomize.config":
        assert word not in stream


OVERLAY = """\
namePrefix: dev-
namespace: shop-dev
labels: [{pairs: {team: web}, includeSelectors: true}]
resources: [../shop]
"""


def test_case_17_overlays_reach_everything_that_was_made(shop, kustomize):
    """An overlay over a base with all five: names, namespace and labels follow in autoscalers, budgets, network policies and references."""
    write_tree(shop, {"shop/kustomization.yaml": "resources: [../base]\ncomponents: [../components/all-five]\n", "overlay/kustomization.yaml": OVERLAY})
    stream = kustomize.build(shop / "overlay")
    cart = find(stream, "Deployment", "dev-cart")

    assert {each["metadata"]["namespace"] for each in objects(stream)} == {"shop-dev"}
    assert all(each["metadata"]["name"].startswith("dev-") for each in objects(stream))
    assert find(stream, "HorizontalPodAutoscaler", "dev-cart")["spec"]["scaleTargetRef"]["name"] == "dev-cart"
    assert find(stream, "VerticalPodAutoscaler", "dev-cart")["spec"]["targetRef"]["name"] == "dev-cart"
    selector = cart["spec"]["selector"]["matchLabels"]
    assert selector == {"app": "cart", "team": "web"}
    assert find(stream, "PodDisruptionBudget", "dev-cart")["spec"]["selector"]["matchLabels"] == selector
    policy = find(stream, "NetworkPolicy", "dev-cart")["spec"]
    assert policy["podSelector"]["matchLabels"] == selector
    peers = [peer["podSelector"]["matchLabels"] for rule in policy["egress"] for peer in rule.get("to", []) if "namespaceSelector" not in peer]
    assert peers == [{"app": "valkey", "team": "web"}]
    assert not any("podSelector" in peer for rule in policy["egress"] for peer in rule.get("to", []) if "namespaceSelector" in peer)

    template = pod_template(cart)["spec"]
    [volume] = template["volumes"]
    assert volume["configMap"]["name"] == "dev-cart-log-agent" in named(stream, "ConfigMap")
    secret = variables(template["containers"][0])["DB_PASSWORD"]["valueFrom"]["secretKeyRef"]["name"]
    assert secret == "dev-cart-secrets" == find(stream, "ExternalSecret", secret)["spec"]["target"]["name"]


def test_case_17_one_set_of_name_references():
    """Components that share what they make share the configuration, word for word: kustomize lets none include a file of another one."""
    parts = {name: yaml.safe_load((COMPONENTS / name / "name-references.yaml").read_text())["nameReference"] for name in ("autoscaling", "secrets", "all-five")}
    assert parts["all-five"] == parts["autoscaling"] + parts["secrets"]


@pytest.mark.parametrize("placement", ["components: [../components/{}]", "transformers: [../components/{}/function]"])
@pytest.mark.parametrize("name", CAPABILITIES)
def test_case_18_both_placements_build(name, placement, shop, kustomize):
    write_tree(shop, {"shop/kustomization.yaml": "resources: [../base]\n" + placement.format(name) + "\n"})
    stream = kustomize.build(shop / "shop")
    made = {"HorizontalPodAutoscaler", "VerticalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "ExternalSecret"} & {kind for kind, _ in map(identity, objects(stream))}
    scaling = {"HorizontalPodAutoscaler", "VerticalPodAutoscaler", "PodDisruptionBudget"}
    assert made == {"sidecar": set(), "tiers": set(), "autoscaling": scaling, "network": {"NetworkPolicy"}, "secrets": {"ExternalSecret"},
                    "all-five": scaling | {"NetworkPolicy", "ExternalSecret"}}[name]


def test_case_18_one_by_one_or_all_at_once(shop, kustomize):
    """Five components in a row make what the one with all five makes: none takes away what another one made. (But for the opening that
    the sidecar's policy asks for: the run of the network's policy does not know of it.)"""
    one_by_one = [f"../components/{name}" for name in ("secrets", "sidecar", "tiers", "autoscaling", "network")]
    write_tree(shop, {"shop/kustomization.yaml": f"resources: [../base]\ncomponents: [{', '.join(one_by_one)}]\n",
                      "all/kustomization.yaml": "resources: [../base]\ncomponents: [../components/all-five]\n"})
    apart, together = ([each for each in objects(kustomize.build(shop / folder)) if each["kind"] != "NetworkPolicy"] for folder in ("shop", "all"))
    assert sorted(map(json.dumps, apart)) == sorted(map(json.dumps, together))


def test_case_18_a_patch_adapts_the_function(shop, kustomize):
    """The function of a component is a base like any other: an overlay of it says the environment."""
    write_tree(shop, {"staging/platform/kustomization.yaml": """\
namePrefix: staging-
resources: [../../components/all-five/function]
patches:
- patch: |-
    apiVersion: cloudlab.dev/v1alpha1
    kind: Pipeline
    metadata: {name: platform}
    spec: {environment: staging}
""", "staging/kustomization.yaml": "resources: [../base]\ntransformers: [platform]\n"})
    assert find(kustomize.build(shop / "staging"), "HorizontalPodAutoscaler", "cart")["spec"]["maxReplicas"] == 2


DATA = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  annotations:
    config.kubernetes.io/function: |
      exec: {path: cloudlab-krm}
data:
  environment: production
"""


def test_case_18_settings_in_a_config_map(shop, kustomize):
    """A ConfigMap brings policies in its data, or leaves it to those among the resources, of which nothing is left in the end."""
    policy = AGENT.replace("  name: agent\n", "  name: agent\n  annotations: {config.kubernetes.io/local-config: 'true'}\n", 1)
    profile = "---\napiVersion: cloudlab.dev/v1alpha1\nkind: EnvironmentProfile\nmetadata: {name: production, annotations: {config.kubernetes.io/local-config: 'true'}}\nspec: {}\n"
    inline = DATA + "  policies: |\n" + "".join(f"    {line}\n" for line in (policy + profile).splitlines())
    write_tree(shop, {"inside/settings.yaml": inline, "inside/kustomization.yaml": "resources: [../base]\ntransformers: [settings.yaml]\n",
                      "beside/settings.yaml": DATA, "beside/policies.yaml": policy + profile,
                      "beside/kustomization.yaml": "namePrefix: dev-\nresources: [../base, policies.yaml]\ntransformers: [settings.yaml]\n"})
    inside, beside = kustomize.build(shop / "inside"), kustomize.build(shop / "beside")
    assert containers(find(inside, "Deployment", "cart")) == containers(find(beside, "Deployment", "dev-cart")) == ["cart", "agent"]
    assert b"cloudlab.dev/v1alpha1" not in inside + beside


@pytest.mark.parametrize("host", ["exec", "legacy"])
def test_case_18_names_that_a_folder_of_functions_changes(host, shop, kustomize):
    """A folder of functions with a prefix renames policies; a Pipeline finds those among the resources by the name that they were written with."""
    policy = AGENT.replace("  name: agent\n", "  name: agent\n  annotations: {config.kubernetes.io/local-config: 'true'}\n", 1)
    pipeline = "apiVersion: cloudlab.dev/v1alpha1\nkind: Pipeline\nmetadata:\n  name: platform\nspec: {policies: [agent]}\n"
    write_tree(shop, {"platform/pipeline.yaml": as_function(pipeline, host), "platform/kustomization.yaml": "namePrefix: web-\nresources: [pipeline.yaml]\n",
                      "shop/agent.yaml": policy, "shop/kustomization.yaml": "namePrefix: dev-\nresources: [../base, agent.yaml]\ntransformers: [../platform]\n"})
    stream = kustomize.build(shop / "shop", host)
    assert containers(find(stream, "Deployment", "dev-cart")) == ["cart", "agent"]
    assert named(stream, "SidecarPolicy") == []


def test_case_18_replicas_of_an_overlay(shop, kustomize, postrender):
    """`replicas` of an overlay comes after a component, and puts back what the autoscaler has to own: --check on the output says so, and where.
    Under `transformers` of that overlay the function comes last, and it does not happen."""
    replicas = "replicas: [{name: cart, count: 5}]\n"
    write_tree(shop, {"shop/kustomization.yaml": "resources: [../base]\ncomponents: [../components/autoscaling]\n",
                      "first/kustomization.yaml": f"resources: [../shop]\n{replicas}",
                      "last/kustomization.yaml": f"resources: [../base]\n{replicas}transformers: [../components/autoscaling/function]\n"})
    check = "--config", COMPONENTS / "autoscaling/function/pipeline.yaml", "--check"
    first = postrender(kustomize.build(shop / "first"), *check)
    assert first.code == 1 and "Deployment/cart: spec.replicas: 5 -> (nothing) (app-scaling)" in first.stderr
    last = kustomize.build(shop / "last")
    assert "replicas" not in find(last, "Deployment", "cart")["spec"]
    assert postrender(last, *check).code == 0


@pytest.fixture
def validated(shop, host):
    """A shop whose output is validated, before and after the sidecar is there."""
    good = "resources: [../base]\ntransformers: [agent.yaml]\nvalidators: [validate.yaml]\n"
    for folder, kustomization in ("good", good), ("bad", good.replace("transformers: [agent.yaml]\n", "")):
        write_tree(shop / folder, {"agent.yaml": as_function(AGENT, host), "validate.yaml": as_function(VALIDATE, host), "kustomization.yaml": kustomization})
    return shop


def test_case_19_a_validator_passes_what_is_right(host, on, validated):
    """The same objects as without it; kustomize fails whatever else a validator writes ("shouldn't modify the resource map")."""
    write_tree(validated, {"plain/agent.yaml": as_function(AGENT, host), "plain/kustomization.yaml": "resources: [../base]\ntransformers: [agent.yaml]\n"})
    assert on.build(validated / "good", host) == on.build(validated / "plain", host)


def test_case_19_a_validator_behind_other_functions(host, on, validated):
    """What passed through a function carries the path of a file from then on; what did not, and what is generated, carries none."""
    write_tree(validated, {"plain/agent.yaml": as_function(AGENT, host), "plain/kustomization.yaml": "resources: [../base]\ntransformers: [agent.yaml]\n",
                           "mixed/other.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n", "mixed/validate.yaml": as_function(VALIDATE, host),
                           "mixed/kustomization.yaml": "resources: [../plain, other.yaml]\nconfigMapGenerator: [{name: made, literals: [a=b]}]\n"
                                                       "validators: [validate.yaml]\n"})
    assert len(objects(on.build(validated / "mixed", host))) == len(objects(on.build(validated / "plain", host))) + 2


def test_case_19_a_validator_stops_what_is_wrong(host, on, validated):
    """Exit code 1, and the reason: object and field."""
    done = on.try_build(validated / "bad", host)
    assert done.returncode == 1 and done.stdout == b""
    assert b"Deployment/cart: spec.template.spec.containers[name=agent]: (nothing)" in done.stderr
    assert b"modify the resource map" not in done.stderr


@pytest.mark.parametrize("host", ["legacy", "container"])
def test_case_19_kubectl_validates(validated, on):
    assert on.run("kubectl", "kustomize", "--enable-alpha-plugins", validated / "good").returncode == 0
    assert on.run("kubectl", "kustomize", "--enable-alpha-plugins", validated / "bad").returncode == 1


BROKEN = AGENT.replace("  container:\n", "  contaner: {}\n  container:\n")


def test_case_23_an_error_fails_the_build(host, on, shop):
    """kustomize shows no results; what counts are exit code and stderr."""
    write_tree(shop, {"agent/agent.yaml": as_function(BROKEN, host), "agent/kustomization.yaml": "resources: [../base]\ntransformers: [agent.yaml]\n"})
    done = on.try_build(shop / "agent", host)
    assert done.returncode == 1 and done.stdout == b""
    assert b"contaner" in done.stderr


# The plain scalars of YAML that readers disagree about, as values of a ConfigMap (which no policy is for) and in text that a policy writes.
SCALARS = ["y", "no", "On", "0777", "0o7", "1_000", "1e3", "1:20", ".5", "08", "~", "null", "=", "2001-01-01", "0x1F", "+1", "", " a", "a ", "a: b", "a #b", "- a", "<<", "!x", "&x", "*x", "@x", "%x", "'"]


def test_case_25_what_we_write_is_read_as_the_same_text_everywhere(shop, kustomize, helm3, helm4):
    """Each of these is a string in the policy; whoever reads our output must find that string."""
    env = [{"name": f"S{number}", "value": value} for number, value in enumerate(SCALARS)]
    policy = yaml.safe_load(AGENT)
    policy["spec"]["container"]["env"] = env
    text = json.dumps(policy, indent=1)
    config = shop / "config.json.yaml"
    config.write_text(text)
    function = json.loads(text)
    function["metadata"]["annotations"] = {"config.kubernetes.io/function": "exec: {path: cloudlab-krm}"}
    write_tree(shop, {"agent/agent.yaml": json.dumps(function), "agent/kustomization.yaml": "resources: [../base]\ntransformers: [agent.yaml]\n"})
    chart = make_chart(shop / "chart", {"cart.yaml": CART})

    streams = {"kustomize": kustomize.build(shop / "agent"), "helm3": helm3.template(chart, config=config), "helm4": helm4.template(chart, config=config)}
    write_tree(shop, {"read/all.yaml": streams["helm3"], "read/kustomization.yaml": "resources: [all.yaml]\n"})
    streams["helm3, read by kubectl"] = kustomize.kubectl(shop / "read")
    for reader, stream in streams.items():
        agent = pod_template(find(stream, "Deployment", "cart"))["spec"]["containers"][1]
        assert [each["value"] for each in agent["env"]] == SCALARS, reader


def test_case_25_what_we_do_not_own_keeps_its_meaning(shop, kustomize):
    """kustomize prints scalars its own way; the function between its reading and its printing changes none of them."""
    values = "\n".join(f"  k{number}: {value}" for number, value in enumerate(["y", "no", "0777", "0o7", "1_000", "1e3", "1:20", ".5", "08", "~", "=", "0x1F", "'0777'", "\"yes\"", "|\n    a\n\n    b", ">-\n    a\n    b"]))
    write_tree(shop, {"plain/odd.yaml": f"apiVersion: example.org/v1\nkind: Odd\nmetadata: {{name: odd}}\nspec:\n{values}\n", "plain/kustomization.yaml": "resources: [../base, odd.yaml]\n",
                      "agent/agent.yaml": as_function(AGENT), "agent/kustomization.yaml": "resources: [../plain]\ntransformers: [agent.yaml]\n"})
    plain, edited = (kustomize.build(shop / folder).split(b"---\n") for folder in ("plain", "agent"))
    [odd] = [text for text in plain if b"kind: Odd" in text]
    assert odd in edited


LIST = """\
apiVersion: v1
kind: List
items:
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: x}]}}}}
---
apiVersion: apps/v1
kind: DeploymentList
items:
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: b}, spec: {selector: {matchLabels: {app: b}}, template: {metadata: {labels: {app: b}}, spec: {containers: [{name: b, image: x}]}}}}
---
apiVersion: v1
kind: ConfigMapList
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {c: d}}
"""


def test_case_27_items_of_lists(shop, kustomize, helm3, helm4):
    """Helm hands lists out as they are, kustomize takes them apart: every workload in them gets the sidecar, everywhere."""
    write_tree(shop, {"config.yaml": AGENT, "list/all.yaml": LIST, "list/agent.yaml": as_function(AGENT), "list/kustomization.yaml": "resources: [all.yaml]\ntransformers: [agent.yaml]\n"})
    chart = make_chart(shop / "chart", {"all.yaml": LIST})
    for stream in kustomize.build(shop / "list"), helm3.template(chart, config=shop / "config.yaml"), helm4.template(chart, config=shop / "config.yaml"):
        items = [item for each in objects(stream) for item in each.get("items", [each])]
        assert {each["metadata"]["name"]: containers(each) for each in items if each["kind"] == "Deployment"} == {"a": ["a", "agent"], "b": ["b", "agent"]}
        assert [each["data"] for each in items if each["kind"] == "ConfigMap"] == [{"c": "d"}]


@pytest.mark.parametrize("program", ["kustomize", "kubectl"])
def test_case_28_a_function_that_was_not_run(program, shop, kustomize, postrender):
    """Without --enable-exec kustomize skips the function without a word, and so does kubectl, which has no such flag: exit code 0. --check on the
    output finds out."""
    write_tree(shop, {"config.yaml": AGENT, "agent/agent.yaml": as_function(AGENT), "agent/kustomization.yaml": "resources: [../base]\ntransformers: [agent.yaml]\n"})
    skipped = kustomize.run(program, *(["build"] if program == "kustomize" else ["kustomize"]), "--enable-alpha-plugins", shop / "agent")
    assert skipped.returncode == 0 and skipped.stderr == b""
    check = postrender(skipped.stdout, "--config", shop / "config.yaml", "--check")
    assert check.code == 1 and "CL-X-DRIFT" in check.stderr


def test_case_28_the_check_passes_what_was_done(shop, kustomize, postrender):
    write_tree(shop, {"shop/kustomization.yaml": "resources: [../base]\ntransformers: [../components/all-five/function]\n"})
    check = postrender(kustomize.build(shop / "shop"), "--config", COMPONENTS / "all-five/function/pipeline.yaml", "--check")
    assert check.code == 0, check.stderr


@pytest.mark.parametrize("name", ["argo-cd", "cert-manager", "kube-prometheus", "microservices-demo", "otel-demo", "podinfo"])
def test_case_28_the_check_bears_the_order_of_kustomize(name, shop, kustomize, postrender):
    """kustomize sorts what comes out of a build: the policies make the same of it, whatever the order."""
    write_tree(shop, {"corpus/all.yaml": paths.corpus(f"{name}.yaml").read_bytes(),
                      "corpus/kustomization.yaml": "resources: [all.yaml]\ncomponents: [../components/all-five]\n"})
    check = postrender(kustomize.build(shop / "corpus"), "--config", COMPONENTS / "all-five/function/pipeline.yaml", "--check")
    assert check.code == 0, check.stderr


OWN = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: own}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}, minReplicas: 2, maxReplicas: 9, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: own}
spec: {podSelector: {matchLabels: {app: valkey}}, ingress: [{}], policyTypes: [Ingress]}
"""


@pytest.mark.parametrize("own", ["", OWN], ids=["a plain shop", "a shop with an autoscaler and a network policy"])
def test_case_29_a_second_run_changes_nothing(own, shop, kustomize):
    """The output as the resources of another kustomization with the same function, and twice the function in one kustomization."""
    write_tree(shop, {"own/own.yaml": own or "# nothing\n", "own/kustomization.yaml": "resources: [../base, own.yaml]\n" if own else "resources: [../base]\n",
                      "once/kustomization.yaml": "resources: [../own]\ntransformers: [../components/all-five/function]\n"})
    once = kustomize.build(shop / "once")
    assert len(objects(once)) > len(objects(kustomize.build(shop / "own")))
    write_tree(shop, {"again/all.yaml": once, "again/kustomization.yaml": "resources: [all.yaml]\ntransformers: [../components/all-five/function]\n",
                      "twice/kustomization.yaml": "resources: [../once]\ntransformers: [../components/all-five/function]\n"})
    assert kustomize.build(shop / "again") == once
    assert normalise(kustomize.build(shop / "twice")) == normalise(once)
