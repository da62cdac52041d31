#!/usr/bin/env python3
"""Measures the program with all its policies against public tools that do one of its capabilities each, in one run; prints a table,
writes out/bench-peers.json; exits 1 if one of them takes less than 50 times as long.

All read the same stream and write their answer into a file, in which the edits are counted: a tool that did not do its work is no
peer. They run in turns, ours three times for each of up to three runs of a peer; medians count. The ratio is that of wall clock, as a
person waits; beside it stands that of CPU time, which a busy machine disturbs less. README.md says what each peer does and why so many
services.
"""
import dataclasses
import datetime
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

from bench import CORPUS, PROGRAM, TOP, Ran

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = pathlib.Path(os.environ.get("CLOUDLAB_TOOLS") or pathlib.Path.home() / ".cache/cloudlab/tools") / "bin"
FUNCTION = TOP / "out/bin/krm"
FLOOR = 50
RUNS = 3
ENOUGH = 60  # seconds of a peer after which no further run is begun
LINE = "{:<8}{:<30}{:<10}{:>8}{:>10}{:>8}{:>8}{:>11}"

# All policies of the program, and what each leaves in the output, at least once per service.
POLICIES = {
    "policies.yaml": ["cpu: 300m", "image: registry.example/agent:1.0"],
    "autoscaling.yaml": ["kind: HorizontalPodAutoscaler", "kind: PodDisruptionBudget"],
    "network.yaml": ["kind: NetworkPolicy"],
    "secrets.yaml": ["kind: ExternalSecret"],
}
# The KRM functions, one per policy, and the same of each.
FUNCTIONS = {
    "sidecars": ["image: registry.example/agent:1.0"],
    "tiers": ["cpu: 300m"],
    "autoscaling": ["kind: HorizontalPodAutoscaler", "kind: PodDisruptionBudget"],
    "network": ["kind: NetworkPolicy"],
    "secrets": ["secretKeyRef:"],
}


@dataclasses.dataclass
class Peer:
    """A tool, what its answer must hold at least once per service, and how it is asked: `words(folder, stream)` may put what the tool
    reads into a folder of its own."""
    name: str
    version: str
    does: str
    signs: list
    services: tuple
    words: object


def peers():
    build = [TOOLS / "kustomize", "build", "--enable-exec", "--enable-alpha-plugins"]
    fn_run = [TOOLS / "kustomize", "fn", "run", "--dry-run", "--enable-exec"]
    one, five = ["sidecars"], list(FUNCTIONS)
    return [
        Peer("kyverno, ClusterPolicy", pin("KYVERNO"), "tiers", ["cpu: 300m"], (2000,), lambda folder, stream:
             [TOOLS / "kyverno", "apply", HERE / "peers/kyverno-clusterpolicy.yaml", "--resource", stream]),
        Peer("kyverno, MutatingPolicy", pin("KYVERNO"), "tiers", ["cpu: 300m"], (500,), lambda folder, stream:
             [TOOLS / "kyverno", "apply", HERE / "peers/kyverno-mutatingpolicy.yaml", "--resource", stream]),
        Peer("kustomize build, 1 function", pin("KUSTOMIZE"), "sidecars", FUNCTIONS["sidecars"], (200, 500), lambda folder, stream:
             [*build, kustomization(folder, stream, one)]),
        Peer("kustomize build, 5 functions", pin("KUSTOMIZE"), "all five", every(FUNCTIONS), (200,), lambda folder, stream:
             [*build, kustomization(folder, stream, five)]),
        Peer("kustomize fn run, 1 function", pin("KUSTOMIZE"), "sidecars", FUNCTIONS["sidecars"], (2000,), lambda folder, stream:
             [*fn_run, "--fn-path", functions(folder, one), package(folder, stream)]),
    ]


def every(signs):
    return [sign for some in signs.values() for sign in some]


def pin(name):
    return re.search(rf"^{name}=(.*)$", (TOP / "tools/versions.env").read_text(), re.M)[1]


