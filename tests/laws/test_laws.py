"""The laws of the program, over every input that there is: all golden cases, real manifests ($CLOUDLAB_CORPUS) and podinfo's
chart as Helm renders it.

    identity      no policy, or none that selects anything: the output is the input, byte for byte
    idempotence   a run over the output changes nothing
    locality      what the diff does not name is still there, in order, and the diff is the whole truth
    determinism   two runs give the same bytes; so do the policies in another order
    dry run       the output is the input
    --check       fails exactly if the output differs
    honesty       every difference that another YAML reader sees between input and output stands in the report

The last one is an oracle of its own: PyYAML reads both streams, and what it finds changed must be covered by a row.
"""
import collections
import json
import re
import subprocess

import pytest
import yaml

from support import golden, paths
from support.policies import NOTHING, TIERS_AND_SIDECARS
from support.postrender import clean_environment

CORPUS = ["argo-cd.yaml", "cert-manager.yaml", "istio-minimal.yaml", "kube-prometheus.yaml", "microservices-demo.yaml",
          "otel-demo.yaml", "podinfo.yaml"]


class Subject:
    """An input with the command line that it is to be run with."""

    def __init__(self, program, stdin, arguments, folder):
        self.program, self.stdin, self.arguments, self.folder = program, stdin, arguments, folder

    def run(self, *more, stdin=None, arguments=None):
        words = self.arguments if arguments is None else arguments
        return subprocess.run([self.program, *words, *more], input=self.stdin if stdin is None else stdin, cwd=self.folder,
                              env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def edit(self, *more, **options):
        done = self.run(*more, **options)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout


def plain(case):
    """Whether a case is an ordinary run: it succeeds and prints its output."""
    words = (case / "args").read_text() if (case / "args").exists() else ""
    return not (case / "exit").exists() and "--check" not in words and "--dry-run" not in words


SUBJECTS = [*map(golden.name, filter(plain, golden.cases())), *(f"corpus/{name}" for name in CORPUS), "chart/podinfo"]


@pytest.fixture(scope="session")
def podinfo(tmp_path_factory):
    home = tmp_path_factory.mktemp("helm")
    words = [paths.tool("helm3"), "template", "demo", paths.podinfo_chart(), "--set", "redis.enabled=true,hpa.enabled=true"]
    return subprocess.run(words, check=True, stdout=subprocess.PIPE,
                          env=clean_environment(HELM_CACHE_HOME=home, HELM_CONFIG_HOME=home, HELM_DATA_HOME=home)).stdout


@pytest.fixture(params=SUBJECTS)
def subject(request, postrender, tmp_path):
    kind, name = request.param.split("/")
    case = golden.FOLDER / request.param
    if kind not in ("corpus", "chart"):
        return Subject(postrender.path, (case / "input.yaml").read_bytes(), golden.arguments(case), case)
    stdin = request.getfixturevalue("podinfo") if kind == "chart" else paths.corpus(name).read_bytes()
    (tmp_path / "policy.yaml").write_text(TIERS_AND_SIDECARS)
    words = ["--config", "policy.yaml", "--environment", "production", "--namespace", "default"]
    return Subject(postrender.path, stdin, words, tmp_path)


def test_identity(subject, tmp_path):
    """No policy loaded; and policies that select nothing, which take out only policy documents."""
    expected = subject.stdin if subject.stdin.strip() else b"# cloudlab: no manifests\n"
    assert subject.edit(arguments=["--config", "none"]) == expected
    if b"cloudlab.dev" not in subject.stdin:
        (tmp_path / "nothing.yaml").write_text(NOTHING)
        assert subject.edit(arguments=["--config", tmp_path / "nothing.yaml"]) == expected


def test_idempotence(subject):
    """A policy that stood in the stream is gone in the second run: it goes into a config."""
    output = subject.edit()
    if b"kind: ResourceTierPolicy" not in subject.stdin:
        assert subject.edit(stdin=output) == output
        assert subject.run("--check", stdin=output).returncode == 0


def test_determinism(subject, tmp_path):
    """Twice the same; and the same with the policy documents in reversed order."""
    output = subject.edit()
    assert subject.edit() == output
    if "policy.yaml" in subject.arguments:
        documents = re.split(r"^---\n", (subject.folder / "policy.yaml").read_text(), flags=re.M)
        reversed_order = tmp_path / "reversed.yaml"
        reversed_order.write_text("---\n".join(text if text.endswith("\n") else text + "\n" for text in reversed(documents)))
        words = [str(reversed_order) if word == "policy.yaml" else word for word in subject.arguments]
        assert subject.edit(arguments=words) == output


def test_dry_run_and_check(subject):
    output = subject.edit()
    if subject.stdin.strip():
        assert subject.edit("--dry-run") == subject.stdin
    check = subject.run("--check")
    assert check.stdout == b""
    assert check.returncode == (0 if output == subject.stdin else 1)
    assert check.returncode == 0 or b"[CL-X-DRIFT]" in check.stderr


def lines_of(text):
    """The lines with their endings. Unlike splitlines(), only LF ends one."""
    lines = text.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def hunks(diff):
    """(first old line, old lines, new lines) of each hunk of a unified diff; context stands in both."""
    found = []
    for line in lines_of(diff):
        header = re.match(rb"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@\n", line)
        if header:
            found.append((int(header[1]) + (header[2] == b"0"), [], []))
        elif line.startswith(b"\\"):
            for side in {b" ": (1, 2), b"-": (1,), b"+": (2,)}[last]:
                found[-1][side][-1] = found[-1][side][-1].removesuffix(b"\n")
        elif found:
            last = line[:1]
            found[-1][1].extend([line[1:]] if last in b" -" else [])
            found[-1][2].extend([line[1:]] if last in b" +" else [])
    return found


def same(shown, line):
    """A line of a diff may be masked."""
    pattern = b".*".join(re.escape(part) for part in shown.split(b"***"))
    return shown == line or b"***" in shown and re.fullmatch(pattern, line, re.S)


def test_locality(subject, tmp_path):
    """The diff is the whole truth: applied to the input it gives the output, so every line that it does not name is
    untouched; and it removes no more lines than a diff made without knowledge of the edits."""
    diff_file = tmp_path / "diff"
    output = lines_of(subject.edit("--diff", diff_file))
    rows = hunks(diff_file.read_bytes())
    before, after, at = lines_of(subject.stdin), [], 0
    for first, old, new in rows:
        after += before[at:first - 1]
        at = first - 1 + len(old)
        assert all(map(same, old, before[first - 1:at])), f"the hunk at line {first} is not in the input"
        after += new
    after += before[at:]
    assert len(after) == len(output) and all(map(same, after, output))

    (tmp_path / "before").write_bytes(subject.stdin)
    (tmp_path / "after").write_bytes(b"".join(output))
    plain_diff = subprocess.run(["diff", tmp_path / "before", tmp_path / "after"], stdout=subprocess.PIPE).stdout
    least = len(re.findall(rb"^<", plain_diff, flags=re.M))
    removed = sum(len(old) for _, old, _ in rows) - sum(context(old, new) for _, old, new in rows)
    assert removed <= least + 2 * len(rows), "the diff takes lines away that stay"


def context(old, new):
    """How many lines two sides of a hunk have in common, counted as a bag."""
    return sum((collections.Counter(old) & collections.Counter(new)).values())


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML as JSON has it: dates and a plain `=` are strings."""


for tag in ("timestamp", "value"):
    Loader.add_constructor(f"tag:yaml.org,2002:{tag}", Loader.construct_yaml_str)


def objects(stream, namespace):
    """Every object by its id, items of lists too. Objects of one id are kept apart by their number."""
    found, seen = {}, collections.Counter()
    for document in yaml.load_all(stream.decode("utf-8-sig"), Loader):
        if not isinstance(document, dict):
            continue
        is_list = str(document.get("kind")).endswith("List") and isinstance(document.get("items"), list)
        for each in document["items"] if is_list else [document]:
            metadata = each.get("metadata") or {}
            identity = each.get("apiVersion"), each.get("kind"), metadata.get("name") or metadata.get("generateName")
            identity += (metadata.get("namespace") or namespace,)
            found[identity, seen[identity]] = each
            seen[identity] += 1
    return found


def differences(old, new, path=()):
    """The paths of all values that differ, items of lists by the name that they carry."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from differences(old.get(key, MISSING), new.get(key, MISSING), (*path, str(key)))
    elif isinstance(old, list) and isinstance(new, list) and named(old) and named(new):
        old, new = ({item["name"]: item for item in items} for items in (old, new))
        for name in {**old, **new}:
            yield from differences(old.get(name, MISSING), new.get(name, MISSING), (*path, f"[name={name}]"))
    elif old != new:
        yield path


MISSING = object()


def named(items):
    names = [item.get("name") for item in items if isinstance(item, dict)]
    return len(names) == len(items) == len(set(names)) and all(isinstance(name, str) for name in names)


def words(path):
    """`a.b[name=c].d["e.f"]` as its words."""
    return tuple(quoted or bracket or plain for quoted, bracket, plain in re.findall(r'\["((?:[^"\\]|\\.)*)"\]|(\[[^\]]*\])|([^.\[\]]+)', path))


def covered(path, rows):
    """A row speaks of the value, of something in it, or of something around it."""
    return any(path[:len(row)] == row[:len(path)] for row in rows)


def test_honesty(subject, tmp_path):
    """PyYAML reads both streams; what differs is exactly what the report names: rows for fields, added, removed."""
    report = tmp_path / "report.json"
    output = subject.edit("--report", report)
    report = json.loads(report.read_text())
    before, after = (objects(stream, report["namespace"]) for stream in (subject.stdin, output))

    def identity(row):
        return tuple(row["object"][key] for key in ("apiVersion", "kind", "name", "namespace"))

    def same_object(row, key):
        return row[:3] == key[:3] and row[3] in (key[3], "")

    rows = collections.defaultdict(list)
    for edit in report["edits"]:
        rows[identity(edit)].append(words(edit["path"]))
    added, removed = ([identity(row) for row in report[name]] for name in ("added", "removed"))

    for key in {**before, **after}:
        if key not in before:
            assert any(same_object(row, key[0]) for row in added), f"{key[0]} was added in silence"
        elif key not in after:
            assert any(same_object(row, key[0]) for row in removed), f"{key[0]} was removed in silence"
        else:
            of_object = [path for row, found in rows.items() if same_object(row, key[0]) for path in found]
            for path in differences(before[key], after[key]):
                assert covered(path, of_object), f"{key[0]}: {'.'.join(path)} changed in silence"
    assert len(after) == len(before) + len(added) - len(removed)

    if output == subject.stdin:
        return  # With `enforcement: DryRun` the report says what would be.
    for row, found in rows.items():
        if row in removed:
            continue  # A Secret whose fields became those of the ExternalSecret that makes it.
        changed = [path for key in before if same_object(row, key[0]) and key in after
                   for path in differences(before[key], after[key])]
        for path in found:
            assert covered(path, changed), f"{row}: the report names {'.'.join(path)}, which did not change"
