"""Draws counts as bars, as the path of an SVG. Pure. A bar is 3 wide, the gap 1; the highest count is 20 high."""

from __future__ import annotations

from collections.abc import Sequence

HEIGHT = 20
STEP = 4
_BAR = 3
_LEAST = 2
"""The height of the smallest bar that is not 0: one case is seen."""


def bars(counts: Sequence[int]) -> str:
    """A bar for each count; none for 0."""
    top = max(counts, default=0) or 1
    return "".join(
        f"M{place * STEP} {HEIGHT}v-{max(_LEAST, round(count / top * HEIGHT))}h{_BAR}V{HEIGHT}z"
        for place, count in enumerate(counts)
        if count > 0
    )


def width(counts: Sequence[int]) -> int:
    """The width of the drawing."""
    return max(1, len(counts) * STEP - 1)
