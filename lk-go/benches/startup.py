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
    """Wall time in ms and resident memory in MiB of one run."""
    with open(os.devnull, "wb") as nowhere:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere, env={"PATH": os.environ["PATH"]})
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} failed with {process.returncode}")
    return elapsed * 1e3, usage.ru_maxrss / 1024


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
        turns = [(run(listing), run(empty)) for _ in range(ROUNDS)]
    ours = statistics.median(turn[0][0] for turn in turns)
    theirs = statistics.median(turn[1][0] for turn in turns)
    ratio = statistics.median(turn[0][0] / turn[1][0] for turn in turns)
    resident = max(turn[0][1] for turn in turns)
    print("| what | `lk-go plugin list` | empty program | ratio | goal |\n|---|---:|---:|---:|---|")
    print(f"| wall time, ms (median) | {ours:.2f} | {theirs:.2f} | {ratio:.2f} | at most 1.5 |")
    print(f"| resident, MiB (most) | {resident:.1f} | {max(turn[1][1] for turn in turns):.1f} | | at most 12 |")
    print(f"| stripped, MiB | {size:.1f} | | | at most 15 |")


if __name__ == "__main__":
    main()
