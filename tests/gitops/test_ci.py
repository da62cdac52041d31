"""The jobs of examples/ci as their hosts run them: every `run` of the workflow and every line of `script`, taken out of the files, with the
variables that they name, in a repository made here. Faked are the hosts themselves, and `docker`: a program of that name that runs what
the image holds. Programs are fetched from a server on loopback. Steps that only call others' actions (`uses`) are not run.
"""
import functools
import hashlib
import http.server
import os
import re
import shlex
import shutil
import subprocess
import threading

import pytest
import yaml

from support import paths
from support.chart import SHOP, make_chart
from support.patched import load
from support.manifests import containers, find
from support.postrender import clean_environment

EXAMPLES = paths.TOP / "examples/ci"
GITHUB, GITLAB = (yaml.safe_load((EXAMPLES / name).read_text()) for name in ("github.yaml", "gitlab.yaml"))

# `docker run OPTIONS IMAGE ARGUMENT...` without Docker: the image's program, with the paths of its volumes told as those outside.
DOCKER = """\
#!/usr/bin/python3
import os, sys
words, volumes, entrypoint = sys.argv[2:], {}, "helm"
while words[0].startswith("-"):
    option = words.pop(0)
    if option in ("--network", "-v", "--entrypoint"):
        value = words.pop(0)
        if option == "-v":
            outside, inside = value.split(":")[:2]
            volumes[inside] = outside
        if option == "--entrypoint":
            entrypoint = value.lstrip("/")
    elif option not in ("--rm", "-i", "--read-only"):
        sys.exit("what is " + option + "?")
programs = {"registry.example/cloudlab": "cloudlab-postrender", "alpine/helm": "helm"}
assert programs[words.pop(0).split(":")[0]] == entrypoint
os.execvp(entrypoint, [entrypoint, *(volumes.get(word, word) for word in words)])
"""


@pytest.fixture
def repository(tmp_path):
    """A checkout with a chart, the policies, and an overlay whose function applies them."""
    folder = tmp_path / "repository"
    make_chart(folder / "chart", SHOP)
    shutil.copy(EXAMPLES / "policies.yaml", folder)
    (folder / "overlay").mkdir()
    (folder / "overlay/cart.yaml").write_text(SHOP["cart.yaml"])
    (folder / "overlay/cloudlab.yaml").write_text(yaml.safe_dump({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "cloudlab", "annotations": {"config.kubernetes.io/function": "exec: {path: cloudlab-krm}"}},
        "data": {"environment": "production", "namespace": "shop", "policies": (EXAMPLES / "policies.yaml").read_text()}}))
    (folder / "overlay/kustomization.yaml").write_text("resources: [cart.yaml]\ntransformers: [cloudlab.yaml]\n")
    return folder


