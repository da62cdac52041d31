"""All five capabilities in one run, with one file of policies, over real manifests ($CLOUDLAB_CORPUS): valid, stable, proven, explained,
and nothing that one capability needs is missing in what another one has done."""
import pathlib

import pytest
import yaml

from support import paths
from support.kubeconform import assert_valid
from support.manifests import WORKLOADS, find, identity, objects, pod_template

STREAMS = ["argo-cd", "kube-prometheus", "microservices-demo", "otel-demo", "podinfo"]
POLICIES = pathlib.Path(__file__).parent / "all_five.yaml"
OPTIONS = "--config", POLICIES, "--environment=production", "--namespace=default"

PROOFS = {
    "every edit made the intended tree", "bytes outside the edits are those of the input", "content outside the edits is read as in the input",
    "every secret that was found is a reference now", "autoscalers, budgets, limits and quotas fit together",
    "every connection and route that is to be open is open", "every container has a name of its own and its volumes",
    "no request exceeds its limit",
}
LEAKS = "no secret that was replaced leaves the program"
NAMES = {"secrets", "log-agent", "tiers", "scaling", "access"}

# Every secret that there is in a variable of these streams (tests/truth/secrets.tsv judges them): workload, variable, plain value.
IN_VARIABLES = {
    "otel-demo": [
        ("accounting", "DB_CONNECTION_STRING", "astronomy_password"),
        ("astronomy-db", "POSTGRES_PASSWORD", "changeit"),
        ("flagd", "SECRET_KEY_BASE", "yYrECL4qbNwleYInGJYvVnSkwJuSQJ4ijPTx5tirGUXrbznFIBFVJdPl5t6O9ASw"),
        ("product-catalog", "DB_CONNECTION_STRING", "astronomy_password"),
    ],
}


class Stream:
    """A stream before and after the run, as bytes and as objects by kind, effective namespace and name."""

    def __init__(self, name, postrender):
        self.name = name
        self.before = paths.corpus(f"{name}.yaml").read_bytes()
        self.run = postrender(self.before, *OPTIONS)
        assert self.run.code == 0, self.run.stderr
        self.after, self.report = self.run.stdout, self.run.report
        self.old, self.new = by_id(self.before), by_id(self.after)
        self.workloads = {key: each for key, each in self.new.items() if each["kind"] in WORKLOADS | {"Pod"}}

    def skipped(self, policy):
        return {row_id(skip["object"]) for skip in self.report["skips"] if skip["policy"] == policy}

    def made(self, policy, kind):
        """The workloads that got an object of this kind."""
        return {row_id(row["parent"]) for row in self.report["added"] if row["policy"] == policy and row["object"]["kind"] == kind}


def by_id(stream):
    found = {}
    for each in [item for each in objects(stream) for item in each.get("items", [each])]:
        key = each["kind"], each["metadata"].get("namespace", "default"), each["metadata"]["name"]
        assert key not in found, f"{key} is there twice"
        found[key] = each
    return found


def row_id(row):
    """The same key, of a row of the report, which says no namespace where there is none."""
    return row["kind"], row["namespace"] or "default", row["name"]


def all_containers(workload):
    spec = pod_template(workload)["spec"]
    return [*(spec.get("initContainers") or []), *spec["containers"]]


@pytest.fixture(scope="module", params=STREAMS)
def stream(request, postrender):
    return Stream(request.param, postrender)


@pytest.fixture(scope="module")
def otel(postrender):
    return Stream("otel-demo", postrender)


def test_policies_are_for_any_stream():
    """They select by kind, and by nothing that a chart has called so."""
    policies = [each for each in yaml.safe_load_all(POLICIES.read_text()) if each["kind"] != "EnvironmentProfile"]
    assert {each["metadata"]["name"] for each in policies} == NAMES
    for each in policies:
        assert [set(entry) for entry in each["spec"]["match"]["any"]] == [{"kinds"}] and "exclude" not in each["spec"]


def test_the_output_is_valid(stream, tmp_path):
    """Nothing is skipped: ExternalSecrets are checked by their own CustomResourceDefinition."""
    assert any(kind == "ExternalSecret" for kind, _, _ in stream.new)
    assert_valid(stream.after, tmp_path / "valid")


