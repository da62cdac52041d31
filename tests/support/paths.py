"""Where things are: the repository, the program under test, the real tools, the corpus. A missing tool or corpus skips the
test that asks for it and says how to get it; a missing program fails it."""
import os
import pathlib
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
TOOLS = pathlib.Path(os.environ.get("CLOUDLAB_TOOLS") or pathlib.Path.home() / ".cache/cloudlab/tools")
CORPUS = pathlib.Path(os.environ.get("CLOUDLAB_CORPUS") or TOP / "../shared/corpus").resolve()


def program():
    path = pathlib.Path(os.environ.get("CLOUDLAB_POSTRENDER") or TOP / "out/bin/cloudlab-postrender")
    if not os.access(path, os.X_OK):
        pytest.fail(f"{path} is missing: run make build", pytrace=False)
    return path


def krm():
    """The KRM function, which the image holds too."""
    path = pathlib.Path(os.environ.get("CLOUDLAB_KRM") or TOP / "out/bin/cloudlab-krm")
    if not os.access(path, os.X_OK):
        pytest.fail(f"{path} is missing: run make build", pytrace=False)
    return path


def test_program(name):
    """A program that only tests use."""
    path = TOP / "out/build/dev/tests" / name
    if not os.access(path, os.X_OK):
        pytest.fail(f"{path} is missing: run make dev", pytrace=False)
    return path


def tool(name):
    path = TOOLS / "bin" / name
    if not os.access(path, os.X_OK):
        pytest.skip(f"{name} not in $CLOUDLAB_TOOLS/bin: run tools/get {name}")
    return path


def podinfo_chart():
    tool("helm3")
    return pathlib.Path(subprocess.run([TOP / "tools/podinfo-chart"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


def corpus(name):
    path = CORPUS / name
    if not path.is_file():
        pytest.skip(f"no corpus file {name}: set CLOUDLAB_CORPUS")
    return path
