#!/usr/bin/env python3
"""Compares the Silero detector with onnxruntime: same file, same core, same run; and draws the curves.

Usage:    python3 silero_vs_onnxruntime.py [--core N] [--rounds N] [--plots FOLDER]
Requires: pip install onnxruntime numpy (and matplotlib for --plots)
Exit code 1 when a gate does not hold.
"""

import argparse
import collections
import os
import pathlib
import statistics
import subprocess
import sys
import time
import wave

try:
    import numpy
    import onnxruntime
except ImportError as error:
    sys.exit(f"{error}; run `pip install onnxruntime numpy`, best in a virtual environment")

CRATE = pathlib.Path(__file__).resolve().parent.parent
MODEL = CRATE / "src/silero/model/silero_vad.onnx"
GOLDEN = CRATE.parent / "tests/golden"
# Name, sample rate in Hz, window and context in samples.
NETWORKS = [("16k", 16000, 512, 64), ("8k", 8000, 256, 32)]
STREAMS = [1, 10, 100, 1000]
# Our figure, the one of onnxruntime that it is divided by, the gate and the goal.
RATIOS = [
    ("window 16k", "window 16k", 0.17, 0.13),
    ("window 8k", "window 8k", 0.19, 0.15),
    ("window 16k_baseline", "window 16k", 0.30, 0.22),
    ("window 8k_baseline", "window 8k", 0.30, 0.22),
    ("cold 16k_4M", "cold 16k_4M", 0.25, 0.18),
    ("cold 8k_4M", "cold 8k_4M", 0.25, 0.18),
    ("cold 16k_64M", "cold 16k_64M", 0.25, 0.18),
    ("cold 8k_64M", "cold 8k_64M", 0.25, 0.18),
] + [(f"streams {name}_{count}",) * 2 + (None, None) for name, *_ in NETWORKS for count in STREAMS]
# Our figure, the least (or at most, for times) that it must be, the goal.
FIGURES = [
    ("ready 16k", None, 1.0),
    ("ready 8k", None, 1.0),
    ("speech 16000", 1000, 1500),
    ("speech 48000", 600, 1000),
]
TOLERANCE = 5e-5
# Sections of our benchmark that are compared round by round, and those that need only one.
# The other features would only take longer to build.
BENCH = "cargo bench --quiet -p lk-plugins --no-default-features --features silero --bench silero".split()
COMPARED = ["ready", "window", "cold", "streams"]
ALONE = ["memory", "speech", "length"]


def load_onnxruntime():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    return onnxruntime.InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"])


class Stream:
    """One stream of onnxruntime: its memory, bound once, so that nothing is copied."""

    def __init__(self, session, rate, window, context):
        self.session = session
        self.context = context
        self.input = numpy.random.default_rng(1).uniform(-0.3, 0.3, (1, context + window)).astype(numpy.float32)
        self.state = numpy.zeros((2, 1, 128), numpy.float32)
        self.rate = numpy.array(rate, numpy.int64)
        self.outputs = [numpy.zeros((1, 1), numpy.float32), numpy.zeros((2, 1, 128), numpy.float32)]
        self.binding = session.io_binding()
        for name, array in ("input", self.input), ("state", self.state), ("sr", self.rate):
            kind = array.dtype.type
            self.binding.bind_input(name, "cpu", 0, kind, array.shape, array.ctypes.data)
        for output, array in zip(session.get_outputs(), self.outputs):
            self.binding.bind_output(output.name, "cpu", 0, numpy.float32, array.shape, array.ctypes.data)

    def time(self):
        """Nanoseconds of one window."""
        start = time.perf_counter_ns()
        self.session.run_with_iobinding(self.binding)
        return time.perf_counter_ns() - start

    def hear(self, window):
        """Probability that a window is speech, after all windows before it."""
        self.input[0, : self.context] = self.input[0, -self.context :]
        self.input[0, self.context :] = window
        self.session.run_with_iobinding(self.binding)
        self.state[:] = self.outputs[1]
        return float(self.outputs[0][0, 0])


def time_onnxruntime():
    """Median microseconds per window by section and name."""
    session = load_onnxruntime()
    figures = {}
    for name, *network in NETWORKS:
        stream = Stream(session, *network)
        times = [stream.time() for _ in range(6000)]
        figures[f"window {name}"] = statistics.median(times[1000:]) / 1000
        for megabytes, rounds in (4, 1000), (64, 200):
            other_work = numpy.ones(megabytes << 20, numpy.uint8)
            times = []
            for _ in range(rounds):
                other_work[::64] += 1
                times.append(stream.time())
            figures[f"cold {name}_{megabytes}M"] = statistics.median(times) / 1000
        for count in STREAMS:
            streams = [Stream(session, *network) for _ in range(count)]
            times = [streams[turn % count].time() for turn in range(6000)]
            figures[f"streams {name}_{count}"] = statistics.median(times[1000:]) / 1000
    return figures


def run_ours(sections):
    """The lines of our benchmark by section and name."""
    output = subprocess.run([*BENCH, "--", *sections], cwd=CRATE, check=True, stdout=subprocess.PIPE, text=True).stdout
    figures = collections.defaultdict(list)
    for line in output.splitlines():
        section, name, value, unit = line.split(maxsplit=3)
        figures[f"{section} {name}"].append((value, unit))
    return figures


