"""NetworkPolicies that the program makes, before the API server's own validation. No network plugin runs here: whom they let through
is what tests/truth judges."""
import subprocess

import pytest
import yaml

from support import paths
from support.manifests import Loader
from support.postrender import clean_environment

POLICY = """\
apiVersion: cloudlab.dev/v1alpha1
kind: NetworkAccessPolicy
metadata: {name: access}
spec:
  match: {any: [{kinds: [Workload]}]}
  defaultDeny: Namespace
  ownedNamespaces: ["*"]
  dns: {nodeLocalCIDR: 169.254.20.10/32}
  ingressControllers: [{namespaceSelector: {matchExpressions: [{key: role, operator: In, values: [ingress]}]}}]
  external: {except: [10.0.0.0/8]}
  apiServer: {cidrs: [10.96.0.1/32], when: Always}
  nodeCIDRs: [10.0.0.0/16]
  allow: [{from: {ipBlock: {cidr: 192.0.2.0/24}}, to: {name: "*"}, ports: ["6222-6230"], protocol: UDP}]
  evidence: Annotation
"""


@pytest.fixture
def namespace(request, cluster):
    name = request.node.originalname.removeprefix("test_").replace("_", "-")
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def made(tmp_path, namespace):
    """microservices-demo with a policy for each of its workloads."""
    config = tmp_path / "policy.yaml"
    config.write_text(POLICY)
    return subprocess.run([paths.program(), "--config", config, "--namespace", namespace], check=True, text=True,
                          stdin=paths.corpus("microservices-demo.yaml").open(), stdout=subprocess.PIPE, env=clean_environment()).stdout


def policies(text):
    return {each["metadata"]["name"]: each["spec"] for each in yaml.load_all(text, Loader) if each["kind"] == "NetworkPolicy"}


def apply(cluster, namespace, text, **more):
    return cluster.kubectl("apply", "--server-side", "--validate=strict", "-n", namespace, "-f", "-", stdin=text, **more)


def test_policies_are_admitted_as_written(cluster, namespace, made):
    """The server has nothing to refuse and nothing to add."""
    apply(cluster, namespace, made)
    stored = {each["metadata"]["name"]: each["spec"] for each in cluster.get("networkpolicies", "-n", namespace)}
    assert stored == policies(made) and len(stored) == 13


def test_a_broken_policy_is_refused(cluster, namespace, made):
    """Or the test above could not fail."""
    with pytest.raises(RuntimeError, match="Invalid value"):
        apply(cluster, namespace, made.replace("cidr: 192.0.2.0/24", "cidr: 192.0.2.0/99"))
