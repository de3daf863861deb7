"""What is shared with a member in, its time out: hours pass by the records of the clock, never by a wall clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any, NamedTuple

from schemas.subscriptions import QuietHours
from schemas.times import to_text
from streams.core.counts.fold import minutes_of
from streams.core.draft import Draft

FORMAT = 1
_HOUR = timedelta(hours=1)


class Now(NamedTuple):
    """A member's time."""

    at: datetime
    offset: int
    """Of its local time, minutes."""
    has_begun: bool
    """Whether its clock has ticked; before that ``at`` is only the record's own time."""

    @property
    def local(self) -> datetime:
        """The same instant where the member is."""
        return local(self.at, self.offset)

    @property
    def day(self) -> date:
        """The member's date."""
        return self.local.date()

    @property
    def text(self) -> str:
        """In UTC, as it is written."""
        return to_text(self.at)


def local(at: datetime, offset: int) -> datetime:
    """An instant at an offset in minutes."""
    return at.astimezone(timezone(timedelta(minutes=offset)))


def pass_to(draft: Draft, member: str, shared: dict[str, Any]) -> Now:
    """Let the member's time pass to a ``Shared``.

    An ``hour`` moves it; any other record moves it at most one hour beyond the last of those. So a replay, whose alerts may carry the
    time at which old cases were received, cannot throw it years ahead of the data's own time. It never goes back.
    """
    key = f"clock/{member}".encode()
    clock = draft.get(key) or {"f": FORMAT, "hour": "", "at": "", "offset": 0}
    at = datetime.fromisoformat(shared["at"])
    clock["offset"] = minutes_of(shared.get("utc_offset", "+00:00"))
    if shared["kind"] == "hour":
        clock["hour"] = max(to_text(at), clock["hour"])
        clock["at"] = max(clock["hour"], clock["at"])
    elif clock["hour"]:
        furthest = datetime.fromisoformat(clock["hour"]) + _HOUR
        clock["at"] = max(clock["at"], to_text(min(at, furthest)))
    draft.put(key, clock)
    return Now(datetime.fromisoformat(clock["at"]) if clock["at"] else at, clock["offset"], bool(clock["hour"]))


def is_quiet(quiet: QuietHours | None, now: Now) -> bool:
    """Whether it is between ``start`` (included) and ``end`` of the quiet hours, which may span midnight."""
    if quiet is None:
        return False
    clock: time = now.local.time()
    if quiet.start <= quiet.end:
        return quiet.start <= clock < quiet.end
    return clock >= quiet.start or clock < quiet.end
