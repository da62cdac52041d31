"""What a host does to manifests by itself, taken out of its output: what is left must be the same from every host.

This is all that is forgiven; each row of ROWS has its reason. tests/conformance/test_hosts.py changes every leaf of ten objects, and none of
these changes may get lost here.
"""
import json

import yaml

from support.manifests import Loader


def read_as_objects(stream):
    return [each for each in yaml.load_all(stream, Loader) if isinstance(each, dict)]


def flatten_lists(objects):
    return [item for each in objects for item in (each["items"] if each["kind"] == "List" else [each])]


def spell_with_sorted_keys(objects):
    return [json.dumps(each, sort_keys=True) for each in objects]


ROWS = [
    (read_as_objects, "kustomize and Helm 4 parse and print anew: indentation, quotes, folding, comments, where documents end"),
    (flatten_lists, "kustomize and Helm 4 take the items out of a List; Helm 3 leaves it, kubectl takes them out when it applies it"),
    (spell_with_sorted_keys, "kustomize sorts keys"),
    (sorted, "Helm sorts documents by kind, each version in its way; kustomize leaves them or puts new ones last"),
]


def normalise(stream):
    """The objects of a stream, spelt so that equal objects are equal texts and 1, true and "1" are not."""
    for row, _ in ROWS:
        stream = row(stream)
    return stream
