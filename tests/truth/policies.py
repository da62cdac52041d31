"""NetworkPolicies of every shape that the API has, over small random clusters or over pods that are given.

What clusters.py makes looks like charts; here fields are combined as nobody would, so that a reader that overlooks one of them says
something else. Few labels, ports and addresses, that often meet. A seed gives always the same text, and the API server would take
all of the policies.
"""
import ipaddress
import random

import yaml

from truth.clusters import manifest

LABELS = {"app": ["web", "cart", "db"], "tier": ["web", "back"], "track": ["", "back"]}
BESIDE = {"app": "tier", "tier": "track", "track": "app"}
NAMESPACES = {"team": ["a", "b"], "zone": ["inner", ""]}
HOME = "kubernetes.io/metadata.name"
PORTS = [("http", 8080), ("http", 8081), ("metrics", 9090), ("dns", 53), (None, 8080), (None, 9090), (None, 7000)]
PROTOCOLS = ["TCP", "TCP", "UDP", "SCTP"]
BLOCKS = ["10.1.0.0/16", "10.1.2.3/24", "10.1.2.77/26", "10.1.2.7/32", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8:1::/64"]
CONTRARY = {"In": "NotIn", "NotIn": "In", "Exists": "DoesNotExist", "DoesNotExist": "Exists"}
HOOK = {"helm.sh/hook": "pre-upgrade"}


def generate(seed):
    """A cluster's manifests, as YAML text. What names no namespace is in `default`."""
    rng = random.Random(f"policies {seed}")
    homes = rng.sample(["default", "shop", "ops", "lab"], rng.randint(1, 3))
    described = {name: some_labels(rng, NAMESPACES) for name in homes if rng.random() < 0.7}
    pods = [workload(rng, number, rng.choice(homes)) for number in range(rng.randint(2, 5))]
    known = [(each["metadata"]["namespace"], labels, ports) for each, labels, ports in pods]
    documents = [manifest("v1", "Namespace", name, labels={**labels, **rng.choice([{}, {}, {HOME: "a-lie"}])})
                 for name, labels in described.items()]
    documents += [each for each, _, _ in pods] + make_policies(rng, known, described, rng.randint(1, 6))
    if rng.random() < 0.5:
        rng.shuffle(documents)
    for each in documents:
        if each["metadata"].get("namespace") == "default" and rng.random() < 0.5:
            del each["metadata"]["namespace"]
        if each["kind"] != "Namespace" and rng.random() < 0.15:
            each["metadata"]["annotations"] = dict(HOOK)
    if rng.random() < 0.2:
        cut = rng.randrange(len(documents))
        documents[cut:] = [{"apiVersion": "v1", "kind": "List", "items": documents[cut:]}]
    return yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False, default_flow_style=rng.choice([True, False, None]))


def some_labels(rng, values):
    return {key: rng.choice(choice) for key, choice in values.items() if rng.random() < 0.7}


