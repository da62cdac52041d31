"""The real kustomize: what it makes of manifests and components, as objects by their identity."""
import subprocess

import yaml

from support import paths
from support.manifests import Loader, objects


class Kustomize:
    def __init__(self, folder):
        self.program, self.folder, self.count = paths.tool("kustomize"), folder, 0

    def run(self, folder):
        return subprocess.run([self.program, "build", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def build(self, stream, **fields):
        """The output of a kustomization whose only resource is the stream; paths in `fields` begin at its folder's parent."""
        self.count += 1
        folder = self.folder / f"kustomization-{self.count}"
        folder.mkdir()
        (folder / "stream.yaml").write_bytes(stream)
        (folder / "kustomization.yaml").write_text(yaml.safe_dump({"resources": ["stream.yaml"], **fields}))
        done = self.run(folder)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout


def by_identity(stream):
    """Objects, those of lists too, by kind, apiVersion, namespace and name; without fields that are null, which mean nothing."""
    found = {}
    for each in [item for each in objects(stream) for item in (each["items"] if each["kind"].endswith("List") else [each])]:
        key = each["kind"], each["apiVersion"], each["metadata"].get("namespace"), each["metadata"]["name"]
        assert key not in found, f"{key} is there twice"
        found[key] = without_nulls(each)
    return found


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def load(text):
    return yaml.load(text, Loader)
