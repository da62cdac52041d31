"""The function under test."""
import pytest

from support import paths
from support.krm import Function


@pytest.fixture(scope="session")
def krm():
    return Function(paths.krm())