def test_a_second_run_changes_nothing(stream, postrender):
    assert stream.after != stream.before
    assert postrender.edit(stream.after, *OPTIONS) == stream.after
    assert postrender(stream.after, *OPTIONS, "--check").code == 0
    assert postrender(stream.before, *OPTIONS, "--check").code == 1


def test_every_proof_was_made_and_passed(stream):
    replaced = any(row["action"] == "replaced" for row in stream.report["secrets"])
    assert [proof["name"] for proof in stream.report["proofs"] if not proof["passed"]] == []
    assert {proof["name"] for proof in stream.report["proofs"]} == PROOFS | ({LEAKS} if replaced else set())
    assert stream.report["network"]["proof"] == "passed"
    assert [row for row in stream.report["network"]["closed"] if row["wanted"] and not row["before"]] == []


def test_every_change_has_a_policy_and_every_skip_a_reason(stream):
    """Exactly the objects that differ stand in the report."""
    report = stream.report
    became = {row_id(row["object"]) for row in report["removed"]}
    assert {key[0] for key in became} <= {"Secret"} and len(became) == sum(row["path"] == "kind" for row in report["edits"])
    assert {row["policy"] for row in report["edits"] + report["added"]} <= NAMES
    assert all(skip["policy"] in NAMES and skip["code"].startswith("CL-") and skip["message"] for skip in report["skips"])

    assert stream.new.keys() - stream.old.keys() == {row_id(row["object"]) for row in report["added"]}
    assert stream.old.keys() - stream.new.keys() == became
    edited = {row_id(row["object"]) for row in report["edits"]}
    assert {key for key in stream.old if stream.new.get(key) != stream.old[key]} == edited
    assert {row["policy"] for row in report["edits"] + report["added"]} >= {"log-agent", "scaling", "access"}


def test_every_workload_has_all_or_a_reason(stream):
    assert stream.workloads
    for key, workload in stream.workloads.items():
        names = [container["name"] for container in all_containers(workload)]
        assert names.count("log-agent") == 1 or key in stream.skipped("log-agent"), key
        for container in pod_template(workload)["spec"]["containers"]:
            resources = container.get("resources") or {}
            sized = {"cpu", "memory"} <= {*(resources.get("requests") or {}), *(resources.get("limits") or {})}
            assert sized or key in stream.skipped("tiers"), (key, container["name"])
        for policy, kind in ("scaling", "HorizontalPodAutoscaler"), ("scaling", "PodDisruptionBudget"), ("access", "NetworkPolicy"):
            assert key in stream.made(policy, kind) | stream.skipped(policy), (key, kind)


def test_every_secret_that_pods_refer_to_is_made(stream):
    """What the run has written refers to keys of an ExternalSecret in the same namespace."""
    offered = {}
    for (kind, namespace, _), each in stream.new.items():
        if kind == "ExternalSecret":
            spec = each["spec"]
            template = spec.get("target", {}).get("template", {}).get("data")
            name = spec.get("target", {}).get("name", each["metadata"]["name"])
            offered[namespace, name] = set(template) if template is not None else {entry["secretKey"] for entry in spec["data"]}
    asked = [(key, reference) for key, workload in stream.workloads.items() for reference in references(workload)
             if reference not in references(stream.old[key])]
    assert len(asked) >= len(stream.workloads.keys() - stream.skipped("log-agent"))
    for key, (name, entry) in asked:
        assert entry in offered.get((key[1], name), {}), (key, name, entry)


def references(workload):
    """Names and keys of Secrets that variables and volumes of a workload ask for."""
    found = []
    for container in all_containers(workload):
        for variable in container.get("env") or []:
            if reference := (variable.get("valueFrom") or {}).get("secretKeyRef"):
                found.append((reference["name"], reference["key"]))
    for volume in pod_template(workload)["spec"].get("volumes") or []:
        for source in [volume, *(volume.get("projected") or {}).get("sources", [])]:
            if secret := source.get("secret"):
                found += [(secret.get("secretName", secret.get("name")), item["key"]) for item in secret.get("items") or []]
    return found


def test_every_autoscaler_can_measure(stream):
    """A share of the cpu request of the pod needs one in each of its containers, whoever brought it."""
    scaled = stream.made("scaling", "HorizontalPodAutoscaler")
    assert scaled
    for key in scaled:
        for container in all_containers(stream.workloads[key]):
            if container.get("restartPolicy") == "Always" or container in pod_template(stream.workloads[key])["spec"]["containers"]:
                resources = container["resources"]
                assert "cpu" in {*(resources.get("requests") or {}), *(resources.get("limits") or {})}, (key, container["name"])
        assert "replicas" not in stream.workloads[key]["spec"], key


