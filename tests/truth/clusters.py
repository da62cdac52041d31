"""Small random clusters, as charts render them, and who in them talks to whom.

A seed gives always the same cluster: workloads with Services in front of them, clients that name a Service in their environment,
and policies of somebody else that may close some of the ways. What the values mean is known, because it is decided before they
are written: names resolve as in the cluster's DNS (documentation, "DNS for Services and Pods"), and a Service's port leads to the
targetPort on every pod that its selector selects (documentation, "Service"). Nothing here reads a manifest.
"""
import random
from dataclasses import dataclass, field

import yaml

# Ports of servers: (name, number, protocol).
SERVERS = {"web": [("http", 8080, "TCP")],
           "cart": [("http", 7070, "TCP"), ("metrics", 9090, "TCP")],
           "orders": [("http", 8080, "TCP"), ("grpc", 9000, "TCP")],
           "users": [("grpc", 50051, "TCP")],
           "cache": [("redis", 6379, "TCP")],
           "db": [("postgres", 5432, "TCP")],
           "queue": [("amqp", 5672, "TCP"), ("admin", 15672, "TCP")],
           "statsd": [("statsd", 8125, "UDP"), ("metrics", 9102, "TCP")],
           "resolver": [("dns", 53, "UDP"), ("dns-tcp", 53, "TCP")]}
