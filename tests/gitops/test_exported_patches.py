"""--patches says the same as the output: the real kustomize makes the output out of the input and the component."""
import subprocess

import pytest

from support import golden, paths
from support.patched import by_identity, load
from support.manifests import FILENAME, objects
from support.streams import STREAMS

POLICY = """\
apiVersion: cloudlab.dev/v1alpha1
kind: SidecarPolicy
metadata: {name: agent}
spec:
  match: {any: [{kinds: [Workload]}]}
  container: {name: agent, image: "registry.example/agent:1.0", resources: {requests: {cpu: 10m}}}
"""

# Golden cases whose objects kustomize cannot tell apart or name: two of one id, and a Job with a generateName.
WITHOUT_PATCHES = {"pipeline/duplicate-ids", "tier/job"}

# Lists, a name that is a regular expression, one name in two namespaces, aliases, merge keys, odd keys and flow style.
ODD = """\
apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: a.b, annotations: {"x/y~z": &note "1"}}
  spec:
    selector: {matchLabels: {app: a}}
    template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: "x:1"}]}}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: a.b}
---
apiVersion: apps/v1
kind: DeploymentList
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: a-b}
  spec: {selector: {matchLabels: {app: b}}, template: {metadata: {labels: {app: b}}, spec: {initContainers: [], containers: [{name: b, image: "x:1"}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: twice, namespace: one}
spec:
  selector: {matchLabels: {app: c}}
  template:
    metadata: {labels: {app: c}}
    spec:
      initContainers: null
      containers:
      - {name: c, image: "x:1", env: [{name: A, value: &a one}, {name: B, value: *a}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: twice}
spec:
  selector: {matchLabels: {app: d}}
  template:
    metadata: {labels: {app: d}}
    spec:
      initContainers:
      - &base {name: first, image: "x:1"}
      containers:
      - {<<: *base, name: d}
"""


@pytest.mark.parametrize("name", STREAMS)
def test_input_and_component_make_the_output(stream_of, kustomize, name):
    stream = stream_of(name)
    made = kustomize.build(stream.before, components=["../component"])
    assert by_identity(made) == by_identity(kustomize.build(stream.after))
    assert load((stream.patches / "kustomization.yaml").read_text())["patches"] or objects((stream.patches / "objects.yaml").read_bytes())


@pytest.mark.parametrize("name", [name for name in STREAMS if name.startswith("examples/")])
def test_they_are_the_objects_of_the_output_itself(stream_of, kustomize, name):
    """Without kustomize on the other side: what we write is read as it is."""
    stream = stream_of(name)
    assert by_identity(kustomize.build(stream.before, components=["../component"])) == by_identity(stream.after)


def is_written(case):
    """True if the case writes manifests of its own making. (One is about a stream that holds none.)"""
    looks_only = {"none", "--dry-run", "--check"} & set(golden.arguments(case))
    return (case / "expected.yaml").exists() and not looks_only and golden.name(case) != "pipeline/nothing-selected"


@pytest.mark.parametrize("case", filter(is_written, golden.cases()), ids=golden.name)
def test_every_golden_case(case, postrender, kustomize, tmp_path):
    """All kinds of edits that there are. What an object says of the file that it came from is no part of a patch."""
    done = golden.run(postrender.path, case, None, "--patches", tmp_path / "component")
    if done.returncode != 0:
        assert "[CL-X-PATCH]" in done.stderr.decode() and golden.name(case) in WITHOUT_PATCHES
        return
    made = by_identity(kustomize.build((case / "input.yaml").read_bytes(), components=["../component"]))
    expected = by_identity(kustomize.build(done.stdout))
    for each in [*made.values(), *expected.values()]:
        each["metadata"].get("annotations", {}).pop(FILENAME, None)
    assert made == expected


def test_kubectl_reads_them_too(stream_of, kustomize, tmp_path):
    """With the kustomize that is built into it, an older one."""
    stream = stream_of("examples/sidecar")
    expected = kustomize.build(stream.before, components=["../component"])
    done = subprocess.run([paths.tool("kubectl"), "kustomize", tmp_path / "kustomization-1"], stdout=subprocess.PIPE, check=True)
    assert by_identity(done.stdout) == by_identity(expected)


def test_objects_that_are_hard_to_tell_apart(postrender, kustomize, tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    after = postrender.edit(ODD.encode(), "--config", policy, "--namespace=shop", "--patches", tmp_path / "component")
    made = by_identity(kustomize.build(ODD.encode(), components=["../component"]))
    assert made == by_identity(kustomize.build(after))
    names = [each["name"] for key, each_object in made.items() if key[0] == "Deployment"
             for each in each_object["spec"]["template"]["spec"]["initContainers"]]
    assert sorted(names) == ["agent"] * 4 + ["first"]


def test_a_chart_that_changed_fails(postrender, kustomize, tmp_path):
    """A container more in front, or the list that did not exist: the build ends with the place, and nothing is patched."""
    policy, component = tmp_path / "policy.yaml", tmp_path / "component"
    policy.write_text(POLICY)
    before = b"""\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{name: web}]}}}
"""
    postrender.edit(before, "--config", policy, "--namespace=shop", "--patches", component)
    changed = tmp_path / "changed"
    changed.mkdir()
    (changed / "kustomization.yaml").write_text("resources: [stream.yaml]\ncomponents: [../component]\n")
    (changed / "stream.yaml").write_bytes(before.replace(b"{containers", b"{initContainers: [{name: own}], containers"))
    done = kustomize.run(changed)
    assert (done.returncode, done.stdout) == (1, b"") and b"/spec/template/spec/initContainers" in done.stderr


def test_flags_of_both_programs_write_the_same(stream_of, tmp_path):
    """cloudlab-krm fn, over the same stream with the same policies."""
    stream = stream_of("examples/sidecar")
    done = subprocess.run([paths.krm(), "fn", "--patches", tmp_path / "krm", *stream.words[2:], stream.words[1], "-"], input=stream.before,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
    for name in "kustomization.yaml", "objects.yaml":
        assert (tmp_path / "krm" / name).read_text() == (stream.patches / name).read_text()
