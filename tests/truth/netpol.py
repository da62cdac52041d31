"""What the NetworkPolicies of a cluster let through, worked out by brute force: the judge of what the program proves of its own.

Written from the API reference (networking.k8s.io/v1 NetworkPolicy; "API" below) and the page Network Policies of the Kubernetes
documentation ("concepts") alone, and from nothing in src/.

    an end        of a connection is a Pod of the cluster or an address, a string
    a workload    is one Pod here, all of its pods being alike; another() gives a second one of them
    two sides     the source's egress and the destination's ingress must both let a connection pass
    isolation     a side lets everything pass until a policy of its direction selects the pod; from then on only what a rule of
                  any such policy allows: policies add up, and none takes away
    oneself       a pod always reaches itself (concepts: "a pod cannot block access to itself")
    host network  undefined, says concepts. As in most plugins such a pod is no pod but an address of its node: no policy isolates
                  it, no selector and no port's name finds it; a rule without peers does, and an ipBlock if its address is known
    addresses     of pods are unknown unless status.podIP tells, and an unknown one is in no ipBlock, not even in 0.0.0.0/0

Not judged, because manifests do not say it: the traffic between a pod and its own node, which is always allowed; labels that
controllers add to their pods; and what a Service does to addresses.
"""
import ipaddress
import re
from dataclasses import dataclass, replace
from typing import NamedTuple

import yaml

from support.manifests import Loader, pod_template

PEER = {"podSelector", "namespaceSelector", "ipBlock"}


class Port(NamedTuple):
    """A port that a container declares."""
    number: int
    protocol: str
    name: str


@dataclass(frozen=True)
class Pod:
    """A pod of a workload; its name is the workload's, as in `Deployment/cart`."""
    name: str
    namespace: str
    labels: dict
    ports: tuple = ()
    host_network: bool = False
    ip: str = None
    replica: int = 0

    @property
    def id(self):
        return f"{self.namespace}/{self.name}"


class Policy(NamedTuple):
    """A NetworkPolicy with the API's defaults. `rules` holds for "Ingress" and "Egress" a list of (peers, ports)."""
    id: str
    namespace: str
    selector: dict
    types: list
    rules: dict


class Cluster(NamedTuple):
    """Maps: `namespaces` from a name to labels, `pods` and `policies` from an id (`shop/Deployment/cart`, `shop/deny`)."""
    namespaces: dict
    pods: dict
    policies: dict


class Side(NamedTuple):
    """The ids of the policies that isolate one end of a connection, and of those among them that allow it."""
    isolating: list
    allowing: list

    @property
    def open(self):
        return not self.isolating or bool(self.allowing)


def load(text, namespace="default"):
    """The Cluster of a YAML stream (str or bytes). An object without a namespace is in `namespace`; of two with one id the last
    one counts, as with `kubectl apply`. A policy that the API server would refuse is a ValueError."""
    cluster = Cluster({namespace: {}}, {}, {})
    for each in objects(yaml.load_all(text, Loader)):
        metadata = each.get("metadata") or {}
        home = metadata.get("namespace") or namespace
        cluster.namespaces.setdefault(home, {})
        if (each.get("apiVersion"), each.get("kind")) == ("v1", "Namespace"):
            cluster.namespaces[metadata["name"]] = strings(metadata.get("labels"))
        elif (each.get("apiVersion"), each.get("kind")) == ("networking.k8s.io/v1", "NetworkPolicy"):
            policy = read_policy(each, home)
            cluster.policies[policy.id] = policy
        elif "kind" in each and pod_template(each):
            pod = read_pod(each, home)
            cluster.pods[pod.id] = pod
    for name, labels in cluster.namespaces.items():
        labels["kubernetes.io/metadata.name"] = name
    return cluster


def objects(documents):
    """Lists opened, also in one another, as kubectl does (kubernetes/kubernetes#65488)."""
    for each in documents:
        if isinstance(each, dict) and str(each.get("kind")).endswith("List") and isinstance(each.get("items"), list):
            yield from objects(each["items"])
        elif isinstance(each, dict):
            yield each


