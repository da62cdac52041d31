"""The real kustomize, alone and in kubectl, and `kustomize fn run`, called as people call them. `cloudlab-krm` is on their PATH and stands in
a KUSTOMIZE_PLUGIN_HOME of its own.

HOSTS are the ways in which kustomize runs a function: a program, the image, and a legacy plugin, which is what a document without the annotation
is run by.
"""
import subprocess

from support import paths
from support.postrender import clean_environment

FUNCTION = """\
  annotations:
    config.kubernetes.io/function: |
      exec: {path: cloudlab-krm}
"""
CONTAINER = FUNCTION.replace("exec: {path: cloudlab-krm}", "container: {image: cloudlab:dev}")
ANNOTATION = {"exec": FUNCTION, "container": CONTAINER, "legacy": ""}
FLAGS = {"exec": ["--enable-alpha-plugins", "--enable-exec"], "container": ["--enable-alpha-plugins"], "legacy": ["--enable-alpha-plugins"]}
HOSTS = list(ANNOTATION)


class Kustomize:
    def __init__(self, krm, home, environment=None):
        """`environment` is that of a Docker, for the image."""
        folder, plugins = home / "path", home / "plugins"
        folder.mkdir(parents=True)
        (folder / "cloudlab-krm").symlink_to(krm)
        subprocess.run([paths.TOP / "tools/kustomize-plugin", krm, plugins], check=True, stdout=subprocess.DEVNULL)
        self.environment = clean_environment(KUSTOMIZE_PLUGIN_HOME=plugins) if environment is None else {**environment, "KUSTOMIZE_PLUGIN_HOME": str(plugins)}
        self.environment["PATH"] = f"{folder}:{self.environment['PATH']}"

    def run(self, program, *words, **more):
        return subprocess.run([paths.tool(program), *map(str, words)], env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def try_build(self, folder, host="exec"):
        return self.run("kustomize", "build", *FLAGS[host], folder)

    def build(self, folder, host="exec"):
        """stdout of a build that must succeed."""
        return output(self.try_build(folder, host))

    def kubectl(self, folder, *words):
        return output(self.run("kubectl", "kustomize", "--enable-alpha-plugins", *words, folder))

    def fn_run(self, folder, *words, functions=None):
        """Writes the files of the folder in place. `functions`: the folder with the functions, if it is another one."""
        more = ["--fn-path", functions] if functions else []
        return self.run("kustomize", "fn", "run", folder, "--enable-exec", *more, *words)


def output(done):
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def as_function(document, host="exec"):
    """A policy document with the annotation by which a host knows what to run; instead of the one it has, if it has one."""
    return document.replace(FUNCTION, "").replace("metadata:\n", "metadata:\n" + ANNOTATION[host], 1)


def write_tree(folder, files):
    """Files by their paths in the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def snapshot(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
