"""Since when a copy is: positions in the journal, which are exact, or a time, which is not. Pure.

``received_at`` does not say when a record reached the journal: a topic that was parked is read days later. So an export prints positions.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from mekong.schemas.errors import Refused
from mekong.schemas.topics import JOURNAL

_POSITIONS = re.compile(rf"\d{{1,18}}(?:-\d{{1,18}}){{{JOURNAL.partitions - 1}}}", re.ASCII)


class Positions(NamedTuple):
    """The next offset of each partition of the journal."""

    offsets: tuple[int, ...]

    def __str__(self) -> str:
        return "-".join(map(str, self.offsets))

    @property
    def in_sql(self) -> str:
        """The offset of a row's own partition."""
        return f"[{', '.join(map(str, self.offsets))}][_partition + 1]"


Since = Positions | datetime


def is_behind(since: Since | None, end: Positions, now: datetime) -> None:
    """Raise Refused for positions or a time that the journal has not reached: nothing could have changed since."""
    if isinstance(since, Positions):
        if any(mine > last for mine, last in zip(since.offsets, end.offsets, strict=True)):
            raise Refused(f"--since {since} is not of this exchange: its journal ends at {end}. Take a complete copy, without --since.")
    elif since and since > now:
        raise Refused(f"--since {since.isoformat()} is in the future")


def read_since(text: str) -> Since:
    """What ``--since`` has. Raises Refused when it is neither."""
    if _POSITIONS.fullmatch(text):
        return Positions(tuple(map(int, text.split("-"))))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        how = f"the {JOURNAL.partitions} numbers that the last export printed, or a time with its offset from UTC, as 2026-11-01T08:00Z"
        raise Refused(f"--since: {text!r} is not {how}")
    return found
