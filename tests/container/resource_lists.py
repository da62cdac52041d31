"""What the tests feed the function: ResourceLists as hosts write them, of one Deployment."""
ITEMS = """\
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: cart
    namespace: shop
  spec:
    selector: {matchLabels: {app: cart}}
    template:
      metadata:
        labels: {app: cart}
      spec:
        containers:
        - name: cart
          image: registry.example/cart:1.0
"""

SIDECAR = """\
apiVersion: cloudlab.dev/v1alpha1
kind: SidecarPolicy
metadata:
  name: agent
spec:
  match: {any: [{kinds: [Workload]}]}
  container:
    name: agent
    image: registry.example/agent:1.4.2
    resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 32Mi}}
"""

TIER = """\
apiVersion: cloudlab.dev/v1alpha1
kind: ResourceTierPolicy
metadata:
  name: tiers
spec:
  match: {any: [{kinds: [Workload]}]}
  tier: small
"""

# A field that no policy has.
BROKEN = SIDECAR.replace("  container:", "  contaner: {}\n  container:")


def resource_list(function_config):
    config = "".join(f"  {line}" for line in function_config.splitlines(keepends=True))
    return f"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig:\n{config}{ITEMS}".encode()
