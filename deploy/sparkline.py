"""Draws counts as one line for the terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mekong.deploy.numbers import number

_BLOCKS = "▁▂▃▄▅▆▇█"
_WIDTH = 40


def sparkline(counts: Sequence[float]) -> str:
    """A block for each count, the highest count the tallest; a count of 0 is the lowest block."""
    top = max(counts, default=0) or 1
    return "".join(_BLOCKS[round(count / top * (len(_BLOCKS) - 1))] for count in counts)


def scale(observed: float, expected: float | None, low: float | None, high: float | None) -> list[str]:
    """Observed against expected on one scale, two lines.

    ``━`` is what nine in ten buckets lie in, ``┃`` the expected count, ``●`` the observed one.
    """
    top = max(observed, expected or 0, high or 0, 1)
    line = [" "] * (_WIDTH + 1)
    if low is not None and high is not None:
        for place in range(_at(low, top), _at(high, top) + 1):
            line[place] = "━"
    if expected is not None:
        line[_at(expected, top)] = "┃"
    line[_at(observed, top)] = "●"
    return ["".join(line).rstrip(), f"0{number(top):>{_WIDTH}}"]


def series(values: Iterable[tuple[str, float]]) -> str:
    """A sparkline with the first and last label."""
    found = list(values)
    return f"{found[0][0]} {sparkline([count for _, count in found])} {found[-1][0]}" if found else ""


def _at(value: float, top: float) -> int:
    return round(max(value, 0) / top * _WIDTH)
