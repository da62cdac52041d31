"""One mistake, one error: where it is, the line with a caret, a code, a way out; exit 1, nothing on stdout, and the same in
the report (Helm 4 throws stderr away)."""
import json
import re
import resource
import subprocess
import time

import pytest

from support.shell import CART, POLICY


def one_error(shell, done, file, line, column, code, message):
    """The run failed with exactly this error, on stderr and in report.json."""
    stderr = done.stderr.decode()
    assert done.returncode == 1
    assert done.stdout == b""
    errors = [text for text in stderr.splitlines() if re.search(r"\berror: ", text)]
    assert len(errors) == 1, stderr
    assert errors[0].startswith(f"{file}:{line}:{column}: error: ") and errors[0].endswith(f" [{code}]"), stderr
    assert message in errors[0], stderr
    excerpt, caret = stderr.splitlines()[1:3]
    assert excerpt.startswith("  ") and re.fullmatch(r"\s*\^~*", caret), stderr
    rows = [row for row in json.loads((shell.folder / "report.json").read_text())["diagnostics"] if row["severity"] == "error"]
    assert [(row["file"], row["line"], row["column"], row["code"]) for row in rows] == [(file, line, column, code)]
    return stderr


WRONG_POLICIES = {
    "unknown field": ("tier: small\n", "teir: small\n", 6, 3, "CL-P-FIELD", 'unknown field "teir"', 'did you mean "tier"?'),
    "unknown kind": ("kind: ResourceTierPolicy", "kind: ResourceTeirPolicy", 2, 7, "CL-P-KIND", "unknown kind", 'did you mean "ResourceTierPolicy"?'),
    "wrong type": ("tier: small\n", "tier: [small]\n", 6, 9, "CL-P-TYPE", "spec.tier is a list, not a string", ""),
    "bad quantity": ("cpu: 100m", "cpu: 100q", 13, 29, "CL-P-QUANTITY", '"100q" is not a quantity', "250m"),
    "cycle": ("  tiers:\n", "  inherits: production\n  tiers:\n", 12, 13, "CL-P-CYCLE", "production -> production", ""),
    "missing profile": ("  tiers:\n", "  inherits: stagin\n  tiers:\n", 12, 13, "CL-P-PROFILE", '"stagin", which does not exist', "known are: production"),
    "missing tier": ("tier: small\n", "tier: smal\n", 6, 9, "CL-P-TIER", 'no EnvironmentProfile has a tier "smal"', 'did you mean "small"?'),
    "unknown environment": ("environment: production", "environment: prod", 18, 21, "CL-P-ENVIRONMENT", 'unknown environment "prod"', "known are: production"),
    "broken YAML": ("match: {any:", "match: {any: [", 5, 9, "CL-Y-SYNTAX", "", ""),
}


@pytest.mark.parametrize("case", WRONG_POLICIES)
def test_wrong_policy(shell, case):
    old, new, line, column, code, message, hint = WRONG_POLICIES[case]
    assert POLICY.count(old) == 1
    shell.write("policy.yaml", POLICY.replace(old, new))
    done = shell("--config", "policy.yaml", "--report", "report.json")
    if case == "broken YAML":  # Where it shows is the scanner's affair.
        line, column = map(int, re.match(rb"policy.yaml:(\d+):(\d+)", done.stderr).groups())
    assert hint in one_error(shell, done, "policy.yaml", line, column, code, message)


def test_longer_cycle(shell):
    """The circle is shown as a whole."""
    shell.write("policy.yaml", POLICY.replace("  tiers:\n", "  inherits: staging\n  tiers:\n") +
                "---\napiVersion: cloudlab.dev/v1alpha1\nkind: EnvironmentProfile\nmetadata: {name: staging}\nspec: {inherits: production}\n")
    one_error(shell, shell("--config", "policy.yaml", "--report", "report.json"), "policy.yaml", 12, 13, "CL-P-CYCLE",
              "production -> staging -> production")


