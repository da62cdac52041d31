"""The program as people call it, in a folder of its own; and what most such tests feed it: POLICY changes CART."""
import subprocess

from support.postrender import clean_environment

POLICY = """\
apiVersion: cloudlab.dev/v1alpha1
kind: ResourceTierPolicy
metadata: {name: tiers}
spec:
  match: {any: [{kinds: [Workload]}]}
  tier: small
---
apiVersion: cloudlab.dev/v1alpha1
kind: EnvironmentProfile
metadata: {name: production}
spec:
  tiers:
    small: {requests: {cpu: 100m}}
---
apiVersion: cloudlab.dev/v1alpha1
kind: Pipeline
metadata: {name: platform}
spec: {environment: production, namespace: shop}
"""

CART = b"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart
spec:
  template:
    spec:
      containers:
      - name: cart
"""


class Shell:
    """Runs the program in its folder with a command line as people write it."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def __call__(self, *words, stdin=CART, **environment):
        return subprocess.run([self.program, *map(str, words)], input=stdin, cwd=self.folder, env=clean_environment(**environment),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path
