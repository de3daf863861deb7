"""Draws counts by two properties as circles in a grid: the area of a circle is its count, and the count is beside it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt

from markupsafe import Markup

from mekong.sinks.reports.charts.drawing import circle, path, short, svg, text
from mekong.sinks.reports.shape import Rows
from mekong.sinks.reports.words import Words

MOST_ROWS, MOST_COLUMNS = 30, 10
_LEFT, _TOP, _WIDE, _TALL, _LARGEST = 170, 66, 68, 20, 9
Labels = tuple[Callable[[str], str], Callable[[str], str]]


def draw(rows: Rows, sides: tuple[str, str], labels: Labels, title: str, words: Words) -> Markup | None:
    """The chart of the columns ``sides`` of a table; None without cases. The most frequent are shown, the most frequent first."""
    counts = {(row[sides[0]], row[sides[1]]): row["cases"] for row in rows if row[sides[0]] and row[sides[1]]}
    if not counts:
        return None
    across = _order(counts, 1)[:MOST_COLUMNS]
    down = _order(counts, 0)[:MOST_ROWS]
    parts = [text(_LEFT - 8, _TOP + place * _TALL + 14, short(labels[0](one), 24), "end") for place, one in enumerate(down)]
    for place, one in enumerate(across):
        x = _LEFT + place * _WIDE + 6
        parts.append(f'<g transform="translate({x} {_TOP - 6}) rotate(-28)">{text(0, 0, short(labels[1](one), 22))}</g>')
    parts.append(path("".join(f"M{_LEFT} {_TOP + place * _TALL}h{_WIDE * len(across)}" for place in range(len(down) + 1)), "line"))
    most = max(counts.values())
    for (one, other), cases in counts.items():
        if one in down and other in across:
            x, y = _LEFT + across.index(other) * _WIDE + 14, _TOP + down.index(one) * _TALL + _TALL / 2
            radius = max(1.2, round(_LARGEST * sqrt(cases / most), 1))
            parts += [circle(x, y, radius, "dot"), text(x + radius + 4, y + 4, words.number(cases))]
    return svg(_LEFT + _WIDE * len(across) + 70, _TOP + _TALL * len(down) + 4, parts, title, kind="narrow")


def _order(counts: dict[tuple[str, str], int], side: int) -> Sequence[str]:
    sums: dict[str, int] = {}
    for pair, cases in counts.items():
        sums[pair[side]] = sums.get(pair[side], 0) + cases
    return sorted(sums, key=lambda one: (-sums[one], one))
