"""Argo CD's three ways, with everything but Argo CD itself: its environment is faked here. The manifests of examples/gitops/argocd are
built by the real kustomize onto a stand-in for the repo-server (and onto the real one, if the corpus is there); what they say then is
what runs: the script of the plugin's ConfigMap with the variables of the sidecar and those that Argo CD's documentation names for
plugins, and kustomize with the options of argocd-cm.
"""
import json
import os
import resource
import statistics
import subprocess
import time

import pytest
import yaml

from support import paths
from support.chart import SHOP, make_chart
from support.patched import by_identity
from support.manifests import containers, find, identity, objects
from support.postrender import clean_environment

EXAMPLES = paths.TOP / "examples/gitops/argocd"
APPLICATIONS = 500

# As much of Argo CD's own manifests as the components touch.
STAND_IN = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-repo-server}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: argocd-repo-server}}
  template:
    metadata: {labels: {app.kubernetes.io/name: argocd-repo-server}}
    spec:
      initContainers: [{name: copyutil, image: "quay.io/argoproj/argocd:v3.5.1"}]
      containers: [{name: argocd-repo-server, image: "quay.io/argoproj/argocd:v3.5.1"}]
      volumes: [{name: var-files, emptyDir: {}}, {name: plugins, emptyDir: {}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm}
"""


class Installed:
    """Argo CD with one of our components."""

    def __init__(self, kustomize, component, base=STAND_IN.encode()):
        built = kustomize.build(base, components=[os.path.relpath(EXAMPLES / component, kustomize.folder / "kustomization-1")])
        self.objects = objects(built)
        names = {identity(each): each for each in self.objects}
        server = next(each for (kind, name), each in names.items() if kind == "Deployment" and name.endswith("repo-server"))
        self.pod = server["spec"]["template"]["spec"]
        self.config = names.get(("ConfigMap", "argocd-cm"), {}).get("data", {})
        self.plugin = names.get(("ConfigMap", "cloudlab-plugin"), {}).get("data", {})
        self.policies = names.get(("ConfigMap", "cloudlab-policies"), {}).get("data", {})

    def container(self, name):
        return next(each for key in ("initContainers", "containers") for each in self.pod.get(key, []) if each["name"] == name)


class Sidecar:
    """The plugin's container, faked: its files in a folder, its variables, and the call that Argo CD's server for plugins makes."""

    def __init__(self, installed, folder, programs):
        container = installed.container("cloudlab")
        self.command = yaml.safe_load(installed.plugin["plugin.yaml"])["spec"]["generate"]["command"]
        script = folder / "generate"
        script.write_text(installed.plugin["generate"])
        script.chmod(0o555)
        self.policies = folder / "policies"
        self.policies.mkdir()
        for name, text in installed.policies.items():
            (self.policies / name).write_text(text)
        mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
        # What the pod says must lead to what is run here.
        assert mounts[self.command[0]]["subPath"] == "generate"
        variables = {each["name"]: each["value"] for each in container["env"]}
        assert mounts[variables["CLOUDLAB_CONFIG"]]["name"] == "cloudlab-policies"
        self.script = script
        self.environment = clean_environment(**{name: value.replace("/tmp", str(folder)) for name, value in variables.items()})
        self.environment |= {"CLOUDLAB_CONFIG": str(self.policies), "PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder)}

    def generate(self, folder, name="shop", namespace="shop-production", env=None, parameters=None):
        """One application; `env` and `parameters` are those of its plugin, under the names that Argo CD gives them."""
        variables = {
            "ARGOCD_APP_NAME": name, "ARGOCD_APP_NAMESPACE": namespace, "ARGOCD_APP_PROJECT_NAME": "default",
            "ARGOCD_APP_REVISION": "4a884eea", "ARGOCD_APP_REVISION_SHORT": "4a884ee",
            "ARGOCD_APP_SOURCE_PATH": str(folder), "ARGOCD_APP_SOURCE_REPO_URL": "https://git.example/shop.git",
            "ARGOCD_APP_SOURCE_TARGET_REVISION": "main", "KUBE_VERSION": "1.32.3", "KUBE_API_VERSIONS": "v1,apps/v1,autoscaling/v2",
            "ARGOCD_APP_PARAMETERS": json.dumps(parameters or []),
            **{f"ARGOCD_ENV_{key}": value for key, value in (env or {}).items()}}
        for each in parameters or []:
            stem = "PARAM_" + each["name"].upper().replace("-", "_")
            variables |= {stem: each["string"]} if "string" in each else {f"{stem}_{i}": word for i, word in enumerate(each["array"])}
        return subprocess.run([self.script], cwd=folder, env=self.environment | variables, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture
def programs(tmp_path):
    """What is on the PATH of the sidecar: Helm and Kustomize under their names, and our programs."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name, path in {"helm": paths.tool("helm3"), "kustomize": paths.tool("kustomize"), "cloudlab-postrender": paths.program(),
                       "cloudlab-krm": paths.krm()}.items():
        (folder / name).symlink_to(path)
    return folder


