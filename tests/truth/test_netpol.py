"""The judge judged: the hand-made cases of cases/*.yaml, and proofs that cases and judge can fail.

A case adds `policies` (id: spec) and `objects` to cases/cluster.yaml and says which connections are `open` and which `closed`:
`web -> cart 8080/UDP`, where the protocol is TCP if absent, an end is a pod (in `shop` if no namespace is named), `another db`,
a second pod of db, or an address.
"""
import copy
import ipaddress
import re
import types
from pathlib import Path

import pytest
import yaml

from support.manifests import Loader
from truth import netpol

FOLDER = Path(__file__).parent / "cases"
BASE = list(yaml.load_all((FOLDER / "cluster.yaml").read_text(), Loader))
FILES = sorted(set(FOLDER.glob("*.yaml")) - {FOLDER / "cluster.yaml"})
CASES = [case for path in FILES for case in yaml.load(path.read_text(), Loader)]


def policy(identity, spec):
    metadata = dict(zip(("namespace", "name"), identity.split("/")))
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def stream(case):
    """The manifests of a case as text, for the judge is to read YAML."""
    return yaml.safe_dump_all([*BASE, *case.get("objects", []), *(policy(*each) for each in case.get("policies", {}).items())])


def end(judge, cluster, other, name):
    """A pod of the cluster, a second one of its workload, or an address."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        namespace, name = name.split("/") if "/" in name else ("shop", name)
        found = [pod for pod in cluster.pods.values() if (pod.namespace, pod.name.split("/")[1]) == (namespace, name)]
        assert len(found) == 1, f"{len(found)} pods are called {name}"
        return judge.another(found[0]) if other else found[0]


def is_open(judge, cluster, question):
    words = re.fullmatch(r"(another )?(\S+) -> (another )?(\S+) (\d+)(?:/(\w+))?", question)
    source, destination = end(judge, cluster, *words.group(1, 2)), end(judge, cluster, *words.group(3, 4))
    way = words[6] or "TCP", int(words[5])
    if isinstance(source, str):
        return judge.entered_from_address(cluster, source, destination, *way)
    if isinstance(destination, str):
        return judge.reaches_address(cluster, source, destination, *way)
    return judge.allowed(cluster, source, destination, *way)


def mistakes(case, judge=netpol):
    """The questions whose answer is not the expected one."""
    cluster = judge.load(stream(case))
    return [question for expected in ("open", "closed") for question in case.get(expected, [])
            if is_open(judge, cluster, question) != (expected == "open")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["rule"])
def test_case(case):
    assert mistakes(case) == []


def test_many_cases(capsys):
    questions = [question for case in CASES for question in case.get("open", []) + case.get("closed", [])]
    with capsys.disabled():
        print(f" {len(CASES)} cases, {len(questions)} questions ", end="")
    assert len(CASES) >= 90 and len({case["rule"] for case in CASES}) == len(CASES)
    assert all(re.search(r"\((API|concepts|documentation|a choice)[,;] .+\)$", case["rule"]) for case in CASES)


def test_a_wrong_expectation_fails():
    """Of every question in every case."""
    for case in CASES:
        flipped = {**case, "open": case.get("closed", []), "closed": case.get("open", [])}
        assert mistakes(flipped) == flipped["open"] + flipped["closed"]


def without_one(case):
    """The case with one policy taken out, and with one rule, peer or port of one taken out, one way at a time."""
    for name, spec in case.get("policies", {}).items():
        yield {**case, "policies": {other: each for other, each in case["policies"].items() if other != name}}
        for direction, peers in (("ingress", "from"), ("egress", "to")):
            for number, rule in enumerate(spec.get(direction) or []):
                places = [(None, number), *((key, at) for key in (peers, "ports") for at in range(len(rule.get(key) or [])))]
                for key, at in places:
                    changed = copy.deepcopy(case)
                    rules = changed["policies"][name][direction]
                    del (rules if key is None else rules[number][key])[at]
                    yield changed


def test_every_policy_matters(capsys):
    """In every case that has a policy some loss changes an answer. The other losses are of what is there to show that it does
    nothing, and are few."""
    losses = [(case["rule"], changed) for case in CASES for changed in without_one(case)]
    noticed = [rule for rule, changed in losses if mistakes(changed)]
    with capsys.disabled():
        print(f" {len(noticed)} of {len(losses)} losses noticed ", end="")
    assert set(noticed) == {case["rule"] for case in CASES if "policies" in case}
    assert len(noticed) >= 0.85 * len(losses)


# What a wrong judge would say: (text in netpol.py, text in its place).
WRONG_JUDGES = [
    ('["Egress"] * bool(rules["Egress"])', '["Egress"] * ("egress" in spec)'),
    ('["Egress"] * bool(rules["Egress"])', '[]'),
    ('spec.get("policyTypes") or ["Ingress"] + ', 'spec.get("policyTypes") or [] + '),
    ('direction in policy.types', 'policy.rules[direction]'),
    ('direction in policy.types', 'True'),
    ('and policy.namespace == near.namespace and', 'and'),
    ('return not self.isolating or bool(self.allowing)', 'return len(self.isolating) == len(self.allowing)'),
    ('source == destination or all(', 'all('),
    ('source == destination or', 'source.id == destination.id or'),
    ('or all(each.open for', 'or any(each.open for'),
    ('"In": lambda value, values: value in values', '"In": lambda value, values: value in [None, *values]'),
    ('"NotIn": lambda value, values: value not in values', '"NotIn": lambda value, values: value and value not in values'),
    ('"Exists": lambda value, values: value is not None', '"Exists": lambda value, values: True'),
    ('"Exists": lambda value, values: value is not None', '"Exists": lambda value, values: value'),
    ('"DoesNotExist": lambda value, values: value is None', '"DoesNotExist": lambda value, values: not value'),
    ('return all(OPERATORS', 'return any(OPERATORS'),
    ('isinstance(end, Pod) and not end.host_network', 'isinstance(end, Pod)'),
    ('if not has_selectable_pod(near):', 'if not isinstance(near, Pod):'),
    ('in_namespace and selects(', 'selects('),
    ('in_namespace and selects(', 'in_namespace or selects('),
    ('in_namespace = end.namespace == policy.namespace', 'in_namespace = True'),
    ('if peer.get("namespaceSelector") is None:', 'if not peer.get("namespaceSelector"):'),
    ('labels["kubernetes.io/metadata.name"] = name', 'pass'),
    ('and not any(map(inside, block.get("except") or []))', ''),
    ('return ip is not None and inside', 'return ip is None or inside'),
    ('(given.get("protocol") or "TCP") != protocol', 'given.get("protocol") not in (None, protocol)'),
    ('Port(number, protocol, first) in destination.ports', '(number, first) in [port[::2] for port in destination.ports]'),
    ('Port(number, protocol, first) in destination.ports', 'True'),
    ('return has_selectable_pod(destination) and Port(', 'return isinstance(destination, Pod) and Port('),
    ('first <= number <=', 'first < number <='),
    ('<= number <= (given.get("endPort") or first)', '<= number <= first'),
    ('<= number <= (given.get("endPort") or first)', '<= number < (given.get("endPort") or first + 1)'),
    ('return (not peers or any(', 'return (any('),
    ('(not ports or any(', '(any('),
    ('for peer in peers)) and \\', 'for peer in peers)) or \\'),
    ('"Egress", source, destination, destination,', '"Egress", source, destination, source,'),
    ('.get("restartPolicy") == "Always"', '.get("restartPolicy") != "Never"'),
    ('[*(spec.get("containers") or []), *sidecars]', '[*(spec.get("containers") or [])]'),
    ('strings((template.get("metadata") or {}).get("labels"))', 'strings(metadata.get("labels"))'),
    ('.endswith("List") and', ' == "List" and'),
    ('yield from objects(each["items"])', 'yield from each["items"]'),
    ('== ("networking.k8s.io/v1", "NetworkPolicy")', '[1:] == ("NetworkPolicy",)')]


@pytest.mark.parametrize("right, wrong", WRONG_JUDGES)
def test_a_wrong_judge_fails(right, wrong):
    """In some case."""
    text = Path(netpol.__file__).read_text()
    assert text.count(right) == 1
    judge = types.ModuleType("wrong_judge")
    exec(text.replace(right, wrong), judge.__dict__)
    assert any(mistakes(case, judge) for case in CASES)


@pytest.mark.parametrize("spec", [
    {"policyTypes": ["ingress"]},
    {"ingress": [None]},
    {"ingress": [{"from": [{}]}]},
    {"ingress": [{"from": [None]}]},
    {"ingress": [{"from": [{"podSelectors": {}}]}]},
    {"ingress": [{"from": [{"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}]}]},
    {"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0"}}]}]},
    {"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/33"}}]}]},
    {"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}}]}]},
    {"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}}]}]},
    {"egress": [{"ports": [{"port": 80, "endPort": 79}]}]},
    {"egress": [{"ports": [{"port": "http", "endPort": 90}]}]},
    {"egress": [{"ports": [{"endPort": 90}]}]},
    {"egress": [{"ports": [{"port": 80, "endPort": 0}]}]},
    {"egress": [{"ports": [{"port": 0}]}]},
    {"egress": [{"ports": [{"protocol": "tcp"}]}]},
    {"podSelector": {"matchLabels": {"version": 1.4}}},
    {"podSelector": {"matchExpressions": [{"key": "app", "operator": "Is", "values": ["web"]}]}},
    {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In"}]}},
    {"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists", "values": ["web"]}]}}])
def test_a_policy_that_the_api_server_refuses(spec):
    with pytest.raises(ValueError):
        netpol.load(yaml.safe_dump(policy("shop/wrong", spec)))


def test_load():
    """What a Pod holds, and in which namespace it is."""
    container = {"name": "report", "ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP", "name": "dns"}]}
    template = {"metadata": {"labels": {"app": "report"}}, "spec": {"hostNetwork": True, "containers": [container]}}
    spec = {"jobTemplate": {"spec": {"template": template}}}
    report = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "report"}, "spec": spec}
    cluster = netpol.load(yaml.safe_dump(report).encode(), namespace="ops")
    assert cluster.pods == {"ops/CronJob/report": netpol.Pod(
        "CronJob/report", "ops", {"app": "report"}, (netpol.Port(80, "TCP", None), netpol.Port(53, "UDP", "dns")), True)}
    assert cluster.namespaces == {"ops": {"kubernetes.io/metadata.name": "ops"}} and cluster.policies == {}


def test_explain():
    """The names of those that isolate and of those that allow, at each end."""
    cluster = netpol.load(stream({"policies": {
        "shop/deny": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "shop/cart": {"podSelector": {"matchLabels": {"app": "cart"}}, "ingress": [{"ports": [{"port": 8080}]}]}}}))
    web, cart = cluster.pods["shop/Pod/web"], cluster.pods["shop/Pod/cart"]
    assert netpol.explain(cluster, web, cart, "TCP", 8080) == {
        "egress": (["shop/deny"], []), "ingress": (["shop/deny", "shop/cart"], ["shop/cart"])}
    assert netpol.explain(cluster, "203.0.113.7", cart, "TCP", 9090) == {
        "egress": ([], []), "ingress": (["shop/deny", "shop/cart"], [])}
