"""The container image: what is in it, and that it runs as hosts run it and says what the program says."""
import io
import json
import os
import re
import subprocess
import tarfile

import pytest
import yaml

from resource_lists import BROKEN, ITEMS, SIDECAR, TIER, resource_list
from support import paths

# Word for word what kustomize runs.
KUSTOMIZE = ["run", "--rm", "-i", "-a", "STDIN", "-a", "STDOUT", "-a", "STDERR", "--network", "none", "--user", "nobody",
             "--security-opt=no-new-privileges"]
ENVIRONMENT = ["-e", "LOG_TO_STDERR=true", "-e", "STRUCTURED_RESULTS=true"]

POLICIES = {"sidecar": SIDECAR, "tier": TIER, "broken": BROKEN}


def layers(docker):
    """The members of each layer, as `docker save` writes them."""
    with tarfile.open(fileobj=io.BytesIO(docker("save", docker.image))) as saved:
        [manifest] = json.load(saved.extractfile("manifest.json"))
        found = []
        for name in manifest["Layers"]:
            with tarfile.open(fileobj=io.BytesIO(saved.extractfile(name).read())) as layer:
                found.append({f"/{member.name}".rstrip("/"): (member, layer.extractfile(member).read() if member.isfile() else None)
                              for member in layer})
        return found


@pytest.fixture(scope="module")
def files(docker):
    return {path: member for layer in layers(docker) for path, member in layer.items()}


@pytest.fixture(scope="module")
def config(docker):
    [image] = json.loads(docker("image", "inspect", docker.image))
    return image


def test_the_image_holds_exactly_this(files):
    expected = {"/cloudlab-krm": 0o755, "/cloudlab-postrender": 0o755, "/sbom.spdx.json": 0o644, "/etc": 0o755,
                "/etc/passwd": 0o644, "/etc/group": 0o644}
    assert {path: member.mode & 0o7777 for path, (member, _) in files.items() if path} == expected
    assert {(member.uid, member.gid) for member, _ in files.values()} == {(0, 0)}
    for program in ("cloudlab-krm", "cloudlab-postrender"):
        assert files[f"/{program}"][1] == (paths.TOP / "out/bin" / program).read_bytes()


def test_its_users_are_root_and_nobody(files):
    assert files["/etc/passwd"][1].decode() == "root:x:0:0:root:/:/nonexistent\nnobody:x:65534:65534:nobody:/:/nonexistent\n"
    assert files["/etc/group"][1].decode() == "root:x:0:\nnobody:x:65534:\n"


def test_a_container_adds_nothing_that_runs(docker):
    """What Docker itself puts into a container's root (places to mount on) aside."""
    container = docker("create", "--network", "none", docker.image).decode().strip()
    try:
        with tarfile.open(fileobj=io.BytesIO(docker("export", container))) as exported:
            programs = [member.name for member in exported if member.isfile() and member.mode & 0o111 and member.size]
    finally:
        docker("rm", container)
    assert sorted(programs) == ["cloudlab-krm", "cloudlab-postrender"]


@pytest.mark.parametrize("shell", ["/bin/sh", "sh", "/bin/bash", "/busybox/sh"])
def test_there_is_no_shell(docker, shell):
    done = docker.run("run", "--rm", "--network", "none", "--entrypoint", shell, docker.image, "-c", "true")
    assert done.returncode == 127, done.stderr


def test_it_is_small(config):
    assert config["Size"] < 15_000_000


def test_labels(config):
    labels = config["Config"]["Labels"]
    commit = git("describe", "--always", "--abbrev=40", "--dirty", "--match=")
    version = re.search(r"project\(cloudlab VERSION ([0-9.]+)", (paths.TOP / "CMakeLists.txt").read_text())[1]
    description = labels.pop("org.opencontainers.image.description")
    assert "KRM function" in description
    assert labels == {
        "org.opencontainers.image.title": "cloudlab",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.revision": commit,
        "org.opencontainers.image.created": git("log", "-1", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ"),
        "org.opencontainers.image.licenses": "Apache-2.0",
    }


def git(*words):
    return subprocess.run(["git", *words], check=True, cwd=paths.TOP, env=os.environ | {"TZ": "UTC"}, stdout=subprocess.PIPE, text=True).stdout.strip()


def test_it_starts_the_function_as_nobody(config):
    assert config["Config"]["User"] == "65534:65534"
    assert config["Config"]["Entrypoint"] == ["/cloudlab-krm"]
    assert not config["Config"].get("Cmd")


@pytest.mark.parametrize("more", [[], ["--read-only"], ["--read-only", "--cap-drop=ALL"]], ids=" ".join)
@pytest.mark.parametrize("policy", POLICIES)
def test_the_container_says_what_the_program_says(docker, policy, more):
    stdin = resource_list(POLICIES[policy])
    outside = subprocess.run([paths.krm()], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/",
                             env={"LOG_TO_STDERR": "true", "STRUCTURED_RESULTS": "true"})
    inside = docker.run(*KUSTOMIZE, *more, *ENVIRONMENT, docker.image, stdin=stdin)
    assert (inside.returncode, inside.stdout, inside.stderr) == (outside.returncode, outside.stdout, outside.stderr)


def test_the_policy_of_the_function_config_is_applied(docker):
    [item] = yaml.safe_load(docker(*KUSTOMIZE, *ENVIRONMENT, docker.image, stdin=resource_list(SIDECAR)))["items"]
    pod = item["spec"]["template"]["spec"]
    assert "agent" in [container["name"] for container in [*pod["containers"], *pod.get("initContainers", [])]]


def test_a_broken_function_config_leaves_no_items(docker):
    done = docker.run(*KUSTOMIZE, *ENVIRONMENT, docker.image, stdin=resource_list(BROKEN))
    assert done.returncode == 1
    result = yaml.safe_load(done.stdout)
    assert result["kind"] == "ResourceList" and result["items"] == []
    assert any(each["severity"] == "error" and "contaner" in each["message"] for each in result["results"])
    assert b"contaner" in done.stderr


def test_the_other_entry_point_is_the_post_renderer(docker, postrender):
    stream = yaml.safe_dump(yaml.safe_load(ITEMS)["items"][0]).encode()
    inside = docker("run", "--rm", "-i", "--network", "none", "--entrypoint", "/cloudlab-postrender", docker.image, stdin=stream)
    assert inside == postrender.edit(stream)
    assert inside != stream


def test_the_same_commit_makes_the_same_layers(docker, config):
    """Not from Docker's cache, and from files written anew. The image's own name differs: a classic builder dates it itself."""
    docker.build_image()
    context = paths.TOP / "out/image"
    again = docker("build", "--no-cache", "--quiet", context).decode().strip()
    try:
        [image] = json.loads(docker("image", "inspect", again))
        assert image["RootFS"] == config["RootFS"]
    finally:
        docker("image", "rm", again)


def test_without_a_daemon_it_says_what_to_do(tmp_path):
    done = subprocess.run([paths.TOP / "tools/image"], env=os.environ | {"DOCKER_HOST": f"unix://{tmp_path}/none"},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert re.search(r"^tools/image: (no Docker daemon can be reached|there is no docker on PATH): ", done.stderr), done.stderr
    assert "tools/image --context" in done.stderr