@pytest.fixture
def sidecar(kustomize, tmp_path, programs):
    folder = tmp_path / "sidecar"
    folder.mkdir()
    return Sidecar(Installed(kustomize, "plugin"), folder, programs)


@pytest.fixture
def chart(tmp_path):
    folder = make_chart(tmp_path / "chart", {"cart.yaml": SHOP["cart.yaml"].replace("1.0'", "{{ .Values.tag }}'")})
    (folder / "values.yaml").write_text("tag: '1.0'\n")
    (folder / "values-production.yaml").write_text("tag: '2.0'\n")
    return folder


def test_the_sidecar_is_as_argo_cd_wants_it(kustomize):
    """It runs as the user of the repo-server, which shares sockets with it, has a /tmp of its own, and its plugin.yaml in place."""
    installed = Installed(kustomize, "plugin")
    container = installed.container("cloudlab")
    assert container["command"] == ["/var/run/argocd/argocd-cmp-server"]
    assert container["securityContext"]["runAsUser"] == 999 and container["securityContext"]["runAsNonRoot"] is True
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    assert mounts["/home/argocd/cmp-server/config/plugin.yaml"]["subPath"] == "plugin.yaml"
    assert {"/var/run/argocd", "/home/argocd/cmp-server/plugins", "/tmp"} <= set(mounts)
    assert [mount["name"] for each in installed.pod["containers"] for mount in each.get("volumeMounts", [])].count(mounts["/tmp"]["name"]) == 1
    plugin = yaml.safe_load(installed.plugin["plugin.yaml"])
    application = yaml.safe_load((EXAMPLES / "plugin/application.yaml").read_text())["spec"]["source"]["plugin"]
    assert application["name"] == plugin["metadata"]["name"]
    assert {each["name"] for each in application["parameters"]} <= {each["name"] for each in plugin["spec"]["parameters"]["static"]}


@pytest.mark.parametrize("component", ["plugin", "kustomize", "legacy"])
@pytest.mark.parametrize("base", ["stand-in", "real"])
def test_every_mount_has_its_volume(kustomize, component, base):
    """Onto the real manifests of Argo CD, too: nothing of them is lost."""
    stream = STAND_IN.encode() if base == "stand-in" else paths.corpus("argo-cd.yaml").read_bytes()
    installed = Installed(kustomize, component, stream)
    volumes = {volume["name"] for volume in installed.pod["volumes"]}
    assert {mount["name"] for key in ("initContainers", "containers") for each in installed.pod[key]
            for mount in each.get("volumeMounts", [])} <= volumes
    assert {identity(each) for each in objects(stream)} <= {identity(each) for each in installed.objects}


