"""One gate: what was asked, what was measured, and whether it holds."""

from __future__ import annotations

from typing import NamedTuple


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


def rate(value: float) -> str:
    """A rate with four decimals."""
    return f"{value:.4f}"
