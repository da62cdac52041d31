"""Conformance with the real Helm 3 and Helm 4: one test per rule that their post-renderer protocols set.

Each case renders a chart made on the spot; nothing here needs a cluster.
"""
import shutil
import tarfile

import pytest

from support.chart import HOOKS, ODD, SHOP, make_chart
from support.helm import make_plugin
from support.manifests import FILENAME, containers, find, identity, objects, rank, source, texts
from support.policies import AGENT, UNKNOWN_FIELD, brought_by

BOM = b"\xef\xbb\xbf"


def test_case_01_no_op_pipe(helm3, postrender, no_op, tmp_path):
    """`helm3 template | cloudlab-postrender` changes no byte when nothing applies: CRLF, comments-only, odd indents, BOM."""
    stream = helm3.template(make_chart(tmp_path / "odd", {**ODD, **SHOP, **HOOKS}))
    assert postrender.edit(stream, "--config", no_op) == stream
    assert postrender.edit(BOM + stream, "--config", no_op) == BOM + stream


def test_case_02_no_op_in_helm3(helm3, no_op, podinfo_chart, tmp_path):
    """`helm3 template --post-renderer` prints the same as without, but for the last newline, when nothing applies."""
    for chart in make_chart(tmp_path / "odd", {**ODD, **SHOP, **HOOKS}), podinfo_chart:
        with_us, without = helm3.template(chart, "--skip-tests", config=no_op), helm3.template(chart, "--skip-tests")
        assert with_us.rstrip(b"\n") == without.rstrip(b"\n")


def test_case_03_no_op_in_helm4(helm4, no_op, podinfo_chart, tmp_path):
    """Helm 4 re-encodes what it hands out; given that, the program is as good as `cat` when nothing applies."""
    helm4.add_plugin("cat", "cat")
    for chart in make_chart(tmp_path / "odd", {**ODD, **SHOP, **HOOKS}), podinfo_chart:
        with_us = helm4.template(chart, "--skip-tests", config=no_op)
        assert with_us == helm4.template(chart, "--skip-tests", "--post-renderer", "cat")


def test_case_04_one_name_for_both(helm, shop, agent):
    """`--post-renderer cloudlab-postrender` is found by Helm 3 on PATH and by Helm 4 in $HELM_PLUGINS."""
    assert containers(find(helm.template(shop, config=agent), "Deployment", "cart")) == ["cart", "agent"]


@pytest.mark.parametrize("folder", ["data/plugins", "a folder with spaces/plugins"])
def test_case_04_plugin_folders(helm4, shop, agent, tmp_path, folder):
    """Helm 4 finds the plugin in its data home, and in a folder with spaces."""
    expected = helm4.template(shop, config=agent)
    shutil.copytree(helm4.plugins, tmp_path / folder)
    helm4.move_home((tmp_path / folder).parent)
    assert helm4.template(shop, config=agent) == expected


def test_case_05_plugin_install(helm4, postrender, shop, agent, tmp_path):
    """The plugin folder passes `helm plugin install`, as a folder and as a tarball, and `helm plugin list` names it."""
    expected = helm4.template(shop, config=agent)
    plugin = make_plugin(postrender, tmp_path / "made/cloudlab-postrender")
    version = next(line for line in (plugin / "plugin.yaml").read_text().splitlines() if line.startswith("version: ")).split()[1]
    tarball = tmp_path / f"cloudlab-postrender-{version}.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        archive.add(plugin, "cloudlab-postrender")

    for number, words in enumerate([[plugin], [tarball, "--verify=false"]]):
        helm4.move_home(tmp_path / f"home-{number}")
        helm4("plugin", "install", *words)
        listed = helm4("plugin", "list").decode().split("\n")[1].split()
        assert listed[:3] == ["cloudlab-postrender", version, "postrenderer/v1"]
        assert helm4.template(shop, config=agent) == expected


def test_case_05_plugin_yaml_is_strict(helm4, postrender, shop, agent):
    """Helm 4 refuses a key that it does not know: ours has none."""
    with open(helm4.plugins / "cloudlab-postrender/plugin.yaml", "a") as file:
        file.write("usage: none\n")
    done = helm4.run("template", "demo", shop, config=agent)
    assert done.returncode != 0 and b"usage" in done.stderr


def test_case_06_chart_without_manifests(helm, agent, tmp_path):
    """A chart that renders nothing stays that: exit 0, no object."""
    chart = make_chart(tmp_path / "empty", {"nothing.yaml": "{{ if false }}x{{ end }}\n"})
    assert objects(helm.template(chart, config=agent)) == []


@pytest.mark.parametrize("stdin", [b"", b"\n", b"# only a comment\n", b"---\n# only a comment\n---\n"])
def test_case_06_empty_stdin(postrender, agent, stdin):
    """Nothing in: exit 0, at least a comment out (Helm 4 refuses blank output), a warning on stderr and in the report."""
    run = postrender(stdin, "--config", agent)
    assert run.code == 0
    assert b"#" in run.stdout and objects(run.stdout) == []
    assert "warning" in run.stderr
    assert "warning" in [diagnostic["severity"] for diagnostic in run.report["diagnostics"]]


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_case_07_output_dir_helm3(helm3, shop, agent, tmp_path):
    """With --output-dir Helm 3 writes its files before it calls us with an empty stdin: they stay whole, the run succeeds
    and the report holds a warning."""
    helm3.template(shop, "--output-dir", tmp_path / "without")
    report = tmp_path / "report.json"
    helm3.template(shop, "--output-dir", tmp_path / "with", config=agent, report=report)
    assert tree(tmp_path / "with") == tree(tmp_path / "without") != {}
    assert '"warning"' in report.read_text()


