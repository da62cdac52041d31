"""What every black-box test shares: where the program and the real tools are, and the account of what was skipped.

The program is $CLOUDLAB_POSTRENDER, or out/bin/cloudlab-postrender; without it the tests fail. A real tool that is missing
skips its tests, with the reason. Skips are counted and named at the end of the run; with CI=true a skip that no line of
tests/skips.txt allows fails it.
"""
import os
import re

import pytest

from support import docker as docker_support
from support import paths
from support.helm import Helm3, Helm4
from support.postrender import PostRenderer


@pytest.fixture(scope="session")
def postrender():
    return PostRenderer(paths.program())


@pytest.fixture
def helm3(postrender, tmp_path):
    return Helm3(paths.tool("helm3"), postrender, tmp_path / "helm3")


@pytest.fixture
def helm4(postrender, tmp_path):
    return Helm4(paths.tool("helm4"), postrender, tmp_path / "helm4")


@pytest.fixture(params=["helm3", "helm4"])
def helm(request):
    """The test runs once per Helm."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def podinfo_chart():
    return paths.podinfo_chart()


@pytest.fixture(scope="session")
def docker():
    """A Docker daemon that has the image of this checkout; without one the test is skipped."""
    with docker_support.docker() as docker:
        docker.build_image()
        yield docker


def allowed_skips():
    lines = (paths.TOP / "tests/skips.txt").read_text().splitlines()
    return [re.compile(line) for line in lines if line and not line.startswith("#")]


def skipped(reporter):
    return [f"{report.nodeid}: {report.longrepr[2].removeprefix('Skipped: ')}" for report in reporter.getreports("skipped")]


def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and session.exitstatus == pytest.ExitCode.OK:
        if any(not any(line.search(skip) for line in allowed_skips()) for skip in skipped(reporter)):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    skips = skipped(terminalreporter)
    terminalreporter.section(f"{len(skips)} skipped")
    for skip in skips:
        allowed = any(line.search(skip) for line in allowed_skips())
        terminalreporter.write_line(f"{'allowed' if allowed else 'NOT ALLOWED in CI'}: {skip}")
    if any(f": {docker_support.NONE}" in skip for skip in skips):
        terminalreporter.section("THE CONTAINER IMAGE WAS NOT TESTED: no Docker daemon, see above", red=True, bold=True)