BROKEN_STREAMS = {
    "open quote": (b'b: "x\n', 11, 4, "CL-Y-SYNTAX", "never closed"),
    "open list": (b"b: [1,\n", 11, 4, "CL-Y-SYNTAX", "never closed"),
    "two colons": (b"a: b: c\n", 11, 5, "CL-Y-SYNTAX", ""),
    "undefined alias": (b"a: *x\n", 11, 4, "CL-Y-ALIAS", "*x"),
    "tab indentation": (b"a:\n\tb: 2\n", 12, 1, "CL-Y-TAB", "a tab in the indentation"),
    "NUL": (b"a: \0 1\n", 11, 4, "CL-Y-CONTROL", "U+0000"),
    "escape character": (b"a: \x1b[31m\n", 11, 4, "CL-Y-CONTROL", "U+001B"),
    "bad UTF-8": (b"a: \xff\n", 11, 4, "CL-Y-UTF8", "not valid UTF-8"),
    "half a character": (b"a: \xe2\x82\n", 11, 4, "CL-Y-UTF8", "not valid UTF-8"),
    "10,001 levels": (b"a: " + b"[" * 10_001 + b"]" * 10_001 + b"\n", 11, 1003, "CL-Y-LIMIT", "1,000 levels"),
}


@pytest.mark.parametrize("case", BROKEN_STREAMS)
def test_broken_stream(shell, case):
    document, *expected = BROKEN_STREAMS[case]
    done = shell("--config", "policy.yaml", "--report", "report.json", stdin=CART + b"---\n" + document)
    one_error(shell, done, "<stdin>", *expected)
    assert not re.search(rb"[\0-\x08\x0b-\x1f\x7f]", done.stderr), "a message must not control the terminal"


def test_caret_below_its_character(shell):
    """Columns count bytes, as editors and compilers do in files; the caret stands below the character all the same."""
    done = shell("--config", "policy.yaml", stdin="a: {größe: 1, b: *x}\n".encode())
    first, excerpt, caret = done.stderr.decode().splitlines()[:3]
    assert first.startswith("<stdin>:1:20: error:")
    assert excerpt[caret.index("^"):].startswith("*x")


def test_several_errors_at_once(shell):
    """One run shows the errors of all documents."""
    done = shell("--config", "policy.yaml", stdin=b"a: *x\n---\nb: 1\n---\nc: [\n")
    assert re.findall(rb"<stdin>:(\d):4: error", done.stderr) == [b"1", b"5"]


@pytest.mark.parametrize("words, environment", [(["--config", "missing.yaml"], {}), (["--config", "missing/"], {}),
                                                ([], {"CLOUDLAB_CONFIG": "missing.yaml"})])
def test_config_that_is_not_there(shell, words, environment):
    done = shell(*words, "--report", "report.json", **environment)
    assert (done.returncode, done.stdout) == (1, b"")
    assert re.fullmatch(r"error: cannot read the policies missing\S*: No such file or directory \[CL-X-CONFIG\]\n  hint: .*\n", done.stderr.decode())
    assert [row["code"] for row in json.loads((shell.folder / "report.json").read_text())["diagnostics"]] == ["CL-X-CONFIG"]


def test_config_that_cannot_be_read(shell):
    """A folder named like a policy file, among policy files."""
    shell.write("policies/good.yaml", POLICY)
    (shell.folder / "policies/bad.yaml").mkdir()
    done = shell("--config", "policies")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"error: cannot read the policies policies/bad.yaml: Is a directory [CL-X-CONFIG]\n")


def test_empty_folder(shell):
    (shell.folder / "empty").mkdir()
    done = shell("--config", "empty")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"holds no *.yaml file" in done.stderr


COMPLEX = b"? [a, b]\n: c\n---\n"


def test_refusal_fails(shell):
    """What others may accept but cannot be edited safely fails the run, and the message says how to let it pass."""
    done = shell("--config", "policy.yaml", "--report", "report.json", stdin=COMPLEX + CART)
    assert "--on-refusal=pass" in one_error(shell, done, "<stdin>", 1, 1, "CL-Y-KEY", "complex key")


