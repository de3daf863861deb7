"""Keeps what became of each agency's messages, week by week, in share's state, and says at the end of a week how the feed was.

The counts come in the agency's ticks (``TickEntry.feed``), so a message belongs to the week in which the tick before it lies. Those of a
late tick, from a backlog or a retry, belong to the week of its own time. Weeks begin on Monday, by the member's own clock.
``feed/<agency>`` -> the days with a message, the last message and the first week; ``feed/<agency>/<Monday>`` -> ``Counted`` of a week.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from mekong.schemas.feed import BEFORE, LOOKS_BACK, RECENT, Feed, health_of
from mekong.schemas.feed_counts import FeedCounts
from mekong.streams.core.draft import Draft

FORMAT = 1
_WEEKS = (RECENT + BEFORE).days // 7
_WEEK = timedelta(days=7)


def count(draft: Draft, agency: str, local_time: str, counted: Mapping[str, Any]) -> None:
    """Add the counts of a tick to the week of ``local_time``. A week that is older than those kept is not counted.

    ``local_time``: of the tick before, or of this tick when it is late or the first.
    """
    day = date.fromisoformat(local_time[:10])
    week = monday(day)
    known = draft.get(_key(agency)) or {"f": FORMAT, "since": week.isoformat(), "days": [], "weeks": [], "last_at": ""}
    known["last_at"] = max(known["last_at"], counted["last_at"])
    days = sorted({*known["days"], day.isoformat()})
    first = date.fromisoformat(days[-1]) - LOOKS_BACK
    weeks = sorted({*known["weeks"], week.isoformat()})
    for one in weeks[:-_WEEKS]:
        if one in known["weeks"]:
            draft.drop(_key(agency, one))
    known |= {"days": [one for one in days if one > first.isoformat()], "weeks": weeks[-_WEEKS:]}
    if week.isoformat() in known["weeks"]:
        counts = FeedCounts.of(draft.get(_key(agency, week.isoformat())))
        counts.merge(FeedCounts.of(counted))
        draft.put(_key(agency, week.isoformat()), {"f": FORMAT, **counts.stored()})
    draft.put(_key(agency), known)


def at_new_week(draft: Draft, agency: str, before: str, hour: str, at: str) -> dict[str, Any] | None:
    """The health of the feed (``FeedHealth``) when ``hour`` is in another week than ``before``, both local; None otherwise.

    None also before the first message, and at the end of the week in which counting began, because a part of that week is missing.
    """
    week = monday(date.fromisoformat(hour[:10]))
    if not before or before[:10] >= week.isoformat():
        return None
    known = draft.get(_key(agency))
    if known is None or known["since"] >= (week - _WEEK).isoformat():
        return None
    recent, *earlier = (FeedCounts.of(draft.get(_key(agency, (week - number * _WEEK).isoformat()))) for number in range(1, _WEEKS + 1))
    sums = FeedCounts()
    for one in reversed(earlier):
        sums.merge(one)
    days = [found for text in known["days"] if (found := date.fromisoformat(text)) > week - LOOKS_BACK]
    last_at = datetime.fromisoformat(known["last_at"]) if days else None
    return health_of(Feed(recent, sums, days, last_at), datetime.fromisoformat(at), week).model_dump(mode="json")


def monday(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def _key(agency: str, week: str = "") -> bytes:
    return f"feed/{agency}/{week}".rstrip("/").encode()
