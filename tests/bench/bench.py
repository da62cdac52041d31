#!/usr/bin/env python3
"""Measures speed and memory in one run, prints a table, writes out/bench.json; exits 1 if a floor is missed.

Machines differ and are busy, so every floor is a ratio of two figures that were taken in turns: scanning to memchr, the program to
`yq '.'`, twice the documents to once, process start to a C program that does nothing. Times are wall clock from spawn to exit, as
a person waits; the median of several runs counts. Only this program asserts time, never a test.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = TOP / "out/bin/cloudlab-postrender"
CORE = TOP / "out/build/dev/tests/bench_core"
POLICIES = TOP / "tests/bench/policies.yaml"
YQ = pathlib.Path(os.environ.get("CLOUDLAB_TOOLS") or pathlib.Path.home() / ".cache/cloudlab/tools") / "bin/yq"
CORPUS = pathlib.Path(os.environ.get("CLOUDLAB_CORPUS") or TOP / "../shared/corpus").resolve()
RENDER = [PROGRAM, "--config", POLICIES, "--environment", "production", "--log-level", "error"]
SCALE = [*RENDER, "--config", TOP / "tests/bench/autoscaling.yaml"]
NETWORK = [*SCALE, "--config", TOP / "tests/bench/network.yaml", "--namespace", "shop"]
ALL = [*NETWORK, "--config", TOP / "tests/bench/secrets.yaml"]
MIB = 1 << 20


class Ran:
    """One process: seconds from spawn to exit, CPU seconds with its children's, and its largest resident set in bytes."""

    def __init__(self, words, stdin=os.devnull, stdout=os.devnull):
        words = [str(word) for word in words]
        actions = [(os.POSIX_SPAWN_OPEN, 0, str(stdin), os.O_RDONLY, 0),
                   (os.POSIX_SPAWN_OPEN, 1, str(stdout), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)]
        begin = time.perf_counter()
        pid = os.posix_spawn(words[0], words, os.environ, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
        self.seconds = time.perf_counter() - begin
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss * 1024
        if os.waitstatus_to_exitcode(status) != 0:
            sys.exit(f"bench: {' '.join(words)} failed")


def in_turns(runs, *commands):
    """The median seconds of each (words, stdin), run one after the other `runs` times."""
    times = [[Ran(*command).seconds for command in commands] for _ in range(runs)]
    return [statistics.median(column) for column in zip(*times)]


def make_inputs(folder):
    inputs = {}
    for name, services in (("10 kB chart", 4), ("2,000 services", 2000), ("10,000 services", 10000), ("20,000 services", 20000)):
        inputs[name] = folder / f"{services}.yaml"
        with inputs[name].open("wb") as out:
            subprocess.run([sys.executable, "-B", CORPUS / "shop.py", str(services)], stdout=out, check=True)
    return inputs


def static_c(folder):
    """A static program that does nothing: what it takes to start any process here."""
    source = folder / "nothing.c"
    source.write_text("int main(void) { return 0; }\n")
    subprocess.run(["cc", "-O2", "-static", "-o", folder / "nothing", source], check=True)
    return folder / "nothing"


def measure(folder):
    inputs = make_inputs(folder)
    # Both are beyond all caches; from 2,000 services to 20,000 the machine would be measured, too.
    shop, half, whole = inputs["2,000 services"], inputs["10,000 services"], inputs["20,000 services"]
    core = json.loads(subprocess.run([CORE, shop], check=True, stdout=subprocess.PIPE).stdout)
    ours, yq = in_turns(7, (RENDER, shop), ([YQ, "."], shop))
    once, twice = in_turns(5, (RENDER, half), (RENDER, whole))
    scaled, yq_again = in_turns(7, (SCALE, shop), ([YQ, "."], shop))
    scaled_once, scaled_twice = in_turns(5, (SCALE, half), (SCALE, whole))
    closed, yq_then = in_turns(7, (NETWORK, shop), ([YQ, "."], shop))
    closed_once, closed_twice = in_turns(5, (NETWORK, half), (NETWORK, whole))
    all_five, yq_last = in_turns(7, (ALL, shop), ([YQ, "."], shop))
    all_once, all_twice = in_turns(5, (ALL, half), (ALL, whole))
    start, nothing, chart = in_turns(201, ([PROGRAM, "--version"],), ([static_c(folder)],), (RENDER, inputs["10 kB chart"]))
    size = shop.stat().st_size
    memory = Ran(RENDER, shop).memory
    memory_of_all = Ran(ALL, shop).memory
    return {
        "core": core,
        "bytes": size,
        "seconds": {"2,000 services": ours, "yq .": yq, "20,000 services": twice, "with autoscaling": scaled, "with network": closed, "with secrets": all_five,
                    "10 kB chart": chart, "--version": start, "static C": nothing},
        "memory": memory,
        "memory_with_secrets": memory_of_all,
        "times_yq": yq / ours,
        "times_yq_with_autoscaling": yq_again / scaled,
        "times_yq_with_network": yq_then / closed,
        "times_yq_with_secrets": yq_last / all_five,
        "times_for_twice": twice / once,
        "times_for_twice_with_autoscaling": scaled_twice / scaled_once,
        "times_for_twice_with_network": closed_twice / closed_once,
        "times_for_twice_with_secrets": all_twice / all_once,
        "times_static_c": start / nothing,
        "memory_allowed": 16 * MIB + 8 * size,
    }


def floors(m):
    """(what, value, "at least" or "at most", limit) of everything that must hold."""
    return [
        ("scan, share of memchr's speed", m["core"]["scan"]["of_memchr"], "at least", 0.12),
        ("whole process, times as fast as yq '.'", m["times_yq"], "at least", 20),
        ("peak memory, MiB", m["memory"] / MIB, "at most", m["memory_allowed"] / MIB),
        ("20,000 services, times as long as 10,000", m["times_for_twice"], "at most", 2.2),
        ("the same with autoscaling", m["times_for_twice_with_autoscaling"], "at most", 2.2),
        ("the same with network policies", m["times_for_twice_with_network"], "at most", 2.2),
        ("the same with secrets, too", m["times_for_twice_with_secrets"], "at most", 2.2),
        ("--version, times as long as a static C program", m["times_static_c"], "at most", 3),
    ]


def print_figures(m):
    print(f"core, on {m['bytes'] / 1e6:.1f} MB (memchr: {m['core']['memchr']['mb_per_s']:,} MB/s)")
    for name in ("scan", "edit", "edit_and_prove"):
        figure = m["core"][name]
        print(f"  {name.replace('_', ' '):<16}{figure['mb_per_s']:>7,} MB/s{figure['of_memchr']:>9.3f} of memchr")
    print("whole process, milliseconds")
    for name, seconds in m["seconds"].items():
        print(f"  {name:<16}{seconds * 1e3:>10.2f}")
    print(f"  with autoscaling: {m['times_yq_with_autoscaling']:.1f} times as fast as yq '.'")
    print(f"  with network: {m['times_yq_with_network']:.1f} times as fast as yq '.'")
    print(f"  with secrets, too: {m['times_yq_with_secrets']:.1f} times as fast as yq '.', {m['memory_with_secrets'] / MIB:.1f} MiB")


def main():
    for needed in (PROGRAM, CORE, YQ, CORPUS / "shop.py"):
        if not needed.is_file():
            sys.exit(f"bench: {needed} is missing (make build, tools/get yq, CLOUDLAB_CORPUS)")
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(pathlib.Path(folder))
    rows = floors(figures)
    passed = [value >= limit if word == "at least" else value <= limit for _, value, word, limit in rows]
    figures["floors"] = [dict(zip(("what", "value", "word", "limit"), row), passed=ok) for row, ok in zip(rows, passed)]
    (TOP / "out/bench.json").write_text(json.dumps(figures, indent=1) + "\n")
    print_figures(figures)
    print("floors")
    for (what, value, word, limit), ok in zip(rows, passed):
        print(f"  {'ok    ' if ok else 'MISSED'}  {what:<48}{value:>8.3f}  {word} {limit:g}")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