def read_pod(each, namespace):
    """The Pod of a workload. Sidecars, which are init containers that keep running, have ports too."""
    template = pod_template(each)
    spec = template.get("spec") or {}
    sidecars = [container for container in spec.get("initContainers") or [] if container.get("restartPolicy") == "Always"]
    ports = tuple(Port(port["containerPort"], port.get("protocol") or "TCP", port.get("name"))
                  for container in [*(spec.get("containers") or []), *sidecars] for port in container.get("ports") or [])
    metadata = each["metadata"]
    return Pod(f"{each['kind']}/{metadata.get('name') or metadata.get('generateName')}", namespace,
               strings((template.get("metadata") or {}).get("labels")), ports, bool(spec.get("hostNetwork")),
               (each.get("status") or {}).get("podIP") if each["kind"] == "Pod" else None)


def read_policy(each, namespace):
    """API: `policyTypes`, when empty, is Ingress, and Egress too if there are egress rules. An empty `from`, `to` or `ports` says
    as much as a missing one, and so does an empty `ingress` or `egress`."""
    spec = each.get("spec") or {}
    if None in [*(spec.get("ingress") or []), *(spec.get("egress") or [])]:
        raise ValueError(f"NetworkPolicy {namespace}/{each['metadata']['name']}: a rule is null")
    rules = {direction: [(rule.get(peers) or [], rule.get("ports") or []) for rule in spec.get(direction.lower()) or []]
             for direction, peers in (("Ingress", "from"), ("Egress", "to"))}
    types = spec.get("policyTypes") or ["Ingress"] + ["Egress"] * bool(rules["Egress"])
    policy = Policy(f"{namespace}/{each['metadata']['name']}", namespace, spec.get("podSelector") or {}, types, rules)
    fault = next(faults(policy), None)
    if fault:
        raise ValueError(f"NetworkPolicy {policy.id}: {fault}")
    return policy


def faults(policy):
    """Why the API server would refuse a policy, as far as its meaning would be a guess."""
    if not set(policy.types) <= {"Ingress", "Egress"}:
        yield f"policyTypes {policy.types}"
    selectors = [policy.selector]
    for peers, ports in policy.rules["Ingress"] + policy.rules["Egress"]:
        for peer in peers:
            given = {key for key, value in (peer or {}).items() if value is not None}
            if not given or given - PEER or "ipBlock" in given and len(given) > 1:
                yield f"a peer must have selectors or an ipBlock, not {sorted(given)}"
            selectors += [peer[key] for key in given & PEER - {"ipBlock"}]
            if "ipBlock" in given:
                block, *holes = map(network, [peer["ipBlock"]["cidr"], *(peer["ipBlock"].get("except") or [])])
                if any(hole.version != block.version or hole == block or not hole.subnet_of(block) for hole in holes):
                    yield f"except {', '.join(map(str, holes))} is not inside {block}"
        for port in ports:
            first, last = port.get("port"), port.get("endPort")
            if port.get("protocol") not in (None, "TCP", "UDP", "SCTP"):
                yield f"protocol {port['protocol']}"
            if not 1 <= first <= (first if last is None else last) <= 65535 if isinstance(first, int) else last is not None:
                yield f"port {first} with endPort {last}"
    for selector in selectors:
        for key, operator, values in requirements(selector):
            if operator not in OPERATORS or bool(values) != (operator in ("In", "NotIn")):
                yield f"{key} {operator} {values}"


def strings(labels):
    """A copy of labels. A value that YAML reads as a number or a boolean is no label."""
    if not all(isinstance(word, str) for pair in (labels or {}).items() for word in pair):
        raise ValueError(f"labels must be strings: {labels}")
    return dict(labels or {})


def network(cidr):
    if not re.search(r"/\d+$", cidr):
        raise ValueError(f"{cidr} is no CIDR")
    return ipaddress.ip_network(cidr, strict=False)


def requirements(selector):
    """The (key, operator, values) that must all hold. API: a pair of `matchLabels` is one of `matchExpressions` with In."""
    return [*((key, "In", [value]) for key, value in strings(selector.get("matchLabels")).items()),
            *((each["key"], each["operator"], each.get("values") or []) for each in selector.get("matchExpressions") or [])]


# The value is None where the key is absent; that, too, is not in the values (documentation, "Set-based requirement").
OPERATORS = {"In": lambda value, values: value in values,
             "NotIn": lambda value, values: value not in values,
             "Exists": lambda value, values: value is not None,
             "DoesNotExist": lambda value, values: value is None}


