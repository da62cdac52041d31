"""The life of a release on a real control plane, with Helm 3 and Helm 4: install, upgrade, rollback and uninstall of podinfo
with tiers, a sidecar, and the ConfigMap that the sidecar brings."""
import pytest

POLICIES = """\
apiVersion: cloudlab.dev/v1alpha1
kind: EnvironmentProfile
metadata: {{name: production}}
spec:
  tiers:
    medium: {{requests: {{cpu: {cpu}, memory: 64Mi}}, limits: {{memory: 128Mi}}}}
---
apiVersion: cloudlab.dev/v1alpha1
kind: ResourceTierPolicy
metadata: {{name: tiers}}
spec:
  match: {{any: [{{kinds: [Deployment]}}]}}
  tier: medium
  conflictPolicy: Replace
---
apiVersion: cloudlab.dev/v1alpha1
kind: SidecarPolicy
metadata: {{name: agent}}
spec:
  match: {{any: [{{kinds: [Deployment]}}]}}
  mode: Native
  container:
    name: agent
    image: registry.example/agent:1.0
    resources: {{requests: {{cpu: 10m, memory: 16Mi}}, limits: {{memory: 16Mi}}}}
  volumes: [{{name: agent-config, configMap: {{name: "{{{{workload}}}}-agent"}}}}]
  objects:
    - apiVersion: v1
      kind: ConfigMap
      metadata: {{name: "{{{{workload}}}}-agent"}}
      data: {{namespace: "{{{{namespace}}}}"}}
"""


@pytest.fixture
def live(cluster, release):
    """Asserts what must be true of the live objects after a step, and says that it is."""
    def check(step, cpu, replicas):
        deployment = cluster.get("deployment", "podinfo", "-n", release)
        pod = deployment["spec"]["template"]["spec"]
        assert [container["name"] for container in pod["initContainers"]] == ["agent"]
        assert pod["initContainers"][0]["restartPolicy"] == "Always"
        assert [container["name"] for container in pod["containers"]] == ["podinfo"]
        assert pod["containers"][0]["resources"] == {"requests": {"cpu": cpu, "memory": "64Mi"}, "limits": {"memory": "128Mi"}}
        assert "agent-config" in [volume["name"] for volume in pod["volumes"]]
        assert deployment["status"]["readyReplicas"] == replicas
        assert cluster.get("configmap", "podinfo-agent", "-n", release)["data"] == {"namespace": release}

        def requests_of_pods():
            return [pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] for pod in cluster.get("pods", "-n", release)]
        assert cluster.eventually(requests_of_pods, [cpu] * replicas) == [cpu] * replicas
        print(f"\n  {release} {step}: {replicas} ready with a native sidecar, its ConfigMap, and the tier's cpu request {cpu}", end="")
    return check


def test_life_of_a_release(helm, cluster, release, live, podinfo_chart, tmp_path):
    policies = tmp_path / "policies.yaml"
    common = ["-n", release, "--wait", "--timeout", "120s"]
    arguments = [f"--post-renderer-args=--namespace={release}", "--post-renderer-args=--environment=production"]
    before = cluster.inventory(release)

    policies.write_text(POLICIES.format(cpu="50m"))
    helm("install", "podinfo", podinfo_chart, *common, *arguments, config=policies)
    live("install", cpu="50m", replicas=1)

    policies.write_text(POLICIES.format(cpu="75m"))
    helm("upgrade", "podinfo", podinfo_chart, "--set", "replicaCount=2", *common, *arguments, config=policies)
    live("upgrade", cpu="75m", replicas=2)

    helm("rollback", "podinfo", "1", *common)
    live("rollback", cpu="50m", replicas=1)

    helm("uninstall", "podinfo", "-n", release)  # Helm 4.2 with --wait waits here until its timeout, whatever the chart
    assert cluster.eventually(lambda: cluster.inventory(release), before) == before
    print(f"\n  {release} uninstall: nothing left behind")