def test_a_chart(sidecar, chart):
    """Rendered by Helm with the application's files of values, then changed for its environment."""
    parameters = yaml.safe_load((EXAMPLES / "plugin/application.yaml").read_text())["spec"]["source"]["plugin"]["parameters"]
    done = sidecar.generate(chart, parameters=parameters)
    assert done.returncode == 0, done.stderr.decode()
    cart = find(done.stdout, "Deployment", "cart")
    assert containers(cart) == ["log-agent", "cart"]
    [container] = cart["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example/cart:2.0"
    assert container["resources"]["requests"] == {"cpu": "100m", "memory": "128Mi"}


def test_a_kustomization(sidecar):
    done = sidecar.generate(plain(sidecar), env={"ENVIRONMENT": "production"})
    assert done.returncode == 0, done.stderr.decode()
    assert containers(find(done.stdout, "Deployment", "web")) == ["log-agent", "web"]


def plain(sidecar):
    """An application of Kustomize, without any function."""
    folder = sidecar.script.parent / "app"
    folder.mkdir()
    (folder / "deployment.yaml").write_text((EXAMPLES / "kustomize/app/deployment.yaml").read_text())
    (folder / "kustomization.yaml").write_text("resources: [deployment.yaml]\n")
    return folder


def break_chart(sidecar, chart):
    (chart / "templates/broken.yaml").write_text("{{ fail \"no such thing\" }}\n")
    return "no such thing"


def break_policies(sidecar, chart):
    (sidecar.policies / "policies.yaml").write_text("apiVersion: cloudlab.dev/v1alpha1\nkind: SidecarPolicy\nmetadata: {name: a}\nspec: {contaner: {}}\n")
    return "CL-P-FIELD"


def take_policies(sidecar, chart):
    (sidecar.policies / "policies.yaml").unlink()
    return "CL-X-CONFIG"


def break_manifest(sidecar, chart):
    (chart / "templates/broken.yaml").write_text("kind: [\n")
    return "broken.yaml"


@pytest.mark.parametrize("break_it", [break_chart, break_policies, take_policies, break_manifest], ids=lambda function: function.__name__)
def test_a_failure_fails_the_application(sidecar, chart, break_it):
    """Exit code, cause on stderr, which Argo CD shows, and no output, which it would deploy."""
    said = break_it(sidecar, chart)
    done = sidecar.generate(chart, env={"ENVIRONMENT": "production"})
    assert done.returncode != 0
    assert done.stdout == b""
    assert said in done.stderr.decode()


def test_an_unknown_environment_fails(sidecar, chart):
    done = sidecar.generate(chart, env={"ENVIRONMENT": "prodction"})
    assert (done.returncode, done.stdout) == (1, b"") and b"prodction" in done.stderr


def test_500_applications(sidecar, chart, programs, record_property):
    """The plugin's script for each, under a faked environment, with a Helm that prints what the real one has rendered once: its time is
    not ours. How long our part takes is told at the end of the run, and asserted nowhere."""
    rendered = subprocess.check_output([programs / "helm", "template", "any", chart])
    prepared = chart / "rendered.yaml"
    prepared.write_bytes(rendered.replace(b"name: cart", b"name: NAME"))
    (programs / "helm").unlink()
    (programs / "helm").write_text(f"#!/bin/sh\nexec sed \"s/NAME/$2/g\" {prepared}\n")
    (programs / "helm").chmod(0o755)
    for number in range(APPLICATIONS):
        name = f"app-{number}"
        done = sidecar.generate(chart, name=name, namespace=f"team-{number % 7}", env={"ENVIRONMENT": "production"})
        assert done.returncode == 0, done.stderr.decode()
        assert containers(find(done.stdout, "Deployment", name)) == ["log-agent", name]

    words = [paths.program(), "--config", sidecar.policies, "--environment=production", "--namespace=team", "--release=app"]
    times, used = [], children_seconds()
    for _ in range(APPLICATIONS):
        start = time.perf_counter()
        subprocess.run(words, input=prepared.read_bytes(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        times.append(1000 * (time.perf_counter() - start))
    used = 1000 * (children_seconds() - used) / APPLICATIONS
    record_property("told", f"argocd: {APPLICATIONS} applications; cloudlab-postrender takes {statistics.median(times):.1f} ms for each "
                            f"(median, {used:.1f} ms of processor on average)")


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def build(app, options, **environment):
    return subprocess.run([paths.tool("kustomize"), "build", *options.split(), app], env=clean_environment(**environment),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_kustomize_with_build_options(kustomize, programs):
    """The options of argocd-cm, and the program where the repo-server's patch puts it: on the PATH."""
    installed = Installed(kustomize, "kustomize")
    options = installed.config["kustomize.buildOptions"]
    [mount] = [each for each in installed.container("argocd-repo-server")["volumeMounts"] if each["name"] == "cloudlab-programs"]
    assert mount["mountPath"] == f"/usr/local/bin/{mount['subPath']}" and (programs / mount["subPath"]).exists()
    done = build(EXAMPLES / "kustomize/app", options, PATH=f"{programs}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr.decode()
    assert containers(find(done.stdout, "Deployment", "web")) == ["log-agent", "web"]


def test_legacy_plugins(kustomize, tmp_path):
    """The init container's own script makes the folder; no program that the repository names is run."""
    installed = Installed(kustomize, "legacy")
    options, container = installed.config["kustomize.buildOptions"], installed.container("cloudlab-plugins")
    assert "--enable-exec" not in options
    subprocess.run([*container["command"], *container["args"]], check=True, env=clean_environment(PLUGINS=tmp_path, PROGRAM=paths.krm()))
    done = build(EXAMPLES / "legacy/app", options, KUSTOMIZE_PLUGIN_HOME=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert containers(find(done.stdout, "Deployment", "web")) == ["log-agent", "web"]


def test_all_ways_make_the_same(kustomize, programs, tmp_path):
    options = Installed(kustomize, "kustomize").config["kustomize.buildOptions"]
    as_function = build(EXAMPLES / "kustomize/app", options, PATH=f"{programs}:{os.environ['PATH']}")
    folder = tmp_path / "plugins/cloudlab.dev/v1alpha1/sidecarpolicy"
    folder.mkdir(parents=True)
    (folder / "SidecarPolicy").symlink_to(paths.krm())
    as_plugin = build(EXAMPLES / "legacy/app", "--enable-alpha-plugins", KUSTOMIZE_PLUGIN_HOME=tmp_path / "plugins")
    assert by_identity(as_function.stdout) == by_identity(as_plugin.stdout) != {}
