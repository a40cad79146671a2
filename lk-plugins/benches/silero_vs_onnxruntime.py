#!/usr/bin/env python3
"""Compares the Silero forward pass with onnxruntime: same file, same core, same run.

Usage:    python3 silero_vs_onnxruntime.py [--core N] [--rounds N]
Requires: pip install onnxruntime numpy
Exit code 1 when a ratio is above its goal.
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

try:
    import numpy
    import onnxruntime
except ImportError as error:
    sys.exit(f"{error}; run `pip install onnxruntime numpy`, best in a virtual environment")

CRATE = pathlib.Path(__file__).resolve().parent.parent
MODEL = CRATE / "src/silero/model/silero_vad.onnx"
# Name, sample rate in Hz, window and context in samples.
NETWORKS = [("16k", 16000, 512, 64), ("8k", 8000, 256, 32)]
# Benchmark, network of onnxruntime that it is compared with, highest allowed ratio.
GOALS = [("16k", "16k", 0.17), ("8k", "8k", 0.19), ("16k_baseline", "16k", 0.30), ("8k_baseline", "8k", 0.30)]


def time_onnxruntime():
    """Median microseconds per window of each network, on one thread and without copying inputs or outputs."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    session = onnxruntime.InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"])
    medians = {}
    for name, rate, window, context in NETWORKS:
        noise = numpy.random.default_rng(1).uniform(-0.3, 0.3, (1, context + window)).astype(numpy.float32)
        binding = session.io_binding()
        binding.bind_cpu_input("input", noise)
        binding.bind_cpu_input("state", numpy.zeros((2, 1, 128), numpy.float32))
        binding.bind_cpu_input("sr", numpy.array(rate, numpy.int64))
        outputs = [numpy.zeros((1, 1), numpy.float32), numpy.zeros((2, 1, 128), numpy.float32)]
        for output, array in zip(session.get_outputs(), outputs):
            binding.bind_output(output.name, "cpu", 0, numpy.float32, array.shape, array.ctypes.data)
        times = []
        for run in range(6000):
            start = time.perf_counter_ns()
            session.run_with_iobinding(binding)
            if run >= 1000:
                times.append(time.perf_counter_ns() - start)
        medians[name] = statistics.median(times) / 1000
    return medians


def time_ours():
    """Microseconds per window of each benchmark, as criterion estimates them."""
    command = ["cargo", "bench", "--quiet", "--bench", "silero", "--", "^window/"]
    command += ["--output-format", "bencher", "--warm-up-time", "0.5", "--measurement-time", "2"]
    output = subprocess.run(command, cwd=CRATE, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = re.findall(r"^test window/(\S+) \.\.\. bench: +([\d,]+) ns/iter", output, re.MULTILINE)
    return {name: int(nanoseconds.replace(",", "")) / 1000 for name, nanoseconds in found}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    parser.add_argument("--core", type=int, default=cores[-1] if cores else None, help="core to run on")
    rounds = "alternations of the two; the best of each is compared, since other work only ever adds time"
    parser.add_argument("--rounds", type=int, default=3, help=rounds)
    arguments = parser.parse_args()

    subprocess.run(["cargo", "bench", "--quiet", "--bench", "silero", "--no-run"], cwd=CRATE, check=True)
    # Children inherit it.
    if cores:
        os.sched_setaffinity(0, {arguments.core})
    else:
        print("this system cannot pin a process to a core; expect noise")
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        theirs.append(time_onnxruntime())
        ours.append(time_ours())

    print(f"onnxruntime {onnxruntime.__version__}, one thread, core {arguments.core}, best of {arguments.rounds} medians")
    print(f"{'benchmark':<14} {'ours µs':>8} {'onnxruntime µs':>15} {'ratio':>6} {'goal':>6}")
    missed = False
    for benchmark, network, goal in GOALS:
        mine = min(round[benchmark] for round in ours)
        other = min(round[network] for round in theirs)
        missed |= mine / other > goal
        print(f"{benchmark:<14} {mine:>8.1f} {other:>15.1f} {mine / other:>6.3f} {goal:>6.2f}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
