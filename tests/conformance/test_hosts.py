"""One set of objects from every host: the same charts, environments and policies through Helm 3, Helm 4 and every way in which kustomize runs
a function give the same objects.

The policies are those of kustomize/components/all-five. `kustomize fn run` stands for kpt too, whose program cannot be had from a package
registry: both read and write packages with the same library (kyaml).
"""
import copy
import json
import shutil

import pytest
import yaml

from support import paths
from support.chart import SHOP, chart_of_stream, make_chart
from support.helm import Helm3, Helm4
from support.kustomize import as_function, output, write_tree
from support.manifests import objects
from support.normalise import ROWS, normalise

FUNCTION = (paths.TOP / "kustomize/components/all-five/function/pipeline.yaml").read_text()
ENVIRONMENTS = ["development", "staging", "production"]
CHARTS = ["podinfo", "podinfo with a cache and secrets", "microservices-demo", "shop"]
HOSTS = ["helm4", "exec", "legacy", "kubectl", "container", "fn run"]  # Each compared with Helm 3.


class Rendered:
    """A chart, and what Helm 3 renders of it without any post-renderer."""

    def __init__(self, name, folder, helm3):
        values = []
        if name.startswith("podinfo"):
            self.chart = without_tests(paths.podinfo_chart(), folder / "chart")
            values = ["-f", paths.TOP / "examples/all-five/values.yaml"] if "secrets" in name else []
        elif name == "shop":
            self.chart = make_chart(folder / "chart", SHOP)
        else:
            self.chart = chart_of_stream(folder / "chart", paths.corpus(f"{name}.yaml").read_bytes())
        self.words = [self.chart, "--namespace", "shop", *values]
        self.stream = helm3.template(*self.words)


def without_tests(chart, folder):
    """Helm 4 alone hands tests to a post-renderer. They connect to what they test, and a network policy lets them."""
    shutil.copytree(chart, folder)
    shutil.rmtree(folder / "templates/tests")
    return folder


@pytest.fixture(scope="module")
def helms(postrender, tmp_path_factory):
    home = tmp_path_factory.mktemp("helm")
    return {"helm3": Helm3(paths.tool("helm3"), postrender, home / "3"), "helm4": Helm4(paths.tool("helm4"), postrender, home / "4")}


@pytest.fixture(scope="module", params=CHARTS)
def rendered(request, helms, tmp_path_factory):
    return Rendered(request.param, tmp_path_factory.mktemp("chart"), helms["helm3"])


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def document(request):
    """The policies for an environment, in one document."""
    return FUNCTION.replace("  environment: production\n", f"  environment: {request.param}\n  namespace: shop\n")


@pytest.fixture(scope="module")
def expected(rendered, document, helms, tmp_path_factory):
    return from_helm(helms["helm3"], rendered, document, tmp_path_factory.mktemp("expected"))


def from_helm(helm, rendered, document, folder):
    (folder / "policies.yaml").write_text(document)
    return normalise(helm.template(*rendered.words, config=folder / "policies.yaml"))


def from_build(kustomize, stream, document, folder, host):
    write_tree(folder, {"all.yaml": stream, "platform.yaml": as_function(document, "legacy" if host == "kubectl" else host),
                        "kustomization.yaml": "resources: [all.yaml]\ntransformers: [platform.yaml]\n"})
    return normalise(kustomize.kubectl(folder) if host == "kubectl" else kustomize.build(folder, host))


def from_fn_run(kustomize, stream, document, folder):
    package = folder / "package"
    write_tree(folder, {"package/all.yaml": stream, "functions/platform.yaml": as_function(document)})
    output(kustomize.fn_run(package, functions=folder / "functions"))
    return normalise(b"\n---\n".join(path.read_bytes() for path in package.rglob("*.yaml")))


@pytest.mark.parametrize("host", HOSTS)
def test_case_14_one_set_of_objects_from_every_host(rendered, document, expected, host, helms, tmp_path, request):
    if host == "helm4":
        found = from_helm(helms["helm4"], rendered, document, tmp_path)
    else:
        kustomize = request.getfixturevalue("kustomize_with_docker" if host == "container" else "kustomize")
        make = from_fn_run if host == "fn run" else lambda *words: from_build(*words, host)
        found = make(kustomize, rendered.stream, document, tmp_path)
    assert found == expected
    assert found != normalise(rendered.stream)


def test_the_normalisation_has_few_rows_and_a_reason_for_each():
    assert len(ROWS) <= 6 and all(reason for _, reason in ROWS)


def leaves(node, path=()):
    if isinstance(node, (dict, list)) and node:
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(value, (*path, key))
    else:
        yield path, node


def others(value):
    """Values that are not this one, however close."""
    yield "something else"
    yield None if value is not None else ""
    yield str(value) if not isinstance(value, str) else yaml.safe_load(value) if value.isdigit() else value + " "
    if isinstance(value, (bool, int)):
        yield int(value) if isinstance(value, bool) else bool(value)


def changed(document, path, value):
    document = copy.deepcopy(document)
    parent_of(path, document)[path[-1]] = value
    return document


def without(document, path):
    document = copy.deepcopy(document)
    del parent_of(path, document)[path[-1]]
    return document


def parent_of(path, at):
    for key in path[:-1]:
        at = at[key]
    return at


def ten_objects(stream):
    """One of each kind, and then the next ones."""
    by_kind, others = {}, []
    for each in objects(stream):
        if by_kind.setdefault(each["kind"], each) is not each:
            others.append(each)
    return [*by_kind.values(), *others][:10]


def test_the_comparison_notices_every_change(helms, tmp_path):
    """Every leaf of ten objects is changed in turn, also to what is nearly the same, and left out."""
    chart = chart_of_stream(tmp_path / "chart", paths.corpus("microservices-demo.yaml").read_bytes())
    (tmp_path / "policies.yaml").write_text(FUNCTION)
    ten = ten_objects(helms["helm3"].template(chart, config=tmp_path / "policies.yaml"))
    assert len(ten) == 10 and len({each["kind"] for each in ten}) >= 8
    noticed = 0
    for each in ten:
        before = normalise(json.dumps(each))
        for path, value in leaves(each):
            for other in others(value):
                assert normalise(json.dumps(changed(each, path, other))) != before, (path, other)
                noticed += 1
            if path != ("kind",):
                assert normalise(json.dumps(without(each, path))) != before, path
    assert noticed > 500
