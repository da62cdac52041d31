"""Streams of examples and of the corpus by their name: what they are without us, and the words of a command line that change them."""
import dataclasses
import pathlib
import subprocess

from support import paths

ALL_FIVE = paths.TOP / "tests/conformance/all_five.yaml"
EXAMPLES = {
    "tiers": ["--environment=production", "--namespace=shop"],
    "sidecar": ["--namespace=shop"],
    "autoscaling": ["--environment=production", "--namespace=shop"],
    "network": ["--namespace=shop"],
    "secrets": ["--environment=production", "--namespace=shop"],
    "all-five": ["--namespace=shop", "--today=2026-11-21"],
}
CORPUS = ["podinfo", "microservices-demo", "otel-demo", "argo-cd", "cert-manager", "kube-prometheus", "istio-minimal"]
STREAMS = [f"examples/{name}" for name in EXAMPLES] + [f"corpus/{name}" for name in CORPUS]


@dataclasses.dataclass
class Stream:
    before: bytes
    after: bytes
    patches: pathlib.Path  # The component of what was done.
    words: list              # Of a command line that does it.


def source(name, request):
    kind, name = name.split("/")
    if kind == "corpus":
        return paths.corpus(f"{name}.yaml").read_bytes(), ["--config", ALL_FIVE, "--environment=production", "--namespace=default"]
    folder = paths.TOP / "examples" / name
    words = ["--config", folder / "policies.yaml", *EXAMPLES[name]]
    if (folder / "input.yaml").exists():
        return (folder / "input.yaml").read_bytes(), words
    chart = request.getfixturevalue("podinfo_chart")
    return subprocess.check_output([paths.tool("helm3"), "template", "podinfo", chart, "--namespace=shop", "--skip-tests",
                                    "-f", folder / "values.yaml"]), words
