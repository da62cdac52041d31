"""examples/all-five on a real control plane that has the External Secrets Operator's definitions, with Helm 3 and Helm 4: admitted, stored as
written, ready, and steady through an upgrade.

No operator runs here, and kwok starts pods without asking for their Secrets. So the test makes what the operator would, and asks
what a kubelet would.
"""
import json
import re
import subprocess

import pytest

from support import paths
from support.manifests import objects

EXAMPLE = paths.TOP / "examples/all-five"
STORE = {"apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore", "metadata": {"name": "vault"},
         "spec": {"provider": {"fake": {"data": [{"key": "any", "value": "any"}]}}}}


@pytest.fixture(scope="module")
def operator(cluster):
    """The operator's definitions, from the module that tools/crds.txt pins, and a store; returns the schema of an ExternalSecret."""
    module, folder = re.search(r"^(\S+/external-secrets@\S+)\s+(\S+)$", (paths.TOP / "tools/crds.txt").read_text(), re.MULTILINE).groups()
    folder = subprocess.check_output([paths.TOP / "tools/module-folder", module], text=True).strip() + "/" + folder
    for name in "externalsecrets", "secretstores", "clustersecretstores":
        cluster.kubectl("apply", "--server-side", "-f", f"{folder}/external-secrets.io_{name}.yaml")
        cluster.wait(f"{name} are served", lambda: cluster.kubectl("get", "--raw", f"/apis/external-secrets.io/v1/{name}", check=False))
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(STORE))
    versions = cluster.get("crd", "externalsecrets.external-secrets.io")["spec"]["versions"]
    return next(each["schema"]["openAPIV3Schema"] for each in versions if each["name"] == "v1")


@pytest.fixture
def podinfo(helm, release, podinfo_chart):
    """A Helm verb on the example's release, with its policies as post-renderer."""
    def call(verb, *words):
        return helm(verb, "podinfo", podinfo_chart, "-n", release, "-f", EXAMPLE / "values.yaml", *words,
                    f"--post-renderer-args=--namespace={release}", "--post-renderer-args=--today=2026-11-21", config=EXAMPLE / "policies.yaml")
    return call


def defaulted(value, schema):
    """What an API server stores for this value: with the defaults of the schema."""
    if isinstance(value, list):
        return [defaulted(item, schema.get("items", {})) for item in value]
    if not isinstance(value, dict):
        return value
    properties = schema.get("properties", {})
    defaults = {key: each["default"] for key, each in properties.items() if "default" in each}
    return {key: defaulted(item, properties.get(key, {})) for key, item in (defaults | value).items()}


def of_kind(found, kind):
    return {each["metadata"]["name"]: each for each in found if each["kind"] == kind}


def act_as_operator(cluster, namespace):
    """A stand-in for the External Secrets Operator: the Secret of each ExternalSecret, with its keys, and nothing true in them."""
    for external in cluster.get("externalsecrets", "-n", namespace):
        spec = external["spec"]
        assert cluster.get(spec["secretStoreRef"]["kind"].lower(), spec["secretStoreRef"]["name"])
        keys = spec["target"].get("template", {}).get("data") or [each["secretKey"] for each in spec["data"]]
        secret = {"apiVersion": "v1", "kind": "Secret", "stringData": {key: "stand-in" for key in keys},
                  "metadata": {"name": spec["target"].get("name", external["metadata"]["name"])}}
        cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(secret))


def references_of_pods(cluster, namespace):
    """(Secret, key) of all variables of all pods."""
    return {(ref["name"], ref["key"]) for pod in cluster.get("pods", "-n", namespace)
            for container in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
            for variable in container.get("env", []) if (ref := variable.get("valueFrom", {}).get("secretKeyRef"))}


def test_all_five(helm, cluster, release, operator, podinfo):
    output = podinfo("template", "--skip-tests").decode()
    written = objects(output.encode())
    admitted = cluster.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-n", release, "-f", "-", stdin=output)
    assert admitted.count("serverside-applied (server dry run)") == len(written) == 11

    podinfo("install", "--wait", "--timeout=120s")
    stored = {each["metadata"]["name"]: each["spec"] for each in cluster.get("externalsecrets", "-n", release)}
    spec = operator["properties"]["spec"]
    assert stored == {name: defaulted(each["spec"], spec) for name, each in of_kind(written, "ExternalSecret").items()}
    assert set(stored) == {"podinfo-secrets", "log-agent"}
    stored = {each["metadata"]["name"]: each["spec"] for each in cluster.get("networkpolicies", "-n", release)}
    assert stored == {name: each["spec"] for name, each in of_kind(written, "NetworkPolicy").items()}
    assert set(stored) == {"podinfo", "podinfo-redis"}

    ready = lambda: {each["metadata"]["name"]: each["status"].get("readyReplicas") for each in cluster.get("deployments", "-n", release)}
    assert cluster.eventually(ready, {"podinfo": 2, "podinfo-redis": 1}) == {"podinfo": 2, "podinfo-redis": 1}
    allowed = lambda: cluster.get("poddisruptionbudget", "podinfo", "-n", release)["status"].get("disruptionsAllowed")
    assert cluster.eventually(allowed, 1) == 1

    act_as_operator(cluster, release)
    made = {(each["metadata"]["name"], key) for each in cluster.get("secrets", "-n", release) for key in each.get("data", {})}
    asked = references_of_pods(cluster, release)
    assert asked == {("podinfo-secrets", "DATABASE_URL_PASSWORD"), ("podinfo-secrets", "PODINFO_JWT_SECRET"), ("log-agent", "token")}
    assert asked <= made

    kinds = "deployments,externalsecrets,networkpolicies,horizontalpodautoscalers,poddisruptionbudgets"
    versions = lambda: {(each["kind"], each["metadata"]["name"]): each["metadata"].get("generation") for each in cluster.get(kinds, "-n", release)}
    before, pods = versions(), sorted(each["metadata"]["name"] for each in cluster.get("pods", "-n", release))
    podinfo("upgrade", "--wait", "--timeout=120s")
    assert versions() == before
    assert sorted(each["metadata"]["name"] for each in cluster.get("pods", "-n", release)) == pods
    print(f"\n  {release}: {len(written)} objects admitted and installed, 3 pods ready, 3 references to 2 ExternalSecrets, no pod restarted by an upgrade", end="")


def test_a_broken_external_secret_is_refused(cluster, helm, release, operator, podinfo):
    """Or the dry run above could not fail."""
    output = podinfo("template", "--skip-tests").decode()
    with pytest.raises(RuntimeError, match="creationPolicy"):
        cluster.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-n", release, "-f", "-",
                        stdin=output.replace("creationPolicy: Owner", "creationPolicy: Owned"))
