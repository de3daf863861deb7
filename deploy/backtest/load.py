"""Computes what a subscriber to everything would have been sent, by the decisions of the worker ``notify``. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from mekong.deploy.backtest.compare import Period
from mekong.schemas.alerts import Alert
from mekong.schemas.channels import Stream
from mekong.schemas.notifications import Notification, Reason
from mekong.schemas.subscriptions import Subscription
from mekong.schemas.times import to_text
from mekong.schemas.wire import dump, encode, load
from mekong.streams.core.draft import Draft
from mekong.streams.core.notices.notify import fold_shared, fold_subscriptions

PHASE_DAYS = 154
"""Five months: as long as a phase of an operation."""
MOST = 19
"""Notifications a phase that people could use: what Viet Nam handled."""
MEMBER = "XX-EVERYTHING"
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


class Load(NamedTuple):
    """What a subscriber received, by day."""

    days: int
    """Number of days in the period."""
    at_once: tuple[date, ...]
    """Days of the notifications that went out at once: a day may be there twice."""
    digests: tuple[date, ...]
    """Days of the digests that were not empty."""
    alerts: int
    """The number of alerts in both together."""

    @property
    def busiest(self) -> int:
        """The most notifications at once in any ``PHASE_DAYS`` days."""
        return _most_within(self.at_once)

    @property
    def busiest_with_digests(self) -> int:
        """The same, with the daily digests."""
        return _most_within(sorted((*self.at_once, *self.digests)))

    @property
    def usual(self) -> float:
        """Notifications at once in ``PHASE_DAYS`` days, on average."""
        return len(self.at_once) * PHASE_DAYS / max(self.days, PHASE_DAYS)


def load_of(alerts: Sequence[Alert], period: Period, budget: int | None = None) -> Load:
    """What a subscriber to all alerts, without quiet hours, would have had in the period; ``budget`` None is the default one."""
    inside = sorted((alert for alert in alerts if period.holds(alert)), key=period.moment)
    sent = list(_decided(inside, period, budget))
    days: dict[Reason, list[date]] = {Reason.ALERT: [], Reason.DIGEST: []}
    for one in sent:
        days.get(one.reason, []).append(one.raised_at.date())
    told = sum(len(one.items) for one in sent)
    return Load((period.last - period.first).days + 1, tuple(days[Reason.ALERT]), tuple(days[Reason.DIGEST]), told)


def _most_within(days: Sequence[date]) -> int:
    """The most notifications within ``PHASE_DAYS`` days in a row. The busiest such span begins with a notification."""
    return max((sum(first <= day < first + PHASE_DAYS * _DAY for day in days) for first in days), default=0)


class _Record(NamedTuple):
    """What the fold reads of a Kafka record."""

    offset: int
    key: bytes
    value: bytes


def _decided(alerts: Sequence[Alert], period: Period, budget: int | None) -> Iterator[Notification]:
    began = datetime.combine(period.first, time(), UTC) - _DAY
    wish = Subscription(id="everything", member=MEMBER, channel=Stream(), changed_at=began)
    if budget is not None:
        wish = wish.model_copy(update={"budget_per_week": budget})
    draft = Draft({}, {})
    list(fold_subscriptions(draft, [_Record(0, wish.id.encode(), encode(wish))]))
    records = [_Record(number, b"", dump(shared)) for number, shared in enumerate(_shared(alerts, period, wish.digest_hour))]
    return fold_shared(draft, MEMBER, records)


def _shared(alerts: Sequence[Alert], period: Period, digest_hour: int) -> Iterator[dict[str, Any]]:
    """What ``share`` would have written: the alerts, and of the hours those in which anything can happen."""
    moments: list[tuple[datetime, bool, Alert | None]] = []
    for day in range((period.last - period.first).days + 3):
        at = datetime.combine(period.first, time(digest_hour), UTC) + (day - 1) * _DAY
        moments.append((at, False, None))
    for alert in alerts:
        at = period.moment(alert)
        moments += [(at.replace(minute=0, second=0, microsecond=0), False, None), (at, True, alert)]
    for at, _, told in sorted(moments, key=lambda one: one[:2]):
        base = {"format": 1, "at": to_text(at), "member": MEMBER, "utc_offset": "+00:00"}
        yield base | ({"kind": "alert", "region": None, "alert": load(encode(told))} if told else {"kind": "hour"})
