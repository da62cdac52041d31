"""The program's reachability agrees with the judge: on the judge's own cases, on generated clusters, on real manifests; and it is
noticed if the program overlooks something.
"""
import copy
import functools
import ipaddress
import json
import random
import re
import subprocess

import pytest
import yaml

from support import paths
from support.manifests import Loader
from truth import agreement, clusters, netpol, policies
from truth.test_netpol import CASES, stream

CORPUS = ["argo-cd.yaml", "cert-manager.yaml", "istio-minimal.yaml", "kube-prometheus.yaml", "microservices-demo.yaml",
          "otel-demo.yaml", "podinfo.yaml"]


def is_address(word):
    try:
        return bool(ipaddress.ip_address(word))
    except ValueError:
        return False


def question_of(case):
    """Also about the ports and addresses that the case names."""
    asked = case.get("open", []) + case.get("closed", [])
    ports = [(protocol or "TCP", int(number)) for each in asked for number, protocol in re.findall(r" (\d+)(?:/(\w+))?$", each)]
    return agreement.question(stream(case), ports=ports, addresses=filter(is_address, " ".join(asked).split()))


def say(capsys, tally):
    with capsys.disabled():
        print(f" {tally.answers} answers, {tally.open} of them open ", end="")


def test_hand_made_cases(capsys):
    say(capsys, agreement.agree_on([question_of(case) for case in CASES]))


def test_generated_clusters(capsys):
    """Policies of every shape."""
    tally = agreement.agree_on([agreement.question(policies.generate(seed), most=10) for seed in range(1000)])
    say(capsys, tally)
    assert tally.answers / 4 < tally.open < tally.answers * 3 / 4


def test_generated_charts(capsys):
    """Clusters that look like charts."""
    say(capsys, agreement.agree_on([agreement.question(clusters.generate(seed), most=20) for seed in range(200)]))


@pytest.mark.parametrize("name", CORPUS)
def test_corpus(capsys, name):
    """Real manifests as they are."""
    say(capsys, agreement.agree(paths.corpus(name).read_bytes()))


@pytest.mark.parametrize("name", CORPUS)
def test_corpus_with_policies(capsys, name):
    """Real pods, under policies of every shape beside those that they have."""
    text = paths.corpus(name).read_text()
    cluster, rng = netpol.load(text), random.Random(name)
    pods = [(pod.namespace, pod.labels, [(port.name, port.number, port.protocol) for port in pod.ports])
            for pod in cluster.pods.values()]
    more = [policies.make_policies(rng, pods, cluster.namespaces, 8) for _ in range(3)]
    say(capsys, agreement.agree_on([agreement.question(f"{text}\n---\n{yaml.safe_dump_all(each)}", most=8) for each in more]))


# What the program would answer if it overlooked something is what it answers about manifests in which that is not there. Each of
# these changes one manifest.

def changed(node, change):
    """A copy, where change() has been at every map from the inside out."""
    if isinstance(node, dict):
        return change({key: changed(value, change) for key, value in node.items()})
    return [changed(item, change) for item in node] if isinstance(node, list) else node


def without(key, kind="NetworkPolicy"):
    drop = lambda node: {name: value for name, value in node.items() if name != key}
    return lambda each: changed(each, drop) if each["kind"] == kind or kind is None else each


def only_first(key):
    cut = lambda node: {**node, key: node[key][:1]} if isinstance(node.get(key), list) else node
    return lambda each: changed(each, cut) if each["kind"] == "NetworkPolicy" else each


def with_word(key, word, other):
    """The field has the other value where it has the one."""
    def exchange(node):
        return {**node, key: other} if node.get(key) == word else node
    return lambda each: changed(each, exchange) if each["kind"] == "NetworkPolicy" else each


def with_peers_apart(each):
    """The two selectors of a peer are two peers."""
    halves = lambda peer: [{key: value} for key, value in peer.items() if value is not None]

    def split(node):
        return {key: [half for peer in value for half in halves(peer)] if key in ("from", "to") and value else value
                for key, value in node.items()}
    return changed(each, split) if each["kind"] == "NetworkPolicy" else each


def with_all_types(each):
    return {**each, "spec": {**each["spec"], "policyTypes": ["Ingress", "Egress"]}} if each["kind"] == "NetworkPolicy" else each


