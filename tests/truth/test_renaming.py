"""Nothing is tuned to names: real charts in which everything is called otherwise have the same edges, called otherwise."""
import json
import re
import subprocess

import pytest
import yaml

from support import paths
from support.manifests import objects
from truth.renaming import Renaming, dump

CHARTS = ["otel-demo.yaml", "microservices-demo.yaml"]
NAMESPACE = "default"


def infer(*questions):
    """The edges of each (stream, namespace)."""
    asked = "".join(json.dumps({"stream": stream, "namespace": namespace}) + "\n" for stream, namespace in questions)
    done = subprocess.run([paths.test_program("network_edges")], input=asked, stdout=subprocess.PIPE, check=True, text=True)
    return [json.loads(line)["edges"] for line in done.stdout.splitlines()]


def as_set(edges):
    return {json.dumps(edge, sort_keys=True) for edge in edges}


@pytest.mark.parametrize("chart", CHARTS)
def test_a_renamed_chart_has_the_renamed_edges(chart):
    text = paths.corpus(chart).read_text()
    documents = objects(text.encode())
    [edges] = infer((text, NAMESPACE))
    outside = {edge["host"] for edge in edges if edge["to"] == "outside" and re.search("[a-z]", edge["host"])}
    renaming = Renaming(documents, NAMESPACE, outside)
    renamed = [renaming.document(document) for document in documents]
    same, found = infer((dump(documents), NAMESPACE), (dump(renamed), renaming.namespace(NAMESPACE)))
    assert as_set(same) == as_set(edges), "written otherwise, it means something else"
    assert len(edges) > 10
    expected, found = as_set(map(renaming.edge, edges)), as_set(found)
    missing, beyond = sorted(expected - found), sorted(found - expected)
    assert not missing and not beyond, "\n".join(["missing:", *missing[:10], "beyond:", *beyond[:10]])


@pytest.mark.parametrize("chart", CHARTS)
def test_no_name_of_the_chart_is_left(chart):
    """As a whole word or in a name of a variable: else the test above would show less than it says."""
    documents = objects(paths.corpus(chart).read_bytes())
    renaming = Renaming(documents, NAMESPACE)
    renamed = dump([renaming.document(document) for document in documents])
    left = {match[0] for line in renamed.splitlines() if not re.search(r"\b(kind|apiVersion):", line)
            for match in renaming.pattern.finditer(line)}
    assert not left


def test_what_is_renamed():
    documents = list(yaml.safe_load_all("""
kind: Service
metadata: {name: cart-store, namespace: shop}
spec: {ports: [{name: web, port: 80}]}
---
kind: ConfigMap
metadata: {name: web, namespace: shop}
data:
  cart-store.yaml: "url: http://user@cart-store.shop.svc:80/cart-store-x\\nCART_STORE_ADDR: cart-store-0.cart-store"
"""))
    renaming = Renaming(documents, "shop")
    new, namespace = renaming.names["cart-store"], renaming.namespaces["shop"]
    assert list(renaming.names) == ["cart-store"]  # `web` is a port's name.
    assert renaming.document(documents[0])["metadata"] == {"name": new, "namespace": namespace}
    assert renaming.document(documents[1])["data"] == {
        f"{new}.yaml": f"url: http://user@{new}.{namespace}.svc:80/cart-store-x\n{new.upper()}_ADDR: {new}-0.{new}"}
