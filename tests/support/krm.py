"""The KRM function as a plain pipe, and ResourceLists made out of streams of manifests: by indenting their text, so that
comments, quotes and layout of every document are in the item too."""
import dataclasses
import subprocess

import yaml

from support.manifests import Loader, texts
from support.postrender import clean_environment

# What hosts write on items, beside their own annotations (protocols of kustomize 5.8 and kpt 1.0).
BOOKKEEPING = {
    "internal.config.kubernetes.io/path": "apps/item.yaml",
    "internal.config.kubernetes.io/seqindent": "compact",
    "internal.config.kubernetes.io/previousNames": "before",
    "internal.config.kubernetes.io/previousKinds": "Deployment",
    "internal.config.kubernetes.io/previousNamespaces": "default",
    "internal.config.kubernetes.io/prefixes": "dev-",
    "internal.config.kubernetes.io/needsHashSuffix": "enabled",
    "internal.config.kubernetes.io/package-path": "apps",
    "config.kubernetes.io/path": "apps/item.yaml",
    "kustomize.config.k8s.io/id": "kind: X\nname: before\n",
    "config.k8s.io/id": "7",
}


@dataclasses.dataclass
class Answer:
    code: int
    stdout: bytes
    stderr: str

    @property
    def list(self):
        return yaml.load(self.stdout, Loader)

    @property
    def items(self):
        return self.list["items"]

    @property
    def results(self):
        return self.list.get("results", [])

    def messages(self, severity):
        return [result["message"] for result in self.results if result["severity"] == severity]


class Function:
    def __init__(self, path):
        self.path = path

    def __call__(self, stdin, *words, cwd=None, timeout=60, **environment):
        stdin = stdin if isinstance(stdin, bytes) else stdin.encode()
        done = subprocess.run([self.path, *map(str, words)], input=stdin, env=clean_environment(**environment), cwd=cwd,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)
        return Answer(done.returncode, done.stdout, done.stderr.decode())

    def edit(self, stdin, *words):
        """The answer of a run that must succeed."""
        answer = self(stdin, *words)
        assert answer.code == 0, answer.stderr
        return answer


def indented(text, columns):
    return "".join(" " * columns + line if line.strip() else line for line in text.splitlines(keepends=True))


def item(text):
    """A document's text as an item of a block sequence; comments above its content stay above the dash."""
    lines = text.splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if line.strip() and not line.startswith("#"))
    body = "- " + indented("".join(lines[first:]), 2)[2:]
    return "".join(lines[:first]) + (body if body.endswith("\n") else body + "\n")


def objects_of(stream):
    """The texts of a stream's documents that hold a map."""
    return [text for text in texts(stream) if isinstance(yaml.load(text, Loader), dict)]


def resource_list(items, config=None, version="config.kubernetes.io/v1"):
    """`items` and `config` are texts of documents."""
    head = f"apiVersion: {version}\nkind: ResourceList\n"
    head += "items:\n" + "".join(map(item, items)) if items else "items: []\n"
    return head + (f"functionConfig:\n{indented(config, 2)}" if config else "")


def pipeline(documents, **spec):
    """A functionConfig that holds these policy documents."""
    return yaml.safe_dump({"apiVersion": "cloudlab.dev/v1alpha1", "kind": "Pipeline", "metadata": {"name": "all"},
                           "spec": {**spec, "policies": list(documents)}}, sort_keys=False)
