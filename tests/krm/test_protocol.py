"""Case 20 of the conformance list (`items` missing, `functionConfig` missing, ConfigMap data, older versions, JSON, no
ResourceList at all), and what the function promises about its answer: never empty, never half, and never severity error
without exit 1 or the other way round."""
import json

import pytest
import yaml

from support.krm import indented, pipeline, resource_list
from support.policies import UNKNOWN_FIELD

CART = """\
# Sold by the piece.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart  # the cart
  annotations:
    internal.config.kubernetes.io/path: shop/cart.yaml
    config.kubernetes.io/path: shop/cart.yaml
    internal.config.kubernetes.io/index: '1'
spec:
  replicas: 3
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      containers:
      - name: app
        image: registry.example/cart:1.0
"""
PROFILE = {"apiVersion": "cloudlab.dev/v1alpha1", "kind": "EnvironmentProfile", "metadata": {"name": "production"},
           "spec": {"tiers": {"small": {"requests": {"cpu": "50m", "memory": "64Mi"}}}}}
TIERS = {"apiVersion": "cloudlab.dev/v1alpha1", "kind": "ResourceTierPolicy", "metadata": {"name": "tiers"},
         "spec": {"match": {"any": [{"kinds": ["Workload"]}]}, "tier": "small"}}
BUDGETS = {"apiVersion": "cloudlab.dev/v1alpha1", "kind": "AutoscalingPolicy", "metadata": {"name": "budgets"},
           "spec": {"match": {"any": [{"kinds": ["Workload"]}]}, "disruptionBudget": {"maxUnavailable": 1}}}


def requests(answer):
    deployment = next(item for item in answer.items if item["kind"] == "Deployment")
    return deployment["spec"]["template"]["spec"]["containers"][0].get("resources", {}).get("requests")


def refused(answer, word):
    """An answer without items: the cause in its results and on stderr."""
    assert answer.code == 1
    assert answer.items == []
    assert any(word in message for message in answer.messages("error"))
    assert word in answer.stderr


# The list.

@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
def test_versions(krm, version):
    config = pipeline([PROFILE, TIERS], environment="production")
    answer = krm.edit(resource_list([CART], config, f"config.kubernetes.io/{version}"))
    assert answer.list["apiVersion"] == f"config.kubernetes.io/{version}"
    assert requests(answer) == {"cpu": "50m", "memory": "64Mi"}


@pytest.mark.parametrize("items", ["", "items:\n", "items: null\n", "items: []\n"])
def test_no_items(krm, items):
    """kustomize takes a list without `items` for a resource, so there always is one."""
    answer = krm.edit(f"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n{items}")
    assert answer.items == []
    assert "no manifests" in answer.messages("warning")[0]


def test_json(krm):
    given = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": [yaml.safe_load(CART)],
             "functionConfig": yaml.safe_load(pipeline([PROFILE, TIERS, BUDGETS], environment="production"))}
    answer = krm.edit(json.dumps(given))
    assert json.loads(answer.stdout)["items"] == answer.items
    assert [item["kind"] for item in answer.items] == ["Deployment", "PodDisruptionBudget"]


@pytest.mark.parametrize(("text", "word"), [
    ("", "is empty"),
    ("just words\n", "no ResourceList"),
    ("apiVersion: v1\nkind: List\nitems: []\n", "no ResourceList"),
    ("apiVersion: config.kubernetes.io/v2\nkind: ResourceList\nitems: []\n", "config.kubernetes.io/v2"),
    ("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: {a: 1}\n", "no list"),
    (f"{CART}---\n{CART}", "several documents"),
    ("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: [}\n", "CL-Y-SYNTAX"),
    ("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- {a: &x 1}\n- {b: *x}\n", "outside of its item"),
], ids=lambda value: "text" if "\n" in value or not value else None)
def test_no_list(krm, text, word):
    refused(krm(text), word)


def test_documents_around_the_list_that_are_none(krm):
    given = "# made by hand\n---\n" + resource_list([CART]) + "---\n"
    answer = next(iter(yaml.safe_load_all(krm.edit(given).stdout)))
    assert len(answer["items"]) == 1


def test_everything_else_keeps_its_bytes(krm):
    """Comments, quotes and the list's other fields; new objects and results are the only lines that come in."""
    given = resource_list([CART], pipeline([PROFILE, BUDGETS], environment="production"))
    lines = krm.edit(given).stdout.decode().splitlines()
    missing = [line for line in given.splitlines() if line not in lines]
    assert missing == []


