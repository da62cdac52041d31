"""The chart, the policy files and the kustomize of the conformance cases."""
import pytest

from support import paths
from support.chart import SHOP, make_chart
from support.kustomize import Kustomize
from support.policies import AGENT, NOTHING

@pytest.fixture
def policy(tmp_path):
    """Writes a policy file and returns its path."""
    def write(text, name="policy.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path
    return write


@pytest.fixture(params=["none", "nothing selected"])
def no_op(request, policy):
    """A --config with which the program must change nothing: no policy at all, or one that selects no object."""
    return "none" if request.param == "none" else policy(NOTHING)


@pytest.fixture
def agent(policy):
    return policy(AGENT, "agent.yaml")


@pytest.fixture
def shop(tmp_path):
    return make_chart(tmp_path / "shop", SHOP)


@pytest.fixture
def kustomize(tmp_path):
    return Kustomize(paths.krm(), tmp_path / "kustomize")


@pytest.fixture
def kustomize_with_docker(docker, tmp_path):
    return Kustomize(paths.krm(), tmp_path / "kustomize", docker.environment)
