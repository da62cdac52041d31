"""One control plane for the whole run, and the two Helms pointed at it. Its logs are kept when a test failed."""
import pathlib
import shutil
import tempfile

import pytest

from support.cluster import Cluster


@pytest.fixture(scope="session")
def cluster(request):
    cluster = Cluster(tempfile.mkdtemp(prefix="cloudlab-e2e-"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        if request.session.testsfailed:
            print(f"\nthe control plane's logs: {cluster.folder}/*.log")
        else:
            shutil.rmtree(cluster.folder)


@pytest.fixture
def release(request, helm, cluster):
    """A namespace of its own, and Helm with the cluster; named after the Helm and the test that it is for."""
    test = request.node.originalname.removeprefix("test_").replace("_", "-")
    name = f"{pathlib.Path(helm.program).name}-{test}"
    helm.environment["KUBECONFIG"] = str(cluster.kubeconfig)
    cluster.kubectl("create", "namespace", name)
    cluster.wait(f"namespace {name} is set up", lambda: len(cluster.inventory(name)) == 2)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")
