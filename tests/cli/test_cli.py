"""The command line: usage, where policies come from, where results go, what is never shown."""
import json
import os
import re
import resource
import subprocess

import pytest

from support import golden
from support.postrender import clean_environment
from support.shell import CART, POLICY

EDITED = CART + b"        resources:\n          requests:\n            cpu: 100m\n"


def cpu(value):
    """POLICY with another request, to tell which source of policies was read."""
    return POLICY.replace("cpu: 100m", f"cpu: {value}")


# Usage.

@pytest.mark.parametrize("words, said", [
    (["--bad"], "--bad"),
    (["positional"], "positional"),
    (["--config"], "--config"),
    (["--today=tomorrow"], "a date like 2026-11-21 is expected, not tomorrow"),
    (["--today=2026-02-30"], "a date like 2026-11-21 is expected, not 2026-02-30"),
    (["--kube-version=latest"], "a version like 1.32 is expected, not latest"),
    (["--on-refusal=ignore"], "one of fail, pass is expected, not ignore"),
    (["--log-level=loud"], "one of debug, info, warn, error, off is expected, not loud"),
    (["--config", "none", "--config", "policy.yaml"], "`none` and other policies exclude each other"),
    (["--print-schema", "Deployment"], "no policy kind `Deployment`; there are Pipeline,"),
])
def test_usage_errors(shell, words, said):
    """Exit 2, one sentence, nothing on stdout; the input is not even read."""
    done = shell(*words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode() and done.stderr.startswith(b"cloudlab-postrender: ")


@pytest.mark.parametrize("epoch", ["tomorrow", "-1", "1e9", "99999999999999999999", "253402300800"])
def test_wrong_source_date(shell, epoch):
    """A day that nobody can read must not revive an exception that has expired."""
    done = shell(SOURCE_DATE_EPOCH=epoch)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"SOURCE_DATE_EPOCH: seconds since 1970 are expected" in done.stderr


def test_help(shell):
    """Clean words and examples that work."""
    done = shell("--help")
    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Examples:\n" in text and "--post-renderer cloudlab-postrender" in text
    for flag in ("--config --environment --namespace --release --kube-version --report --on-refusal --today --dry-run --diff --patches "
                 "--check --print-defaults --print-schema --log-level --version --help CLOUDLAB_CONFIG CLOUDLAB_REPORT").split():
        assert flag in text, flag
    assert not re.search(r"[{}]|->|REQUIRED|TEXT", text), "no inner life of a library"
    assert max(map(len, text.splitlines())) <= 110
    assert shell("-h").stdout == done.stdout


def test_version(shell):
    done = shell("--version")
    assert (done.returncode, done.stderr) == (0, b"")
    assert re.fullmatch(rb"cloudlab-postrender \d+\.\d+\.\d+\S*\n", done.stdout)


def test_print_schema(shell):
    schema = json.loads(shell("--print-schema", "SidecarPolicy").stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


# Where policies come from.

def test_defaults_are_a_policy_file(shell):
    """What --print-defaults prints is a config like any other, and does what a run without config does."""
    shell.write("defaults.yaml", shell("--print-defaults").stdout)
    with_file, without = shell("--config", "defaults.yaml"), shell()
    assert with_file.returncode == without.returncode == 0
    assert with_file.stdout == without.stdout != CART
    assert b"policies from embedded defaults" in without.stderr


def test_first_source_wins_alone(shell):
    """--config > CLOUDLAB_CONFIG > ./cloudlab.yaml > embedded defaults; stderr and report name the source."""
    def used(*words, **environment):
        done = shell(*words, "--report", "report.json", **environment)
        source = json.loads((shell.folder / "report.json").read_text())["source"]
        assert f"policies from {source}" in done.stderr.decode()
        return source, re.search(rb"cpu: (\S+)", done.stdout)[1].decode()

    assert used() == ("embedded defaults", "50m")
    shell.write("cloudlab.yaml", cpu("1m"))
    assert used() == ("working directory cloudlab.yaml", "1m")
    shell.write("variable.yaml", cpu("2m"))
    assert used(CLOUDLAB_CONFIG="variable.yaml") == ("CLOUDLAB_CONFIG variable.yaml", "2m")
    assert used("--config", "policy.yaml", CLOUDLAB_CONFIG="variable.yaml") == ("--config policy.yaml", "100m")


def test_config_files_and_folders_add_up(shell):
    """--config may be repeated; a folder stands for its *.yaml and *.yml files, in the order of their names."""
    policy, *rest = POLICY.split("---\n")
    shell.write("tiers.yaml", policy)
    shell.write("shared/b.yml", rest[0])
    shell.write("shared/a.yaml", rest[1])
    shell.write("shared/README.md", "no policy")
    done = shell("--config", "tiers.yaml", "--config=shared")
    assert done.stdout == EDITED, done.stderr.decode()
    assert b"policies from --config tiers.yaml shared\n" in done.stderr


def test_config_none(shell):
    """The stream is copied unread: even what is no YAML at all."""
    for stdin in CART, b"a: [\n\t\0\xff", b"apiVersion: cloudlab.dev/v1alpha1\nkind: Pipeline\n":
        done = shell("--config", "none", stdin=stdin)
        assert (done.returncode, done.stdout) == (0, stdin)
    assert shell(stdin=CART, CLOUDLAB_CONFIG="none").stdout == CART


# Where results go.

def test_report(shell):
    """All of the report's fields; CLOUDLAB_REPORT names the file too, and --report wins."""
    shell("--config", "policy.yaml", "--report", "report.json", CLOUDLAB_REPORT="other.json")
    shell("--config", "policy.yaml", CLOUDLAB_REPORT="variable.json")
    text = (shell.folder / "report.json").read_text()
    assert text == (shell.folder / "variable.json").read_text() and not (shell.folder / "other.json").exists()
    report = json.loads(text)
    skips = report.pop("skips")
    assert skips == []
    notes = report.pop("diagnostics")
    assert all(set(note) <= {"severity", "code", "message", "file", "line", "column", "object", "hint"} for note in notes)
    proofs = report.pop("proofs")
    assert proofs and all(set(proof) == {"name", "passed"} and proof["passed"] for proof in proofs)
    assert report == {
        "apiVersion": "cloudlab.dev/report/v1", "exitCode": 0, "source": "--config policy.yaml", "environment": "production",
        "namespace": "shop", "kubeVersion": "1.32",
        "documents": {"total": 1, "edited": 1, "added": 0, "removed": 0, "refused": 0},
        "policies": [{"name": "tiers", "kind": "ResourceTierPolicy", "selected": 1, "changed": 1}],
        "edits": [{"object": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "cart"},
                   "path": "spec.template.spec.containers[name=cart].resources.requests.cpu", "op": "add", "old": "", "new": "100m",
                   "policy": "tiers", "profile": "production/small", "override": ""}],
        "added": [], "removed": [], "network": {"edges": [], "outside": [], "entries": [], "closed": [], "proof": "passed"}, "secrets": [],
    }


@pytest.mark.parametrize("flag, what", [("--report", "the report"), ("--diff", "the diff")])
def test_unwritable_files(shell, flag, what):
    """What cannot be written fails the run before anything is on stdout."""
    done = shell("--config", "policy.yaml", flag, "no-such-folder/file")
    assert (done.returncode, done.stdout) == (1, b"")
    assert f"error: cannot write {what} no-such-folder/file: No such file or directory [CL-X-WRITE]\n" in done.stderr.decode()


def test_closed_stdout(shell):
    """A reader that went away: exit 1 and a sentence, no signal."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([shell.program, "--config", "policy.yaml"], input=CART, cwd=shell.folder, env=clean_environment(),
                          stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert done.returncode == 1
    assert b"error: cannot write the manifests to stdout: Broken pipe [CL-X-WRITE]\n" in done.stderr


def test_full_disk(shell):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([shell.program, "--config", "policy.yaml"], input=CART, cwd=shell.folder, env=clean_environment(),
                              stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1 and b"No space left on device" in done.stderr


def test_log_level(shell):
    """off < error < warn < info < debug; the work is the same."""
    stdin = b"a: 1\n"  # No manifest: a warning.
    shown = {level: shell("--config", "policy.yaml", "--log-level", level, stdin=stdin).stderr
             for level in ("off", "error", "warn", "info", "debug")}
    assert shown["off"] == shown["error"] == b""
    assert b"warning:" in shown["warn"] and b"selected" not in shown["warn"]
    assert b"warning:" in shown["info"] and b"1 document, 0 edited" in shown["info"]
    assert shown["debug"].startswith(shown["warn"])
    assert b"QoS" in shell("--config", "policy.yaml", "--log-level", "debug").stderr
    assert shell("--config", "missing.yaml", "--log-level", "off").returncode == 1


def test_summary(shell):
    assert shell("--config", "policy.yaml").stderr.decode() == (
        "cloudlab: 1 document, 1 edited, 0 added, 0 removed; environment production; namespace shop; policies from --config policy.yaml\n"
        "  ResourceTierPolicy/tiers: 1 selected, 1 changed\n")


def test_check(shell):
    """Exit 1 with the list of what would change, 0 if nothing would; nothing on stdout."""
    done = shell("--config", "policy.yaml", "--check", "--report", "report.json")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"[CL-X-DRIFT]" in done.stderr and b"requests.cpu: (nothing) -> 100m (tiers)" in done.stderr
    assert json.loads((shell.folder / "report.json").read_text())["exitCode"] == 1
    done = shell("--config", "policy.yaml", "--check", stdin=EDITED)
    assert (done.returncode, done.stdout) == (0, b"")


def test_check_of_nothing(shell):
    """Without policies no byte would change; a stream of nothing would become a comment, and the message says so."""
    done = shell("--config", "none", "--check")
    assert (done.returncode, done.stdout) == (0, b"")
    for stdin in b"", b" \n":
        done = shell("--config", "policy.yaml", "--check", stdin=stdin)
        assert (done.returncode, done.stdout) == (1, b"")
        assert b"[CL-X-DRIFT]" in done.stderr and b"there are no manifests: a comment would say so" in done.stderr


def test_check_names_policies_in_the_stream(shell):
    """They would be taken out of the stream: that is a change, and it has a row."""
    done = shell("--check", "--report", "report.json", stdin=EDITED + b"---\n" + POLICY.encode())
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"ResourceTierPolicy/tiers: left over" in done.stderr
    removed = json.loads((shell.folder / "report.json").read_text())["removed"]
    assert [row["object"]["name"] for row in removed] == ["tiers", "production", "platform"]


# New objects and the ends of the stream.

SIDECAR = """\
apiVersion: cloudlab.dev/v1alpha1
kind: SidecarPolicy
metadata: {name: agent}
spec:
  match: {any: [{kinds: [Workload]}]}
  container: {name: agent, image: "registry.example/agent:1.0"}
  objects:
  - {apiVersion: monitoring.coreos.com/v1, kind: PodMonitor, metadata: {name: agent}, spec: {selector: {}}}
"""
POD_MONITOR = b"apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\n"


def test_byte_order_mark_stays_in_front(shell):
    shell.write("sidecar.yaml", SIDECAR.replace("monitoring.coreos.com/v1, kind: PodMonitor", "v1, kind: ConfigMap"))
    done = shell("--config", "sidecar.yaml", stdin=b"\xef\xbb\xbf" + CART)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.startswith(b"\xef\xbb\xbf---\napiVersion: v1\nkind: ConfigMap\n")
    assert done.stdout.count(b"\xef\xbb\xbf") == 1
    assert shell("--config", "sidecar.yaml", stdin=done.stdout).stdout == done.stdout


def test_open_text_stays_last(shell):
    """A line feed behind it would belong to the text: the new object goes before that document."""
    shell.write("sidecar.yaml", SIDECAR)
    text = CART + b"notes: |\n  hello"
    done = shell("--config", "sidecar.yaml", stdin=text)
    assert done.returncode == 0, done.stderr.decode()
    assert POD_MONITOR in done.stdout and done.stdout.endswith(b"notes: |\n  hello")
    assert shell("--config", "sidecar.yaml", stdin=done.stdout).stdout == done.stdout


def test_shared_object_outlives_a_passed_document(shell):
    """Two workloads want one object; the first cannot be edited and is passed through."""
    shell.write("sidecar.yaml", SIDECAR)
    first = CART.replace(b"name: cart\nspec", b"name: first\nspec").replace(b"    spec:\n", b"    spec: &pod\n") + b"twin: *pod\n"
    done = shell("--config", "sidecar.yaml", "--on-refusal=pass", "--report", "report.json", stdin=first + b"---\n" + CART)
    assert done.returncode == 0 and done.stdout.startswith(first), done.stderr.decode()
    assert done.stdout.count(POD_MONITOR) == 1
    report = json.loads((shell.folder / "report.json").read_text())
    assert report["documents"]["refused"] == 1
    assert [row["parent"]["name"] for row in report["added"]] == ["cart"]


def test_threads_that_cannot_start(shell):
    """A limit on the process costs time, not the run."""
    def limit():
        resource.setrlimit(resource.RLIMIT_STACK, (1 << 30, resource.getrlimit(resource.RLIMIT_STACK)[1]))
        resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
    stdin = (CART + b"---\n") * 400
    command = [shell.program, "--config", "policy.yaml"]
    done = subprocess.run(command, input=stdin, cwd=shell.folder, preexec_fn=limit, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == shell("--config", "policy.yaml", stdin=stdin).stdout


# The diff.

def applied(shell, stdin, diff):
    shell.write("stdin", stdin)
    shell.write("diff", diff)
    done = subprocess.run(["patch", "--force", "--fuzz=0", "--binary", "--quiet", "stdin", "diff"], cwd=shell.folder,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()
    return (shell.folder / "stdin").read_bytes()


def shows_all(case):
    """Whether the case has a diff, of what it writes, that nothing was masked in."""
    diff = case / "expected.diff"
    return diff.exists() and diff.stat().st_size and b"***" not in diff.read_bytes() and "--dry-run" not in golden.arguments(case)


@pytest.mark.parametrize("case", filter(shows_all, golden.cases()), ids=golden.name)
def test_diff_is_a_patch(shell, case):
    """`patch` makes the output of the input, unless a secret stands near."""
    assert applied(shell, (case / "input.yaml").read_bytes(), (case / "expected.diff").read_bytes()) == (case / "expected.yaml").read_bytes()


def test_diff_to_stderr(shell):
    """`--diff -` prints what `--diff FILE` writes, behind the messages; no change, no diff."""
    shell("--config", "policy.yaml", "--diff", "out.diff")
    diff = (shell.folder / "out.diff").read_bytes()
    assert diff.startswith(b"--- <stdin>\n+++ <stdin>\n@@ -7,3 +7,6 @@\n")
    assert shell("--config", "policy.yaml", "--diff", "-", "--log-level", "off").stderr == diff
    assert shell("--config", "policy.yaml", "--diff", "-", "--log-level", "off", stdin=EDITED).stderr == b""


# Secrets.

SECRET = "hunter2-correct-horse"

SHAPES = {
    "block": f"env:\n        - name: DB_PASSWORD\n          value: {SECRET}\n",
    "value first": f"env:\n        - value: {SECRET}\n          name: DB_PASSWORD\n",
    "quoted": f"env:\n        - name: DB_PASSWORD\n          value: \"{SECRET}\"\n",
    "flow": f"env: [{{name: DB_PASSWORD, value: '{SECRET}'}}]\n",
    "JSON": f'env: [{{"name":"DB_PASSWORD","value":"{SECRET}"}}]\n',
    "block scalar": f"env:\n        - name: DB_PASSWORD\n          value: |-\n            {SECRET}\n            {SECRET}\n",
    "folded": f"env:\n        - name: DB_PASSWORD\n          value: {SECRET}\n            {SECRET}\n",
    "connection": f"env:\n        - name: DB\n          value: postgres://shop:{SECRET}@db:5432/shop\n",
    "argument": f"args: [--password={SECRET}]\n",
    "comment": f"# password: {SECRET}\n        tty: true\n",
}

AGENT = """\
apiVersion: cloudlab.dev/v1alpha1
kind: SidecarPolicy
metadata: {name: agent}
spec:
  match: {any: [{names: [%s]}]}
  container: {name: agent, image: "agent:1"}
"""


def messages(shell, stdin, *words):
    """Everything that people and machines are told about a run."""
    done = shell("--config", "policy.yaml", "--log-level", "debug", "--diff", "-", "--report", "report.json", *words, stdin=stdin.encode())
    return done, done.stderr.decode() + (shell.folder / "report.json").read_text()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("where", ["beside an edit", "in an edit", "removed", "beside an error", "on the line of an error", "drift"])
def test_secrets_are_masked(shell, shape, where):
    """No message, diff or report shows a secret, wherever it stands in the document and whatever happens around it."""
    stdin = CART.decode() + "        " + SHAPES[shape]
    words = []
    if where == "in an edit":
        stdin = CART.decode().replace("- name: cart", "- {name: cart, env: [{name: DB_PASSWORD, value: %s}]}" % SECRET)
    elif where == "removed":
        shell.write("policy.yaml", AGENT % "nobody")
        stdin = stdin.replace("  name: cart\n", "  name: cart\n  annotations: {cloudlab.dev/managed-by: agent}\n", 1).replace(
            "- name: cart", "- name: cart\n      - name: agent")
    elif where == "beside an error":
        stdin += "        x: *nothing\n"
    elif where == "on the line of an error":
        stdin = stdin.replace(SECRET, f"{SECRET}\"\n        \"") if shape == "quoted" else stdin.rstrip("\n") + " x: : [\n"
    elif where == "drift":
        words = ["--check"]
    done, told = messages(shell, stdin, *words)
    assert SECRET not in told
    assert (SECRET in done.stdout.decode()) == (done.returncode == 0 and where not in ("removed", "drift"))


def test_secret_objects_are_masked(shell):
    """The data of a Secret is nobody's business, whatever its keys are called."""
    shell.write("policy.yaml", POLICY + "---\n" + (AGENT % "cart") + f"""\
  objects:
  - apiVersion: v1
    kind: Secret
    metadata: {{name: agent}}
    stringData: {{user: {SECRET}}}
""")
    _, told = messages(shell, CART.decode() + f"---\napiVersion: v1\nkind: Secret\ndata:\n  user: {SECRET}\n  x: y\nmetadata: {{name: db}}\n")
    assert "kind: Secret" in told and SECRET not in told
