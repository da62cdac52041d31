"""A folder to run in, with a policy there that changes a Deployment."""
import pytest

from support.shell import POLICY, Shell


@pytest.fixture
def shell(postrender, tmp_path):
    made = Shell(postrender.path, tmp_path)
    made.write("policy.yaml", POLICY)
    return made
