"""Case 26 of the conformance list: input that is made to do harm. Whatever comes, the function ends within seconds and below
1 GiB, with exit 1, a cause, and a list without items."""
import random
import resource
import subprocess

import pytest
import yaml

from support import paths
from support.manifests import Loader
from support.postrender import clean_environment

GIB = 1 << 30
SECONDS = 20  # A guard against hanging, far above what any of these takes.
HEAD = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n"


def bomb(levels=9):
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return HEAD + "- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: x}\n" + "".join(f"  {line}\n" for line in lines)


HOSTILE = {
    "self alias": HEAD + "- &a {apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: *a}\n",
    "alias bomb in the functionConfig": bomb().replace("items:\n- ", "items: []\nfunctionConfig:\n  "),
    "10,001 levels, flow": HEAD + "- " + "[" * 10_001 + "]" * 10_001 + "\n",
    "10,001 levels, block": HEAD + "- " + "- " * 10_001 + "x\n",
    "100 MB": HEAD + "- {apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: \"" + "x" * 100_000_000 + "\"}}\n",
    "100 MB of items": HEAD + "- {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}\n" * 1_900_000,
    "bad UTF-8": HEAD.encode() + b"- {apiVersion: v1, kind: ConfigMap, metadata: {name: \"\xc3\x28\"}}\n",
    "NUL": HEAD + "- a: \0\n",
    "tabs": HEAD + "-\tapiVersion: v1\n\tkind: ConfigMap\n",
    "never closed": HEAD + "- {a: [\"\n",
}


def call(text):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (2 * GIB, 2 * GIB))  # Virtual; the assertion below is about what was used.

    text = text if isinstance(text, bytes) else text.encode()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = subprocess.run([paths.krm()], input=text, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=SECONDS, preexec_fn=limit)
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert used < GIB or used == before * 1024
    return done


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile(text):
    done = call(text)
    assert done.returncode == 1, done.stderr.decode()
    answer = yaml.load(done.stdout, Loader)
    assert answer["items"] == [] and answer["results"][0]["severity"] == "error"
    assert b"error:" in done.stderr and len(done.stderr) < 10_000


def test_an_alias_bomb_that_nobody_opens_does_no_harm():
    """kustomize expands it without limit; here nothing is expanded, so the item leaves as it came."""
    text = bomb()
    done = call(text)
    assert done.returncode in (0, 1)
    assert done.returncode == 1 or text.split("items:\n")[1].encode() in done.stdout


def mutants(count, seed):
    """Lists that are broken at random: bytes changed, cut, doubled, or taken from elsewhere."""
    rng = random.Random(seed)
    seeds = [path.read_bytes() for path in sorted((paths.TOP / "tests/fuzz/seeds").iterdir()) if path.is_file()]
    for _ in range(count):
        body = b"".join(b"  " + line for line in rng.choice(seeds).splitlines(keepends=True))
        text = bytearray(HEAD.encode() + b"- " + body[2:] + b"\n")
        for _ in range(rng.randint(0, 2)):
            at = rng.randrange(len(text))
            kind = rng.randrange(4)
            if kind == 0:
                text[at] = rng.randrange(256)
            elif kind == 1:
                del text[at:at + rng.randint(1, 20)]
            elif kind == 2:
                text[at:at] = text[at:at + rng.randint(1, 40)]
            else:
                text[at:at] = rng.choice([b"&a ", b"*a ", b"- ", b": ", b"\n", b"{", b"]", b"|\n", b"---\n", b"!!x ", b"\t", b"#"])
        yield bytes(text)


def test_random_bytes():
    """Done or refused, never anything else; what is done is a list that a YAML reader accepts."""
    accepted = 0
    for text in mutants(400, seed=7):
        done = call(text)
        assert done.returncode in (0, 1), (done.returncode, text)
        fields = {key.value: value for key, value in yaml.compose(done.stdout, yaml.CSafeLoader).value}
        assert isinstance(fields["items"], yaml.SequenceNode)
        assert (done.returncode == 1) == (b"\n  severity: error\n" in done.stdout)
        accepted += done.returncode == 0
    assert 40 < accepted < 400
