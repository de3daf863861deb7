"""Computes the time of a member from the records that are shared with it. The clock's records move the time, never a wall clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any, NamedTuple

from mekong.schemas.subscriptions import QuietHours
from mekong.schemas.times import to_text
from mekong.schemas.zones import named
from mekong.streams.core.draft import Draft

FORMAT = 1
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


class MemberTime(NamedTuple):
    """A member's time."""

    at: datetime
    offset: int
    """The UTC offset of its local time, in minutes."""
    has_begun: bool
    """Whether its clock has ticked. Before that, ``at`` is only the record's own time."""

    @property
    def local(self) -> datetime:
        """The same instant in the member's local time."""
        return local(self.at, self.offset)

    @property
    def day(self) -> date:
        """The member's date."""
        return self.local.date()

    @property
    def text(self) -> str:
        """The time in UTC, as text."""
        return to_text(self.at)


def local(at: datetime, offset: int) -> datetime:
    """An instant at an offset in minutes."""
    return at.astimezone(timezone(timedelta(minutes=offset)))


def offset_of(shared: dict[str, Any]) -> int:
    """The UTC offset in a ``Shared``, in minutes."""
    at = datetime.fromisoformat(shared["at"])
    return (named(shared.get("utc_offset", "+00:00")).utcoffset(at) or timedelta()) // _MINUTE


def pass_to(draft: Draft, member: str, shared: dict[str, Any]) -> MemberTime:
    """Move the member's time to a ``Shared``.

    A record of kind ``hour`` moves the time. Any other record moves it to at most one hour after the last ``hour``. So a replay, whose
    alerts may have the time at which old cases were received, cannot move it years ahead of the data's own time. It never moves back.
    """
    key = f"clock/{member}".encode()
    clock = draft.get(key) or {"f": FORMAT, "hour": "", "at": "", "offset": 0}
    at = datetime.fromisoformat(shared["at"])
    is_hour = shared["kind"] == "hour"
    if not clock["hour"] or (is_hour and to_text(at) >= clock["hour"]):  # a late record may have the offset of summer time
        clock["offset"] = offset_of(shared)
    if is_hour:
        clock["hour"] = max(to_text(at), clock["hour"])
        clock["at"] = max(clock["hour"], clock["at"])
    elif clock["hour"]:
        furthest = datetime.fromisoformat(clock["hour"]) + _HOUR
        clock["at"] = max(clock["at"], to_text(min(at, furthest)))
    draft.put(key, clock)
    return MemberTime(datetime.fromisoformat(clock["at"]) if clock["at"] else at, clock["offset"], bool(clock["hour"]))


def is_quiet(quiet: QuietHours | None, now: MemberTime) -> bool:
    """Whether it is between ``start`` (included) and ``end`` of the quiet hours, which may span midnight."""
    if quiet is None:
        return False
    clock: time = now.local.time()
    if quiet.start <= quiet.end:
        return quiet.start <= clock < quiet.end
    return clock >= quiet.start or clock < quiet.end
