"""Many documents: what happens to one does not depend on how many others there are, nor on the thread that works on it."""
from support.manifests import texts
from support.shell import CART, POLICY, Shell

SIDECAR = """\
---
apiVersion: cloudlab.dev/v1alpha1
kind: SidecarPolicy
metadata: {name: agent}
spec:
  match: {any: [{kinds: [Workload]}]}
  container: {name: agent, image: "registry.example/agent:1.0"}
  volumes: [{name: config, configMap: {name: "{{workload}}-agent"}}]
  objects:
  - {apiVersion: monitoring.coreos.com/v1, kind: PodMonitor, metadata: {name: "{{workload}}-agent"}, spec: {selector: {}}}
"""


def test_each_as_if_alone(postrender, tmp_path):
    """300 documents make three times the work of one thread; each comes out as it does on its own."""
    shell = Shell(postrender.path, tmp_path)
    shell.write("policy.yaml", POLICY + SIDECAR)
    documents = [b"---\n" + CART.replace(b"cart", f"cart-{number}".encode()) for number in range(300)]
    together = shell("--config", "policy.yaml", "--report", "report.json", stdin=b"".join(documents))
    assert together.returncode == 0, together.stderr.decode()
    alone = [shell("--config", "policy.yaml", stdin=document).stdout for document in documents[::25]]
    written = texts(together.stdout)
    for each in map(texts, alone):
        assert len(each) == 2 and set(each) <= set(written)
    assert together.stdout.count(b"kind: PodMonitor") == len(documents)
    for _ in range(3):
        assert shell("--config", "policy.yaml", stdin=b"".join(documents)).stdout == together.stdout
