"""One secret, put into hundreds of places (support/secret_places.py): variables, connection strings, entries and files of ConfigMaps and
Secret objects are rewritten; of every other place the run stops. In both cases no byte of what leaves the program holds the value.

That a rewritten stream does what it did before is judged by a model of the kubelet and the External Secrets Operator (support/pods.py):
with the value in the store, every container gets the same variables, arguments and files.
"""
import base64
import collections
import html
import itertools
import json
import re
import urllib.parse

import pytest

from support import pods, secret_places
from support.policy_yaml import load_all
from support.secret_places import VALUES

POLICY = """\
apiVersion: cloudlab.dev/v1alpha1
kind: SecretReferencePolicy
metadata: {name: app-secrets}
spec:
  match: {}
  provider:
    secretStoreRef: {kind: ClusterSecretStore, name: vault}
"""

# What the program does not do yet, by the name of the place. These places fail as expected, and one that comes to work fails the test:
# then its line goes.
GAPS = {
    r"^(variable|ConfigMap entry): copy.*: quotes"
    r"|^file: (app|single|list|ascii|config|escaped|init|double|settings|main|define)\.(yaml|yml|json|properties|toml|sql|sh|py|tf|php) .*: quotes":
        "a copy that is written with escapes (\\\", \\\\, '') is found by the proof, but not replaced: the run stops",
    r"^file: (block\.yaml|lines\.txt) .* and a copy: token": "a copy that fills a line is taken for base64: the run stops in place of replacing it",
    r"xml .* and a copy: (quotes|password)": "entities of XML are not looked for",
    r"double\.sh .*: password": "`\\$` in double quotes of a shell is taken for a variable",
    r"Secret: a file: (quotes|spaces)": "a password with blanks in a file counts for nothing, even in a Secret",
    r"argument: option and value: quotes": "not found",
    r"base64: of JSON: not ASCII": "base64 of JSON with \\u escapes is not looked for",
}


def parameters(places):
    for place in places:
        reason = next((reason for pattern, reason in GAPS.items() if re.search(pattern, place.id)), None)
        yield pytest.param(place, id=place.id, marks=[pytest.mark.xfail(reason=reason, strict=True)] if reason else [])


REWRITTEN = list(secret_places.rewritten())
STOPPED = list(secret_places.stopped())
COUNTS = collections.Counter(place.kind for place in REWRITTEN + STOPPED)


def needles(value):
    """What gives the value away in a text of which nothing has to be undone: itself, its longer lines, its base64."""
    lines = [line for line in value.split("\n") if len(line) >= 16] if "\n" in value else []
    for text in [value, *lines]:
        yield text
        for form in {text, urllib.parse.quote(text, safe=""), json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}:
            for shift in range(3):
                # The characters that depend on this text alone, not on what stands before and behind it.
                sure = base64.b64encode(b"\0" * shift + form.encode()).decode()[(0, 2, 3)[shift]:]
                behind = (shift + len(form.encode())) % 3
                sure = sure[:-(4 - behind)] if behind else sure
                yield sure
                yield sure.replace("+", "-").replace("/", "_")


def views(text):
    """The text, and what other readers make of it."""
    yield text
    joined = re.sub(r"\\?\n\s*\\?", "", text)
    yield from (joined, unescaped(joined))
    yield re.sub(r"\s+", " ", text)
    for plus in (str, lambda text: text.replace("+", " ")):
        yield urllib.parse.unquote(plus(text), errors="replace")
    once = unescaped(text)
    yield from (once, unescaped(once), text.replace("''", "'"), unescaped(text.replace("''", "'")), html.unescape(text))
    yield re.sub(r"\\(.)", r"\1", text)
    yield re.sub(r"\\(.)", r"\1", once)
    yield once.replace('""', '"')
    yield "\n".join(line.strip() for line in text.split("\n"))