def compare_accuracy():
    """Whether both say the same about the golden recordings."""
    ours = run_ours(["probabilities"])
    holds = True
    for name, rate, window, context in NETWORKS:
        with wave.open(str(GOLDEN / f"austen_{name}.wav")) as recording:
            samples = numpy.frombuffer(recording.readframes(recording.getnframes()), "<i2").astype(numpy.float32)
        stream = Stream(load_onnxruntime(), rate, window, context)
        stream.input[:] = 0
        whole = len(samples) // window * window
        theirs = numpy.array([stream.hear(heard / 32767) for heard in samples[:whole].reshape(-1, window)])
        mine = numpy.array([float(value) for value, _ in ours[f"probabilities {name}"]])
        difference, flips = abs(mine - theirs).max(), int(((mine >= 0.5) != (theirs >= 0.5)).sum())
        holds &= difference <= TOLERANCE and flips == 0
        print(f"accuracy {name}: {len(mine)} windows, |dp| <= {difference:.1e} (gate {TOLERANCE:.0e}), {flips} flips at 0.5")
    return holds


def show(value):
    return "" if value is None else f"{value:g}"


def draw(folder, mine, other, alone):
    try:
        import matplotlib
    except ImportError as error:
        sys.exit(f"{error}; run `pip install matplotlib`, or leave out `--plots`")
    matplotlib.use("svg")
    # The same figures make the same file.
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "silero", "figure.figsize": (7, 4)})
    from matplotlib import pyplot

    def save(name, figure, axes, **labels):
        axes.set(xscale="log", **labels)
        axes.grid(True, which="both", alpha=0.3)
        axes.legend()
        figure.tight_layout()
        figure.savefig(folder / name, metadata={"Date": None})
        print(f"drew {folder / name}")

    figure, axes = pyplot.subplots()
    for name, *_ in NETWORKS:
        keys = [f"streams {name}_{count}" for count in STREAMS]
        axes.plot(STREAMS, [mine[key] for key in keys], "o-", label=f"ours, {name.replace('k', ' k')}Hz")
        axes.plot(STREAMS, [other[key] for key in keys], "s--", label=f"onnxruntime, {name.replace('k', ' k')}Hz")
    save("silero-streams.svg", figure, axes, xlabel="streams that take turns", ylabel="µs per window", ylim=(0, None))

    figure, axes = pyplot.subplots()
    lengths = collections.defaultdict(list)
    for key, [(value, _)] in alone.items():
        section, name = key.split()
        if section == "length":
            rate, seconds = map(int, name.split("_"))
            lengths[rate].append((seconds, float(value)))
    for rate, points in lengths.items():
        axes.plot(*zip(*points), "o-", label=f"{rate // 1000} kHz in, frames of 10 ms, network at 16 kHz")
    save("silero-length.svg", figure, axes, xlabel="seconds of audio", ylabel="ms of one core", yscale="log")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    parser.add_argument("--core", type=int, default=cores[-1] if cores else None, help="core to run on")
    rounds = "alternations of the two; the best of each is compared, since other work only ever adds time"
    parser.add_argument("--rounds", type=int, default=3, help=rounds)
    parser.add_argument("--plots", type=pathlib.Path, help="folder for the curves")
    arguments = parser.parse_args()

    subprocess.run([*BENCH, "--no-run"], cwd=CRATE, check=True)
    # Children inherit it.
    if cores:
        os.sched_setaffinity(0, {arguments.core})
    else:
        print("this system cannot pin a process to a core; expect noise")
    holds = compare_accuracy()
    alone = run_ours(ALONE)
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        theirs.append(time_onnxruntime())
        ours.append({key: float(value) for key, [(value, _)] in run_ours(COMPARED).items()})
    mine = {key: min(figures[key] for figures in ours) for key in ours[0]}
    other = {key: min(figures[key] for figures in theirs) for key in theirs[0]}

    print(f"\nonnxruntime {onnxruntime.__version__}, one thread, core {arguments.core}, best of {arguments.rounds} medians")
    print(f"{'benchmark':<20} {'ours µs':>8} {'onnxruntime µs':>15} {'ratio':>6} {'gate':>6} {'goal':>6}")
    for key, against, gate, goal in RATIOS:
        ratio = mine[key] / other[against]
        holds &= gate is None or ratio <= gate
        print(f"{key:<20} {mine[key]:>8.2f} {other[against]:>15.2f} {ratio:>6.3f} {show(gate):>6} {show(goal):>6}")

    alone = {key: [(show(value), "ms")] for key, value in mine.items() if key.startswith("ready")} | alone
    gates = {key: (gate, goal) for key, gate, goal in FIGURES}
    print(f"\n{'ours alone':<20} {'':>8} {'':>15} {'gate':>6} {'goal':>6}")
    for key, [(value, unit)] in alone.items():
        gate, goal = gates.get(key, (None, None))
        holds &= gate is None or float(value) >= gate
        print(f"{key:<20} {value:>8} {unit:<15} {show(gate):>6} {show(goal):>6}")
    if arguments.plots:
        draw(arguments.plots, mine, other, alone)
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
