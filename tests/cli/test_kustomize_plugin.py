"""tools/kustomize-plugin makes a folder in which kustomize finds the function for every kind that says what to do."""
import subprocess

from support import paths

ALONE = {"EnvironmentProfile", "PolicyException"}  # They say nothing alone: they stand in a Pipeline.


def test_every_kind_has_a_plugin(tmp_path):
    subprocess.run([paths.TOP / "tools/kustomize-plugin", paths.krm(), tmp_path / "home"], check=True)
    kinds = {schema.stem for schema in (paths.TOP / "schemas").glob("*.json")} - ALONE
    plugins = {path.relative_to(tmp_path / "home").as_posix() for path in (tmp_path / "home").rglob("*") if path.is_file()}
    assert plugins == {f"cloudlab.dev/v1alpha1/{kind.lower()}/{kind}" for kind in kinds}
    for plugin in plugins:
        assert (tmp_path / "home" / plugin).read_bytes() == paths.krm().read_bytes()


def test_it_says_what_is_missing(tmp_path):
    done = subprocess.run([paths.TOP / "tools/kustomize-plugin", tmp_path / "nothing", tmp_path / "home"], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "run make build" in done.stderr
    assert not (tmp_path / "home").exists()
