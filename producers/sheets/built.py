"""Defines ``Built``: the message of one case of a sheet while it is made from its rows. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mekong.producers.sheets.cells import Fault
from mekong.schemas.times import EventTime


@dataclass
class Built:
    """The message of a case, as far as it could be built."""

    message: dict[str, Any] = field(default_factory=dict)
    agency: str | None = None
    time: EventTime | None = None
    cells: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
