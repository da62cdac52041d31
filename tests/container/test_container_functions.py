"""The image as a container function of the real kustomize."""
import subprocess

import pytest
import yaml

from resource_lists import BROKEN, ITEMS, SIDECAR
from support import paths

FUNCTION = """\
metadata:
  annotations:
    config.kubernetes.io/function: |
      container:
        image: {image}
"""


def as_function(policy, image):
    """The policy with the annotation by which kustomize knows what to run."""
    return policy.replace("metadata:\n", FUNCTION.format(image=image), 1)


@pytest.fixture
def kustomize(docker, tmp_path):
    def run(*words):
        return subprocess.run([paths.tool("kustomize"), *map(str, words)], cwd=tmp_path, env=docker.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return run


@pytest.fixture
def cart(tmp_path):
    """A folder with one Deployment."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "cart.yaml").write_text(yaml.safe_dump(yaml.safe_load(ITEMS)["items"][0]))
    return folder


def containers(text):
    pod = yaml.safe_load(text)["spec"]["template"]["spec"]
    return [container["name"] for container in [*pod["containers"], *pod.get("initContainers", [])]]


def test_build_runs_it_as_a_transformer(docker, kustomize, cart):
    (cart / "agent.yaml").write_text(as_function(SIDECAR, docker.image))
    (cart / "kustomization.yaml").write_text("resources: [cart.yaml]\ntransformers: [agent.yaml]\n")
    done = kustomize("build", "--enable-alpha-plugins", cart)
    assert done.returncode == 0, done.stderr
    assert sorted(containers(done.stdout)) == ["agent", "cart"]


def test_build_fails_with_the_cause_on_stderr(docker, kustomize, cart):
    (cart / "agent.yaml").write_text(as_function(BROKEN, docker.image))
    (cart / "kustomization.yaml").write_text("resources: [cart.yaml]\ntransformers: [agent.yaml]\n")
    done = kustomize("build", "--enable-alpha-plugins", cart)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "contaner" in done.stderr


def test_fn_run_finds_the_function_and_writes_in_place(docker, kustomize, cart):
    functions = cart.parent / "functions"
    functions.mkdir()
    (functions / "agent.yaml").write_text(as_function(SIDECAR, docker.image))
    done = kustomize("fn", "run", cart, "--fn-path", functions)
    assert done.returncode == 0, done.stderr
    assert sorted(containers((cart / "cart.yaml").read_text())) == ["agent", "cart"]


def test_fn_run_with_an_image_alone(docker, kustomize, cart):
    """kustomize gives a ConfigMap as functionConfig then, empty here."""
    done = kustomize("fn", "run", cart, "--image", docker.image)
    assert done.returncode == 0, done.stderr
    assert containers((cart / "cart.yaml").read_text()) == ["cart"]
