"""A box and what happens in; what goes out of it now out: at once, at the end of the quiet hours, or in the daily digest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from schemas.notifications import Notification, Reason
from streams.core.notices import texts
from streams.core.notices.box import Box
from streams.core.notices.choice import is_urgent, is_wanted, places, strength, within_week
from streams.core.notices.moment import Now, is_quiet
from streams.core.notices.texts import Text

DIGEST_ALERTS = 100
"""Of one digest; more alerts are several digests. An alert has at most about 6 kB, a record of ours 4 MB."""
_NAMESPACE = UUID("1f6e9d0e-2f0b-5a35-8f39-6c3f5f6f0c55")


def notification_id(subscription: str, about: str) -> UUID:
    """The id of a notification: the same whenever the same is decided again."""
    return uuid5(_NAMESPACE, f"{subscription}|{about}")


def hear_alert(box: Box, now: Now, alert: dict[str, Any], region: str | None) -> Iterator[Notification]:
    """Tell of an alert now, or let it wait. Each one that is wanted goes out exactly once, unless it is muted or the box paused.

    Before the member's clock has ticked everything waits for the digest: no week can be told from the next.
    """
    if not is_wanted(box.wish.filter, alert, region):
        return
    if box.wish.state == "paused" or box.is_muted(alert["series"], now.at):
        box.value["held_back"] += 1
    elif not now.has_begun:
        box.put("digest", {"alert": alert})
    elif is_quiet(box.wish.quiet, now) and not is_urgent(alert):
        box.put("quiet", {"alert": alert})
    else:
        yield from _within_budget(box, now, alert)


def settle(box: Box, now: Now) -> Iterator[Notification]:
    """Send what has waited long enough: what quiet hours held back, and the day's digest or sign of life."""
    if not now.has_begun or box.wish.state == "paused" or is_quiet(box.wish.quiet, now):
        return
    waited = box.take("quiet")
    for item in waited:
        if "ready" in item:
            yield _send(box, Notification.model_validate({**item["ready"], "raised_at": now.at}))
    for alert in sorted((item["alert"] for item in waited if "alert" in item), key=strength, reverse=True):
        yield from _within_budget(box, now, alert)
    yield from _daily(box, now)


def wait_or_tell(
    box: Box, now: Now, reason: Reason, about: str, text: Text, items: Sequence[dict[str, Any]] = ()
) -> Iterator[Notification]:
    """Tell now, or at the end of the quiet hours; not at all while the box is paused."""
    if box.wish.state == "paused":
        return
    ready = _make(box, now, reason, about, text, items)
    if is_quiet(box.wish.quiet, now):
        box.put("quiet", {"ready": ready.model_dump(mode="json")})
    else:
        yield _send(box, ready)


def tell(box: Box, now: Now, reason: Reason, about: str, text: Text, items: Sequence[dict[str, Any]] = ()) -> Notification:
    """One notification, now."""
    return _send(box, _make(box, now, reason, about, text, items))


def _within_budget(box: Box, now: Now, alert: dict[str, Any]) -> Iterator[Notification]:
    """At once when the budget of the last seven days has a place for one as strong, else in the next digest."""
    box.value["sent"] = within_week(box.value["sent"], now.at)
    if len(box.value["sent"]) < places(box.wish.budget_per_week, alert):
        box.value["sent"].append(now.text)
        yield tell(box, now, Reason.ALERT, f"alert/{alert['alert_id']}", texts.alert(alert, box.wish.language), (alert,))
    else:
        box.put("digest", {"alert": alert})


def _daily(box: Box, now: Now) -> Iterator[Notification]:
    """Once a day, from the digest hour on: the digest, or a sign of life when all has been silent since the last.

    A day runs from one digest hour to the next: one that lies in quiet hours past midnight is still due in the morning.
    """
    day = (now.local - timedelta(hours=box.wish.digest_hour)).date().isoformat()
    before, box.value["day"] = box.value["day"], max(day, box.value["day"])
    if not before or day <= before:  # new: its first day begins at the next digest hour
        return
    alerts = sorted((item["alert"] for item in box.take("digest")), key=strength, reverse=True)
    held_back, language, shown = box.value["held_back"], box.wish.language, now.day.isoformat()
    for first in range(0, len(alerts), DIGEST_ALERTS):
        part = alerts[first : first + DIGEST_ALERTS]
        text = texts.digest(part, 0 if first else held_back, shown, language)
        yield tell(box, now, Reason.DIGEST, f"digest/{part[0]['alert_id']}", text, part)
    if not alerts and not box.value["spoke"]:
        yield tell(box, now, Reason.ALIVE, f"alive/{day}", texts.alive(held_back, shown, language))
    if alerts or not box.value["spoke"]:
        box.value["held_back"] = 0
    box.value["spoke"] = False


def _make(box: Box, now: Now, reason: Reason, about: str, text: Text, items: Sequence[dict[str, Any]]) -> Notification:
    return Notification(
        notification_id=notification_id(box.wish.id, about),
        subscription=box.wish.id,
        member=box.wish.member,
        reason=reason,
        raised_at=now.at,
        language=box.wish.language,
        subject=text.subject,
        text=text.text,
        items=tuple(items),
    )


def _send(box: Box, notification: Notification) -> Notification:
    box.value["spoke"] = True
    return notification