def package(folder, stream):
    """A folder with nothing but the stream in it."""
    (folder / "package").mkdir()
    os.link(stream, folder / "package/stream.yaml")
    return folder / "package"


def functions(folder, names):
    """A folder with the configurations of these functions, which name their program by its absolute path."""
    (folder / "functions").mkdir()
    for name in names:
        text = (HERE / f"peers/functions/{name}.yaml").read_text()
        (folder / f"functions/{name}.yaml").write_text(text.replace("./krm", str(FUNCTION)))
    return folder / "functions"


def kustomization(folder, stream, names):
    functions(folder, names)
    steps = "".join(f"  - functions/{name}.yaml\n" for name in names)
    (folder / "kustomization.yaml").write_text(f"resources:\n  - package/stream.yaml\ntransformers:\n{steps}")
    package(folder, stream)
    return folder


def ours():
    words = [PROGRAM, "--environment", "production", "--namespace", "shop", "--log-level", "error"]
    return words + [word for name in POLICIES for word in ("--config", HERE / name)]


def run(words, stdin, out, signs, services):
    """One measured run, after a look at what it has written."""
    ran = Ran(words, stdin, out)
    text = out.read_text()
    for sign in signs:
        if text.count(sign) < services:
            sys.exit(f"bench-peers: {' '.join(map(str, words))}: '{sign}' stands {text.count(sign)} times in the output, not {services}")
    return ran


def measure(peer, services, folder):
    folder.mkdir()
    stream, out = folder / f"{services}.yaml", folder / "out"
    with stream.open("wb") as file:
        subprocess.run([sys.executable, "-B", CORPUS / "shop.py", str(services)], stdout=file, check=True)
    words = peer.words(folder, stream)
    theirs, own = [], []
    while len(theirs) < RUNS and sum(ran.seconds for ran in theirs) < ENOUGH:
        own += [run(ours(), stream, out, every(POLICIES), services) for _ in range(3)]
        theirs.append(run(words, os.devnull, out, peer.signs, services))
    figures = {name: {"seconds": statistics.median(ran.seconds for ran in runs), "cpu": statistics.median(ran.cpu for ran in runs)}
               for name, runs in (("peer", theirs), ("ours", own))}
    command = " ".join(map(str, words)).replace(str(folder), "FOLDER").replace(f"{TOP}/", "").replace(f"{TOOLS}/", "")
    return {"name": peer.name, "version": peer.version, "does": peer.does, "services": services, "runs": len(theirs), "command": command,
            **figures,
            "times": figures["peer"]["seconds"] / figures["ours"]["seconds"],
            "times_cpu": figures["peer"]["cpu"] / figures["ours"]["cpu"]}


def main():
    os.environ["KUBECONFIG"] = os.devnull
    for needed in (PROGRAM, FUNCTION, TOOLS / "kyverno", TOOLS / "kustomize", CORPUS / "shop.py"):
        if not needed.is_file():
            sys.exit(f"bench-peers: {needed} is missing (make bench-peers, CLOUDLAB_CORPUS)")
    print(LINE.format("", "peer", "does", "services", "seconds", "ours", "times", "CPU times"), flush=True)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for peer in peers():
            for services in peer.services:
                row = measure(peer, services, pathlib.Path(folder) / str(len(rows)))
                rows.append(row)
                print(LINE.format("ok" if row["times"] >= FLOOR else "MISSED", row["name"], row["does"], services,
                                  f"{row['peer']['seconds']:.2f}", f"{row['ours']['seconds']:.3f}",
                                  f"{row['times']:.0f}", f"{row['times_cpu']:.0f}"), flush=True)
    result = {"date": datetime.date.today().isoformat(), "cores": os.cpu_count(), "floor": FLOOR, "ours": list(POLICIES), "peers": rows}
    (TOP / "out/bench-peers.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"floor: every peer takes at least {FLOOR} times as long as all policies of ours together")
    return 0 if all(row["times"] >= FLOOR for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