def with_setup_ports(each):
    """Init containers have their ports for ever."""
    stay = lambda node: {**node, "restartPolicy": "Always"} if node.get("name") == "setup" else node
    return changed(each, stay)


FIELDS = ["podSelector", "policyTypes", "ingress", "egress", "from", "to", "ports", "protocol", "port", "endPort",
          "namespaceSelector", "ipBlock", "except", "matchLabels", "matchExpressions", "namespace", "spec"]
LISTS = ["policyTypes", "ingress", "egress", "from", "to", "ports", "except", "values", "matchExpressions"]
WORDS = [("operator", "NotIn", "DoesNotExist"), ("operator", "DoesNotExist", "Exists"), ("protocol", "SCTP", "TCP"),
         ("protocol", "UDP", "TCP"), ("port", "nobody", "http")]
OVERSIGHTS = {
    **{key: without(key) for key in FIELDS},
    **{f"all but the first of {key}": only_first(key) for key in LISTS},
    **{f"{word}, taken for {other}": with_word(key, word, other) for key, word, other in WORDS},
    "that peers have two selectors": with_peers_apart,
    "that policies have a direction": with_all_types,
    "that init containers end": with_setup_ports,
    "names of ports": without("name", "Deployment"),
    "hostNetwork": without("hostNetwork", None),
    "sidecars": without("initContainers", None),
    "Namespaces": lambda each: None if each["kind"] == "Namespace" else each,
    "hooks": lambda each: None if "annotations" in each.get("metadata", {}) and each["kind"] == "NetworkPolicy" else each}


@functools.cache
def sample(start):
    """Some generated clusters: (the question, its manifests)."""
    found = []
    for seed in range(start, start + 10):
        text = policies.generate(seed)
        found.append((agreement.question(text, most=10), list(netpol.objects(yaml.load_all(text, Loader)))))
    return found


def is_noticed(overlook, some):
    asked = [question._replace(text="\n---\n".join(json.dumps(each) for each in map(overlook, manifests) if each))
             for question, manifests in some]
    return any(agreement.differences(*pair) for pair in zip(asked, agreement.ask(asked)))


@pytest.mark.parametrize("name", OVERSIGHTS)
def test_what_is_overlooked_is_noticed(name):
    """In one of the first two hundred clusters; and it is the oversight that is noticed, not how the manifests are written here."""
    assert any(is_noticed(OVERSIGHTS[name], sample(start)) for start in range(0, 200, 10))
    assert not is_noticed(lambda each: each, sample(0))


def test_every_wrong_answer_is_noticed():
    """One at a time, and by itself."""
    asked = agreement.question(policies.generate(0), most=4)
    answer = agreement.ask([asked])[0]
    assert agreement.differences(asked, answer) == []
    for key in ("between", "to", "from"):
        assert answer[key]
        for at, verdict in enumerate(answer[key]):
            other = "ingress default/p9" if verdict == "open" else "open"
            wrong = {**answer, key: [*answer[key][:at], other, *answer[key][at + 1:]]}
            assert len(agreement.differences(asked, wrong)) == 1


def test_a_workload_that_is_overlooked_is_noticed():
    asked = sample(0)[0][0]
    answer = agreement.ask([asked])[0]
    assert agreement.differences(asked, {**answer, "workloads": answer["workloads"][1:]})


def test_what_is_no_yaml():
    """Is an answer, too, and the next one comes."""
    fine = sample(0)[0][0]
    broken = fine._replace(text="a: [\n")
    answers = agreement.ask([broken, fine])
    assert agreement.differences(broken, answers[0])[0].startswith("the program cannot read it: ")
    assert agreement.differences(fine, answers[1]) == []


@pytest.mark.parametrize("line", [b"{}", b"[", b'{"stream": "", "namespace": "", "ports": [["ICMP", 8]], "addresses": []}',
                                  b'{"stream": "", "namespace": "", "ports": [["TCP", "http"]], "addresses": []}'])
def test_what_is_no_question(line):
    done = subprocess.run([paths.test_program("netpol_answers")], input=line, capture_output=True)
    assert done.returncode == 2 and done.stdout == b"" and done.stderr.startswith(b"netpol_answers: ")
