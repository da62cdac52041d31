#!/usr/bin/env python3
"""What the KRM function costs: a ResourceList against the same content as a stream, and our function in `kustomize build` against
the function `cat` and against none. Prints a table, writes out/bench-functions.json; exits 1 if a limit is missed.

What `cat` gives back is what it got; the pair that is limited is therefore ours with policies that select nothing, which is the whole way
of the program without an edit. With edits kustomize has more to read, which is told beside it.

Everything is measured in turns, in one run, and only ratios count (see README.md). 10,000 items are 4.9 MB. `kustomize build`
of 1,000 resources takes seconds by itself, so that of the pairs the median of 11 ratios is taken.
"""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import yaml

from bench import CORPUS, MIB, POLICIES, TOP, Ran, in_turns

KRM = TOP / "out/bin/cloudlab-krm"
POSTRENDER = TOP / "out/bin/cloudlab-postrender"
PAIRS = 11


def shop(services):
    return subprocess.run([sys.executable, "-B", CORPUS / "shop.py", str(services)], check=True, stdout=subprocess.PIPE, text=True).stdout


def pipeline(edits=True, **metadata):
    """The policies of `make bench` as one functionConfig; without `edits` for workloads that nobody has."""
    policies = list(yaml.safe_load_all(POLICIES.read_text()))
    for policy in policies:
        if not edits and "match" in policy["spec"]:
            policy["spec"]["match"] = {"any": [{"kinds": ["Workload"], "names": ["no-such-workload"]}]}
    return {"apiVersion": "cloudlab.dev/v1alpha1", "kind": "Pipeline", "metadata": {"name": "all", **metadata},
            "spec": {"environment": "production", "policies": policies}}


def as_list(stream):
    out = ["apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n"]
    for text in stream.split("---\n"):
        lines = [line for line in text.splitlines(keepends=True) if line.strip() and not line.startswith("#")]
        out += [("- " if i == 0 else "  ") + line for i, line in enumerate(lines)]
    config = yaml.safe_dump(pipeline())
    return "".join(out) + "functionConfig:\n" + "".join(f"  {line}" for line in config.splitlines(keepends=True))


def measure_list(folder):
    stream = shop(2000)
    (folder / "stream.yaml").write_text(stream)
    (folder / "list.yaml").write_text(as_list(stream))
    (folder / "config.yaml").write_text(yaml.safe_dump(pipeline()))
    quiet = ["--log-level", "error"]
    times = in_turns(15, ([POSTRENDER, "--config", folder / "config.yaml", *quiet], folder / "stream.yaml"), ([KRM, *quiet], folder / "list.yaml"))
    memory = Ran([KRM, *quiet], folder / "list.yaml").memory
    return {"bytes": (folder / "list.yaml").stat().st_size, "stream": times[0], "list": times[1], "times": times[1] / times[0],
            "memory": memory}


def kustomization(folder, name, function, edits=True):
    """A folder with 1,000 resources and a transformer that calls `function`, or none."""
    made = folder / name
    made.mkdir()
    (made / "all.yaml").write_text(shop(200))
    root = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": ["all.yaml"]}
    if function:
        note = json.dumps({"exec": {"path": str(function)}})
        (made / "function.yaml").write_text(yaml.safe_dump(pipeline(edits, annotations={"config.kubernetes.io/function": note})))
        root["transformers"] = ["function.yaml"]
    (made / "kustomization.yaml").write_text(yaml.safe_dump(root))
    return made


def measure_kustomize(folder, kustomize):
    words = [kustomize, "build", "--enable-alpha-plugins", "--enable-exec"]
    folders = {"ours": kustomization(folder, "ours", KRM, edits=False), "cat": kustomization(folder, "cat", "/bin/cat"),
               "edits": kustomization(folder, "edits", KRM), "none": kustomization(folder, "none", None)}
    rows = [{name: Ran([*words, made]) for name, made in folders.items()} for _ in range(PAIRS)]

    def ratio(a, b, what="seconds"):
        return statistics.median(getattr(row[a], what) / getattr(row[b], what) for row in rows)

    return {"seconds": {name: statistics.median(row[name].seconds for row in rows) for name in folders},
            "times_cat": ratio("ours", "cat"), "times_cat_cpu": ratio("ours", "cat", "cpu"), "times_none": ratio("ours", "none"),
            "edits_times_cat": ratio("edits", "cat"), "edits_times_cat_cpu": ratio("edits", "cat", "cpu")}


def main():
    kustomize = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        listed = measure_list(pathlib.Path(folder))
        built = measure_kustomize(pathlib.Path(folder), kustomize)
    rows = [("a list of 10,000 items, times as long as the stream", listed["times"], 1.5),
            ("kustomize build with ours, times as long as with cat", built["times_cat"], 1.02)]
    (TOP / "out/bench-functions.json").write_text(json.dumps({"list": listed, "kustomize": built}, indent=1) + "\n")
    print(f"{listed['bytes'] / 1e6:.1f} MB: stream {listed['stream'] * 1e3:.1f} ms, list {listed['list'] * 1e3:.1f} ms, {listed['memory'] / MIB:.1f} MiB")
    print(f"kustomize build of 1,000 resources, median of {PAIRS}, seconds: " + ", ".join(f"{name} {value:.2f}" for name, value in built["seconds"].items()))
    print(f"  ours against cat in CPU time {built['times_cat_cpu']:.3f}, against no function {built['times_none']:.2f};"
          f" with edits against cat {built['edits_times_cat']:.3f}, in CPU time {built['edits_times_cat_cpu']:.3f}")
    for what, value, limit in rows:
        print(f"  {'ok    ' if value <= limit else 'MISSED'}  {what:<56}{value:>7.3f}  at most {limit:g}")
    return 0 if all(value <= limit for _, value, limit in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