def test_refusal_passes(shell):
    """With --on-refusal=pass the document goes through untouched, with a warning; the others are edited."""
    done = shell("--config", "policy.yaml", "--on-refusal=pass", "--report", "report.json", stdin=COMPLEX + CART)
    assert done.returncode == 0 and b"<stdin>:1:1: warning: a complex key" in done.stderr
    assert done.stdout == COMPLEX + CART + b"        resources:\n          requests:\n            cpu: 100m\n"
    assert json.loads((shell.folder / "report.json").read_text())["documents"]["refused"] == 1


def test_error_is_no_refusal(shell):
    """--on-refusal=pass is no licence for broken YAML."""
    done = shell("--config", "policy.yaml", "--on-refusal=pass", stdin=b"a: [1\n---\n" + CART)
    assert (done.returncode, done.stdout) == (1, b"")


def chain_of_aliases(indent):
    """20 anchors of 900 levels, each with an alias of the one before at its bottom: 18,000 levels for whoever follows them."""
    links = "".join(f"{indent}a{i}: &a{i} {'{k: ' * 900}*a{i - 1}{'}' * 900}\n" for i in range(1, 21))
    return f"{indent}a0: &a0 x\n{links}"


SIDECAR = """\
---
apiVersion: cloudlab.dev/v1alpha1
kind: SidecarPolicy
metadata: {name: agent}
spec:
  match: {any: [{kinds: [Deployment]}]}
  container: {name: agent, image: "acme/agent:1"}
  objects:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: agent}
    data:
"""


def test_depth_behind_aliases_in_a_policy_of_the_config(shell):
    """A chain of aliases is as deep as its links together: an error, not a stack overflow."""
    shell.write("policy.yaml", POLICY + SIDECAR + chain_of_aliases("      "))
    done = shell("--config", "policy.yaml", "--report", "report.json")
    line = (POLICY + SIDECAR).count("\n") + 3
    one_error(shell, done, "policy.yaml", line, 3615, "CL-Y-LIMIT", "1,000 levels")


@pytest.mark.parametrize("head", [SIDECAR, "---\nkind: ConfigMap\napiVersion: v1\ndata:\n"], ids=["policy", "manifest"])
def test_depth_behind_aliases_in_the_stream(shell, head):
    stream = CART.decode() + head + chain_of_aliases("      ")
    done = shell("--config", "policy.yaml", "--report", "report.json", stdin=stream.encode())
    one_error(shell, done, "<stdin>", (CART.decode() + head).count("\n") + 3, 3615, "CL-Y-LIMIT", "1,000 levels")


def run_limited(shell, stdin, mebibytes):
    """A run that may not take more memory than that."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, mebibytes << 20))
    return subprocess.run([shell.program, "--config", "policy.yaml"], input=stdin, cwd=shell.folder, preexec_fn=limit,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_one_document_too_large(shell):
    """A document over 32 MiB is refused at once, before memory is taken for its outline."""
    stdin = CART + b"---\ndata:\n" + b"  key: value\n" * (3 << 20)
    began = time.monotonic()
    done = run_limited(shell, stdin, 256)
    assert time.monotonic() - began < 20
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"<stdin>:10:1: error: the document is larger than 32 MiB [CL-Y-LIMIT]\n")


def test_many_documents(shell):
    """60 MB of small documents are no problem, even if every one is edited."""
    stdin = (CART + b"---\n") * (60_000_000 // (len(CART) + 4))
    began = time.monotonic()
    done = run_limited(shell, stdin, 2048)
    assert time.monotonic() - began < 60
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.count(b"cpu: 100m\n") == stdin.count(b"Deployment")


def test_not_enough_memory(shell):
    """Even then: a sentence, nothing on stdout, no crash."""
    done = run_limited(shell, (CART + b"---\n") * 200_000, 64)
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"not enough memory" in done.stderr
