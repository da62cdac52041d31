"""Secrets that detection finds in the corpus, against what people judged (secrets.tsv).

Every finding must stand in the table; a false one counts against the three per 1,000 variables that are allowed. What the table
calls a secret must be found, but for what it says is missed.
"""
import subprocess

import pytest

from support import paths

FILES = ["argo-cd.yaml", "cert-manager.yaml", "istio-minimal.yaml", "kube-prometheus.yaml", "microservices-demo.yaml",
         "otel-demo.yaml", "podinfo.yaml"]
MOST_FALSE = 3  # Per 1,000 variables with a plain value.


def judgements():
    """(file, object, field) to its judgement."""
    lines = (paths.TOP / "tests/truth/secrets.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    assert all(len(row) == 5 and row[3] in ("secret", "false", "missed") for row in rows)
    return {tuple(row[:3]): row[3] for row in rows}


def findings(name):
    """The findings in a file of the corpus, and how many variables it has."""
    done = subprocess.run([paths.test_program("secret_findings")], input=paths.corpus(name).read_bytes(), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    *rows, last = done.stdout.decode().splitlines()
    return [(name, *row.split("\t")[:2]) for row in rows], int(last.split()[1])


def test_every_finding_is_judged(capsys):
    judged, found, variables = judgements(), [], 0
    for name in FILES:
        some, count = findings(name)
        found += some
        variables += count
    unknown = [each for each in found if judged.get(each) in (None, "missed")]
    lost = [each for each, verdict in judged.items() if verdict != "missed" and each not in found]
    assert not unknown, "judge these in secrets.tsv:\n" + "\n".join("\t".join(each) for each in unknown)
    assert not lost, "no longer found:\n" + "\n".join("\t".join(each) for each in lost)
    false = [each for each in found if judged[each] == "false" and ".env[" in each[2]]
    rate = 1000 * len(false) / variables
    with capsys.disabled():
        print(f" {len(found)} findings, {len(false)} false ones in {variables} variables: {rate:.1f} per 1,000 ", end="")
    assert rate <= MOST_FALSE


def test_recall_on_otel_demo(capsys):
    """The four that no line of text gives away: two connection strings, a weak default, a key."""
    expected = {each for each, verdict in judgements().items()
                if each[0] == "otel-demo.yaml" and ".env[" in each[2] and verdict in ("secret", "missed")}
    found = expected & set(findings("otel-demo.yaml")[0])
    with capsys.disabled():
        print(f" {len(found)} of {len(expected)} ", end="")
    assert len(expected) == 4 and found == expected


def test_no_value_is_printed():
    """The program tells places only."""
    stream = b"kind: ConfigMap\nmetadata: {name: a}\ndata: {PASSWORD: hunter2-hunter2}\n"
    done = subprocess.run([paths.test_program("secret_findings")], input=stream, capture_output=True)
    assert done.stdout == b"ConfigMap/a\tdata[PASSWORD]\t70\tnamed as a password\n# 0 env entries\n"


@pytest.mark.parametrize("stream", [b"a: [\n"])
def test_what_is_no_yaml(stream):
    done = subprocess.run([paths.test_program("secret_findings")], input=stream, capture_output=True)
    assert done.returncode == 2 and done.stdout == b"" and done.stderr.startswith(b"secret_findings: ")
