"""Charts that the tests make, and the two that most cases render: SHOP, a small shop, and ODD, text that is easily damaged."""
from support.manifests import texts


def make_chart(folder, templates, files=None):
    """A chart of these templates/ and files/, by file name: text or bytes, written as they are."""
    for name, content in {"Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
                          **{f"templates/{name}": content for name, content in templates.items()},
                          **{f"files/{name}": content for name, content in (files or {}).items()}}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())
    return folder


def chart_of_stream(folder, stream):
    """A chart whose one template prints every document of a stream, each from a file of its own."""
    files = {f"{number:05}.yaml": text for number, text in enumerate(texts(stream))}
    template = '{{- range $path, $_ := .Files.Glob "files/*.yaml" }}\n---\n{{ $.Files.Get $path }}\n{{- end }}\n'
    return make_chart(folder, {"all.yaml": template}, files)


SHOP = {
    "cart.yaml": """\
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {selector: {app: cart}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart   # the name
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata:
      labels: {app: cart}
    spec:
      containers:
      - name: cart
        image: 'registry.example/cart:1.0'
""",
    "config.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata: {name: shop}
data:
  motto: |
    open
""",
    "orders.yaml": """\
apiVersion: apps/v1
kind: StatefulSet
metadata:
    name: orders
spec:
    serviceName: orders
    selector: {matchLabels: {app: orders}}
    template:
        metadata: {labels: {app: orders}}
        spec:
            containers:
              - {name: orders, image: "registry.example/orders:1.0"}
""",
    "ingress.yaml": """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec: {defaultBackend: {service: {name: cart, port: {number: 80}}}}
""",
    "monitor.yaml": """\
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: shop}
spec: {selector: {}, endpoints: []}
""",
}

# A hook and a template of one id, and a test Pod.
HOOKS = {
    "migrate.yaml": """\
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {helm.sh/hook: pre-upgrade}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: "registry.example/migrate:1.0"}]
""",
    "account-hook.yaml": """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: shop, annotations: {helm.sh/hook: pre-install}}
""",
    "account.yaml": """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: shop}
""",
    "tests/smoke.yaml": """\
apiVersion: v1
kind: Pod
metadata:
  name: smoke
  annotations: {helm.sh/hook: test}
spec:
  restartPolicy: Never
  containers: [{name: smoke, image: "registry.example/smoke:1.0"}]
""",
}

ODD = {
    "crlf.yaml": "apiVersion: v1\r\nkind: ConfigMap\r\nmetadata:\r\n  name: crlf\r\ndata:\r\n  text: |\r\n    one\r\n    two\r\n",
    "only-comments.yaml": "# nothing here\n#\n\n# at all\n",
    "indents.yaml": """\
apiVersion:   v1
kind : List
items:
-   apiVersion: v1
    kind: ConfigMap
    metadata:
            name: deep
            labels:
                    a: b
    data:
     one: '1'
-
  apiVersion: v1
  kind: ConfigMap
  metadata: { name : flow ,  labels: {a: b,}  }
""",
    "scalars.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: 'scalars'   
  annotations: &shared
    "quoted\\tkey": "\\u00e9 \\U0001F600 é 😀"
    plain: a:b #c
    time: 2001-12-14
    equal: =
    empty:
    tilde: "~"
data:
  folded: >-
    one
      two

    three
  kept: |+
    tabs	inside

  multi: "one
    two"
  'on': 'off'
""",
    "anchors.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata: {name: anchors, labels: &labels {app: a}}
data: &data
  one: "1"
---
# a comment before
apiVersion: v1   # and after
kind: ConfigMap
metadata:
  name: aliases
  labels: &other
    app: b
  annotations: *other
# the end""",
}
