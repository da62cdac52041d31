"""Gives everything in a stream of manifests that has a name another name, everywhere where it is named.

Renamed are objects of all kinds, namespaces and hosts outside, in all values of the stream: in URLs, in scripts and in whole
files inside of ConfigMaps, and in the keys of these and of labels; and as PRODUCT_CATALOG, product_catalog and Product-catalog, as
names of variables, keys and titles have them. What the API reads (kinds, its own field names) stays. The new names are invented
and end in a number, so that no ordinary word is among them.

Not renamed are names that are parts of longer words (`productcatalogcache`), and those that only a program knows. Where one name
is also a word of some format (`prometheus` in a collector's configuration) all of that is renamed as well, which changes nothing
for those who read addresses only.
"""
import itertools
import re

import yaml

SYLLABLES = "bor dun fel gim hox jat kel lom nim pav quil rux sav tov vex wim yor zan".split()
UNTOUCHED = {"apiVersion", "kind"}  # Fields that the API reads.
FREE_KEYS = {"data", "stringData", "binaryData", "labels", "matchLabels", "selector", "annotations"}


class Renaming:
    def __init__(self, documents, namespace, hosts=()):
        """For these documents, of which some name no namespace, and hosts outside that they mention."""
        named = {document["metadata"]["name"] for document in documents if document["kind"] != "Namespace"}
        specs = [document.get("spec") or {} for document in documents]
        ports = {port["name"] for spec in specs for port in spec.get("ports") or [] if "name" in port}
        namespaces = {namespace, *(document["metadata"].get("namespace", namespace) for document in documents)}
        fresh = (f"{a}{b}{n}" for n in itertools.count(7) for a, b in itertools.product(SYLLABLES, SYLLABLES))
        self.names = {old: next(fresh) for old in sorted(named - ports - namespaces)}
        self.namespaces = {old: next(fresh) for old in sorted(namespaces)}
        self.hosts = {old: f"{next(fresh)}.example.net" for old in sorted(hosts)}
        spelled = {}
        for old, new in self.names.items():
            snake = old.replace("-", "_")
            spelled |= {old: new, snake: new, snake.upper(): new.upper(), old.capitalize(): new.capitalize()}
        self.words = spelled
        self.pattern = self.longest_first(spelled)
        self.in_dns = re.compile(rf"(?<=\.)({'|'.join(map(re.escape, self.namespaces))})(?=\.svc\b|[:/\"'\s]|$)")
        self.outside = self.longest_first(self.hosts) if self.hosts else None

    @staticmethod
    def longest_first(words):
        """Whole words: `cart` is in `cart.shop`, `cart-0` and `CART_ADDR`, but neither in `carts` nor in `cart-cache`."""
        choice = "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word))))
        return re.compile(rf"(?<![A-Za-z0-9])(?<![A-Za-z0-9]-)({choice})(?![A-Za-z0-9]|-[A-Za-z])")

    def text(self, text):
        if self.outside:
            text = self.outside.sub(lambda match: self.hosts[match[0]], text)
        text = self.in_dns.sub(lambda match: self.namespaces[match[0]], text)
        return self.pattern.sub(lambda match: self.words[match[0]], text)

    def namespace(self, name):
        return self.namespaces.get(name, name)

    def tree(self, value, field=""):
        if isinstance(value, str):
            if field in UNTOUCHED:
                return value
            return self.namespace(value) if field in ("namespace", "namespaces") else self.text(value)
        if isinstance(value, list):
            return [self.tree(item, field) for item in value]
        if not isinstance(value, dict):
            return value
        return {self.text(key) if field in FREE_KEYS else key: self.tree(item, key) for key, item in value.items()}

    def document(self, document):
        renamed = self.tree(document)
        if document["kind"] == "Namespace":
            renamed["metadata"]["name"] = self.namespace(document["metadata"]["name"])
        return renamed

    def edge(self, edge):
        """What an edge must be after the renaming."""
        def end(text):
            namespace, slash, rest = text.partition("/")
            return self.namespace(namespace) + slash + self.text(rest) if slash else text
        return {**edge, "client": end(edge["client"]), "to": end(edge["to"]), "host": self.text(edge["host"]),
                "namespace": self.namespace(edge["namespace"]), "evidence": [self.text(piece) for piece in edge["evidence"]]}


def dump(documents):
    return yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False)
