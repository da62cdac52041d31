"""Conformance with packages of kpt: files that are read, changed in place and written back.

kpt itself cannot be had from a package registry (its module cannot be installed with `go install`), so that `kustomize fn run` stands in for it: both
read and write packages with the same library (kyaml: LocalPackageReadWriter, and comments and styles as they are), and run functions with
the same runtime. What they differ in is who says which functions run; `render` reads it from the Kptfile, as kpt does.
"""
import shutil

import pytest
import yaml

from support import paths
from support.kustomize import as_function, output, snapshot, write_tree
from support.manifests import containers, find, objects

EXAMPLE = paths.TOP / "krm-functions/cloudlab/examples/shop"


@pytest.fixture
def package(tmp_path):
    shutil.copytree(EXAMPLE, tmp_path / "package")
    return tmp_path / "package"


def run(kustomize, package, step):
    """One step of a Kptfile's pipeline, as kpt makes it: its configMap as a ConfigMap, its configPath as it is."""
    if "configPath" in step:
        functions = write_tree(package.parent / "functions", {"config.yaml": as_function((package / step["configPath"]).read_text())})
        return kustomize.fn_run(package, functions=functions)
    return kustomize.fn_run(package, "--exec-path", "cloudlab-krm", "--", *(f"{key}={value}" for key, value in step["configMap"].items()))


def render(kustomize, package):
    """kpt fn render: the mutators write the package, the validators work on a copy. Returns the first run that fails."""
    pipeline = yaml.safe_load((package / "Kptfile").read_text())["pipeline"]
    for step in pipeline["mutators"]:
        done = run(kustomize, package, step)
        if done.returncode != 0:
            return done
    for step in pipeline["validators"]:
        copy = package.parent / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(package, copy)
        done = run(kustomize, copy, step)
        if done.returncode != 0:
            return done
    return done


def rendered(kustomize, package):
    output(render(kustomize, package))
    return snapshot(package)


def test_case_21_the_example_renders(package, kustomize):
    files = rendered(kustomize, package)
    cart = find(files["cart.yaml"], "Deployment", "cart")
    assert containers(cart) == ["log-agent", "cart"] and "replicas" not in cart["spec"]
    assert set(files) - set(snapshot(EXAMPLE)) == {"horizontalpodautoscaler_cart.yaml", "poddisruptionbudget_cart.yaml", "networkpolicy_cart.yaml", "networkpolicy_valkey.yaml"}


def test_case_21_comments_and_markers_stay_where_they_are(package, kustomize):
    """Every line of the files stays, with its comment, but for `replicas`, which the autoscaler owns."""
    before, after = snapshot(EXAMPLE), rendered(kustomize, package)
    for name in before:
        lines = after[name].decode().splitlines()
        position = 0
        for line in before[name].decode().splitlines():
            if line.strip().startswith("replicas: 2"):
                continue
            position = lines.index(line, position) + 1


# The sidecar goes behind the app: comments are handed from input to output by the place in the list.
MARKED = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart
spec:
  replicas: 3 # kpt-set: ${replicas}
  selector:
    matchLabels:
      app: cart
  template:
    metadata:
      labels:
        app: cart
    spec:
      containers:
      # Of the app.
      - name: cart # the first one
        image: registry.example/cart:1.0 # kpt-set: registry.example/cart:${tag}
      # Of the proxy.
      - name: proxy
        image: registry.example/proxy:2.0 # kpt-set: registry.example/proxy:${proxy}
"""

AGENT = """\
apiVersion: cloudlab.dev/v1alpha1
kind: SidecarPolicy
metadata:
  name: agent
  annotations:
    config.kubernetes.io/function: |
      exec: {path: cloudlab-krm}
    config.kubernetes.io/local-config: "true"
spec:
  match: {any: [{kinds: [Deployment]}]}
  mode: MODE
  container: {name: agent, image: "registry.example/agent:1.0"}
