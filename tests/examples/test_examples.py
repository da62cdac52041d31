"""Every example does what its expected.diff shows, a second run changes nothing, and its run.sh runs.

`python3 tests/examples/test_examples.py` writes the expected.diff of each anew; `git diff` is the review. The input of examples/demo
and examples/all-five is podinfo's chart, rendered by the real Helm 3.
"""
import pathlib
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))

from support import paths

EXAMPLES = {
    "tiers": ["--environment=production", "--namespace=shop"],
    "sidecar": ["--namespace=shop"],
    "autoscaling": ["--environment=production", "--namespace=shop"],
    "network": ["--namespace=shop"],
    "secrets": ["--environment=production", "--namespace=shop"],
    "demo": ["--environment=production", "--namespace=shop"],
    "all-five": ["--namespace=shop", "--today=2026-11-21"],
}
ELSEWHERE = {"gitops", "ci"}  # Run by tests/gitops.
VALUES = {"demo": [], "all-five": ["-f", TOP / "examples/all-five/values.yaml"]}  # The others have an input.yaml.


def podinfo(chart, name):
    """The words of a Helm command line that renders the chart for an example."""
    return "template", "podinfo", chart, "--namespace", "shop", "--skip-tests", *VALUES[name]


def run(program, name, manifests, *more):
    folder = TOP / "examples" / name
    return subprocess.run([program, "--config", "policies.yaml", *EXAMPLES[name], *more], cwd=folder,
                          input=manifests, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture
def manifests(request):
    """The input of an example by its name."""
    def read(name):
        if name not in VALUES:
            return (TOP / "examples" / name / "input.yaml").read_bytes()
        return request.getfixturevalue("helm3")(*podinfo(request.getfixturevalue("podinfo_chart"), name))
    return read


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_does_what_its_diff_shows(postrender, manifests, name):
    done = run(postrender.path, name, manifests(name), "--log-level=off", "--diff=-")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr.decode() == (TOP / "examples" / name / "expected.diff").read_text()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_second_run_changes_nothing(postrender, manifests, name):
    before = manifests(name)
    once = run(postrender.path, name, before).stdout
    assert once not in (b"", before)
    assert run(postrender.path, name, once).stdout == once


def test_the_readme_says_what_the_program_says_of_all_five(postrender, manifests):
    done = run(postrender.path, "all-five", manifests("all-five"), "--log-level=info")
    account = done.stderr.decode()[done.stderr.decode().index("cloudlab: "):]
    assert account.count("Policy/") == 5 and account in (TOP / "README.md").read_text()


def test_every_folder_is_an_example():
    assert {folder.name for folder in (TOP / "examples").iterdir() if folder.is_dir()} == set(EXAMPLES) | ELSEWHERE


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "demo"])
def test_the_script_runs_with_the_built_program(name):
    if not (TOP / "out/bin/cloudlab-postrender").exists():
        pytest.fail("out/bin/cloudlab-postrender is missing: run make build", pytrace=False)
    done = subprocess.run([TOP / "examples" / name / "run.sh"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
    assert (TOP / "examples" / name / "expected.diff").read_bytes() in done.stderr


if __name__ == "__main__":
    for example in EXAMPLES:
        if example in VALUES:
            source = subprocess.check_output([paths.tool("helm3"), *podinfo(paths.podinfo_chart(), example)])
        else:
            source = (TOP / "examples" / example / "input.yaml").read_bytes()
        result = run(TOP / "out/bin/cloudlab-postrender", example, source, "--log-level=off", "--diff=-")
        if result.returncode != 0:
            sys.exit(result.stderr.decode())
        (TOP / "examples" / example / "expected.diff").write_bytes(result.stderr)
