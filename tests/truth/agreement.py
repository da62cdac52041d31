"""Whether the program's reachability (src/policy/network/reach.hpp) and the judge (netpol.py) say the same about a stream.

The program's answers come from tests/truth/netpol_answers.cpp, which links the library and nothing of the judge. The judge reads
the stream, too, and names what is asked: every pair of workloads, at every port that a container declares or a policy names, next
to every range, at the last port and at one that nobody names, each in all protocols that occur; and addresses in every ipBlock, in
what it excepts, and at both sides of either.

Two differences are no mistakes and are levelled here: the program knows no addresses of pods, so the judge forgets status.podIP;
and a workload and itself are two different pods of it. Workloads of custom kinds, which the judge does not know, are not compared.
Where the program knows more by its own choice there is nothing to level, and a stream with such things is not to be asked about:
objects for tools only, and numbers of ports that are not decimal, which it does not read. A policy that the API server refuses is
a ValueError, for then the judge has no opinion.
"""
import json
import random
import subprocess
from dataclasses import replace
from typing import NamedTuple

from support import paths
from support.manifests import WORKLOADS
from truth import netpol

KINDS = {*WORKLOADS, "Pod"}
NOBODYS = ["203.0.113.7", "2001:db8:ffff::7"]  # Of the documentation: in a block only if that is wide.


class Question(NamedTuple):
    """`text` is what the program reads; the rest is the judge's reading of it and what both are asked about."""
    text: str
    namespace: str
    cluster: netpol.Cluster
    ports: list
    addresses: list


def question(text, namespace="default", ports=(), addresses=(), most=None):
    """What there is to ask about a stream (str or bytes), besides these ports and addresses. `most` bounds the number of ports
    and of addresses; the choice is always the same."""
    text = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    cluster = netpol.load(text, namespace)
    cluster = cluster._replace(pods={key: replace(pod, ip=None) for key, pod in cluster.pods.items()})
    return Question(text, namespace, cluster, few(sorted({*ports, *interesting_ports(cluster)}), most),
                    few(sorted({*addresses, *interesting_addresses(cluster)}), most))


def few(items, most):
    return items if most is None or len(items) <= most else random.Random(len(items)).sample(items, most)


def rules(cluster):
    return [rule for policy in cluster.policies.values() for direction in policy.rules.values() for rule in direction]


def interesting_ports(cluster):
    """(protocol, number), in every combination."""
    protocols, numbers = {"TCP"}, {65535}
    for pod in cluster.pods.values():
        protocols |= {port.protocol for port in pod.ports}
        numbers |= {port.number for port in pod.ports}
    for _, ports in rules(cluster):
        for port in ports:
            protocols.add(port.get("protocol") or "TCP")
            if isinstance(port.get("port"), int):
                numbers |= {port["port"], port.get("endPort") or port["port"]}
            if port.get("endPort"):
                numbers |= {port["port"] - 1, port["endPort"] + 1}
    numbers.add(next(number for number in range(1, 65536) if number not in numbers))
    return [(protocol, number) for protocol in protocols for number in numbers if 1 <= number <= 65535]


def interesting_addresses(cluster):
    """The first and the last of each block and exception, and what is beside them."""
    found = set(NOBODYS)
    for peers, _ in rules(cluster):
        for block in (peer["ipBlock"] for peer in peers if peer.get("ipBlock")):
            for network in map(netpol.network, [block["cidr"], *(block.get("except") or [])]):
                first, last = int(network[0]), int(network[-1])
                found |= {str(type(network[0])(number)) for number in (first - 1, first, last, last + 1)
                          if 0 <= number < 1 << network.max_prefixlen}
    return found


def ask(questions):
    """The program's answers, in order, from one process. `between`, `to` and `from` are lists of verdicts' texts."""
    lines = [json.dumps({"stream": each.text, "namespace": each.namespace, "ports": each.ports, "addresses": each.addresses})
             for each in questions]
    done = subprocess.run([paths.test_program("netpol_answers")], input="\n".join(lines).encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for each in answers:
        for key in ("between", "to", "from"):
            each[key] = [each["verdicts"][number] for number in each.get(key, [])]
    return answers


def differences(question, answer):
    """What the two do not agree about, one line each."""
    if "problem" in answer:
        return [f"the program cannot read it: {answer['problem']}"]
    cluster = question.cluster
    # Of two workloads with one id the last one counts.
    places = {workload: place for place, workload in enumerate(answer["workloads"]) if workload.split("/")[1] in KINDS}
    if places.keys() != cluster.pods.keys():
        return [f"only one of the two knows {', '.join(sorted(places.keys() ^ cluster.pods.keys()))}"]
    found = []
    for source, destination, verdicts in connections(question, answer, places):
        for (protocol, number), verdict in zip(question.ports, verdicts, strict=True):
            sides = netpol.explain(cluster, source, destination, protocol, number)
            if not fits(verdict, sides):
                found.append(f"{name(source)} -> {name(destination)} {number}/{protocol}: "
                             f"the program says {verdict}, the judge {sides}")
    return found


def connections(question, answer, places):
    """(source, destination, the program's verdicts about each port)."""
    pods, width = question.cluster.pods.values(), len(question.ports)
    for pod in pods:
        for other in pods:
            at = (places[pod.id] * len(answer["workloads"]) + places[other.id]) * width
            yield pod, netpol.another(other) if other is pod else other, answer["between"][at:at + width]
        for number, address in enumerate(question.addresses):
            at = (places[pod.id] * len(question.addresses) + number) * width
            yield pod, address, answer["to"][at:at + width]
            yield address, pod, answer["from"][at:at + width]


def name(end):
    return end if isinstance(end, str) else f"{'another ' * end.replica}{end.id}"


def fits(verdict, sides):
    """A closed one must name the first closed side, and a policy that isolates it."""
    closed = next((side for side in ("egress", "ingress") if not sides[side].open), None)
    if closed is None or verdict == "open":
        return closed is None and verdict == "open"
    side, _, policy = verdict.partition(" ")
    return side == closed and policy in sides[side].isolating


class Tally(NamedTuple):
    """How many answers the program gave, and how many of them are `open`."""
    answers: int
    open: int


def agree_on(questions):
    """Asserts that there is no difference in any."""
    verdicts = []
    for each, answer in zip(questions, ask(questions), strict=True):
        found = differences(each, answer)
        assert not found, "\n".join([f"{len(found)} differences, the first of them:", *found[:10], each.text[:5000]])
        verdicts += answer["between"] + answer["to"] + answer["from"]
    return Tally(len(verdicts), verdicts.count("open"))


def agree(text, namespace="default", **more):
    """Asserts that program and judge agree on everything that question() asks about a stream, such as the output of
    cloudlab-postrender."""
    return agree_on([question(text, namespace, **more)])