def test_comments_stay_with_their_item(krm):
    """Below the content of an item, the last one too, and between brackets."""
    tail = "        # no limits yet\n"
    given = resource_list([CART + tail], yaml.safe_dump(BUDGETS))
    text = krm.edit(given).stdout.decode()
    assert text.index("# no limits yet") < text.index("PodDisruptionBudget")
    flow = ("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: [\n  " + json.dumps(yaml.safe_load(CART))
            + ",\n  # about x\n  {kind: X, apiVersion: v1, metadata: {name: x}},\n]\nfunctionConfig: " + json.dumps(BUDGETS) + "\n")
    answer = krm.edit(flow)
    assert "  # about x\n  {kind: X" in answer.stdout.decode()
    assert [item["kind"] for item in answer.items] == ["Deployment", "PodDisruptionBudget", "X"]


@pytest.mark.parametrize("items", ["[ITEM, ]", "[\n  ITEM,\n]", "!!seq\n- ITEM", "!!seq [ITEM]", "# above\n# the first\n- ITEM"])
def test_all_items_leave(krm, items):
    text = f"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: {items}\nfunctionConfig: {json.dumps(BUDGETS)}\n"
    answer = krm.edit(text.replace("ITEM", json.dumps(TIERS)))
    assert answer.items == [] and answer.list["functionConfig"] == BUDGETS


@pytest.mark.parametrize("text", [
    "items:\n- &p {a: 1}\nfunctionConfig: *p\n", "items: &i\n- {a: 1}\nother: *i\n", "results: &r [{message: x}]\nitems: []\nother: *r\n",
    "items:\n- {a: &x 1}\n- {b: *x}\n", "other: &o {a: 1}\nitems:\n- *o\n"])
def test_aliases_between_parts_that_are_written_apart(krm, text):
    refused(krm("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n" + text), "outside of its item")


def test_aliases_inside_one_item(krm):
    answer = krm.edit(resource_list(["apiVersion: v1\nkind: ConfigMap\nmetadata: {name: &n x, labels: {app: *n}}\n"], yaml.safe_dump(BUDGETS)))
    assert answer.items[0]["metadata"]["labels"] == {"app": "x"}


def test_fields_that_stand_twice(krm):
    refused(krm("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\nitems: []\n"), "stands twice")


@pytest.mark.parametrize("words", [["--config", "none"], ["--dry-run"], []])
def test_items_are_always_there(krm, words):
    assert krm.edit("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n", *words).items == []


# The functionConfig.

def test_no_function_config(krm):
    """The embedded defaults give requests to containers without."""
    assert requests(krm.edit(resource_list([CART]))) == {"cpu": "50m", "memory": "64Mi"}


def test_one_policy(krm):
    answer = krm.edit(resource_list([CART], yaml.safe_dump(BUDGETS)))
    assert [item["kind"] for item in answer.items] == ["Deployment", "PodDisruptionBudget"]


def test_one_policy_takes_its_profile_from_the_items(krm):
    answer = krm.edit(resource_list([CART, yaml.safe_dump(PROFILE)], yaml.safe_dump(TIERS)), "--environment", "production")
    assert requests(answer) == {"cpu": "50m", "memory": "64Mi"}
    assert [item["kind"] for item in answer.items] == ["Deployment"]


def renamed(document):
    """As kustomize hands in what stands beside a `namePrefix: dev-`."""
    name = document["metadata"]["name"]
    return document | {"metadata": {"name": f"dev-{name}", "annotations": {
        "internal.config.kubernetes.io/previousNames": name, "internal.config.kubernetes.io/prefixes": "dev-"}}}


def test_policies_of_the_items_by_their_original_names(krm):
    config = pipeline(["tiers"], environment="production")
    items = [CART, yaml.safe_dump(renamed(PROFILE)), yaml.safe_dump(renamed(TIERS)), yaml.safe_dump(renamed(BUDGETS))]
    answer = krm.edit(resource_list(items, config))
    assert requests(answer) == {"cpu": "50m", "memory": "64Mi"}
    assert [item["kind"] for item in answer.items] == ["Deployment"], "the budgets were not named"


def test_a_pipeline_may_refuse_policies_of_the_items(krm):
    config = pipeline(["tiers"], environment="production", allowStreamPolicies=False)
    refused(krm(resource_list([CART, yaml.safe_dump(PROFILE), yaml.safe_dump(TIERS)], config)), "CL-P-")


