"""What the containers of a stream get to see: variables, arguments and mounted files, as the kubelet makes them of ConfigMaps and
Secrets, and Secrets as the External Secrets Operator makes them of a store.

Read is only what tests need, in a template for instance what cloudlab writes. What is missing fails: a container that does not start.
"""
import base64
import json
import re
import urllib.parse

PLACEHOLDER = re.compile(r'\{\{ (?:"(?P<text>\{\{)"|(?:index \. (?P<index>"(?:[^"\\]|\\.)*")|\.(?P<name>\w+))(?P<pipe>(?: \| [^|}]+)*)) \}\}')
QUERY = ' | urlquery | replace "+" "%20"'


class Broken(Exception):
    """A container would not start, or the operator would not make a Secret."""


def rendered(template, data):
    """A template of an ExternalSecret; `data` are bytes by their secretKey."""
    def put(match):
        if match["text"]:
            return match["text"]
        name = match["name"] or json.loads(match["index"])
        if name not in data:
            raise Broken(f"the template asks for {name}")
        text = data[name].decode()
        if match["pipe"] == QUERY:
            return urllib.parse.quote_plus(text, safe="").replace("+", "%20")
        if match["pipe"]:
            raise Broken(f"unknown functions in a template: {match['pipe']}")
        return text
    if "{{" in PLACEHOLDER.sub("", template):
        raise Broken(f"no template: {template}")
    return PLACEHOLDER.sub(put, template)


def made_secret(spec, store):
    """The entries of the Secret that an ExternalSecret makes; store(key, property) gives bytes."""
    data = {}
    for entry in spec["data"]:
        remote = entry["remoteRef"]
        value = store(remote["key"], remote.get("property"))
        if remote.get("decodingStrategy") == "Base64":
            value = base64.b64decode(value, validate=True)
        data[entry["secretKey"]] = value
    template = spec["target"].get("template") or {}
    if "data" in template:
        return {key: rendered(text, data).encode() for key, text in template["data"].items()}
    return data


class Cluster:
    def __init__(self, documents, store=None):
        self.store = store
        self.configs, self.secrets, self.types, self.workloads = {}, {}, {}, []
        for document in documents:
            for item in document.get("items", [document]):
                self.add(item)

    def add(self, item):
        kind, name = item["kind"], item["metadata"]["name"]
        if kind == "ConfigMap":
            binary = {key: base64.b64decode(text) for key, text in (item.get("binaryData") or {}).items()}
            self.configs[name] = {key: text.encode() for key, text in (item.get("data") or {}).items()} | binary
        elif kind == "Secret":
            data = {key: base64.b64decode("".join(text.split())) for key, text in (item.get("data") or {}).items()}
            self.secrets[name] = data | {key: text.encode() for key, text in (item.get("stringData") or {}).items()}
            self.types[name] = item.get("type", "Opaque")
        elif kind == "ExternalSecret":
            target = item["spec"]["target"]
            self.secrets[target["name"]] = made_secret(item["spec"], self.store)
            self.types[target["name"]] = (target.get("template") or {}).get("type", "Opaque")
        else:
            pod = pod_of(item)
            if pod:
                self.workloads.append((f"{kind}/{name}", pod))

    def seen(self):
        """By workload and container: its variables, command line and files. And every Secret by name, with its type."""
        result = {}
        for name, pod in self.workloads:
            volumes = {volume["name"]: self.files(volume) for volume in pod.get("volumes") or []}
            for container in (pod.get("initContainers") or []) + pod["containers"]:
                env = self.variables(container)
                words = [expanded(word, env) for word in (container.get("command") or []) + (container.get("args") or [])]
                result[name, container["name"]] = {"env": env, "words": words, "files": mounted(container, volumes)}
        return result

    def entry(self, owner, reference):
        of = owner.get(reference["name"])
        if of is None or reference["key"] not in of:
            if reference.get("optional"):
                return None
            raise Broken(f"no entry {reference['name']}/{reference['key']}")
        return of[reference["key"]]

    def variables(self, container):
        env = {}
        for source in container.get("envFrom") or []:
            of, reference = (self.configs, source["configMapRef"]) if "configMapRef" in source else (self.secrets, source["secretRef"])
            if reference["name"] not in of and not reference.get("optional"):
                raise Broken(f"no {reference['name']}")
            for key, value in of.get(reference["name"], {}).items():
                env[source.get("prefix", "") + key] = value.decode(errors="replace")
        for variable in container.get("env") or []:
            origin = variable.get("valueFrom")
            if not origin:
                env[variable["name"]] = expanded(variable.get("value") or "", env)
                continue
            of, reference = (self.configs, origin["configMapKeyRef"]) if "configMapKeyRef" in origin else (self.secrets, origin["secretKeyRef"])
            value = self.entry(of, reference)
            if value is not None:
                env[variable["name"]] = value.decode(errors="replace")
        return env

    def files(self, volume):
        """Path to content and mode."""
        result = {}
        whole = volume.get("projected", {})
        for source in whole.get("sources", [volume]):
            for kind, of, name in (("configMap", self.configs, "name"), ("secret", self.secrets, "name" if whole else "secretName")):
                if kind not in source:
                    continue
                reference = source[kind]
                owner = of.get(reference[name])
                if owner is None and not reference.get("optional"):
                    raise Broken(f"no {reference[name]}")
                owner = owner or {}
                items = reference.get("items") or [{"key": key, "path": key} for key in owner]
                mode = (whole or reference).get("defaultMode", "0644")
                for item in items:
                    if item["key"] not in owner:
                        if reference.get("optional"):
                            continue
                        raise Broken(f"no entry {item['key']} in {reference[name]}")
                    result[item["path"]] = (owner[item["key"]], str(item.get("mode", mode)))
        return result


def pod_of(item):
    spec = item.get("spec") or {}
    if item["kind"] == "Pod":
        return spec
    if item["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return (spec.get("template") or {}).get("spec")


def expanded(text, env):
    """`$(NAME)` by what was defined before, `$$` for a dollar."""
    return re.sub(r"\$\$|\$\(([^()$]*)\)", lambda match: "$" if match[0] == "$$" else env.get(match[1], match[0]), text)


def mounted(container, volumes):
    result = {}
    for mount in container.get("volumeMounts") or []:
        files = volumes[mount["name"]]
        if mount.get("subPath"):
            if mount["subPath"] not in files:
                raise Broken(f"no file {mount['subPath']}")
            result[mount["mountPath"]] = files[mount["subPath"]]
        else:
            result |= {f"{mount['mountPath']}/{path}": file for path, file in files.items()}
    return result
