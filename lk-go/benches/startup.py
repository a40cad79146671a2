#!/usr/bin/env python3
"""What starting lk-go costs, beside an empty Rust program, in one run.

    python3 lk-go/benches/startup.py

Builds both in release mode, strips a copy of lk-go, and runs `lk-go plugin list` and the empty program in turns. Prints the
median of the turns' ratios of wall time, the most memory that was resident, and the size of the stripped binary.
"""

import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUNDS = 400


def run(command):
    """Wall time in ms of one run."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - start) * 1e3


def resident(command):
    """The most memory that was resident, in MiB. (A child's own figure would begin with Python's.)"""
    if not shutil.which("/usr/bin/time"):
        return "not measured: GNU time is missing"
    told = subprocess.run(["/usr/bin/time", "-f", "%M", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    return f"{int(told.stderr.split()[-1]) / 1024:.1f}"


def main():
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
        for command in (listing, empty):
            for _ in range(20):
                run(command)
        memory = resident(listing), resident(empty)
        turns = [(run(listing), run(empty)) for _ in range(ROUNDS)]
    ours = statistics.median(turn[0] for turn in turns)
    theirs = statistics.median(turn[1] for turn in turns)
    ratio = statistics.median(turn[0] / turn[1] for turn in turns)
    print("| what | `lk-go plugin list` | empty program | ratio | goal |\n|---|---:|---:|---:|---|")
    print(f"| wall time, ms (median) | {ours:.2f} | {theirs:.2f} | {ratio:.2f} | at most 1.5 |")
    print(f"| resident, MiB | {memory[0]} | {memory[1]} | | at most 12 |")
    print(f"| stripped, MiB | {size:.1f} | | | at most 15 |")


if __name__ == "__main__":
    main()
