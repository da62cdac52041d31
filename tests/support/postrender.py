"""The program under test as a plain pipe: bytes in; bytes, stderr, exit code and report out."""
import dataclasses
import json
import os
import subprocess
import tempfile


@dataclasses.dataclass
class Run:
    code: int
    stdout: bytes
    stderr: str
    report: dict


class PostRenderer:
    def __init__(self, path):
        self.path = path

    def __call__(self, stdin, *arguments):
        with tempfile.NamedTemporaryFile(suffix=".json") as report:
            done = subprocess.run([self.path, "--report", report.name, *map(str, arguments)], input=stdin, env=clean_environment(),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            text = report.read()
        return Run(done.returncode, done.stdout, done.stderr.decode(), json.loads(text) if text else {})

    def edit(self, stdin, *arguments):
        """The output of a run that must succeed."""
        run = self(stdin, *arguments)
        assert run.code == 0, run.stderr
        return run.stdout


def clean_environment(**more):
    """The caller's environment without what would change the program's answer, and with a C locale."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CLOUDLAB_", "HELM_", "SOURCE_DATE_EPOCH"))}
    return kept | {"LC_ALL": "C.UTF-8"} | {key: str(value) for key, value in more.items()}
