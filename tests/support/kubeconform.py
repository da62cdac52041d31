"""Strict validation of a stream by kubeconform with local schemas: Kubernetes' own, those of tools/crds.txt, and first of
all those of the CustomResourceDefinitions in the stream itself, as a cluster would have them."""
import json
import subprocess

from support import paths


def schema_location(*words):
    made = subprocess.run([paths.TOP / "tools/kubeconform-schemas", *words], check=True, stdout=subprocess.PIPE, text=True)
    return made.stdout.strip()


def assert_valid(stream, folder):
    """Every object has a schema and fits it; `folder` is for files of this check."""
    folder.mkdir()
    file = folder / "stream.yaml"
    file.write_bytes(stream)
    done = subprocess.run([paths.tool("kubeconform"), "-strict", "-summary", "-output", "json",
                           "-schema-location", schema_location("--into", folder / "crds", file),
                           "-schema-location", schema_location(), file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    result = json.loads(done.stdout)
    assert result["resources"] == [], done.stderr
    summary = result["summary"]
    assert summary["valid"] > 0 and summary == {"valid": summary["valid"], "invalid": 0, "errors": 0, "skipped": 0}
