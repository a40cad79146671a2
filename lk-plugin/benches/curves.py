#!/usr/bin/env python3
"""Draws how a cost grows, from the tables that benches print: rows of what was done, ours, somebody else's name, theirs.

Usage: cargo bench -p lk-plugin --bench registry | python3 curves.py FOLDER
Writes each curve whose rows are there to FOLDER, and passes the tables on. Beside benches/registry.rs these are
benches/dynamic.rs (how loading a file grows with its plugins) and lk-plugins/benches/openai (tokens with a reply's length).
"""

import math
import pathlib
import re
import sys
import typing


class Curve(typing.NamedTuple):
    file: str
    title: str
    # The rows whose names it has; the group is what it grows with, called `across`.
    pattern: str
    across: str = "plugins"
    ours: str = "Registry"
    # Whether the figures are divided by what it grows with.
    is_share: bool = False
    # Whether each step up is ten times as much: for contenders far apart.
    is_logarithmic: bool = False


CURVES = [
    Curve("registry-look-up.svg", "Look-up of a plugin that is there, ns", r"look-up among +(\d+), hit"),
    Curve("registry-build.svg", "Build of a registry, ns per plugin", r"build of +(\d+)", is_share=True),
    Curve(
        "dynamic-load.svg",
        "A file with many plugins, µs",
        r"load of a file with +(\d+)",
        across="plugins in the file",
        ours="load",
        is_logarithmic=True,
    ),
    Curve(
        "openai-tokens.svg",
        "CPU of a streamed token, µs",
        r"CPU of a token, replies of +(\d+)",
        across="tokens of a reply",
        ours="llm/openai",
        is_logarithmic=True,
    ),
]
COLOURS = ["#0b6e4f", "#c8553d", "#6c6f7d", "#3b5ba5"]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 60, 150, 40, 45


def rows(lines):
    """What, ours in ns, who else, theirs in ns."""
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 5 and re.fullmatch(r"[\d.]+", cells[1]):
            yield cells[0], float(cells[1]), cells[2], float(cells[3])


def series(table, curve):
    """For each contender its points: what the cost grows with, and the cost."""
    contenders = {}
    for what, ours, who, theirs in table:
        match = re.fullmatch(curve.pattern, what)
        if match:
            count = int(match[1])
            share = count if curve.is_share else 1
            contenders.setdefault(curve.ours, {})[count] = ours / share
            contenders.setdefault(who, {})[count] = theirs / share
    return contenders


def scale(values, is_logarithmic):
    """The marks of the upright axis, and how high a value stands between the first (0) and the last (1)."""
    if is_logarithmic:
        powers = range(math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))) + 1)
        # A mark at 1, 2 and 5 of each power of ten, or at 1 alone where that would be many.
        marks = [part * 10.0**power for power in powers for part in ((1, 2, 5) if len(powers) <= 4 else (1,))]
        low = max(mark for mark in marks if mark <= min(values))
        high = min(mark for mark in marks if mark >= max(values) and mark > low)
        marks = [mark for mark in marks if low <= mark <= high]
        return marks, lambda value: math.log(value / low) / math.log(high / low)
    step = 10 ** math.floor(math.log10(max(values)))
    step = next(step * part for part in (0.2, 0.5, 1, 2) if max(values) / (step * part) <= 6)
    steps = math.ceil(max(values) / step)
    return [number * step for number in range(steps + 1)], lambda value: value / (step * steps)


def svg(curve, contenders):
    counts = sorted({count for points in contenders.values() for count in points})
    values = [value for points in contenders.values() for value in points.values()]
    marks, height = scale(values, curve.is_logarithmic)
    span = max(math.log10(counts[-1] / counts[0]), 1)

    def x(count):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log10(count / counts[0]) / span

    def y(value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * height(value)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="14">{curve.title}</text>',
        f'<text x="{x(counts[-1])}" y="{HEIGHT - 8}" text-anchor="end">{curve.across}</text>',
    ]
    for mark in marks:
        at = y(mark)
        parts.append(f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{mark:g}</text>')
    for count in counts:
        parts.append(f'<text x="{x(count):.1f}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">{count:,}</text>')
    # The names stand beside the ends, not on each other, and not below the axis.
    ends = sorted(contenders.items(), key=lambda contender: y(contender[1][max(contender[1])]))
    names, beside = [], -math.inf
    for _, points in ends:
        beside = max(beside + 16, y(points[max(points)]) + 4)
        names.append(beside)
    beside = HEIGHT - BOTTOM + 20
    for number in reversed(range(len(names))):
        beside = names[number] = min(beside - 16, names[number])
    colours = dict(zip(contenders, COLOURS))
    for (who, points), beside in zip(ends, names):
        colour = colours[who]
        places = [(x(count), y(value)) for count, value in sorted(points.items())]
        line = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3" fill="{colour}"/>' for across, down in places]
        parts.append(f'<text x="{places[-1][0] + 8:.1f}" y="{beside:.1f}" fill="{colour}">{who}</text>')
    return "\n".join(parts + ["</svg>\n"])


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    lines = sys.stdin.readlines()
    table = list(rows(lines))
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for curve in CURVES:
        contenders = series(table, curve)
        if contenders:
            (folder / curve.file).write_text(svg(curve, contenders))
    sys.stdout.writelines(line for line in lines if line.startswith("|"))


if __name__ == "__main__":
    main()