def test_secrets_take_no_evidence_away(stream, postrender, tmp_path):
    """The connections found are those that are found without the SecretReferencePolicy; and every sidecar reaches its store."""
    without = tmp_path / "without.yaml"
    without.write_text("---\n".join(text for text in POLICIES.read_text().split("---\n") if "kind: SecretReferencePolicy" not in text))
    other = postrender(stream.before, "--config", without, *OPTIONS[2:]).report["network"]

    def connections(network):
        return {part: sorted((row["fromNamespace"], row["from"], row["toNamespace"], row["to"], row["port"], row["confidence"])
                             for row in network[part]) for part in ("edges", "outside", "entries")}
    assert connections(stream.report["network"]) == connections(other)
    assert other["edges"]
    stores = {(row["fromNamespace"] or "default", row["from"]) for row in stream.report["network"]["outside"] if row["to"] == "log-store"}
    assert stores == {(key[1], f"{key[0]}/{key[2]}") for key in stream.workloads if key not in stream.skipped("log-agent")}


def test_every_secret_in_a_variable_is_found(stream):
    rows = {(row["object"]["name"], row["path"].rpartition("env[name=")[2].partition("]")[0]): row["action"]
            for row in stream.report["secrets"] if ".env[" in row["path"]}
    expected = IN_VARIABLES.get(stream.name, [])
    assert rows == {(workload, variable): "replaced" for workload, variable, _ in expected}
    for workload, variable, value in expected:
        deployment = next(each for key, each in stream.workloads.items() if key[2] == workload)
        assert value in yaml.safe_dump(stream.old["Deployment", "default", workload])
        assert value not in yaml.safe_dump(deployment)


def test_no_value_is_left(otel):
    """Not in the manifests, nor in what is said of them."""
    for _, _, value in IN_VARIABLES["otel-demo"]:
        assert value.encode() in otel.before
        assert value.encode() not in otel.after
        assert value not in otel.run.stderr and value not in str(otel.report)


def remote(stream, secret, entry):
    """Where the store has what makes this key of a Secret."""
    external = find(stream.after, "ExternalSecret", secret)
    return next(each["remoteRef"] for each in external["spec"]["data"] if each["secretKey"] == entry)


def test_server_and_clients_share_a_key(otel):
    """The two clients of the database and the script that makes their user change their password together; nobody else has that key."""
    shared = remote(otel, "accounting-secrets", "DB_CONNECTION_STRING_PASSWORD")
    assert remote(otel, "product-catalog-secrets", "DB_CONNECTION_STRING_PASSWORD") == shared
    script = find(otel.after, "ExternalSecret", "postgresql-init-secrets")["spec"]
    line = next(line for line in script["target"]["template"]["data"]["init.sql"].splitlines() if "CREATE USER astronomy_user" in line)
    variable = line.partition("'{{ .")[2].partition(" }}'")[0]
    assert remote(otel, "postgresql-init-secrets", variable) == shared

    users = [name for kind, name in map(identity, objects(otel.after)) if kind == "ExternalSecret"
             and shared in [entry["remoteRef"] for entry in find(otel.after, kind, name)["spec"]["data"]]]
    assert sorted(users) == ["accounting-secrets", "postgresql-init-secrets", "product-catalog-secrets"]


def test_the_rest_stays_readable(otel):
    """User, host and database of the two connection strings."""
    def value(workload):
        variables = {each["name"]: each for each in pod_template(find(otel.after, "Deployment", workload))["spec"]["containers"][0]["env"]}
        assert list(variables).index("DB_CONNECTION_STRING_PASSWORD") < list(variables).index("DB_CONNECTION_STRING")
        return variables["DB_CONNECTION_STRING"]["value"]
    assert value("accounting") == "Host=astronomy-db;Username=astronomy_user;Password=$(DB_CONNECTION_STRING_PASSWORD);Database=astronomy_db"
    assert value("product-catalog") == "postgres://astronomy_user:$(DB_CONNECTION_STRING_PASSWORD)@astronomy-db/astronomy_db?sslmode=disable"
