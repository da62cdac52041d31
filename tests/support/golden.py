"""The golden cases: folders tests/golden/<policy>/<case>/ that show what the program makes of one input.

    input.yaml, policy.yaml   what goes in; without a policy.yaml no --config is given
    args                      more of the command line, one word a line
    expected.yaml, .diff      what comes out, and what --diff says about it; missing where the run fails
    expected.stderr           all that people see
    expected.report.json      only where the case is about the report
    exit                      the exit code, where it is not 0

The cases of tests/golden/krm are lists for the function, which answers with a list also where the run fails.

A case runs inside its folder, so that no message depends on where the repository stands.
"""
import os
import subprocess
import tempfile

from support import paths
from support.postrender import clean_environment

FOLDER = paths.TOP / "tests/golden"
FILES = ["expected.yaml", "expected.diff", "expected.stderr", "expected.report.json", "exit"]


def is_function(case):
    return case.parent.name == "krm"


def cases():
    """Those of the post-renderer."""
    return [case for case in all_cases() if not is_function(case)]


def all_cases():
    return sorted(path.parent for path in FOLDER.glob("*/*/input.yaml"))


def program_of(case):
    return paths.krm() if is_function(case) else paths.program()


def name(case):
    return str(case.relative_to(FOLDER))


def arguments(case):
    config = ["--config", "policy.yaml"] if (case / "policy.yaml").exists() else []
    words = (case / "args").read_text().splitlines() if (case / "args").exists() else []
    return config + words


def run(program, case, stdin=None, *more):
    """A plain run of a case inside its folder, with its own input or another."""
    stdin = (case / "input.yaml").read_bytes() if stdin is None else stdin
    return subprocess.run([program, *arguments(case), *more], cwd=case, input=stdin, env=clean_environment(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def made(program, case):
    """What a run of the case makes: the content of every expected file, None where there is to be none."""
    with tempfile.TemporaryDirectory() as folder:
        diff, report = os.path.join(folder, "diff"), os.path.join(folder, "report")
        done = run(program, case, None, "--diff", diff, "--report", report)
        with open(diff, "rb") as file:
            diff = file.read()
        with open(report, "rb") as file:
            report = file.read()
    failed = done.returncode != 0
    if failed and not is_function(case):
        assert done.stdout == b"", "a failing run must leave stdout empty"
    return dict(zip(FILES, [
        done.stdout if not failed or is_function(case) else None,
        None if failed else diff,
        done.stderr,
        report if (case / "expected.report.json").exists() else None,
        b"%d\n" % done.returncode if failed else None,
    ]))