CLIENTS = ["worker", "report", "migrate", "cleanup", "loadtest"]
SCHEMES = {"redis": "redis", "postgres": "postgres", "amqp": "amqp"}
NOISE = [{"name": "LOG_LEVEL", "value": "info"},
         {"name": "RATES_URL", "value": "https://api.example.com:443/v1/rates"},
         {"name": "AGENT_ADDR", "value": "localhost:4317"},
         {"name": "LISTEN", "value": "0.0.0.0:8080"},
         {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]


@dataclass
class Workload:
    kind: str
    name: str
    namespace: str
    labels: dict  # those in its selector
    extra: dict = field(default_factory=dict)  # further ones of its pods
    ports: list = field(default_factory=list)
    named: bool = True
    host_network: bool = False
    env: list = field(default_factory=list)

    @property
    def id(self):
        return f"{self.namespace}/{self.kind}/{self.name}"


@dataclass
class Service:
    name: str
    namespace: str
    spec: dict
    ways: dict  # (port, protocol): (the port's name, [(workload, number), …])


def generate(seed):
    """The cluster's manifests, as YAML text."""
    return yaml.safe_dump_all(build(seed)[0], sort_keys=False)


def edges(seed):
    """What the clients' environments mean: sorted (client id, server id, protocol, port number on the server's pod), ids as in
    `shop/Deployment/cart`; what names no namespace is in `default`. A number that a Service has for TCP and UDP means both."""
    return build(seed)[1]


def build(seed):
    """The documents and the edges."""
    rng = random.Random(seed)
    namespaces = {name: rng.choice([None, {"team": name}, {"team": name, "environment": "test"}])
                  for name in rng.sample(["default", "shop", "data", "ops"], rng.randint(1, 3))}
    workloads = make_workloads(rng, list(namespaces))
    services = make_services(rng, workloads)
    found = connect(rng, workloads, services)
    described = {name: labels for name, labels in namespaces.items() if labels and name != "default"}
    documents = [*(manifest("v1", "Namespace", name, labels=labels) for name, labels in described.items()),
                 *make_policies(rng, workloads),
                 *(manifest("v1", "Service", each.name, each.namespace, spec=each.spec) for each in services),
                 *(workload_manifest(rng, each) for each in workloads)]
    if rng.random() < 0.3:
        rng.shuffle(documents)
    if rng.random() < 0.5:  # A chart leaves the release's namespace out.
        for each in documents:
            if each["metadata"].get("namespace") == "default":
                del each["metadata"]["namespace"]
    return documents, sorted(found)


def manifest(version, kind, name, namespace=None, labels=None, **rest):
    metadata = {"name": name, "namespace": namespace, "labels": labels and dict(labels)}
    return {"apiVersion": version, "kind": kind, "metadata": {key: value for key, value in metadata.items() if value}, **rest}


def make_workloads(rng, namespaces):
    """Two to eight; at least one server and one client, names unique in a namespace only."""
    key = rng.choice(["app", "app.kubernetes.io/name"])
    made = {}
    for number in range(rng.randint(2, 8)):
        is_server = number == 0 or number > 1 and rng.random() < 0.6
        name, namespace = rng.choice(list(SERVERS) if is_server else CLIENTS), rng.choice(namespaces)
        labels = {key: name, **({} if key == "app" else {"app.kubernetes.io/instance": "demo"})}
        each = Workload("", name, namespace, labels, rng.choice([{}, {}, {"version": "1.4"}, {"version": "2", "tier": "back"}]))
        if is_server:
            each.kind = rng.choice(["Deployment"] * 5 + ["StatefulSet"] * 3 + ["DaemonSet", "ReplicaSet", "Pod"])
            shift = rng.choice([0, 0, 0, 1000])
            each.ports = [(port, number + shift, protocol) for port, number, protocol in SERVERS[name]]
            each.named = rng.random() < 0.7
        else:
            each.kind = rng.choice(["Deployment", "Deployment", "StatefulSet", "Job", "CronJob", "Pod"])
        each.host_network = rng.random() < 0.08
        made.setdefault((namespace, name), each)
    workloads = list(made.values())
    if workloads[0].kind == "Deployment" and len(workloads) < 8 and rng.random() < 0.4:
        workloads.append(make_canary(rng, workloads[0]))
    return workloads


def make_canary(rng, stable):
    """A second workload behind the same Service, where one port's name may be another number."""
    shift = rng.choice([0, 1]) if stable.named else 0
    canary = Workload("Deployment", f"{stable.name}-canary", stable.namespace, {**stable.labels, "track": "canary"}, stable.extra,
                      [(name, number + shift, protocol) for name, number, protocol in stable.ports], stable.named)
    stable.labels = {**stable.labels, "track": "stable"}
    return canary


def make_services(rng, workloads):
    """In front of most servers; and one in a while that leads to no pod."""
    services = []
    for each in workloads:
        if each.ports and not each.name.endswith("-canary") and rng.random() < 0.9:
            services.append(make_service(rng, each, workloads))
    if rng.random() < 0.15:
        spec = rng.choice([{"type": "ExternalName", "externalName": "billing.example.com"},
                           {"ports": [{"port": 443, "targetPort": 9443}]}])
        services.append(Service("billing", rng.choice(workloads).namespace, spec, {(443, "TCP"): ("https", [])}))
    return services


def make_service(rng, server, workloads):
    """A headless one has no ports of its own: a client meets the pod at the number that it dials."""
    selector = {key: value for key, value in server.labels.items() if key != "track"}
    behind = [each for each in workloads if each.namespace == server.namespace and selector.items() <= each.labels.items()]
    agree = all(each.ports == server.ports for each in behind)
    headless = agree and rng.random() < (0.5 if server.kind == "StatefulSet" else 0.1)
    ports, ways = [], {}
    for name, number, protocol in server.ports:
        port = number if headless or not agree or name != "http" else rng.choice([80, number])
        targets = ["number"] * agree + ["name"] * server.named + ["absent"] * (agree and port == number)
        target = {"number": {"targetPort": number}, "name": {"targetPort": name}, "absent": {}}[rng.choice(targets)]
        ports.append({**({"name": name} if len(server.ports) > 1 or rng.random() < 0.5 else {}), "port": port, **target,
                      **({"protocol": protocol} if protocol != "TCP" or rng.random() < 0.3 else {})})
        ways[port, protocol] = name, [(each, own) for each in behind for own_name, own, _ in each.ports if own_name == name]
    spec = {**({"clusterIP": "None"} if headless else {}), "selector": selector, "ports": ports}
    return Service(rng.choice([server.name] * 4 + [f"{server.name}-svc"]), server.namespace, spec, ways)


def connect(rng, workloads, services):
    """Writes into the clients' environments whom they call, and returns the edges that this means."""
    found = set()
    for client in workloads:
        client.env = rng.sample(NOISE, rng.randint(0, 2))
        if client.ports and rng.random() < 0.5:
            continue
        others = [each for each in services if client not in backends(each)]
        called = [(each, port) for each in others for port in sorted({port for port, _ in each.ways})]
        called = rng.sample(called, min(len(called), rng.randint(1, 3)))
        if len(called) > 1 and rng.random() < 0.2:
            addresses = [f"{host(rng, client, each)}:{port}" for each, port in called]
            client.env.append({"name": "BACKENDS", "value": ",".join(addresses)})
            found |= meant(client, called)
            continue
        for number, (service, port) in enumerate(called):
            prefix = f"{service.name.replace('-', '_').upper()}{number or ''}"
            client.env += spelled(rng, prefix, host(rng, client, service), port, service.ways)
            found |= meant(client, [(service, port)])
    return found


def backends(service):
    return [server for _, servers in service.ways.values() for server, _ in servers]


def host(rng, client, service):
    """One of the names by which a pod of the client's namespace finds a Service."""
    long = [f"{service.name}.{service.namespace}{rest}" for rest in ("", ".svc", ".svc.cluster.local")]
    return rng.choice([service.name] * 4 + long if service.namespace == client.namespace else long)


def spelled(rng, prefix, name, port, ways):
    """The variables of one call. URLs are for what is TCP alone."""
    style = rng.choice(["address", "address", "pair", "pair" if (port, "UDP") in ways else "url"])
    if style == "pair":
        return [{"name": f"{prefix}_HOST", "value": name}, {"name": f"{prefix}_PORT", "value": str(port)}]
    if style == "url":
        scheme = SCHEMES.get(ways[port, "TCP"][0], "http")
        return [{"name": f"{prefix}_URL", "value": f"{scheme}://{name}:{port}{rng.choice(['', '/', '/0', '/api/v1?timeout=5'])}"}]
    return [{"name": f"{prefix}_{rng.choice(['ADDR', 'SERVICE', 'ENDPOINT'])}", "value": f"{name}:{port}"}]


def meant(client, called):
    return {(client.id, server.id, protocol, number) for service, port in called
            for (own, protocol), (_, servers) in service.ways.items() if own == port for server, number in servers}


def workload_manifest(rng, each):
    """The variables are in one container or, now and then, in the second of two."""
    ports = [{**({"name": name} if each.named else {}), "containerPort": number,
              **({"protocol": protocol} if protocol != "TCP" else {})} for name, number, protocol in each.ports]
    containers = [{"name": each.name, "image": f"registry.example/{each.name}:1.0", **({"ports": ports} if ports else {})}]
    if rng.random() < 0.2:
        containers.append({"name": "helper", "image": "registry.example/helper:1.0"})
    if each.env:
        containers[-1]["env"] = each.env
    spec = {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"} if each.host_network else {}
    spec["containers"] = containers
    labels = {**each.labels, **each.extra}
    if each.kind == "Pod":
        return manifest("v1", "Pod", each.name, each.namespace, labels, spec=spec)
    template = {"metadata": {"labels": labels}, "spec": spec}
    if each.kind in ("Job", "CronJob"):
        job = {"template": {**template, "spec": {**spec, "restartPolicy": "Never"}}}
        job = job if each.kind == "Job" else {"schedule": "0 3 * * *", "jobTemplate": {"spec": job}}
        return manifest("batch/v1", each.kind, each.name, each.namespace, each.labels, spec=job)
    rest = {"serviceName": each.name} if each.kind == "StatefulSet" else {}
    return manifest("apps/v1", each.kind, each.name, each.namespace, each.labels,
                    spec={**rest, "selector": {"matchLabels": dict(each.labels)}, "template": template})


def make_policies(rng, workloads):
    """None to four, of shapes that are found in charts. Egress that is closed keeps a way to the cluster's DNS."""
    policies = []
    for number in range(rng.randint(0, 4)):
        near, far = rng.choice(workloads), rng.choice(workloads)
        among = {"podSelector": {"matchLabels": dict(near.labels)}}
        shape = rng.choice(["deny", "from", "from", "to", "block"])
        if shape == "deny":
            spec = {"podSelector": {}, "policyTypes": rng.choice([["Ingress"], ["Ingress"], ["Egress"], ["Ingress", "Egress"]])}
        elif shape == "from":
            spec = {**among, **rng.choice([{}, {"policyTypes": ["Ingress"]}]),
                    "ingress": [rule("from", peer(rng, near, far), ports(rng, near))]}
        elif shape == "to":
            dns = rule("to", [{"namespaceSelector": {}}], [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}])
            spec = {**among, "policyTypes": ["Egress"], "egress": [rule("to", peer(rng, near, far), ports(rng, far)), dns]}
        else:
            block = [{"ipBlock": {"cidr": "10.0.0.0/8", **rng.choice([{}, {"except": ["10.96.0.0/12"]}])}}]
            spec = {**among, **rng.choice([{"ingress": [rule("from", block, [])]},
                                           {"policyTypes": ["Egress"], "egress": [rule("to", block, [])]}])}
        policies.append(manifest("networking.k8s.io/v1", "NetworkPolicy", f"{shape}-{number}", near.namespace, spec=spec))
    return policies


def rule(direction, peers, ports):
    return {**({direction: peers} if peers else {}), **({"ports": ports} if ports else {})}


def peer(rng, near, far):
    """The far workload by its labels, or something wider."""
    by_name = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": far.namespace}}}
    teams = {"key": "team", "operator": "In", "values": [far.namespace, "platform"]}
    by_team = {"namespaceSelector": {"matchExpressions": [teams]}}
    pods = {"podSelector": {"matchLabels": dict(far.labels)}}
    local = pods if near.namespace == far.namespace else {**by_name, **pods}
    wider = [[by_name], [by_team], [{**by_team, **pods}, {"podSelector": {}}], [{"namespaceSelector": {}}], []]
    return rng.choice([[local]] * 3 + wider)


def ports(rng, server):
    """Some of a server's ports by number, name, range or protocol; or all."""
    if not server.ports or rng.random() < 0.3:
        return []
    name, number, protocol = rng.choice(server.ports)
    given = [{"port": number}] * 2 + [{"port": name}] * server.named + [{"port": number - 10, "endPort": number + 10}, {}]
    return [{**({"protocol": protocol} if protocol != "TCP" or rng.random() < 0.5 else {}), **rng.choice(given)}]