def test_an_exception_among_the_items_lifts_nothing(krm):
    exception = {"apiVersion": "cloudlab.dev/v1alpha1", "kind": "PolicyException", "metadata": {"name": "tiers-off"},
                 "spec": {"policies": ["tiers"], "match": {"any": [{"kinds": ["Workload"]}]}, "reason": "x", "owner": "me",
                          "expires": "2099-01-01"}}
    config = pipeline([PROFILE, TIERS], environment="production")
    assert requests(krm.edit(resource_list([CART, yaml.safe_dump(exception)], config))) == {"cpu": "50m", "memory": "64Mi"}


def test_a_file_with_the_functionconfig_itself(krm):
    """kpt hands in every file of the package, the functionConfig's too; what leaves the list is a file deleted."""
    with_path = BUDGETS | {"metadata": {"name": "budgets", "annotations": {"internal.config.kubernetes.io/path": "fn.yaml"}}}
    answer = krm.edit(resource_list([CART, yaml.safe_dump(with_path)], yaml.safe_dump(BUDGETS)))
    assert [item["kind"] for item in answer.items] == ["Deployment", "PodDisruptionBudget", "AutoscalingPolicy"]


def test_config_map(krm):
    config = ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: function-input}\ndata:\n  environment: production\n"
              "  policies: |\n" + indented(yaml.safe_dump(PROFILE) + "---\n" + yaml.safe_dump(TIERS), 4))
    assert requests(krm.edit(resource_list([CART], config))) == {"cpu": "50m", "memory": "64Mi"}


