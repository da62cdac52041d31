"""spec.replicas under an autoscaler, on a real control plane: what the policy says will happen does happen.

There are no metrics here, so the autoscaler does what it does without any: it raises the number of pods to minReplicas, and owns
it from then on.
"""
import json
import subprocess

import pytest

from support import paths

POLICY = """\
apiVersion: cloudlab.dev/v1alpha1
kind: AutoscalingPolicy
metadata: {{name: scaling}}
spec:
  match: {{any: [{{kinds: [Deployment]}}]}}
  horizontal: {{minReplicas: 2, maxReplicas: 4}}
  replicasPolicy: {replicas}
  disruptionBudget: {{maxUnavailable: 1}}
"""


@pytest.fixture
def policy(tmp_path, release):
    """The policy with its replicasPolicy, and how Helm is told of it."""
    def write(replicas):
        path = tmp_path / "policy.yaml"
        path.write_text(POLICY.format(replicas=replicas))
        return path
    return write


@pytest.fixture
def podinfo(helm, cluster, release, podinfo_chart):
    """A Helm verb on the release; with a policy as its post-renderer."""
    def call(verb, *words, config=None):
        arguments = [f"--post-renderer-args=--namespace={release}"] if config else []
        return helm.run(verb, "podinfo", podinfo_chart, "-n", release, *words, *arguments, config=config)
    return call


class Watch:
    """Every spec.replicas that the Deployment has while the block runs."""

    def __init__(self, cluster, release, file):
        self.command = [paths.tool("kubectl"), f"--kubeconfig={cluster.kubeconfig}", "get", "deployment", "podinfo", "-n", release,
                        "--watch", "-o", 'jsonpath={.spec.replicas}{"\\n"}']
        self.file = file

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self.file.open("wb"), stderr=subprocess.DEVNULL)
        return self

    def seen(self):
        return [int(line) for line in self.file.read_text().split()]

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def replicas(cluster, release):
    return cluster.get("deployment", "podinfo", "-n", release)["spec"].get("replicas")


def succeeded(done):
    assert done.returncode == 0, done.stderr.decode()


def test_a_new_release(cluster, release, policy, podinfo, tmp_path):
    """The autoscaler sets the number; an upgrade neither fights for it nor changes it; one pod can be evicted."""
    succeeded(podinfo("install", config=policy("Remove")))
    assert cluster.eventually(lambda: replicas(cluster, release), 2) == 2
    with Watch(cluster, release, tmp_path / "replicas") as watch:
        succeeded(podinfo("upgrade", "--set", "ui.message=again", config=policy("Remove")))
        template = lambda: json.dumps(cluster.get("deployment", "podinfo", "-n", release)["spec"]["template"])
        assert "again" in template()
        assert set(watch.seen()) == {2}
    ready = lambda: cluster.get("deployment", "podinfo", "-n", release)["status"].get("readyReplicas")
    assert cluster.eventually(ready, 2) == 2
    allowed = lambda: cluster.get("poddisruptionbudget", "podinfo", "-n", release)["status"].get("disruptionsAllowed")
    assert cluster.eventually(allowed, 1) == 1
    pod = cluster.get("pods", "-n", release, "-l", "app.kubernetes.io/name=podinfo")[0]["metadata"]["name"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": release}}
    cluster.kubectl("create", "--raw", f"/api/v1/namespaces/{release}/pods/{pod}/eviction", "-f", "-", stdin=json.dumps(eviction))
    print(f"\n  {release}: 2 pods by the autoscaler, the same through an upgrade, one of them evicted", end="")


@pytest.mark.parametrize("helm", ["helm3"], indirect=True)
def test_helm_3_dips_once(cluster, release, policy, podinfo, tmp_path):
    """As the report says: the first rollout without the field means 1 pod until the autoscaler answers; SetToMin does not."""
    succeeded(podinfo("install", "--set", "replicaCount=3", "--wait"))
    with Watch(cluster, release, tmp_path / "set-to-min") as watch:
        succeeded(podinfo("upgrade", "--set", "replicaCount=3", config=policy("SetToMin")))
        assert cluster.eventually(lambda: replicas(cluster, release), 2) == 2
        assert 1 not in watch.seen()
    with Watch(cluster, release, tmp_path / "remove") as watch:
        succeeded(podinfo("upgrade", "--set", "replicaCount=3", config=policy("Remove")))
        assert cluster.eventually(lambda: watch.seen()[-1:], [2]) == [2]
        assert cluster.eventually(lambda: 1 in watch.seen() and watch.seen()[-1] == 2, True)
    print(f"\n  {release}: {watch.seen()} pods when spec.replicas left the manifest", end="")


@pytest.mark.parametrize("helm", ["helm4"], indirect=True)
def test_helm_4_hands_over_without_a_dip(cluster, release, policy, podinfo, tmp_path):
    """The steps that the report gives: Keep, another manager for the field, Remove."""
    succeeded(podinfo("install", "--set", "replicaCount=3", "--wait"))
    with Watch(cluster, release, tmp_path / "replicas") as watch:
        succeeded(podinfo("upgrade", "--set", "replicaCount=3", config=policy("Keep")))
        handover = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "podinfo", "namespace": release},
                    "spec": {"replicas": replicas(cluster, release)}}
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=handover", "--validate=false", "-f", "-",
                        stdin=json.dumps(handover))
        succeeded(podinfo("upgrade", "--set", "replicaCount=3", config=policy("Remove")))
        assert set(watch.seen()) == {3}
    assert replicas(cluster, release) == 3
    print(f"\n  {release}: 3 pods all the time", end="")


@pytest.mark.parametrize("helm", ["helm4"], indirect=True)
def test_helm_4_conflicts_if_the_field_stays(cluster, release, policy, podinfo):
    """Why the field has to go: once the autoscaler moved it, Helm 4 cannot apply it any more."""
    succeeded(podinfo("install", "--set", "replicaCount=1", config=policy("Keep")))
    assert cluster.eventually(lambda: replicas(cluster, release), 2) == 2
    done = podinfo("upgrade", "--set", "replicaCount=1", config=policy("Keep"))
    assert done.returncode != 0 and b".spec.replicas" in done.stderr
    succeeded(podinfo("upgrade", "--set", "replicaCount=1", config=policy("Remove")))
    assert cluster.eventually(lambda: replicas(cluster, release), 2) == 2
