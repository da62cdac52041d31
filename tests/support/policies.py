"""Policies that several tests load."""

NOTHING = """\
apiVersion: cloudlab.dev/v1alpha1
kind: SidecarPolicy
metadata: {name: nothing}
spec:
  match: {any: [{names: [no-such-workload]}]}
  container: {name: agent, image: "registry.example/agent:1.0"}
"""

# A sidecar for every Deployment and StatefulSet that brings one object of each rank: before, among and after the others.
AGENT = """\
apiVersion: cloudlab.dev/v1alpha1
kind: SidecarPolicy
metadata: {name: agent}
spec:
  match: {any: [{kinds: [Deployment, StatefulSet, Job, Pod]}]}
  mode: Container
  container: {name: agent, image: "registry.example/agent:1.0"}
  objects:
    - apiVersion: v1
      kind: Namespace
      metadata: {name: "{{workload}}-agents"}
    - apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: "{{workload}}-agent"}
      spec: {podSelector: {matchLabels: {app: "{{workload}}"}}}
    - apiVersion: v1
      kind: Secret
      metadata: {name: "{{workload}}-agent"}
    - apiVersion: v1
      kind: ConfigMap
      metadata: {name: "{{workload}}-agent"}
      data: {workload: "{{workload}}"}
    - apiVersion: autoscaling/v2
      kind: HorizontalPodAutoscaler
      metadata: {name: "{{workload}}-agent"}
      spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: "{{workload}}"}}
"""


def brought_by(workload):
    """What AGENT brings for a workload, in the policy's order: kind and name."""
    return [("Namespace", f"{workload}-agents")] + [
        (kind, f"{workload}-agent") for kind in ("NetworkPolicy", "Secret", "ConfigMap", "HorizontalPodAutoscaler")]


UNKNOWN_FIELD = """\
apiVersion: cloudlab.dev/v1alpha1
kind: SidecarPolicy
metadata: {name: typo}
spec:
  match: {any: [{kinds: [Deployment]}]}
  contaner: {name: agent, image: "registry.example/agent:1.0"}
"""


TIERS_AND_SIDECARS = """\
apiVersion: cloudlab.dev/v1alpha1
kind: EnvironmentProfile
metadata: {name: production}
spec:
  tiers:
    medium: {requests: {cpu: 250m, memory: 256Mi}, limits: {memory: 512Mi}}
---
apiVersion: cloudlab.dev/v1alpha1
kind: ResourceTierPolicy
metadata: {name: tiers}
spec:
  match: {any: [{kinds: [Workload]}]}
  tier: medium
---
apiVersion: cloudlab.dev/v1alpha1
kind: SidecarPolicy
metadata: {name: agent}
spec:
  match: {any: [{kinds: [Deployment, StatefulSet, DaemonSet]}]}
  mode: Container
  container:
    name: agent
    image: registry.example/agent:1.0
    resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 32Mi}}
    volumeMounts: [{name: agent-state, mountPath: /agent}]
  volumes: [{name: agent-state, emptyDir: {}}]
---
apiVersion: cloudlab.dev/v1alpha1
kind: SidecarPolicy
metadata: {name: relay}
spec:
  match: {any: [{kinds: [Deployment, StatefulSet, DaemonSet]}]}
  mode: Native
  container:
    name: relay
    image: registry.example/relay:2.0
    resources: {requests: {cpu: 20m, memory: 24Mi}, limits: {memory: 48Mi}}
  podAnnotations: {relay.example/port: "4317"}
"""

# Every line that TIERS_AND_SIDECARS may add, without indentation, dash and quotes.
TIERS_AND_SIDECARS_LINES = {
    "resources:", "requests:", "limits:", "cpu: 250m", "memory: 256Mi", "memory: 512Mi",
    "name: agent", "image: registry.example/agent:1.0", "cpu: 10m", "memory: 16Mi", "memory: 32Mi",
    "volumeMounts:", "name: agent-state", "mountPath: /agent", "volumes:", "emptyDir: {}",
    "initContainers:", "name: relay", "image: registry.example/relay:2.0", "restartPolicy: Always",
    "cpu: 20m", "memory: 24Mi", "memory: 48Mi", "annotations:", "relay.example/port: 4317",
    "cloudlab.dev/managed-by: agent,relay", "cloudlab.dev/managed-by: relay",  # Ownership, on the workload's own metadata.
}

# Added to TIERS_AND_SIDECARS: an autoscaler and a budget wherever the chart has none. (A VerticalPodAutoscaler has no schema here.)
AUTOSCALING = """\
---
apiVersion: cloudlab.dev/v1alpha1
kind: AutoscalingPolicy
metadata: {name: scaling}
spec:
  match: {any: [{kinds: [Workload]}]}
  horizontal:
    minReplicas: 2
    maxReplicas: 6
    metrics: [{type: Resource, name: cpu, averageUtilization: 70}, {type: ContainerResource, name: memory, averageUtilization: 80}]
    behavior: {scaleDown: {stabilizationWindowSeconds: 300, policies: [{type: Percent, value: 50, periodSeconds: 60}]}}
  disruptionBudget: {minAvailable: "50%"}
  topologySpread: [{topologyKey: topology.kubernetes.io/zone}]
"""

# Added to TIERS_AND_SIDECARS: a NetworkPolicy wherever one can be made.
NETWORK = """\
---
apiVersion: cloudlab.dev/v1alpha1
kind: NetworkAccessPolicy
metadata: {name: access}
spec:
  match: {any: [{kinds: [Workload]}]}
  evidence: Annotation
"""
