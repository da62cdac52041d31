"""Real manifests that nobody wrote for this project ($CLOUDLAB_CORPUS): untouched when nothing applies, and under tiers and
sidecars changed in exactly the lines that the policies name."""
import re
import subprocess

import pytest

from support import paths
from support.chart import chart_of_stream
from support.kubeconform import assert_valid
from support.manifests import containers, objects
from support.policies import AUTOSCALING, NETWORK, TIERS_AND_SIDECARS, TIERS_AND_SIDECARS_LINES

CORPUS = ["argo-cd.yaml", "cert-manager.yaml", "istio-minimal.yaml", "kube-prometheus.yaml", "microservices-demo.yaml",
          "otel-demo.yaml", "podinfo.yaml"]
WITH_POLICIES = ["argo-cd.yaml", "microservices-demo.yaml", "otel-demo.yaml", "podinfo.yaml"]

# What an added field may replace: the empty value that the chart had there.
EMPTY = re.compile(r"(resources|annotations|volumes|volumeMounts|initContainers): *(\{\}|\[\]|null|~)?")


def bare(line):
    """A line without indentation, dash and quotes."""
    return re.sub(r"""^\s*(- )?|["']""", "", line).rstrip()


@pytest.mark.parametrize("name", CORPUS)
def test_no_op_in_the_pipe(postrender, no_op, name):
    stream = paths.corpus(name).read_bytes()
    assert postrender.edit(stream, "--config", no_op) == stream


@pytest.mark.parametrize("name", CORPUS)
def test_no_op_in_helm3(helm3, no_op, name, tmp_path):
    chart = chart_of_stream(tmp_path / "chart", paths.corpus(name).read_bytes())
    assert helm3.template(chart, config=no_op).rstrip(b"\n") == helm3.template(chart).rstrip(b"\n")


@pytest.mark.parametrize("name", CORPUS)
def test_corpus_is_valid(name, tmp_path):
    """The schemas are fit to judge the output: they pass the input."""
    assert_valid(paths.corpus(name).read_bytes(), tmp_path / "valid")


@pytest.mark.parametrize("name", WITH_POLICIES)
def test_tiers_and_sidecars(postrender, policy, name, tmp_path):
    """The output is valid, a second run changes nothing, and the diff adds only lines that the policies name."""
    options = "--config", policy(TIERS_AND_SIDECARS), "--environment", "production", "--namespace", "default"
    before, after = paths.corpus(name), tmp_path / "after.yaml"
    after.write_bytes(postrender.edit(before.read_bytes(), *options))

    assert_valid(after.read_bytes(), tmp_path / "valid")
    assert postrender.edit(after.read_bytes(), *options) == after.read_bytes()
    assert postrender(after.read_bytes(), *options, "--check").code == 0

    diff = subprocess.run(["diff", before, after], stdout=subprocess.PIPE, text=True).stdout.splitlines()
    added = {bare(line[2:]) for line in diff if line.startswith(">")}
    removed = {bare(line[2:]) for line in diff if line.startswith("<")}
    assert added - TIERS_AND_SIDECARS_LINES == set()
    assert {line for line in removed if not EMPTY.fullmatch(line)} == set()

    workloads = [document for document in objects(after.read_bytes()) if document["kind"] in ("Deployment", "StatefulSet", "DaemonSet")]
    assert workloads and all({"agent", "relay"} <= set(containers(workload)) for workload in workloads)


@pytest.mark.parametrize("name", [*WITH_POLICIES, "kube-prometheus.yaml"])
def test_autoscaling(postrender, policy, name, tmp_path):
    """Tiers, sidecars and autoscaling in one run: valid, stable, every workload scaled and protected or skipped with a reason."""
    options = "--config", policy(TIERS_AND_SIDECARS + AUTOSCALING), "--environment", "production", "--namespace", "default"
    run = postrender(paths.corpus(name).read_bytes(), *options)
    assert run.code == 0, run.stderr
    assert_valid(run.stdout, tmp_path / "valid")
    assert postrender.edit(run.stdout, *options) == run.stdout
    assert postrender(run.stdout, *options, "--check").code == 0

    assert all(proof["passed"] for proof in run.report["proofs"])
    assert {"name": "autoscalers, budgets, limits and quotas fit together", "passed": True} in run.report["proofs"]
    assert all(skip["code"] and skip["message"] for skip in run.report["skips"])
    identity = lambda each: (each["kind"], each["namespace"], each["name"])
    skipped = {identity(skip["object"]) for skip in run.report["skips"] if skip["policy"] == "scaling"}
    made = {}
    for row in run.report["added"]:
        made.setdefault(identity(row["parent"]), set()).add(row["object"]["kind"])
    workloads = [each for each in objects(run.stdout) if each["kind"] in ("Deployment", "StatefulSet")]
    assert workloads
    for each in workloads:
        key = each["kind"], each["metadata"].get("namespace", "default"), each["metadata"]["name"]
        assert made.get(key) == {"HorizontalPodAutoscaler", "PodDisruptionBudget"} or key in skipped, key


@pytest.mark.parametrize("name", [*WITH_POLICIES, "kube-prometheus.yaml"])
def test_network(postrender, policy, name, tmp_path):
    """Tiers, sidecars and network policies in one run: valid, stable, every workload closed or skipped with a reason, and nothing
    that was found is closed by this run."""
    options = "--config", policy(TIERS_AND_SIDECARS + NETWORK), "--environment", "production", "--namespace", "default"
    run = postrender(paths.corpus(name).read_bytes(), *options)
    assert run.code == 0, run.stderr
    assert_valid(run.stdout, tmp_path / "valid")
    assert postrender.edit(run.stdout, *options) == run.stdout
    assert postrender(run.stdout, *options, "--check").code == 0

    assert all(proof["passed"] for proof in run.report["proofs"])
    network = run.report["network"]
    assert network["proof"] == "passed" and network["edges"]
    assert [row for row in network["closed"] if row["wanted"] and not row["before"]] == []
    skipped = {(skip["object"]["kind"], skip["object"]["name"]) for skip in run.report["skips"] if skip["policy"] == "access"}
    made = {(row["parent"]["kind"], row["parent"]["name"]) for row in run.report["added"] if row["object"]["kind"] == "NetworkPolicy"}
    for each in objects(run.stdout):
        if each["kind"] in ("Deployment", "StatefulSet", "DaemonSet"):
            key = each["kind"], each["metadata"]["name"]
            assert key in made or key in skipped, key