"""


@pytest.mark.parametrize("mode", ["Container", "Native"])
def test_case_21_markers_stay_on_their_own_containers(mode, tmp_path, kustomize):
    package = write_tree(tmp_path / "package", {"cart.yaml": MARKED, "agent.yaml": AGENT.replace("MODE", mode)})
    output(kustomize.fn_run(package))
    added = [line for line in (package / "cart.yaml").read_text().splitlines() if line not in MARKED.splitlines()]
    assert all(line in (package / "cart.yaml").read_text().splitlines() for line in MARKED.splitlines())
    assert not any("#" in line for line in added)
    assert set(containers(find((package / "cart.yaml").read_bytes(), "Deployment", "cart"))) == {"cart", "proxy", "agent"}


def test_case_21_the_kptfile_stays_byte_for_byte(package, kustomize):
    assert rendered(kustomize, package)["Kptfile"] == (EXAMPLE / "Kptfile").read_bytes()


def test_case_21_a_second_render_changes_nothing(package, kustomize):
    first = rendered(kustomize, package)
    assert first != snapshot(EXAMPLE)
    assert rendered(kustomize, package) == first


def test_case_21_the_config_in_the_package(tmp_path, kustomize):
    """`kustomize fn run DIR` finds the function in the folder itself, where it is an item too: it stays, and is not run over."""
    package = write_tree(tmp_path / "package", {"cart.yaml": MARKED, "agent.yaml": AGENT.replace("MODE", "Container")})
    output(kustomize.fn_run(package))
    assert (package / "agent.yaml").read_text() == AGENT.replace("MODE", "Container")


def test_case_22_new_objects_stand_beside_their_parents(tmp_path, kustomize):
    """In a file of their own, named by kind and name, in the folder of the workload that they are for."""
    function = (paths.TOP / "kustomize/components/all-five/function/pipeline.yaml").read_text()
    package = write_tree(tmp_path / "package", {"web/cart.yaml": MARKED, "jobs/import/cart.yaml": MARKED.replace("cart", "import")})
    output(kustomize.fn_run(package, functions=write_tree(tmp_path / "functions", {"platform.yaml": function})))
    kinds = {"horizontalpodautoscaler", "verticalpodautoscaler", "poddisruptionbudget", "networkpolicy"}
    made = {f"{folder}/{kind}_{name}.yaml" for folder, name in (("web", "cart"), ("jobs/import", "import")) for kind in kinds}
    made |= {"web/configmap_cart-log-agent.yaml", "jobs/import/configmap_import-log-agent.yaml"}
    assert set(snapshot(package)) == made | {"web/cart.yaml", "jobs/import/cart.yaml"}


def test_case_22_many_new_objects_and_no_clash(tmp_path, kustomize):
    """Fifty workloads, some of one name in two namespaces and in one file: every new object is written, and none over another."""
    workloads = [(name, namespace) for namespace in ("a", "b") for name in [f"w{number}" for number in range(25)]]
    text = "---\n".join(MARKED.replace("name: cart\nspec", f"name: {name}\n  namespace: {namespace}\nspec").replace("app: cart", f"app: {name}") for name, namespace in workloads)
    package = write_tree(tmp_path / "package", {"all.yaml": text, "horizontalpodautoscaler_w0.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: in-the-way\n"})
    function = (paths.TOP / "kustomize/components/autoscaling/function/pipeline.yaml").read_text()
    functions = write_tree(tmp_path / "functions", {"scaling.yaml": function})
    output(kustomize.fn_run(package, functions=functions))
    found = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for content in snapshot(package).values() for each in objects(content)]
    for kind in "HorizontalPodAutoscaler", "VerticalPodAutoscaler", "PodDisruptionBudget":
        assert sorted((name, namespace) for of, namespace, name in found if of == kind) == sorted(workloads)
    assert len(found) == len(set(found)) == 50 * 4 + 1
    first = snapshot(package)
    output(kustomize.fn_run(package, functions=functions))
    assert snapshot(package) == first


RESULT = {"message": str, "severity": str, "resourceRef": dict, "field": dict, "file": dict, "tags": dict}  # functions-spec.md


@pytest.mark.parametrize("policy, code", [(AGENT.replace("MODE", "Container"), 0), (AGENT.replace("mode: MODE", "mod: x"), 1)], ids=["right", "wrong"])
def test_case_23_an_error_among_the_results_is_exit_1(policy, code, tmp_path, kustomize):
    """kpt and kustomize look at the exit code alone, people at the results: they agree."""
    package = write_tree(tmp_path / "package", {"cart.yaml": MARKED})
    before = snapshot(package)
    functions = write_tree(tmp_path / "functions", {"agent.yaml": policy})
    (tmp_path / "results").mkdir()
    done = kustomize.fn_run(package, "--results-dir", tmp_path / "results", functions=functions)
    assert done.returncode == code
    results = [result for path in (tmp_path / "results").iterdir() for result in yaml.safe_load(path.read_text())]
    assert ("error" in [result["severity"] for result in results]) == (code == 1)
    for result in results:
        assert result["message"] and result["severity"] in ("error", "warning", "info")
        assert all(isinstance(result[key], RESULT[key]) for key in result)
    assert (snapshot(package) == before) == (code == 1)


def test_case_23_a_validator_that_finds_something_fails(package, kustomize):
    """The pipeline of the example, without its mutator: everything that it would have done is an error."""
    before = snapshot(package)
    validator = yaml.safe_load((package / "Kptfile").read_text())["pipeline"]["validators"][0]
    done = run(kustomize, package, validator)
    assert done.returncode == 1 and b"Deployment/shop/cart: spec.replicas: 2 -> (nothing)" in done.stderr
    assert snapshot(package) == before


def test_case_25_scalars_keep_their_bytes(tmp_path, kustomize):
    """What nobody edits is byte for byte what it would be after a function that does nothing (kyaml folds texts anew, and moves lists)."""
    odd = """\
