"""The record of an entry that a stage set aside, because its code fails on it: ``aside.v1``. Operators read it; rebuilds skip the entry."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from mekong.schemas.record import Moment, Record


class Cause(StrEnum):
    """Why a record was set aside."""

    FAILED = "failed"  # the stage's code fails on it, also when it is folded alone
    RETRIED = "retried"  # processed again by `mekong aside retry`: it is no longer set aside
    FOLLOWS = "follows"  # what it changes is aside already: an earlier version of its case, or a case that an alert names


class Aside(Record):
    """One record that a stage has set aside, or has processed again. Its identity is stage, source topic, partition and offset."""

    format: int = 1
    stage: str
    """The worker: watch, network, share or notify."""
    source_topic: str
    source_partition: int
    source_offset: int
    cause: Cause
    keys: tuple[str, ...] = ()
    """Later records of any of these go aside too."""
    agency: str | None = None
    """The agency of the record, or for whom the record is."""
    case_no: str | None = None
    error: str | None = None
    """Class of the failure. Its text is in the worker's log only: it may repeat words of a member."""
    place: str | None = None
    """Module and line that failed."""
    at: Moment
    """The record's own time."""

    @property
    def identity(self) -> tuple[str, str, int, int]:
        """The stage, and the record by its topic, partition and offset."""
        return self.stage, self.source_topic, self.source_partition, self.source_offset


def remaining(records: Iterable[Aside]) -> list[Aside]:
    """The records that are still set aside, in the order in which they arrived."""
    found: dict[tuple[str, str, int, int], Aside] = {}
    for one in records:
        if one.cause is Cause.RETRIED:
            found.pop(one.identity, None)
        else:
            found[one.identity] = one
    return list(found.values())
