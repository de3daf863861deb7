"""Writes a count or a mean as people read it. Pure."""

from __future__ import annotations

_FEW, _NEARLY_NONE = 10, 0.1


def number(value: float) -> str:
    """A count or a mean: one decimal below ten, one digit far below one."""
    if value >= _FEW or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= _NEARLY_NONE else f"{value:.1g}"