def selects(selector, labels):
    """API: an empty selector selects everything."""
    return all(OPERATORS[operator](labels.get(key), values) for key, operator, values in requirements(selector))


def has_selectable_pod(end):
    return isinstance(end, Pod) and not end.host_network


def in_block(block, end):
    """API: in `cidr` and in none of `except`."""
    ip = end.ip if isinstance(end, Pod) else end
    inside = lambda cidr: ipaddress.ip_address(ip) in network(cidr)
    return ip is not None and inside(block["cidr"]) and not any(map(inside, block.get("except") or []))


def peer_matches(cluster, policy, peer, end):
    """API: podSelector alone selects in the policy's own namespace, namespaceSelector alone all pods of those namespaces, both
    together those pods in those namespaces."""
    if peer.get("ipBlock") is not None:
        return in_block(peer["ipBlock"], end)
    if not has_selectable_pod(end):
        return False
    if peer.get("namespaceSelector") is None:
        in_namespace = end.namespace == policy.namespace
    else:
        in_namespace = selects(peer["namespaceSelector"], cluster.namespaces[end.namespace])
    return in_namespace and selects(peer.get("podSelector") or {}, end.labels)


def port_matches(given, destination, protocol, number):
    """API: the protocol is TCP by default; no port means every port of the protocol; a name is a port "on a pod", which is the
    destination, and means each port of that name and protocol there; `endPort` is inclusive."""
    if (given.get("protocol") or "TCP") != protocol:
        return False
    first = given.get("port")
    if first is None:
        return True
    if isinstance(first, str):
        return has_selectable_pod(destination) and Port(number, protocol, first) in destination.ports
    return first <= number <= (given.get("endPort") or first)


def rule_allows(cluster, policy, rule, far, destination, protocol, number):
    """API: "the traffic must match both ports and from"; items of either are alternatives, and without items it matches all."""
    peers, ports = rule
    return (not peers or any(peer_matches(cluster, policy, peer, far) for peer in peers)) and \
        (not ports or any(port_matches(port, destination, protocol, number) for port in ports))


def side(cluster, direction, near, far, destination, protocol, number):
    """What the policies of one direction say at the near end about the connection to or from the far end."""
    if not has_selectable_pod(near):
        return Side([], [])
    isolating = [policy for policy in cluster.policies.values() if direction in policy.types
                 and policy.namespace == near.namespace and selects(policy.selector, near.labels)]
    allowing = [policy for policy in isolating if any(rule_allows(cluster, policy, rule, far, destination, protocol, number)
                                                      for rule in policy.rules[direction])]
    return Side([policy.id for policy in isolating], [policy.id for policy in allowing])


def explain(cluster, source, destination, protocol, port):
    """The source's and the destination's Side, as {"egress": …, "ingress": …}; either end may be an address. What
    a pod says to itself is explained like the rest, though it passes anyhow."""
    return {"egress": side(cluster, "Egress", source, destination, destination, protocol, port),
            "ingress": side(cluster, "Ingress", destination, source, destination, protocol, port)}


def allowed(cluster, source, destination, protocol, port):
    """Whether the policies let a connection pass from a Pod to a port number of a Pod."""
    return source == destination or all(each.open for each in explain(cluster, source, destination, protocol, port).values())


def reaches_address(cluster, source, ip, protocol, port):
    """Whether a Pod's egress is open to an address outside the cluster."""
    return explain(cluster, source, ip, protocol, port)["egress"].open


def entered_from_address(cluster, ip, destination, protocol, port):
    """Whether a Pod's ingress is open to an address outside the cluster."""
    return explain(cluster, ip, destination, protocol, port)["ingress"].open


def matrix(cluster, ports):
    """{(source id, destination id, protocol, port): allowed} for all pairs of pods and each (protocol, port)."""
    return {(source.id, destination.id, protocol, port): allowed(cluster, source, destination, protocol, port)
            for source in cluster.pods.values() for destination in cluster.pods.values() for protocol, port in ports}


def another(pod):
    """A second pod of the same workload: like the first, but not the same one, so a policy can keep the two apart."""
    return replace(pod, replica=pod.replica + 1)