def test_case_07_output_dir_helm4(helm4, shop, agent, tmp_path):
    """With --output-dir Helm 4 writes what we return: a brought object stands in the file of its parent."""
    helm4.template(shop, "--output-dir", tmp_path / "out", config=agent)
    files = tree(tmp_path / "out")
    assert set(files) == {f"shop/templates/{name}" for name in SHOP}
    for parent in "cart", "orders":
        assert set(brought_by(parent)) <= set(map(identity, objects(files[f"shop/templates/{parent}.yaml"])))


def test_case_08_install_order_helm3(helm3, shop, agent):
    """Helm 3 creates in the order of our output: every brought object stands at its rank, last of its kind, and what was
    there keeps its order."""
    before = list(map(identity, objects(helm3.template(shop))))
    after = list(map(identity, objects(helm3.template(shop, config=agent))))
    assert [entry for entry in after if entry in before] == before
    kinds = [kind for kind, _ in after]
    assert sorted(kinds, key=rank) == kinds
    for of_cart, of_orders in zip(brought_by("cart"), brought_by("orders")):
        assert [entry for entry in after if entry[0] == of_cart[0]][-2:] == [of_cart, of_orders]


def test_case_08_stable_order_helm4(helm4, shop, agent):
    """Helm 4 sorts by itself; two runs give the same bytes."""
    assert helm4.template(shop, config=agent) == helm4.template(shop, config=agent)


def test_case_08_after_the_parent(postrender, agent):
    """In a stream that is not in Helm's order a brought object stands right after its parent."""
    names = "orders.yaml", "config.yaml", "cart.yaml", "monitor.yaml"
    stream = "---\n".join(SHOP[name] for name in names).encode()
    before = list(map(identity, objects(stream)))
    after = list(map(identity, objects(postrender.edit(stream, "--config", agent))))
    expected = []
    for entry in before:
        expected.append(entry)
        if entry[0] in ("StatefulSet", "Deployment"):
            expected += brought_by(entry[1])
    assert after == expected


def test_case_09_show_only(helm, shop, agent):
    """`template -s FILE` returns the parent and all that it brought, and nothing of others."""
    found = objects(helm.template(shop, "-s", "templates/orders.yaml", config=agent))
    assert set(map(identity, found)) == {("StatefulSet", "orders"), *brought_by("orders")}


def test_case_09_source_comments(helm3, postrender, shop, agent):
    """Every document, brought or not, opens with the `# Source:` comment of a file of the chart."""
    for text in texts(postrender.edit(helm3.template(shop), "--config", agent)):
        assert source(text) in {f"templates/{name}" for name in SHOP}, text


def test_case_10_filename_annotations(helm4, postrender, shop, agent, tmp_path):
    """Helm 4 writes files by an annotation: each document that we return has its parent's, and none is left in the end."""
    stream = tmp_path / "stream.yaml"
    helm4.add_plugin("tee", "tee", stream)
    helm4.template(shop, "--post-renderer", "tee")
    returned = objects(postrender.edit(stream.read_bytes(), "--config", agent))
    assert set(brought_by("cart")) <= set(map(identity, returned))
    for document in returned:
        assert document["metadata"]["annotations"][FILENAME] in {f"shop/templates/{name}" for name in SHOP}
    assert FILENAME.encode() not in helm4.template(shop, config=agent)


def test_case_11_hooks_stay_untouched(helm, agent, tmp_path):
    """A hook and a template of one id are legal; a hook Job and a test Pod get no sidecar and bring no object."""
    stream = helm.template(make_chart(tmp_path / "hooks", {**SHOP, **HOOKS}), config=agent)
    assert containers(find(stream, "Job", "migrate")) == ["migrate"]
    assert containers(find(stream, "Pod", "smoke")) == ["smoke"]
    assert containers(find(stream, "Deployment", "cart")) == ["cart", "agent"]
    identities = list(map(identity, objects(stream)))
    assert identities.count(("ServiceAccount", "shop")) == 2
    assert not [name for _, name in identities if name.startswith(("migrate-", "smoke-"))]


def test_case_12_failure(helm, shop, policy, tmp_path):
    """A failure fails Helm and leaves nothing on stdout. Helm 3 shows the cause; Helm 4 drops stderr, so the report has it."""
    report = tmp_path / "report.json"
    done = helm.run("template", "demo", shop, config=policy(UNKNOWN_FIELD, "typo.yaml"), report=report)
    assert done.returncode != 0
    assert objects(done.stdout) == []
    assert "contaner" in report.read_text()
    if helm.program.name == "helm3":
        assert b"typo.yaml:6:3: error: " in done.stderr and b"contaner" in done.stderr


@pytest.mark.parametrize("config, stdin", [(UNKNOWN_FIELD, SHOP["cart.yaml"]), (AGENT, SHOP["cart.yaml"] + "  - broken: [\n")])
def test_case_12_failure_in_the_pipe(postrender, policy, config, stdin):
    """Exit 1, empty stdout, one error with its place on stderr, the same in the report."""
    run = postrender(stdin.encode(), "--config", policy(config))
    assert run.code == 1 and run.report["exitCode"] == 1
    assert run.stdout == b""
    assert run.stderr.count(": error: ") == 1
    assert [diagnostic["severity"] for diagnostic in run.report["diagnostics"]].count("error") == 1