@pytest.fixture
def programs(tmp_path):
    """What the machine of a job has. Our program only for Kustomize's job and behind `docker`: the others fetch it."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name, path in {"helm": paths.tool("helm3"), "kustomize": paths.tool("kustomize"), "cloudlab-krm": paths.krm(),
                       "cloudlab-postrender": paths.program()}.items():
        (folder / name).symlink_to(path)
    (folder / "docker").write_text(DOCKER)
    (folder / "docker").chmod(0o755)
    return folder


@pytest.fixture
def served():
    """URL and checksum of the static program."""
    handler = functools.partial(QuietHandler, directory=paths.program().parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        digest = hashlib.sha256(paths.program().read_bytes()).hexdigest()
        yield {"CLOUDLAB_URL": f"http://127.0.0.1:{server.server_port}/{paths.program().name}", "CLOUDLAB_SHA256": digest}
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


class Runner:
    """Runs jobs in the repository; `path` are the folders in front of the machine's own."""

    def __init__(self, repository, programs, served):
        self.repository, self.programs, self.served = repository, programs, served

    def shell(self, words, script, variables, path=()):
        environment = clean_environment(**variables)
        environment["PATH"] = ":".join([*map(str, path), str(self.programs), os.environ["PATH"]])
        return subprocess.run([*words, script], cwd=self.repository, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def github(self, job, change=lambda script: script):
        """The job's steps until one fails; returns what each said."""
        done, path = [], []
        temporary = self.repository.parent / "runner"
        temporary.mkdir(exist_ok=True)
        for step in GITHUB["jobs"][job]["steps"]:
            if "run" not in step:
                continue
            variables = {**GITHUB["env"], **GITHUB["jobs"][job].get("env", {}), **step.get("env", {}), "RUNNER_TEMP": temporary,
                         "GITHUB_PATH": temporary / "path"}
            variables = {key: re.sub(r"\$\{\{ vars\.(\w+) \}\}", lambda name: self.served[name[1]], str(value)) for key, value in variables.items()}
            # What GitHub runs for `shell: bash`.
            done.append(self.shell(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"], change(step["run"]), variables, path))
            if (temporary / "path").exists():
                path = (temporary / "path").read_text().split()
            if done[-1].returncode != 0:
                break
        return done

    def gitlab(self, job):
        """The lines of one shell, which GitLab ends at the first that fails."""
        lines = GITLAB[job]["before_script"] + GITLAB[job]["script"]
        variables = {**GITLAB["variables"], **GITLAB[job].get("variables", {}), **self.served}
        variables = {key: value.replace("$CI_PROJECT_DIR", str(self.repository)) for key, value in variables.items()}
        return self.shell(["sh", "-ec"], "\n".join(lines), {**variables, "CI_PROJECT_DIR": self.repository})


@pytest.fixture
def runner(repository, programs, served):
    return Runner(repository, programs, served)


def is_changed(repository):
    return containers(find((repository / "out/manifests.yaml").read_bytes(), "Deployment", "cart")) == ["log-agent", "cart"]


@pytest.mark.parametrize("job", GITHUB["jobs"])
def test_the_workflow_of_github(runner, job):
    done = runner.github(job)
    assert [step.returncode for step in done] == [0] * len(done), done[-1].stderr.decode()
    assert is_changed(runner.repository)
    if job != "kustomize":
        assert "+      initContainers:" in (runner.repository / "out/changes.diff").read_text()


@pytest.mark.parametrize("job", [name for name in GITLAB if name not in ("stages", "variables")])
def test_the_jobs_of_gitlab(runner, job):
    done = runner.gitlab(job)
    assert done.returncode == 0, done.stderr.decode()
    assert is_changed(runner.repository)


@pytest.mark.parametrize("job", ["binary", "image"])
def test_a_failure_fails_the_job_and_says_why(runner, job):
    policies = runner.repository / "policies.yaml"
    policies.write_text(policies.read_text().replace("container:", "contaner:"))
    done = runner.github(job)
    assert done[-1].returncode != 0 and b"CL-P-FIELD" in done[-1].stderr


def test_a_wrong_program_is_not_run(runner):
    runner.served["CLOUDLAB_SHA256"] = "0" * 64
    assert len(runner.github("binary")) == 1


def test_the_gate_sees_a_function_that_was_left_out(runner):
    """Without --enable-exec kustomize ends with 0 and says nothing; the last step does not let it pass."""
    build, check = runner.github("kustomize", change=lambda script: script.replace(" --enable-exec", ""))
    assert (build.returncode, build.stdout, build.stderr) == (0, b"", b"") and not is_changed(runner.repository)
    assert check.returncode == 1 and b"[CL-X-DRIFT]" in check.stderr and b"log-agent" in check.stderr


def test_what_is_not_run_is_only_the_work_of_others():
    used = {step["uses"].split("@")[0] for job in GITHUB["jobs"].values() for step in job["steps"] if "run" not in step}
    assert used == {"actions/checkout", "actions/upload-artifact"}


class Hook:
    """The hook as pre-commit calls it: its entry, the arguments of the repository's configuration, and files if it wants any."""

    def __init__(self, runner):
        [self.hook] = yaml.safe_load((paths.TOP / ".pre-commit-hooks.yaml").read_text())
        self.runner = runner

    def __call__(self, *arguments):
        assert self.hook["language"] == "system" and self.hook["pass_filenames"] is False
        return self.runner.shell(["bash", "-c"], shlex.join([*shlex.split(self.hook["entry"]), *arguments]), {})


def test_the_hook(runner):
    hook = Hook(runner)
    config = load(re.search(r"^```yaml\n# \.pre-commit-config\.yaml\n(.*?)^```$", (paths.TOP / "docs/ci.md").read_text(), re.M | re.S)[1])
    [used] = config["repos"][0]["hooks"]
    assert used["id"] == hook.hook["id"]
    arguments = used["args"]
    rendered = runner.repository / arguments[-1]
    rendered.parent.mkdir(parents=True)
    assert runner.github("binary")[-1].returncode == 0
    rendered.write_bytes((runner.repository / "out/rendered.yaml").read_bytes())
    failed = hook(*arguments)
    assert failed.returncode == 1 and b"[CL-X-DRIFT]" in failed.stderr and failed.stdout == b""
    rendered.write_bytes((runner.repository / "out/manifests.yaml").read_bytes())
    passed = hook(*arguments)
    assert (passed.returncode, passed.stdout) == (0, b""), passed.stderr.decode()
