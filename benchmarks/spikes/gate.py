"""Gates: what was asked, what was measured, and whether it holds; as lines for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.table import table


class Gate(NamedTuple):
    """A line of the report. ``held`` is None for a report that nothing depends on."""

    number: str
    asked: str
    measured: str
    held: bool | None = None

    def line(self) -> str:
        """For people."""
        verdict = {None: "report", True: "held", False: "NOT HELD"}[self.held]
        return f"{self.number:<5} {verdict:<9} {self.asked}\n{'':16}{self.measured}"


def markdown(gates: Sequence[Gate]) -> str:
    """A table of what had to hold, and a list of what was measured beside it."""
    held = {True: "yes", False: "**no**"}
    rows = [[one.number, *(said.replace("|", "/") for said in one[1:3]), held[one.held]] for one in gates if one.held is not None]
    beside = [f"- {one.asked.strip()}: {one.measured}" for one in gates if one.held is None]
    parts = [table(["gate", "asked", "measured", "held"], rows)] if rows else []
    return "\n\n".join([*parts, "\n".join(beside)] if beside else parts)


def rate(value: float) -> str:
    """A rate with four decimals."""
    return f"{value:.4f}"