@pytest.mark.parametrize(("data", "word"), [
    ("{enviroment: production}", 'did you mean "environment"?'),
    ("{mode: Check}", "Apply or Validate"),
    ("{kubeVersion: new}", "a version like 1.34"),
    ("{policies: 'kind: ['}", "never closed"),
    ("[]", "no map"),
    ("{policies: [a]}", "a text"),
    ("{policies: ''}", "a text with policy documents"),
    ("{environment: null}", "a text"),
])
def test_config_map_errors(krm, data, word):
    refused(krm(resource_list([CART], f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {data}\n")), word)


def test_function_config_of_others(krm):
    refused(krm(resource_list([CART], "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: t}\n")), "neither a policy document")


def test_a_flaw_in_the_function_config_has_its_place(krm):
    answer = krm(resource_list([CART], UNKNOWN_FIELD))
    refused(answer, "contaner")
    line = next(i for i, line in enumerate(resource_list([CART], UNKNOWN_FIELD).splitlines(), 1) if "contaner" in line)
    assert answer.stderr.startswith(f"<stdin>:{line}:5: error:")
    assert answer.results[0]["tags"]["position"] == f"<stdin>:{line}:5"


def test_two_sources_of_policies(krm, tmp_path):
    (tmp_path / "policies.yaml").write_text(yaml.safe_dump(BUDGETS))
    refused(krm(resource_list([CART], yaml.safe_dump(TIERS)), "--config", tmp_path / "policies.yaml"), "name one source")


def test_the_working_folder_says_nothing(krm, tmp_path):
    """A container has none: the same function must do the same everywhere."""
    (tmp_path / "cloudlab.yaml").write_text(yaml.safe_dump(BUDGETS))
    assert len(krm(resource_list([CART]), cwd=tmp_path).items) == 1


# The answer.

def test_new_items_lie_beside_their_parent(krm):
    answer = krm.edit(resource_list([CART], yaml.safe_dump(BUDGETS)))
    assert answer.items[1]["metadata"]["annotations"] == {
        "cloudlab.dev/managed-by": "budgets",
        "internal.config.kubernetes.io/path": "shop/poddisruptionbudget_cart.yaml", "internal.config.kubernetes.io/index": "0",
        "config.kubernetes.io/path": "shop/poddisruptionbudget_cart.yaml", "config.kubernetes.io/index": "0"}


def test_no_two_new_items_have_one_place(krm):
    """One name in two namespaces: kpt refuses two items at one place in one file."""
    items = [CART, *(CART.replace("  name: cart  #", f"  namespace: {ns}\n  name: cart  #") for ns in ("blue", "green"))]
    answer = krm.edit(resource_list(items, yaml.safe_dump(BUDGETS)))
    notes = [item["metadata"]["annotations"] for item in answer.items if item["kind"] == "PodDisruptionBudget"]
    assert len({(n["internal.config.kubernetes.io/path"], n["internal.config.kubernetes.io/index"]) for n in notes}) == 3


def test_results_of_a_run_that_applies(krm):
    answer = krm.edit(resource_list([CART], yaml.safe_dump(BUDGETS)))
    assert answer.results == [{"message": "AutoscalingPolicy/budgets: 1 selected, 1 changed", "severity": "info"}]


def test_results_of_an_earlier_function_stay(krm):
    for earlier in ("results:\n- {message: earlier, severity: info}\n", "results: [{message: earlier}]\n", "results:\n"):
        for given in (resource_list([CART], yaml.safe_dump(BUDGETS)) + earlier, earlier + resource_list([CART], yaml.safe_dump(BUDGETS))):
            messages = [result["message"] for result in krm.edit(given).results]
            assert messages == ["earlier"] * ("earlier" in earlier) + ["AutoscalingPolicy/budgets: 1 selected, 1 changed"]


def test_validate(krm):
    """One result per edit that would be made; the host's copy of the items stays what it is."""
    answer = krm(resource_list([CART], pipeline([PROFILE, TIERS, BUDGETS], environment="production", mode="Validate")))
    assert (answer.code, answer.items) == (1, [])
    assert [result["severity"] for result in answer.results] == ["error"] * 3
    first, _, last = answer.results
    assert first["resourceRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "cart"}
    assert first["field"] == {"path": "spec.template.spec.containers[name=app].resources.requests.cpu", "proposedValue": "50m"}
    assert first["file"] == {"path": "shop/cart.yaml", "index": 1}
    assert last["resourceRef"]["kind"] == "PodDisruptionBudget"


def test_validate_what_is_right(krm):
    """kustomize takes no item back from a validator; kpt deletes the files of a package that do not come back."""
    no_file = CART.replace("internal.config.kubernetes.io/path: shop/cart.yaml\n", "a: b\n").replace("    config.kubernetes.io/path: shop/cart.yaml\n", "")
    answer = krm(resource_list([no_file], pipeline([], mode="Validate")))
    assert (answer.code, answer.items, answer.results) == (0, [], [])
    given = resource_list([CART], pipeline([], mode="Validate"))
    assert krm.edit(given).stdout.decode() == given


@pytest.mark.parametrize("items", ["", "items:\n", "items: []\n"])
def test_validate_nothing(krm, items):
    head = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n" + items
    for text, words in ((head + "functionConfig:\n" + indented(pipeline([], mode="Validate"), 2), []), (head, ["--check"])):
        answer = krm(text, *words)
        assert (answer.code, answer.items, answer.messages("error")) == (0, [], [])


def test_validate_with_the_policy_among_the_items(krm):
    deployment = yaml.safe_load(CART)
    del deployment["metadata"]["annotations"]
    config = pipeline(["tiers"], mode="Validate", environment="production")
    answer = krm(resource_list([yaml.safe_dump(PROFILE), yaml.safe_dump(TIERS)], config))
    assert (answer.code, answer.messages("error")) == (0, [])
    answer = krm(resource_list([yaml.safe_dump(deployment), yaml.safe_dump(PROFILE), yaml.safe_dump(TIERS)], config))
    assert answer.code == 1 and all("requests" in message for message in answer.messages("error"))


def as_built(document):
    """An item of `kustomize build` behind its first function: with a path, and with what only kustomize writes."""
    notes = {"internal.config.kubernetes.io/path": "deployment_cart.yaml", "config.kubernetes.io/path": "deployment_cart.yaml",
             "kustomize.config.k8s.io/id": "kind: Deployment\nname: cart\n"}
    return document | {"metadata": document["metadata"] | {"annotations": notes}}


def test_items_of_kustomize_are_no_files(krm):
    """It writes paths on them once a function has run; a validator must answer without items all the same."""
    cart = yaml.safe_dump(as_built(yaml.safe_load(CART)))
    assert krm(resource_list([cart], pipeline([], mode="Validate"))).items == []
    applied = krm.edit(resource_list([cart, yaml.safe_dump(as_built(BUDGETS))], pipeline(["budgets"])))
    assert [item["kind"] for item in applied.items] == ["Deployment", "PodDisruptionBudget"]
    assert list(applied.items[1]["metadata"]["annotations"]) == ["cloudlab.dev/managed-by"]


def test_one_document_by_way_of_two_overlays(krm):
    twice = [renamed(BUDGETS), renamed(BUDGETS)]
    twice[1]["metadata"] = twice[1]["metadata"] | {"name": "prod-budgets"}
    answer = krm.edit(resource_list([CART, *map(yaml.safe_dump, twice)], pipeline(["budgets"])))
    assert [item["kind"] for item in answer.items] == ["Deployment", "PodDisruptionBudget"]


def test_a_report_that_cannot_be_written(krm):
    answer = krm(resource_list([CART]), "--report", "/nowhere/report.json")
    refused(answer, "CL-X-WRITE")


def test_usage(krm):
    """Whoever called it reads a list."""
    answer = krm(resource_list([CART]), "--enviroment=production")
    assert (answer.code, answer.items) == (2, [])
    assert answer.messages("error") and "--enviroment" in answer.stderr


def test_secrets_are_in_no_result(krm):
    secret = "hunter2-hunter2"
    cart = CART + f"        env: [{{name: DB_PASSWORD, value: {secret}}}]\n"
    policy = {"apiVersion": "cloudlab.dev/v1alpha1", "kind": "SecretReferencePolicy", "metadata": {"name": "secrets"},
              "spec": {"match": {"any": [{"kinds": ["Workload"]}]}, "provider": {"secretStoreRef": {"kind": "ClusterSecretStore", "name": "v"}}}}
    config = pipeline([PROFILE | {"spec": {"secretPath": "p/{{workload}}"}}, policy], environment="production", mode="Validate")
    answer = krm(resource_list([cart], config))
    assert answer.code == 1
    assert secret not in answer.stdout.decode() + answer.stderr


# By hand, and as kustomize's legacy plugin.

def test_fn_prints_a_stream(krm, postrender, tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(BUDGETS))
    (tmp_path / "a.yaml").write_text(CART)
    (tmp_path / "b.yaml").write_text("---\n" + CART.replace("name: cart", "name: other"))
    answer = krm("", "fn", "config.yaml", "a.yaml", "b.yaml", cwd=tmp_path)
    assert answer.code == 0, answer.stderr
    stream = (CART + "---\n" + CART.replace("name: cart", "name: other")).encode()
    assert answer.stdout == postrender.edit(stream, "--config", tmp_path / "config.yaml")
    assert krm(CART, "fn", "config.yaml", cwd=tmp_path).stdout == krm(CART, "fn", "config.yaml", "-", cwd=tmp_path).stdout


def test_fn_errors(krm, tmp_path):
    (tmp_path / "config.yaml").write_text(UNKNOWN_FIELD)
    broken = krm(CART, "fn", "config.yaml", cwd=tmp_path)
    assert (broken.code, broken.stdout) == (1, b"")
    assert broken.stderr.startswith("config.yaml:6:3: error:")
    missing = krm(CART, "fn", "nowhere.yaml", cwd=tmp_path)
    assert (missing.code, missing.stdout) == (1, b"") and "nowhere.yaml: No such file" in missing.stderr


def test_fn_does_not_read_stdin_twice(krm):
    answer = krm(CART, "fn", "-")
    assert (answer.code, b"items: []" in answer.stdout) == (2, True)


def test_fn_needs_a_document(krm, tmp_path):
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    answer = krm(CART, "fn", "empty.yaml", cwd=tmp_path)
    assert (answer.code, answer.stdout) == (1, b"") and "no document" in answer.stderr


def test_legacy_plugin(krm, tmp_path):
    """kustomize: argv[1] is a temporary file, the rest are argsOneLiner and argsFromFile."""
    config = tmp_path / "kust-plugin-config-1"
    config.write_text(yaml.safe_dump(BUDGETS))
    answer = krm(CART, config, "--namespace", "shop", KUSTOMIZE_PLUGIN_CONFIG_ROOT=tmp_path, KUSTOMIZE_PLUGIN_CONFIG_STRING="x")
    assert answer.code == 0, answer.stderr
    assert {document["kind"] for document in yaml.safe_load_all(answer.stdout)} == {"Deployment", "PodDisruptionBudget"}


def test_help_is_what_kpt_fn_doc_prints(krm):
    answer = krm("", "--help")
    assert answer.code == 0
    for word in (b"ResourceList", b"functionConfig", b"Examples:", b"fn "):
        assert word in answer.stdout
