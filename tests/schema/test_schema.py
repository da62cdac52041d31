"""The JSON Schemas of the policy documents, judged by a validator that is not ours.

They come out of the program (`--print-schema KIND`), must be those that are checked in, and are held against every policy of
this repository: what the program accepts the schemas accept, and what is wrong here is wrong for both.
"""
import json
import pathlib
import subprocess

import jsonschema
import pytest

from support import paths
from support.policy_yaml import load_all, load_text

KINDS = ["Pipeline", "EnvironmentProfile", "ResourceTierPolicy", "SidecarPolicy", "AutoscalingPolicy", "NetworkAccessPolicy",
         "SecretReferencePolicy", "PolicyException"]
HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="session")
def printed():
    """The schema of a kind, as the program prints it."""
    cache = {}

    def schema(kind):
        if kind not in cache:
            cache[kind] = subprocess.run([paths.program(), "--print-schema", kind], check=True, stdout=subprocess.PIPE, text=True).stdout
        return cache[kind]

    return schema


@pytest.fixture(scope="session")
def validator(printed):
    return lambda kind: jsonschema.Draft202012Validator(json.loads(printed(kind)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_is_one(printed, kind):
    jsonschema.Draft202012Validator.check_schema(json.loads(printed(kind)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_is_the_one_checked_in(printed, kind):
    path = paths.TOP / "schemas" / f"{kind}.json"
    assert path.is_file() and path.read_text() == printed(kind), f"print it anew: cloudlab-postrender --print-schema {kind} > {path}"


def test_a_kind_that_does_not_exist_has_no_schema():
    assert subprocess.run([paths.program(), "--print-schema", "PolicyTest"], capture_output=True).returncode == 2


def policy_files():
    """Every policy of the repository that shall be right: wrong on purpose are goldens that expect an error."""
    yield from sorted((HERE / "valid").glob("*.yaml"))
    yield from sorted((paths.TOP / "examples").glob("**/polic*.yaml"))
    for path in sorted((paths.TOP / "tests/golden").glob("**/policy.yaml")):
        stderr = path.with_name("expected.stderr")
        if not (stderr.is_file() and " error: " in stderr.read_text()):
            yield path


def policy_documents():
    for path in policy_files():
        for number, document in enumerate(load_all(path.read_text())):
            name = document.get("metadata", {}).get("name", number)
            yield pytest.param(document, id=f"{path.relative_to(paths.TOP)}:{document['kind']}/{name}")


@pytest.mark.parametrize("document", policy_documents())
def test_right_policies_are_accepted(validator, document):
    validator(document["kind"]).validate(document)


def test_the_defaults_are_accepted(validator):
    defaults = subprocess.run([paths.program(), "--print-defaults"], check=True, stdout=subprocess.PIPE, text=True).stdout
    documents = load_all(defaults)
    assert documents
    for document in documents:
        validator(document["kind"]).validate(document)


MATCH = "match: {}, "
STORE = "provider: {secretStoreRef: {kind: ClusterSecretStore, name: vault}}, "

# Kind, spec, and where the schema must object.
WRONG = [
    ("Pipeline", "environement: production", "spec"),
    ("Pipeline", "kubeVersion: 1.34", "spec.kubeVersion"),
    ("Pipeline", "kubeVersion: latest", "spec.kubeVersion"),
    ("Pipeline", "policies: app-tiers", "spec.policies"),
    ("Pipeline", "podTemplatePaths: [{group: example.org, kind: Worker}]", "spec.podTemplatePaths.0"),
    ("Pipeline", "provenance: Stamp", "spec.provenance"),
    ("Pipeline", "allowStreamPolicies: 'true'", "spec.allowStreamPolicies"),
    ("EnvironmentProfile", "inherits: [staging]", "spec.inherits"),
    ("EnvironmentProfile", "tiers: {small: {request: {cpu: 1}}}", "spec.tiers.small"),
    ("EnvironmentProfile", "tiers: {small: {requests: {cpu: 500mm}}}", "spec.tiers.small.requests.cpu"),
    ("EnvironmentProfile", "tiers: {small: {requests: {cpu: -1}}}", "spec.tiers.small.requests.cpu"),
    ("EnvironmentProfile", "tiers: {small: {replicas: -1}}", "spec.tiers.small.replicas"),
    ("EnvironmentProfile", "tiers: {small: {replicas: 1.5}}", "spec.tiers.small.replicas"),
    ("EnvironmentProfile", "autoscaling: {minReplicas: 0}", "spec.autoscaling.minReplicas"),
    ("ResourceTierPolicy", "tier: small", "spec"),
    ("ResourceTierPolicy", MATCH + "tier: 3", "spec.tier"),
    ("ResourceTierPolicy", MATCH + "onInvalid: Clamp", "spec.onInvalid"),
    ("ResourceTierPolicy", MATCH + "conflicts: {request.cpu: Max}", "spec.conflicts"),
    ("ResourceTierPolicy", MATCH + "conflicts: {requests.cpu: Most}", "spec.conflicts.requests.cpu"),
    ("ResourceTierPolicy", MATCH + "containers: [{match: {types: [Main]}, tier: small}]", "spec.containers.0.match.types.0"),
    ("ResourceTierPolicy", MATCH + "checks: {limitRange: Maybe}", "spec.checks.limitRange"),
    ("ResourceTierPolicy", "match: {any: []}", "spec.match.any"),
    ("ResourceTierPolicy", "match: {any: [{kinds: [deployment]}]}", "spec.match.any.0.kinds.0"),
    ("ResourceTierPolicy", "match: {any: [{names: ['a[b']}]}", "spec.match.any.0.names.0"),
    ("ResourceTierPolicy", "match: {any: [{hooks: Never}]}", "spec.match.any.0.hooks"),
    ("ResourceTierPolicy", "match: {any: [{annotations: {a: 1}}]}", "spec.match.any.0.annotations.a"),
    ("ResourceTierPolicy", "match: {any: [{selector: {matchExpressions: [{key: a, operator: Is}]}}]}",
     "spec.match.any.0.selector.matchExpressions.0.operator"),
    ("SidecarPolicy", MATCH + "contaner: {}", "spec"),
    ("SidecarPolicy", MATCH + "container: {name: a}", "spec.container"),
    ("SidecarPolicy", MATCH + "mode: Sidecar", "spec.mode"),
    ("SidecarPolicy", MATCH + "order: {position: Middle}", "spec.order.position"),
    ("SidecarPolicy", MATCH + "podAnnotations: {a: true}", "spec.podAnnotations.a"),
    ("SidecarPolicy", MATCH + "env: [{value: x}]", "spec.env.0"),
    ("SidecarPolicy", MATCH + "egress: [{service: a, port: 0}]", "spec.egress.0.port"),
    ("SidecarPolicy", MATCH + "presets: [{name: istio}]", "spec.presets.0"),
    ("SidecarPolicy", MATCH + "presets: [{name: opentelemetry, language: rust}]", "spec.presets.0"),
    ("SidecarPolicy", MATCH + "presets: [{name: linkerd-proxy, outboundConnectTimeout: 5}]", "spec.presets.0"),
    ("SidecarPolicy", MATCH + "objects: [{kind: ConfigMap, metadata: {name: x}}]", "spec.objects.0"),
    ("NetworkAccessPolicy", MATCH + "emit: []", "spec.emit"),
    ("NetworkAccessPolicy", MATCH + "emit: [AdminNetworkPolicy]", "spec.emit.0"),
    ("NetworkAccessPolicy", MATCH + "defaultDeny: All", "spec.defaultDeny"),
    ("NetworkAccessPolicy", MATCH + "policyTypes: [ingress]", "spec.policyTypes.0"),
    ("NetworkAccessPolicy", MATCH + "infer: {sources: [Logs]}", "spec.infer.sources.0"),
    ("NetworkAccessPolicy", MATCH + "infer: {minConfidence: Sure}", "spec.infer.minConfidence"),
    ("NetworkAccessPolicy", MATCH + "dns: {ports: [0]}", "spec.dns.ports.0"),
    ("NetworkAccessPolicy", MATCH + "ingressControllers: [{podselector: {}}]", "spec.ingressControllers.0"),
    ("NetworkAccessPolicy", MATCH + "external: {mode: Open}", "spec.external.mode"),
    ("NetworkAccessPolicy", MATCH + "apiServer: {when: Sometimes}", "spec.apiServer.when"),
    ("NetworkAccessPolicy", MATCH + "allow: [{from: {name: a}}]", "spec.allow.0"),
    ("NetworkAccessPolicy", MATCH + "allow: [{from: {name: a}, to: {name: b}, ports: [5432-]}]", "spec.allow.0.ports.0"),
    ("NetworkAccessPolicy", MATCH + "verify: Never", "spec.verify"),
    ("SecretReferencePolicy", STORE + "onDetect: Replace", "spec"),
    ("SecretReferencePolicy", MATCH + STORE + "detection: {}", "spec"),
    ("SecretReferencePolicy", MATCH + STORE + "detect: {names: true}", "spec.detect.names"),
    ("SecretReferencePolicy", MATCH + STORE + "detect: {values: Strict}", "spec.detect.values"),
    ("SecretReferencePolicy", MATCH + STORE + "detect: {dsn: Splitted}", "spec.detect.dsn"),
    ("SecretReferencePolicy", MATCH + STORE + "detect: {args: Replace}", "spec.detect.args"),
    ("SecretReferencePolicy", MATCH + STORE + "detect: {annotations: Move}", "spec.detect.annotations"),
    ("SecretReferencePolicy", MATCH + STORE + "detect: {files: Replace}", "spec.detect.files"),
    ("SecretReferencePolicy", MATCH + STORE + "detect: {minScore: 0}", "spec.detect.minScore"),
    ("SecretReferencePolicy", MATCH + STORE + "detect: {minScore: high}", "spec.detect.minScore"),
    ("SecretReferencePolicy", MATCH + STORE + "detect: {allow: 'DEMO_*'}", "spec.detect.allow"),
    ("SecretReferencePolicy", MATCH + STORE + "detect: {allow: ['a[b']}", "spec.detect.allow.0"),
    ("SecretReferencePolicy", MATCH + "provider: {type: Vault}", "spec.provider.type"),
    ("SecretReferencePolicy", MATCH + "provider: {secretStoreRef: vault}", "spec.provider.secretStoreRef"),
    ("SecretReferencePolicy", MATCH + "provider: {secretStoreRef: {kind: Vault, name: a}}", "spec.provider.secretStoreRef.kind"),
    ("SecretReferencePolicy", MATCH + "provider: {secretStoreRef: {kind: SecretStore}}", "spec.provider.secretStoreRef"),
    ("SecretReferencePolicy", MATCH + "provider: {secretStoreRef: {name: a}, refreshInterval: hourly}", "spec.provider.refreshInterval"),
    ("SecretReferencePolicy", MATCH + "provider: {secretStoreRef: {name: a}, remoteKey: ''}", "spec.provider.remoteKey"),
    ("SecretReferencePolicy", MATCH + "provider: {secretStoreRef: {name: a}, referenceStores: {vault: a}}", "spec.provider.referenceStores.vault"),
    ("SecretReferencePolicy", MATCH + "provider: {type: Stub, environments: []}", "spec.provider.environments"),
    ("SecretReferencePolicy", MATCH + STORE + "secretName: ''", "spec.secretName"),
    ("SecretReferencePolicy", MATCH + STORE + "unifyEqualValues: Always", "spec.unifyEqualValues"),
    ("SecretReferencePolicy", MATCH + STORE + "onDetect: Ignore", "spec.onDetect"),
    ("SecretReferencePolicy", MATCH + STORE + "reload: Checksum", "spec.reload"),
    ("SecretReferencePolicy", MATCH + STORE + "ordering: {argocdSyncWave: -1}", "spec.ordering.argocdSyncWave"),
    ("SecretReferencePolicy", MATCH + STORE + "ordering: {syncWave: '-1'}", "spec.ordering"),
    ("PolicyException", "policies: [], match: {}, reason: r, owner: o, expires: '2027-01-01'", "spec.policies"),
    ("PolicyException", "policies: [a], match: {}, owner: o, expires: '2027-01-01'", "spec"),
    ("PolicyException", "policies: [a], match: {}, reason: r, owner: o, expires: soon", "spec.expires"),
    ("PolicyException", "policies: [a], match: {}, reason: r, owner: '', expires: '2027-01-01'", "spec.owner"),
]


@pytest.mark.parametrize("kind, spec, where", WRONG, ids=[f"{kind}: {spec}" for kind, spec, _ in WRONG])
def test_wrong_policies_are_rejected(validator, postrender, tmp_path, kind, spec, where):
    text = f"apiVersion: cloudlab.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: wrong}}\nspec: {{{spec}}}\n"
    objections = {".".join(map(str, error.absolute_path)) for error in validator(kind).iter_errors(load_text(text))}
    assert where in objections, objections

    config = tmp_path / "policy.yaml"
    config.write_text(text)
    run = postrender(b"", "--config", config)
    assert run.code == 1 and run.stdout == b""
    assert f"{config}:4:" in run.stderr


@pytest.mark.parametrize("change", ["apiVersion: cloudlab.dev/v1", "kind: SidecarPolicies", "metadata: {}", "metadata: {name: '-x'}", "status: {}"])
def test_wrong_heads_are_rejected(validator, change):
    document = load_text("{apiVersion: cloudlab.dev/v1alpha1, kind: SidecarPolicy, metadata: {name: x}, spec: {match: {}}}")
    schema = validator("SidecarPolicy")
    schema.validate(document)
    with pytest.raises(jsonschema.ValidationError):
        schema.validate(document | load_text(change))
