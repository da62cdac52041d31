"""`mode: Validate` of the function, which two kinds of hosts want different answers from."""
import copy
import json
import subprocess

import pytest
import yaml

from support import paths

CART = yaml.safe_load("""\
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, annotations: {config.kubernetes.io/index: "0"}}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart, team: web}}
    spec: {containers: [{name: cart, image: "registry.example/cart:1.0"}]}
""")

VALIDATE = yaml.safe_load("""\
apiVersion: cloudlab.dev/v1alpha1
kind: Pipeline
metadata: {name: validate}
spec:
  mode: Validate
  policies:
  - apiVersion: cloudlab.dev/v1alpha1
    kind: SidecarPolicy
    metadata: {name: labels}
    spec: {match: {any: [{kinds: [Deployment]}]}, podLabels: {team: web}}
""")


def call(item):
    stdin = json.dumps({"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "functionConfig": VALIDATE, "items": [item]}).encode()
    done = subprocess.run([paths.krm()], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.returncode, yaml.safe_load(done.stdout)


def changed(path=None, wrong=False):
    item = copy.deepcopy(CART)
    if path:
        item["metadata"]["annotations"][path] = "cart.yaml"
    if wrong:
        del item["spec"]["template"]["metadata"]["labels"]["team"]
    return item


def test_kustomize_build_wants_no_items():
    code, answer = call(changed())
    assert code == 0 and answer["items"] == []


@pytest.mark.parametrize("path", ["internal.config.kubernetes.io/path", "config.kubernetes.io/path"])
def test_files_of_a_package_come_back_as_they_were(path):
    """kpt deletes those that do not, also where `kpt fn eval` runs a function that only validates."""
    code, answer = call(changed(path))
    assert code == 0 and answer["items"] == [changed(path)]


@pytest.mark.parametrize("path", [None, "internal.config.kubernetes.io/path"])
def test_what_is_wrong_fails(path):
    """With exit code 1 no host looks at the items."""
    code, answer = call(changed(path, wrong=True))
    assert code == 1 and answer["items"] == []
    assert "error" in [result["severity"] for result in answer["results"]]
