"""Every command of README.md and docs/*.md runs as it stands there; what cannot run is named with its reason (commands.py).

The folder of a page holds what its readers have: a chart `chart/` and what it renders (`rendered.yaml`), policies (`policies.yaml`)
and one manifest (`cart.yaml`), unless the page shows files of these names itself; `examples/` as it is; and in front of the PATH a
folder `bin/` with our programs, the pinned tools, and Helm 3 under the name `helm`.
"""
import os
import shutil
import subprocess

import pytest

import commands
from support import paths
from support.chart import SHOP, make_chart
from support.postrender import clean_environment
from support.shell import CART, POLICY

PAGES = [paths.TOP / "README.md", *sorted((paths.TOP / "docs").glob("*.md"))]


@pytest.fixture
def folder(tmp_path):
    """What a reader of any page has."""
    (tmp_path / "policies.yaml").write_text(POLICY)
    (tmp_path / "cart.yaml").write_bytes(CART)
    make_chart(tmp_path / "chart", SHOP)
    shutil.copytree(paths.TOP / "examples", tmp_path / "examples")
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in paths.program(), paths.krm():
        (programs / program.name).symlink_to(program)
    (programs / "helm").symlink_to(paths.tool("helm3"))
    rendered = subprocess.run([programs / "helm", "template", "shop", tmp_path / "chart"], check=True, stdout=subprocess.PIPE)
    (tmp_path / "rendered.yaml").write_bytes(rendered.stdout)
    return tmp_path


def run(script, cwd, home):
    environment = clean_environment(
        HOME=home / "home", HELM_DATA_HOME=home / "helm", MAKEFLAGS="", KUBECONFIG=home / "no-cluster", CLOUDLAB_TOOLS=paths.TOOLS,
        PATH=f"{home / 'bin'}:{paths.TOOLS / 'bin'}:{os.environ['PATH']}")
    return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=cwd, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(paths.TOP)))
def test_every_command_of_the_page_runs(page, folder, record_property):
    text = page.read_text()
    blocks = commands.blocks(text)
    for name, content in commands.files(text).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    for block in blocks:
        if block.reason:
            record_property("not run", f"{page.relative_to(paths.TOP)}:{block.line}: {block.commands}: {block.reason}")
            continue
        ahead = run(block.before, folder, folder)
        assert ahead.returncode == 0, f"{page.name}:{block.line}: before: {ahead.stdout.decode()}"
        done = run(block.script, paths.TOP if block.at_top else folder, folder)
        assert done.returncode == block.code, f"{page.name}:{block.line}:\n{block.script}\n{done.stdout.decode()}"
        record_property("commands", block.commands)
    record_property("pages", bool(blocks))


def test_a_page_is_read_as_it_is_meant():
    page = """\
```yaml
# a/b.yaml
x: 1
```
<!-- docs: before
touch here
and there
-->
<!-- docs: exit 1 -->
```sh
one \\
  two |
three   # a comment
# another
cat <<END
four
END
five
```
<!-- docs: not run, needs a cluster -->
```sh
kubectl apply
```
"""
    first, second = commands.blocks(page)
    assert (first.line, first.commands, first.code, first.before, first.reason) == (10, 3, 1, "touch here\nand there", "")
    assert (second.commands, second.reason) == (1, "needs a cluster")
    assert commands.files(page) == {"a/b.yaml": "# a/b.yaml\nx: 1\n"}


@pytest.mark.parametrize("page", [
    "<!-- docs: not run -->\n```sh\nx\n```\n", "<!-- docs: not run, -->\n```sh\nx\n```\n", "<!-- docs: exit one -->\n```sh\nx\n```\n",
    "<!-- docs: exit 1 -->\n```yaml\nx: 1\n```\n", "<!-- docs: exit 1 -->\n\n```sh\nx\n```\n"])
def test_a_mark_that_means_nothing_is_an_error(page):
    with pytest.raises(AssertionError):
        commands.blocks(page)
