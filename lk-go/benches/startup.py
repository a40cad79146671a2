#!/usr/bin/env python3
"""What starting lk-go costs, beside an empty Rust program, in one run.

    python3 lk-go/benches/startup.py [--python VENV] [--node DIR]

Builds both in release mode, strips a copy of lk-go, and runs `lk-go plugin list` and the empty program in turns. Prints the
median of the turns' ratios of wall time, the most memory that was resident, and the size of the stripped binary.

With a virtual environment in which `pip install livekit-agents livekit-plugins-openai livekit-plugins-silero` ran, and a
folder in which `npm install --ignore-scripts @livekit/agents @livekit/agents-plugin-openai @livekit/agents-plugin-silero
@livekit/rtc-node onnxruntime-node zod` ran, also what it takes LiveKit's two systems to import the plugins for OpenAI and
Silero and to list what registered itself.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUNDS = 400


def run(command):
    """Wall time in ms of one run. (Without `subprocess`, whose own work would count on both sides.)"""
    arguments = [os.fspath(argument) for argument in command]
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    start = time.perf_counter()
    child = os.posix_spawnp(arguments[0], arguments, os.environ, file_actions=quiet)
    status = os.waitpid(child, 0)[1]
    end = time.perf_counter()
    if status:
        sys.exit(f"{' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    return (end - start) * 1e3


def resident(command):
    """The most memory that was resident, in MiB. (A child's own figure would begin with Python's.)"""
    if not shutil.which("/usr/bin/time"):
        return "not measured: GNU time is missing"
    told = subprocess.run(["/usr/bin/time", "-f", "%M", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    return f"{int(told.stderr.split()[-1]) / 1024:.1f}"


PYTHON = """
from livekit.agents import Plugin
import livekit.plugins.openai, livekit.plugins.silero
print(*(f"{plugin.package} {plugin.version}" for plugin in Plugin.registered_plugins), sep="\\n")
"""
NODE = """
import { Plugin } from '@livekit/agents';
import '@livekit/agents-plugin-openai';
import '@livekit/agents-plugin-silero';
for (const plugin of Plugin.registeredPlugins) console.log(plugin.package, plugin.version);
process.exit(0);
"""
OTHER_ROUNDS = 15


def size_of(folder):
    """MiB of all files below."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink()) / 2**20


def others(arguments, folder):
    """What each of LiveKit's systems is called, how it is started, and where its packages are."""
    if arguments.python:
        venv = pathlib.Path(arguments.python).absolute()
        yield "LiveKit Agents, Python", [venv / "bin" / "python", "-c", PYTHON], venv / "lib"
    if arguments.node:
        project = pathlib.Path(arguments.node).absolute()
        (project / "startup.mjs").write_text(NODE)
        yield "LiveKit Agents, Node.js", ["node", project / "startup.mjs"], project / "node_modules"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", metavar="VENV")
    parser.add_argument("--node", metavar="DIR")
    arguments = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "--quiet", "--package", "lk-go"], cwd=ROOT, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "empty.rs").write_text("fn main() {}\n")
        subprocess.run(["rustc", "-O", "--edition", "2024", "-o", folder / "empty", folder / "empty.rs"], check=True)
        shutil.copy(target / "release" / "lk-go", folder / "lk-go")
        subprocess.run(["strip", folder / "lk-go"], check=True)
        size = (folder / "lk-go").stat().st_size / 2**20
        listing, empty = [folder / "lk-go", "plugin", "list"], [folder / "empty"]
        if hasattr(os, "sched_setaffinity"):
            # One core, and what is started on it: else each start may find another core's caches.
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        for command in (listing, empty):
            for _ in range(20):
                run(command)
        memory = resident(listing), resident(empty)
        turns = [(run(listing), run(empty)) for _ in range(ROUNDS)]
        rows = []
        for name, command, packages in others(arguments, folder):
            run(command)
            times = [(run(command), run(listing)) for _ in range(OTHER_ROUNDS)]
            rows.append((name, times, resident(command), size_of(packages)))
    ours = statistics.median(turn[0] for turn in turns)
    theirs = statistics.median(turn[1] for turn in turns)
    ratio = statistics.median(turn[0] / turn[1] for turn in turns)
    print("| what | `lk-go plugin list` | empty program | ratio | goal |\n|---|---:|---:|---:|---|")
    print(f"| wall time, ms (median) | {ours:.2f} | {theirs:.2f} | {ratio:.2f} | at most 1.5 |")
    print(f"| resident, MiB | {memory[0]} | {memory[1]} | | at most 12 |")
    print(f"| stripped, MiB | {size:.1f} | | | at most 15 |")
    if rows:
        print("\n| what | wall time, ms | times lk-go's | resident, MiB | packages, MiB |\n|---|---:|---:|---:|---:|")
    for name, times, memory, packages in rows:
        wall, ratio = (statistics.median(values) for values in zip(*((one, one / two) for one, two in times)))
        print(f"| {name} | {wall:.0f} | {ratio:.0f} | {memory} | {packages:.0f} |")


if __name__ == "__main__":
    main()
