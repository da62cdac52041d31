"""A stream of manifests as Helm writes it, for reading only: the documents' texts, and their objects as the API sees them."""
import re

import yaml

FILENAME = "postrenderer.helm.sh/postrender-filename"

# pkg/releaseutil/kind_sorter.go of Helm 3.
INSTALL_ORDER = """PriorityClass Namespace NetworkPolicy ResourceQuota LimitRange PodSecurityPolicy PodDisruptionBudget
ServiceAccount Secret SecretList ConfigMap StorageClass PersistentVolume PersistentVolumeClaim CustomResourceDefinition
ClusterRole ClusterRoleList ClusterRoleBinding ClusterRoleBindingList Role RoleList RoleBinding RoleBindingList Service
DaemonSet Pod ReplicationController ReplicaSet Deployment HorizontalPodAutoscaler StatefulSet Job CronJob IngressClass
Ingress APIService""".split()


class Loader(yaml.CSafeLoader):
    """YAML as JSON has it: no dates, and a plain `=` or `<<` is a string."""


for tag in ("timestamp", "value", "merge"):
    Loader.add_constructor(f"tag:yaml.org,2002:{tag}", Loader.construct_yaml_str)


def texts(stream):
    """The documents' texts, without the separators, in order."""
    return [text for text in re.split(r"^---[^\S\n]*\r?\n?", stream.decode("utf-8-sig"), flags=re.M) if text.strip()]


def objects(stream):
    """The documents that hold an object, in order."""
    loaded = (yaml.load(text, Loader) for text in texts(stream))
    return [document for document in loaded if isinstance(document, dict)]


def identity(document):
    return document["kind"], document["metadata"]["name"]


def find(stream, kind, name):
    """The one object of this kind and name."""
    found = [document for document in objects(stream) if identity(document) == (kind, name)]
    assert len(found) == 1, f"{len(found)} times {kind}/{name}"
    return found[0]


def source(text):
    """The file that a document's `# Source:` comment names."""
    match = re.match(r"# Source: [^/]+/(.+)", text)
    return match and match[1]


def rank(kind):
    return INSTALL_ORDER.index(kind) if kind in INSTALL_ORDER else len(INSTALL_ORDER)


def pod_template(document):
    """The pod template of a workload, or None."""
    if document["kind"] == "Pod":
        return document
    spec = document.get("spec") or {}
    if document["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec.get("template") if document["kind"] in WORKLOADS else None


WORKLOADS = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"}


def containers(document):
    """Names of all containers of a workload, init containers first."""
    spec = pod_template(document)["spec"]
    return [container["name"] for key in ("initContainers", "containers") for container in spec.get(key) or []]
