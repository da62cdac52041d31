"""A stream before and after us, with the patches that say the same; and the real kustomize."""
import pytest

from support.patched import Kustomize
from support.streams import Stream, source


@pytest.fixture
def kustomize(tmp_path):
    return Kustomize(tmp_path)


@pytest.fixture
def stream_of(postrender, tmp_path, request):
    """The stream of one name of STREAMS before and after a run that writes patches."""
    def run(name):
        before, words = source(name, request)
        after = postrender.edit(before, *words, "--patches", tmp_path / "component")
        assert after != before
        return Stream(before, after, tmp_path / "component", words)
    return run


def pytest_terminal_summary(terminalreporter):
    """What tests have measured."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "told":
                terminalreporter.section(value)