apiVersion: example.org/v1
kind: Odd
metadata:
  name: odd
spec:
  bools: [y, no, On, true] # of two dialects
  numbers: [0777, 0o7, 1_000, 1e3, 1:20, .5, 08, 0x1F]
  "quoted": 'it''s'
  texts:
  - "yes"
  - >-
    folded
    text
  - |
    literal
     text
  nothing: ~
"""
    package = write_tree(tmp_path / "package", {"cart.yaml": MARKED, "odd.yaml": odd, "agent.yaml": AGENT.replace("MODE", "Container")})
    plain = write_tree(tmp_path / "plain", {"odd.yaml": odd})
    output(kustomize.fn_run(plain, "--exec-path", "cat"))
    output(kustomize.fn_run(package))
    assert (package / "odd.yaml").read_text() == (plain / "odd.yaml").read_text()


def test_the_function_is_described_as_the_catalogue_of_kpt_does():
    """metadata.yaml has its fields, and the README the marks by which its tool cuts texts out."""
    folder = EXAMPLE.parents[1]
    metadata = yaml.safe_load((folder / "metadata.yaml").read_text())
    assert set(metadata) == {"image", "description", "tags", "examplePackageURLs", "emails", "license"} and set(metadata["tags"]) <= {"mutator", "validator", "generator"}
    assert all((folder / example / "Kptfile").exists() for example in metadata["examplePackageURLs"])
    marks = [line for line in (folder / "README.md").read_text().splitlines() if line.startswith("<!--mdtogo")]
    assert marks == ["<!--mdtogo:Short-->", "<!--mdtogo-->", "<!--mdtogo:Long-->", "<!--mdtogo-->", "<!--mdtogo:Examples-->", "<!--mdtogo-->"]
    assert metadata["description"] in (folder / "README.md").read_text()