def workload(rng, number, namespace):
    """(the manifest, its pods' labels, its pods' (name, number, protocol))."""
    ports = [(*rng.choice(PORTS), rng.choice(PROTOCOLS)) for _ in range(rng.randint(0, 3))]
    cut = rng.randint(0, len(ports))
    spec = {"containers": [container("app", ports[:cut])], **rng.choice([{}] * 6 + [{"hostNetwork": False}, {"hostNetwork": True}])}
    if cut < len(ports) and rng.random() < 0.3:
        spec["containers"].append(container("mesh", ports[cut:]))
    elif cut < len(ports):
        sidecar = {**container("mesh", ports[cut:]), "restartPolicy": "Always"}
        spec["initContainers"] = [sidecar, container("setup", [("http", 8080, "TCP"), ("metrics", 9090, "UDP")])]
    labels = some_labels(rng, LABELS)
    template = {**rng.choice([{"metadata": {"labels": labels}}] * 4 + [{}]), "spec": spec}
    labels = labels if "metadata" in template else {}
    kind = rng.choice(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Pod"])
    outer = some_labels(rng, LABELS)
    if kind == "Pod":
        status = rng.choice([{}, {"status": {"podIP": "10.1.2.7"}}])
        return manifest("v1", kind, f"w{number}", namespace, labels, spec=spec, **status), labels, ports
    job = {"schedule": "0 3 * * *", "jobTemplate": {"metadata": {"labels": outer}, "spec": {"template": template}}}
    version = {"ReplicationController": "v1", "Job": "batch/v1", "CronJob": "batch/v1"}.get(kind, "apps/v1")
    return (manifest(version, kind, f"w{number}", namespace, outer, spec=job if kind == "CronJob" else {"template": template}),
            labels, ports)


def container(name, ports):
    """TCP is told, or left out."""
    given = [{**({"name": port} if port else {}), "containerPort": number,
              **({"protocol": protocol} if (number, protocol) != (9090, "TCP") else {})} for port, number, protocol in ports]
    return {"name": name, "image": "registry.example/app:1.0", **({"ports": given} if given else {})}


def make_policies(rng, pods, namespaces, count):
    """`pods` are (namespace, labels, ports), `namespaces` the labels of those that are described."""
    maker = Maker(rng, pods, namespaces)
    made = []
    for number in range(count):
        # A name that is there already replaces that policy.
        name = f"p{rng.randrange(number + 1) if rng.random() < 0.1 else number}"
        made.append(manifest("networking.k8s.io/v1", "NetworkPolicy", name, rng.choice(maker.homes), spec=maker.spec()))
    return made


class Maker:
    """Parts of policies that are about these pods more often than not."""

    def __init__(self, rng, pods, namespaces):
        self.rng = rng
        self.homes = [namespace for namespace, _, _ in pods] * 3 + ["empty"]
        self.labels = [labels for _, labels, _ in pods]
        self.home_labels = [{**namespaces.get(home, {}), HOME: home} for home in self.homes]
        self.ports = [port for _, _, ports in pods for port in ports] or [("http", 80, "TCP")]
        self.selectors = []

    def chance(self, percent):
        return self.rng.randrange(100) < percent

    def optional(self, key, value, percent):
        """The field, or one of the ways to leave it out."""
        return {key: value} if self.chance(percent) else self.rng.choice([{}, {}, {key: None}])

    def spec(self):
        types = self.rng.choice([["Ingress"], ["Egress"], ["Ingress", "Egress"], ["Egress", "Ingress"], []])
        return {**self.optional("podSelector", self.pod_selector(), 90), **self.optional("policyTypes", types, 70),
                **self.optional("ingress", self.rules("from"), 70), **self.optional("egress", self.rules("to"), 60)}

    def pod_selector(self):
        """Often one that another policy has, too, or one that looks much like it: with contrary operators or on other keys."""
        if not self.selectors or self.chance(60):
            self.selectors.append(self.selector(self.labels))
        selector, other = self.rng.choice(self.selectors), self.rng.choice([*[{}] * 6, CONTRARY, BESIDE, BESIDE])
        exchange = lambda word: other.get(word, word)
        return {"matchLabels": {exchange(key): value for key, value in selector.get("matchLabels", {}).items()},
                "matchExpressions": [{**each, "key": exchange(each["key"]), "operator": exchange(each["operator"])}
                                     for each in selector.get("matchExpressions", [])]}

    def selector(self, among):
        """Of the labels that one of these has, and sometimes of one that it has not."""
        pairs = sorted(self.rng.choice(among).items())
        words = sorted({pair for labels in among for pair in labels.items()} | {("app", "nobody")})
        selector = {}
        if self.chance(50):
            chosen = self.rng.sample(pairs, self.rng.randint(0, min(2, len(pairs))))
            selector["matchLabels"] = dict(chosen + [self.rng.choice(words)] * self.chance(10))
        if self.chance(45):
            selector["matchExpressions"] = [self.expression(pairs, words) for _ in range(self.rng.choice([0, 1, 1, 1, 2]))]
        return selector

    def expression(self, pairs, words):
        key, value = self.rng.choice(pairs if pairs and self.chance(70) else words)
        operator = self.rng.choice(["In", "In", "NotIn", "Exists", "DoesNotExist"])
        values = [value] * self.chance(70) + [word for _, word in self.rng.sample(words, 1)]
        return {"key": key, "operator": operator,
                **({"values": values} if operator.endswith("In") else self.rng.choice([{}, {}, {"values": []}, {"values": None}]))}

    def rules(self, peers):
        return [{**self.optional(peers, [self.peer() for _ in range(self.rng.choice([0, 1, 1, 1, 2, 3]))], 85),
                 **self.optional("ports", [self.port() for _ in range(self.rng.choice([0, 1, 1, 2]))], 55)}
                for _ in range(self.rng.choice([0, 1, 1, 2]))]

    def peer(self):
        pods, namespaces = {"podSelector": self.selector(self.labels)}, {"namespaceSelector": self.selector(self.home_labels)}
        nulls = {"namespaceSelector": None, "ipBlock": None}
        return self.rng.choice([pods, namespaces, {**pods, **namespaces}, {"ipBlock": self.block()}, {**pods, **nulls}])

    def block(self):
        """What it excepts may be anywhere inside, and begin where it begins."""
        cidr = self.rng.choice(BLOCKS)
        whole = ipaddress.ip_network(cidr, strict=False)
        holes = []
        for _ in range(self.rng.choice([0, 0, 1, 2])):
            if whole.prefixlen < whole.max_prefixlen:
                bits = min(whole.prefixlen + self.rng.randint(1, 9), whole.max_prefixlen)
                first = int(whole[0]) | self.rng.randrange(4) % (1 << bits - whole.prefixlen) << whole.max_prefixlen - bits
                holes.append(f"{type(whole[0])(first)}/{bits}")
        return {"cidr": cidr, **({"except": holes} if holes else self.rng.choice([{}, {"except": []}, {"except": None}]))}

    def port(self):
        """A port of a pod by number, name or range, or all of a protocol."""
        name, number, protocol = self.rng.choice(self.ports)
        around = {"port": max(1, number - self.rng.randint(0, 5)), "endPort": min(65535, number + self.rng.randint(0, 5))}
        ways = [{"port": number}, {"port": number}, {"port": name or "http"}, {"port": name or "metrics"}, {"port": "nobody"},
                {"port": number, "endPort": number}, around, {}, {"port": None}]
        protocol = protocol if self.chance(80) else self.rng.choice(PROTOCOLS)
        return {**self.optional("protocol", protocol, 75), **self.rng.choice(ways)}
