"""A Docker daemon with our image: the one that is running, or else one of our own for the length of the run, with its data, its
socket and everything else in one temporary folder, without bridge and firewall rules, so that it disturbs nobody.

The fixture `docker` (tests/conftest.py) yields a Docker with the image built. Where no daemon is running and none can be
started, whoever asks for it is skipped, with what was tried.
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import pytest

from support import paths
from support.postrender import clean_environment

NONE = "no Docker daemon"  # How the reason of a skip begins; tests/skips.txt names it.
IMAGE = "cloudlab:dev"


class Docker:
    """The docker command line with a daemon; `host` and `environment` are for programs that call docker themselves."""

    image = IMAGE

    def __init__(self, **environment):
        self.environment = clean_environment(**environment)

    def run(self, *words, stdin=b""):
        return subprocess.run(["docker", *map(str, words)], input=stdin, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __call__(self, *words, stdin=b""):
        """stdout of a call that must succeed."""
        done = self.run(*words, stdin=stdin)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    @property
    def host(self):
        return self.environment.get("DOCKER_HOST") or self("context", "inspect", "--format", "{{.Endpoints.docker.Host}}").decode().strip()

    def answers(self):
        with contextlib.suppress(FileNotFoundError):
            return self.run("version").returncode == 0
        return False

    def build_image(self):
        done = subprocess.run([paths.TOP / "tools/image"], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, done.stdout


@contextlib.contextmanager
def docker():
    """A Docker whose daemon answers; or the test is skipped."""
    found = Docker()
    if found.answers():
        yield found
        return
    if os.geteuid() != 0:
        pytest.skip(f"{NONE}: none answers, and starting one needs root")
    engine = subprocess.run([paths.TOP / "tools/docker-engine"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if engine.returncode != 0:
        pytest.skip(f"{NONE}: none answers, and there is none to start: {engine.stderr.strip()}")
    with own_daemon(engine.stdout.strip()) as started:
        yield started


@contextlib.contextmanager
def own_daemon(programs):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cloudlab-docker-"))  # Short: a socket's path has up to 107 bytes.
    (folder / "daemon.json").write_text("{}")
    docker = Docker(PATH=f"{programs}:{os.environ['PATH']}", DOCKER_HOST=f"unix://{folder}/socket", DOCKER_CONFIG=folder / "client")
    # An engine that was only unpacked has its libraries beside its programs.
    libraries = ":".join(str(path) for program in programs.split(":") for path in pathlib.Path(program).glob("../lib/*-linux-gnu"))
    log = folder / "log"
    with open(log, "wb") as output:
        # Ended by the kernel as well if the tests are killed.
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "dockerd", f"--host={docker.environment['DOCKER_HOST']}", f"--config-file={folder}/daemon.json",
             f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid",
             "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--userland-proxy=false"],
            env=docker.environment | {"LD_LIBRARY_PATH": libraries}, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 30
        while not docker.answers():
            if process.poll() is not None or time.monotonic() > deadline:
                end = " | ".join(log.read_text(errors="replace").splitlines()[-3:])
                pytest.skip(f"{NONE}: none answers, and dockerd of {programs} did not come up: {end}")
            time.sleep(0.1)
        yield docker
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        if process.poll() is None:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)
