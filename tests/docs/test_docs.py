"""The documentation keeps its promises: every policy in it is accepted by the program, and every link leads somewhere.

A ```yaml block of README.md, CONTRIBUTING.md, docs/ or examples/ that holds `apiVersion: cloudlab.dev/v1alpha1` at the start of a
line is a --config of its own. Where the text above says what else it needs (an environment), the block's own Pipeline or its only
EnvironmentProfile gives it.
"""
import pathlib
import re
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted([*TOP.glob("*.md"), *TOP.glob("docs/**/*.md"), *TOP.glob("examples/**/*.md"), *TOP.glob("tools/*.md"),
                *TOP.glob("kustomize/**/*.md"), *TOP.glob("krm-functions/**/*.md")])
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#([^)\s]+))?\)|\]\(#([^)\s]+)\)")

STREAM = b"""\
---
# Source: shop/templates/cart.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart
  namespace: shop
  labels: {app: cart, tier: web}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata:
      labels: {app: cart, telemetry: enabled}
    spec:
      initContainers:
      - name: migrate
        image: "shop/migrate:1.0"
      containers:
      - name: cart
        image: "shop/cart:1.0"
"""


def policies():
    for page in PAGES:
        text = page.read_text()
        for block in BLOCK.finditer(text):
            if re.search(r"^apiVersion: cloudlab\.dev/v1alpha1$", block[1], re.MULTILINE):
                line = text.count("\n", 0, block.start()) + 1
                yield pytest.param(block[1], id=f"{page.relative_to(TOP)}:{line}")


def environment(config):
    """The environment to run in: that of the only profile that no other one inherits from."""
    if "kind: Pipeline" in config:
        return []
    names = re.findall(r"kind: EnvironmentProfile\nmetadata:(?: \{|\n  )name: ([^\s,}]+)", config)
    parents = set(re.findall(r"^  inherits: (\S+)", config, re.MULTILINE))
    leaves = [name for name in names if name not in parents]
    return ["--environment", leaves[-1]] if leaves else []


@pytest.mark.parametrize("config", policies())
def test_the_program_accepts_the_policy(postrender, tmp_path, config):
    file = tmp_path / "policies.yaml"
    file.write_text(config)
    done = postrender(STREAM, "--config", file, "--today=2026-11-21", *environment(config))
    assert done.code == 0, done.stderr
    assert done.stdout


def anchors(page):
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_every_link_leads_somewhere(page):
    broken = []
    for path, anchor, own in LINK.findall(page.read_text()):
        if path.startswith(("http://", "https://")):
            continue
        target = page.parent / path if path else page
        anchor = anchor or own
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(f"{path}#{anchor}")
    assert not broken


def test_the_flags_of_the_readme_exist(postrender):
    known = set(re.findall(r"--[a-z][a-z-]+", subprocess.run([postrender.path, "--help"], stdout=subprocess.PIPE, text=True).stdout))
    of_helm = {"--post-renderer", "--post-renderer-args", "--output-dir", "--no-hooks", "--install", "--wait", "--debug", "--include-crds"}
    for page in (TOP / "README.md", TOP / "docs/helm.md", TOP / "docs/report.md", TOP / "docs/lossless.md"):
        used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page.read_text()))
        assert used <= known | of_helm, page


def test_the_diff_of_the_readme_is_that_of_the_example():
    hunks = re.findall(r"^@@.*?(?=^@@|\Z)", re.search(r"^```diff\n(.*?)^```$", (TOP / "README.md").read_text(), re.MULTILINE | re.DOTALL)[1],
                       re.MULTILINE | re.DOTALL)
    real = (TOP / "examples/all-five/expected.diff").read_text()
    assert hunks and all(hunk in real for hunk in hunks)
