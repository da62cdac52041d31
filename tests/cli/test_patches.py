"""--patches: two files that kustomize takes as a component; nothing is left of an earlier run, and nothing comes of a failed one."""
import os

import pytest
import yaml

from support.manifests import FILENAME
from support.policies import AGENT, brought_by
from support.shell import CART

CHANGES_TOO_LATE = CART.replace(b"name: cart\nspec", b"generateName: cart-\nspec")


def component(folder):
    return yaml.safe_load((folder / "kustomization.yaml").read_text())


def test_the_folder_is_made(shell):
    done = shell("--config", "policy.yaml", "--patches", "made/for/us")
    assert done.returncode == 0 and b"cpu: 100m" in done.stdout
    assert sorted(path.name for path in (shell.folder / "made/for/us").iterdir()) == ["kustomization.yaml", "objects.yaml"]
    made = component(shell.folder / "made/for/us")
    assert (made["kind"], made["resources"], len(made["patches"])) == ("Component", ["objects.yaml"], 1)


def test_a_later_run_writes_both_files_anew(shell):
    folder = shell.folder / "patches"
    folder.mkdir()
    for name in "kustomization.yaml", "objects.yaml":
        (folder / name).write_text("left: over\n")
    assert shell("--config", "none", "--patches", folder).returncode == 0
    assert component(folder)["patches"] == []
    assert "left" not in (folder / "objects.yaml").read_text()


@pytest.mark.parametrize("words, stdin", [(["--config", "policy.yaml"], b"a: ["), (["--config", "policy.yaml"], CHANGES_TOO_LATE),
                                          (["--config", "missing.yaml"], CART)])
def test_a_failed_run_writes_none(shell, words, stdin):
    done = shell(*words, "--patches", "patches", stdin=stdin)
    assert (done.returncode, done.stdout) == (1, b"")
    assert not (shell.folder / "patches").exists()


def test_what_has_no_patch_is_an_error_only_if_patches_are_wanted(shell):
    assert shell("--config", "policy.yaml", stdin=CHANGES_TOO_LATE).returncode == 0
    done = shell("--config", "policy.yaml", "--patches", "patches", stdin=CHANGES_TOO_LATE)
    assert b"<stdin>:1:1: error: Deployment/shop/cart-: the change cannot be written as a patch: it has no name" in done.stderr
    assert b"[CL-X-PATCH]" in done.stderr


@pytest.mark.parametrize("flag, code", [("--dry-run", 0), ("--check", 1)])
def test_a_run_that_only_looks_writes_them(shell, flag, code):
    assert shell("--config", "policy.yaml", "--patches", "patches", flag).returncode == code
    assert len(component(shell.folder / "patches")["patches"]) == 1


def test_what_cannot_be_written_is_an_error(shell):
    shell.write("file", "")
    done = shell("--config", "policy.yaml", "--patches", "file")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"error: cannot write the patches to file: " in done.stderr and b"[CL-X-WRITE]" in done.stderr


def test_no_secret_is_shown(shell):
    """Neither the value that was replaced, nor as the value of a test, nor in a list beside what is new."""
    shell.write("secrets.yaml", """\
apiVersion: cloudlab.dev/v1alpha1
kind: SecretReferencePolicy
metadata: {name: secrets}
spec:
  match: {any: [{kinds: [Workload]}]}
  provider: {secretStoreRef: {name: vault}}
""")
    secret = "hunter2-Hunter2-hunter2"
    stream = CART + f"        env:\n        - name: DB_PASSWORD\n          value: {secret}\n".encode()
    done = shell("--config", "secrets.yaml", "--namespace", "shop", "--patches", "patches", stdin=stream)
    assert done.returncode == 0, done.stderr.decode()
    text = "".join(path.read_text() for path in (shell.folder / "patches").iterdir())
    assert "secretKeyRef" in text and "kind: ExternalSecret" in text and secret not in text
    assert os.stat(shell.folder / "patches/objects.yaml").st_size > 0


def test_new_objects_say_nothing_of_files(shell):
    """Where Helm or a host of functions would have put them is nobody's business any more."""
    shell.write("agent.yaml", AGENT)
    notes = f"metadata:\n  annotations:\n    {FILENAME}: shop/templates/cart.yaml\n    internal.config.kubernetes.io/path: cart.yaml\n"
    done = shell("--config", "agent.yaml", "--namespace", "shop", "--patches", "patches", stdin=CART.replace(b"metadata:\n", notes.encode(), 1))
    assert done.returncode == 0, done.stderr.decode()
    text = (shell.folder / "patches/objects.yaml").read_text()
    assert text.count("\nkind: ") == len(brought_by("cart")) and FILENAME not in text and "internal.config" not in text
