"""What a NetworkAccessPolicy makes of generated clusters, in the eyes of the judge: who is to talk to whom can, names are resolved,
and whom nobody mentioned stays out. The truth is that of the generator; the program's own proof must come to the same."""
import json
import subprocess
from typing import NamedTuple

import pytest

from support import paths
from support.postrender import clean_environment
from truth import agreement, clusters, netpol

POLICY = """apiVersion: cloudlab.dev/v1alpha1
kind: NetworkAccessPolicy
metadata: {name: access}
spec: {match: {any: [{kinds: [Workload], hooks: Include}]}}
"""
DNS = """---
apiVersion: v1
kind: Pod
metadata: {name: dns, namespace: kube-system, labels: {k8s-app: kube-dns}}
spec: {containers: [{name: dns, image: dns, ports: [{containerPort: 53, protocol: UDP}]}]}
"""
RESOLVER = "kube-system/Pod/dns"
SEEDS = range(1000)


class Made(NamedTuple):
    text: str
    report: dict
    before: netpol.Cluster
    after: netpol.Cluster
    edges: set


@pytest.fixture(scope="module")
def all_made(tmp_path_factory):
    """Every cluster as the program writes it."""
    folder = tmp_path_factory.mktemp("clusters")
    config, report = folder / "policy.yaml", folder / "report.json"
    config.write_text(POLICY)

    def make(seed):
        text = clusters.generate(seed)
        run = subprocess.run([paths.program(), "--config", config, "--namespace", "default", "--report", report], input=text,
                             capture_output=True, text=True, env=clean_environment())
        assert run.returncode == 0, f"seed {seed}: {run.stderr}"
        return Made(run.stdout, json.loads(report.read_text()), netpol.load(text + DNS), netpol.load(run.stdout + DNS),
                    {tuple(edge) for edge in clusters.edges(seed)})

    return [make(seed) for seed in SEEDS]


def closed(cluster, edges):
    return {edge for edge in edges if not netpol.allowed(cluster, cluster.pods[edge[0]], cluster.pods[edge[1]], *edge[2:])}


def test_every_edge_is_open(all_made, capsys):
    """Also where a policy of the chart had closed it: policies add up, and the workload's own now opens it."""
    were_closed = 0
    for seed, made in zip(SEEDS, all_made):
        assert not closed(made.after, made.edges), f"seed {seed}"
        assert made.report["network"]["proof"] == "passed", f"seed {seed}"
        were_closed += len(closed(made.before, made.edges))
    with capsys.disabled():
        print(f" {sum(len(made.edges) for made in all_made)} edges open, {were_closed} of them closed before ", end="")


def test_names_are_resolved(all_made):
    for seed, made in zip(SEEDS, all_made):
        for pod in made.after.pods.values():
            assert netpol.allowed(made.after, pod, made.after.pods[RESOLVER], "UDP", 53), f"seed {seed}: {pod.id}"


def ways(cluster):
    """Every pair of workloads with every port that the second one declares."""
    return {(source, destination, port.protocol, port.number)
            for source in cluster.pods for destination, pod in cluster.pods.items() for port in pod.ports
            if source != destination and RESOLVER not in (source, destination)}


def test_whom_nobody_mentions_stays_out(all_made, capsys):
    """What is open and no edge is open for a reason: a policy of the chart opens it, or one of the two is in the network of its
    node, where no selector finds it."""
    open_before = open_after = 0
    for seed, made in zip(SEEDS, all_made):
        everything = ways(made.after)
        still_open = everything - closed(made.after, everything)
        open_before += len(everything - closed(made.before, everything))
        open_after += len(still_open)
        for source, destination, protocol, number in still_open - made.edges:
            ends = [made.after.pods[source], made.after.pods[destination]]
            assert any(pod.host_network for pod in made.after.pods.values()) or opened_by_chart(made, ends, protocol, number), \
                f"seed {seed}: {source} -> {destination} {protocol} {number}"
    with capsys.disabled():
        print(f" {open_before} ways open before, {open_after} after ", end="")
    assert open_after < 1.1 * sum(len(made.edges) for made in all_made)


def opened_by_chart(made, ends, protocol, number):
    sides = netpol.explain(made.after, *ends, protocol, number).values()
    return any(policy in made.before.policies for side in sides for policy in side.allowing)


def test_the_proof_agrees_with_the_judge(all_made):
    for seed in range(0, len(SEEDS), 10):
        agreement.agree(all_made[seed].text)
