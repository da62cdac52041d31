"""The laws of the function, over golden inputs and real manifests, for each kind of policy and for all of them at once.

    same objects   the items are what the post-renderer makes of the same documents as a stream
    bookkeeping    every annotation of every input item is in the output item: without them kustomize loses its hash suffixes and
                   kpt its files
    identity       a run that changes nothing returns the list as it came, but for its results
    idempotence    the answer, as the next input, changes no more
    both styles    a list in JSON, or with its dashes indented, has the same outcome
"""
import functools
import json
import re

import pytest
import yaml

from support import golden, manifests, paths
from support.krm import BOOKKEEPING, indented, item, objects_of, pipeline, resource_list
from support.policies import NOTHING

CORPUS = ["argo-cd.yaml", "cert-manager.yaml", "kube-prometheus.yaml", "microservices-demo.yaml", "otel-demo.yaml",
          "podinfo.yaml"]
KINDS = ["ResourceTierPolicy", "SidecarPolicy", "AutoscalingPolicy", "NetworkAccessPolicy", "SecretReferencePolicy"]
ALL_FIVE = list(yaml.safe_load_all((paths.TOP / "tests/conformance/all_five.yaml").read_text()))


def functions(kinds):
    """A Pipeline of the policies of these kinds, with what they need: profiles, and requests where pods are scaled by them."""
    needed = {"EnvironmentProfile", *kinds} | ({"ResourceTierPolicy"} if "AutoscalingPolicy" in kinds else set())
    documents = [document for document in ALL_FIVE if document["kind"] in needed]
    return pipeline(documents, environment="production", namespace="default")


def stream_config(tmp_path, config):
    path = tmp_path / "pipeline.yaml"
    path.write_text(config)
    return ["--config", path]


def key(document):
    metadata = document.get("metadata") or {}
    return json.dumps([document.get("apiVersion"), document.get("kind"), metadata.get("namespace"), metadata.get("name")])


def sorted_objects(documents):
    """In an order of their own: a list has new objects behind their parents, a stream may have them at their rank."""
    return sorted(documents, key=lambda document: (key(document), json.dumps(document)))


def without_results(stdout):
    """`results` stands in front of `items`, wherever it was put."""
    return re.sub(rb"^results:\n(?:(?:-| ) .*\n)+", b"", stdout, flags=re.M)


@pytest.fixture(params=[[kind] for kind in KINDS] + [KINDS], ids=lambda kinds: "+".join(kinds) if len(kinds) == 1 else "all")
def config(request):
    return functions(request.param)


@functools.cache
def corpus(name):
    return objects_of(paths.corpus(name).read_bytes())


@pytest.fixture(params=CORPUS)
def documents(request):
    return corpus(request.param)


def test_same_objects_as_the_post_renderer(krm, postrender, documents, config, tmp_path):
    stream = "".join(f"---\n{text}" for text in documents).encode()
    expected = manifests.objects(postrender.edit(stream, *stream_config(tmp_path, config)))
    answer = krm.edit(resource_list(documents, config))
    assert sorted_objects(answer.items) == sorted_objects(expected)


def test_bookkeeping_survives(krm, documents, config):
    items = [yaml.load(text, manifests.Loader) for text in documents]
    for number, object_ in enumerate(items):
        notes = BOOKKEEPING | {"internal.config.kubernetes.io/index": str(number), "internal.config.kubernetes.io/id": str(number)}
        metadata = object_.setdefault("metadata", {})
        metadata["annotations"] = (metadata.get("annotations") or {}) | notes
    answer = krm.edit(resource_list([yaml.dump(object_, Dumper=yaml.CSafeDumper) for object_ in items], config))
    by_id = {(object_["metadata"].get("annotations") or {}).get("internal.config.kubernetes.io/id"): object_ for object_ in answer.items}
    removed = 0
    for number, object_ in enumerate(items):
        if str(number) not in by_id:  # A Secret that became an ExternalSecret, say.
            removed += 1
            continue
        left = by_id[str(number)]["metadata"]["annotations"]
        assert object_["metadata"]["annotations"].items() <= left.items()
    assert removed <= sum(object_["kind"] == "Secret" for object_ in items)


def test_identity(krm, documents):
    given = resource_list(documents, NOTHING).encode()
    assert without_results(krm.edit(given).stdout) == given


def test_idempotence(krm, documents, config):
    once = without_results(krm.edit(resource_list(documents, config)).stdout)
    assert without_results(krm.edit(once).stdout) == once
    validated = krm(once.replace(b"  spec:\n    environment: production\n", b"  spec:\n    mode: Validate\n    environment: production\n", 1))
    assert (validated.code, validated.items, validated.messages("error")) == (0, [], [])


def test_both_styles(krm, documents, config):
    plain = krm.edit(resource_list(documents, config)).items
    as_json = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList",
               "items": [yaml.load(text, manifests.Loader) for text in documents], "functionConfig": yaml.safe_load(config)}
    assert sorted_objects(krm.edit(json.dumps(as_json)).items) == sorted_objects(plain)
    assert sorted_objects(krm.edit(json.dumps(as_json, indent=2)).items) == sorted_objects(plain)
    deeper = ("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig:\n" + indented(config, 4) + "items:\n"
              + "".join(indented(item(text), 4) for text in documents))
    assert krm.edit(deeper).items == plain


PLAIN_CASES = [case for case in golden.cases() if not (case / "exit").exists() and not (case / "args").exists()]


@pytest.mark.parametrize("case", PLAIN_CASES, ids=golden.name)
def test_golden_cases(krm, case):
    """Every golden case of a stream has the same objects as a list; policies stand in a ConfigMap."""
    documents = objects_of((case / "input.yaml").read_bytes())
    if not documents:
        pytest.skip("no objects in it")
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata:\n  policies: |\n"
    config += indented((case / "policy.yaml").read_text(), 4)
    answer = krm.edit(resource_list(documents, config))
    assert sorted_objects(answer.items) == sorted_objects(manifests.objects((case / "expected.yaml").read_bytes()))
