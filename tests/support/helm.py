"""The real Helm 3 and Helm 4, each with a home of its own, called as people call them: the same command line finds the
program on PATH (Helm 3) or as the plugin of the same name (Helm 4)."""
import subprocess

from support import paths
from support.postrender import clean_environment


class Helm:
    """Every call takes the words of a Helm command line; `config` adds the post-renderer with that --config."""

    def __init__(self, program, home, **environment):
        self.program = program
        self.environment = clean_environment(HELM_CACHE_HOME=home / "cache", HELM_CONFIG_HOME=home / "config",
                                             HELM_DATA_HOME=home / "data", KUBECONFIG=home / "no-cluster", **environment)

    def run(self, *words, config=None, report=None):
        words = [str(word) for word in words]
        if config is not None:
            words += ["--post-renderer", "cloudlab-postrender", f"--post-renderer-args=--config={config}"]
        if report is not None:
            words.append(f"--post-renderer-args=--report={report}")
        return subprocess.run([self.program, *words], env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __call__(self, *words, **options):
        """stdout of a run that must succeed."""
        done = self.run(*words, **options)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def template(self, chart, *words, **options):
        return self("template", "demo", chart, *words, **options)


class Helm3(Helm):
    def __init__(self, program, postrender, home):
        folder = home / "path"
        folder.mkdir(parents=True)
        (folder / "cloudlab-postrender").symlink_to(postrender.path)
        super().__init__(program, home)
        self.environment["PATH"] = f"{folder}:{self.environment['PATH']}"


class Helm4(Helm):
    def __init__(self, program, postrender, home):
        self.plugins = home / "plugins"
        make_plugin(postrender, self.plugins / "cloudlab-postrender")
        super().__init__(program, home, HELM_PLUGINS=self.plugins)

    def move_home(self, data):
        """From now on plugins are those in this data home, where `plugin install` puts them."""
        self.environment.pop("HELM_PLUGINS", None)
        self.environment["HELM_DATA_HOME"] = str(data)

    def add_plugin(self, name, command, *arguments):
        """Another post-renderer: any program, for comparison."""
        folder = self.plugins / name
        folder.mkdir(parents=True)
        (folder / "plugin.yaml").write_text(
            f"apiVersion: v1\ntype: postrenderer/v1\nname: {name}\nversion: 0.1.0\nruntime: subprocess\nruntimeConfig:\n"
            f"  platformCommand:\n    - command: {command}\n      args: [{', '.join(map(str, arguments))}]\n")


def make_plugin(postrender, folder):
    folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([paths.TOP / "tools/helm4-plugin", postrender.path, folder], check=True, stdout=subprocess.DEVNULL)
    return folder