def unescaped(text):
    text = re.sub(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", lambda match: chr(int(match[1] or match[2], 16)), text)
    return re.sub(r'\\(["\\/n])', lambda match: "\n" if match[1] == "n" else match[1], text)


def gives_away(text, value):
    searched = set(needles(value))
    found = ((view, needle) for view in views(text) for needle in searched if needle in view)
    return next((f"{needle!r} in {view[max(0, view.find(needle) - 40):][:120]!r}" for view, needle in found), None)


def outputs(shell, place, *words):
    shell.write("policy.yaml", POLICY)
    done = shell("--config", "policy.yaml", "--namespace=shop", "--log-level=debug", "--diff=diff", "--report=report.json", *words,
                 stdin=place.stream.encode())
    told = {"stdout": done.stdout.decode(), "stderr": done.stderr.decode()}
    for name in ("diff", "report.json"):
        if (shell.folder / name).exists():
            told[name] = (shell.folder / name).read_text()
    return done, told


def hidden(shell, place):
    """Runs the program; nothing that leaves it may tell of the value, which surely stands in the input."""
    value = VALUES[place.value]
    assert gives_away(place.stream, value), "the place does not hold the value"
    done, told = outputs(shell, place)
    assert {name: found for name, text in told.items() if (found := gives_away(text, value))} == {}
    return done, told


def cluster(text, store=None):
    return pods.Cluster(load_all(text), store)


def same(old, new):
    """Percent-encoding in capitals is the same as in small letters."""
    old, new = (re.sub("%[0-9a-f]{2}", lambda match: match[0].upper(), text or "", flags=re.IGNORECASE) for text in (old, new))
    return old == new


def difference(before, after):
    """What containers and Secrets would get that they did not get before; variables may be added."""
    old, new = before.seen(), after.seen()
    for container, seen in old.items():
        for part in ("words", "files"):
            if new[container][part] != seen[part]:
                return f"{part} of {container}: {seen[part]} -> {new[container][part]}"
        changed = {name: (value, new[container]["env"].get(name)) for name, value in seen["env"].items()
                   if not same(value, new[container]["env"].get(name))}
        if changed:
            return f"variables of {container}: {changed}"
    for name, entries in before.secrets.items():
        if after.secrets.get(name) != entries or after.types[name] != before.types[name]:
            return f"Secret {name}: {before.types[name]} {entries} -> {after.types[name]} {after.secrets.get(name)}"
    return None


def works_as_before(place, stdout):
    """Whether there is a store (of the value, and of whole texts around it) with which nothing changes for anybody."""
    before = cluster(place.stream)
    remotes = []
    cluster(stdout, lambda key, name: remotes.append((key, name)) or b"x")
    around = {content for entries in [*before.configs.values(), *before.secrets.values()] for content in entries.values()}
    around |= {value.encode() for seen in before.seen().values() for value in seen["env"].values()}
    value = VALUES[place.value].encode()
    around -= {value}
    held = [value, base64.b64encode(b"bot:" + value), *sorted(around, key=lambda text: (value not in text, text))]
    assert remotes, "nothing comes from the store"
    first = None
    for values in itertools.islice(itertools.product(held, repeat=len(set(remotes))), 2000):
        store = dict(zip(sorted(set(remotes)), values))
        try:
            found = difference(before, cluster(stdout, lambda key, name: store[key, name]))
        except pods.Broken as broken:
            found = f"broken: {broken}"
        if not found:
            return None
        first = first or found
    return first


@pytest.mark.parametrize("place", parameters(REWRITTEN))
def test_a_secret_is_replaced(shell, place):
    done, told = hidden(shell, place)
    assert done.returncode == 0, told["stderr"]
    assert works_as_before(place, told["stdout"]) is None
    second, _ = outputs(shell, secret_places.Place(place.kind, place.form, place.value, told["stdout"]))
    assert (second.returncode, second.stdout) == (0, done.stdout), "a second run changes something"


@pytest.mark.parametrize("place", parameters(STOPPED))
def test_a_secret_that_cannot_be_replaced_stops_the_run(shell, place):
    done, told = hidden(shell, place)
    assert (done.returncode, done.stdout) == (1, b""), told["stderr"]
    assert "[CL-E-" in told["stderr"]


def test_there_are_enough_places(capsys):
    gaps = sum(bool(place.marks) for place in parameters(REWRITTEN + STOPPED))
    with capsys.disabled():
        print(f"\n{len(REWRITTEN)} places to rewrite, {len(STOPPED)} to stop at, of both {gaps} with a known gap:",
              ", ".join(f"{count} {kind}" for kind, count in COUNTS.items()))
    assert len(REWRITTEN) >= 200 and len(STOPPED) >= 100
    assert len({place.id for place in REWRITTEN + STOPPED}) == len(REWRITTEN + STOPPED)
