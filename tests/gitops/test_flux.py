"""What Flux gets, applied by the real kustomize, is what we write ourselves: Flux's controllers apply `patches` with kustomize, too.

The exported manifests stand in examples/gitops/flux; the scripts are run in a copy and must write the same again
(`python3 tests/gitops/test_flux.py` takes over what they write).
"""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import paths
from support.patched import by_identity, load
from support.postrender import clean_environment

EXAMPLES = paths.TOP / "examples/gitops/flux"
OPTIONS = ["--environment=production", "--namespace=shop", "--release=podinfo"]
WRITTEN = {"release": ["helmrelease.yaml", "objects/objects.yaml"], "manifests": ["flux.yaml", "objects/objects.yaml"]}


def run(script, *words, programs):
    """A script of the examples; `helm` is Helm 3."""
    programs.mkdir(exist_ok=True)
    for name, path in {"helm": paths.tool("helm3"), "kustomize": paths.tool("kustomize"), "yq": paths.tool("yq"),
                       "cloudlab-postrender": paths.program()}.items():
        if not (programs / name).exists():
            (programs / name).symlink_to(path)
    done = subprocess.run([script, *words], env=clean_environment(PATH=f"{programs}:{os.environ['PATH']}"), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture
def copy(tmp_path):
    return pathlib.Path(shutil.copytree(EXAMPLES, tmp_path / "flux"))


@pytest.fixture
def rendered(podinfo_chart):
    """The chart as Flux renders it for the release."""
    values = yaml.safe_dump(release()["spec"]["values"]).encode()
    return subprocess.run([paths.tool("helm3"), "template", release()["spec"]["releaseName"], podinfo_chart, "--namespace=shop", "--values=-"],
                          input=values, stdout=subprocess.PIPE, check=True).stdout


def release():
    return load((EXAMPLES / "release/helmrelease.yaml").read_text())


def output(postrender, stream):
    return by_identity(postrender.edit(stream, "--config", EXAMPLES / "policies.yaml", *OPTIONS))


@pytest.mark.parametrize("folder", WRITTEN)
def test_the_exported_files_are_those_of_the_example(copy, podinfo_chart, folder, tmp_path):
    run(copy / folder / "export", *([podinfo_chart] if folder == "release" else []), programs=tmp_path / "programs")
    for name in WRITTEN[folder]:
        assert (copy / folder / name).read_text() == (EXAMPLES / folder / name).read_text(), name


def test_post_renderers_of_a_release(postrender, kustomize, rendered):
    """The release's patches over the rendered chart, and beside it the objects of the Kustomization."""
    [post_renderer] = release()["spec"]["postRenderers"]
    assert set(post_renderer["kustomize"]) == {"patches"}
    objects = (EXAMPLES / "release/objects/objects.yaml").read_bytes()
    made = by_identity(kustomize.build(rendered, patches=post_renderer["kustomize"]["patches"]))
    assert made | by_identity(objects) == output(postrender, rendered)
    assert not set(made) & set(by_identity(objects))


def test_patches_of_a_kustomization(postrender, kustomize):
    app, objects = (load(text) for text in (EXAMPLES / "manifests/flux.yaml").read_text().split("---\n"))
    assert {(EXAMPLES / each["spec"]["path"]).is_dir() for each in (app, objects)} == {True}
    before = kustomize.run(EXAMPLES / app["spec"]["path"]).stdout
    made = by_identity(kustomize.build(before, patches=app["spec"]["patches"]))
    made |= by_identity(kustomize.build((EXAMPLES / objects["spec"]["path"] / "objects.yaml").read_bytes()))
    assert made == output(postrender, before)


def test_what_ci_renders(postrender, rendered, copy, podinfo_chart, tmp_path):
    """Manifests for an artifact; the difference for people; and a gate that has passed."""
    run(copy / "ci/render", podinfo_chart, tmp_path / "artifact", programs=tmp_path / "programs")
    assert [path.name for path in (tmp_path / "artifact").iterdir()] == ["manifests.yaml"]
    before = by_identity((tmp_path / "artifact.rendered.yaml").read_bytes())
    assert by_identity((tmp_path / "artifact/manifests.yaml").read_bytes()) == output(postrender, (tmp_path / "artifact.rendered.yaml").read_bytes())
    assert before != {} and "+      initContainers:" in (tmp_path / "artifact.diff").read_text()


if __name__ == "__main__":
    bin_folder = paths.TOP / "out/flux-programs"
    run(EXAMPLES / "release/export", paths.podinfo_chart(), programs=bin_folder)
    run(EXAMPLES / "manifests/export", programs=bin_folder)
