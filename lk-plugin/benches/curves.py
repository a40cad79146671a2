#!/usr/bin/env python3
"""Draws how look-up and build of the registry grow with the plugins, from the table that benches/registry.rs prints.

Usage: cargo bench -p lk-plugin --bench registry | python3 curves.py FOLDER
Writes registry-look-up.svg and registry-build.svg to FOLDER, and passes the table on.
"""

import math
import pathlib
import re
import sys

# Where the curve is: its file and title, and the rows whose names it has.
CURVES = [
    ("registry-look-up.svg", "Look-up of a plugin that is there, ns", r"look-up among +(\d+), hit"),
    ("registry-build.svg", "Build of a registry, ns per plugin", r"build of +(\d+)"),
]
COLOURS = ["#0b6e4f", "#c8553d", "#6c6f7d"]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 60, 150, 40, 45


def rows(lines):
    """What, ours in ns, who else, theirs in ns."""
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 5 and re.fullmatch(r"[\d.]+", cells[1]):
            yield cells[0], float(cells[1]), cells[2], float(cells[3])


def series(table, pattern, per_plugin):
    """For each contender its points: plugins and nanoseconds."""
    curves = {}
    for what, ours, who, theirs in table:
        match = re.fullmatch(pattern, what)
        if match:
            count = int(match[1])
            share = count if per_plugin else 1
            curves.setdefault("Registry", {})[count] = ours / share
            curves.setdefault(who, {})[count] = theirs / share
    return curves


def svg(title, curves):
    counts = sorted({count for points in curves.values() for count in points})
    highest = max(value for points in curves.values() for value in points.values())
    step = 10 ** math.floor(math.log10(highest))
    step = next(step * part for part in (0.2, 0.5, 1, 2) if highest / (step * part) <= 6)
    top = step * math.ceil(highest / step)
    span = max(math.log10(counts[-1] / counts[0]), 1)

    def x(count):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log10(count / counts[0]) / span

    def y(value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="14">{title}</text>',
        f'<text x="{x(counts[-1])}" y="{HEIGHT - 8}" text-anchor="end">plugins</text>',
    ]
    for number in range(round(top / step) + 1):
        at, value = y(number * step), number * step
        parts.append(f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{value:g}</text>')
    for count in counts:
        parts.append(f'<text x="{x(count):.1f}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">{count:,}</text>')
    # The names stand beside the ends, and not on each other.
    beside = -math.inf
    ends = sorted(curves.items(), key=lambda curve: y(curve[1][max(curve[1])]))
    colours = dict(zip(curves, COLOURS))
    for who, points in ends:
        colour = colours[who]
        places = [(x(count), y(value)) for count, value in sorted(points.items())]
        line = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3" fill="{colour}"/>' for across, down in places]
        beside = max(beside + 16, places[-1][1] + 4)
        parts.append(f'<text x="{places[-1][0] + 8:.1f}" y="{beside:.1f}" fill="{colour}">{who}</text>')
    return "\n".join(parts + ["</svg>\n"])


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    lines = sys.stdin.readlines()
    table = list(rows(lines))
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for file, title, pattern in CURVES:
        curves = series(table, pattern, "per plugin" in title)
        if curves:
            (folder / file).write_text(svg(title, curves))
    sys.stdout.writelines(line for line in lines if line.startswith("|"))


if __name__ == "__main__":
    main()
