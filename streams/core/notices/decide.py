"""Decides when a subscription gets an alert or message: at once, at the end of the quiet hours, or in the daily digest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

from mekong.schemas.notifications import Notification, Reason
from mekong.streams.core.notices import texts
from mekong.streams.core.notices.choice import is_urgent, is_wanted, places, strength, within_week
from mekong.streams.core.notices.feeds import monday
from mekong.streams.core.notices.inbox import Inbox
from mekong.streams.core.notices.moment import MemberTime, is_quiet
from mekong.streams.core.notices.texts import Text
from mekong.streams.core.notices.weekly.section import Week
from mekong.streams.core.notices.weekly.summary import kept, summary

DIGEST_ALERTS = 100
"""The most alerts in one digest; more alerts make several digests. An alert has at most about 6 kB, and a record at most 4 MB."""
_NAMESPACE = UUID("1f6e9d0e-2f0b-5a35-8f39-6c3f5f6f0c55")


def notification_id(subscription: str, about: str) -> UUID:
    """The id of a notification. It is the same when the same decision is made again."""
    return uuid5(_NAMESPACE, f"{subscription}|{about}")


def hear_alert(inbox: Inbox, now: MemberTime, alert: dict[str, Any], region: str | None) -> Iterator[Notification]:
    """Send an alert now, or let it wait. Each wanted alert is sent exactly once, unless it is muted or the box is paused.

    Before the member's clock has ticked, every alert waits for the digest, because the current week is not known.
    """
    if not is_wanted(inbox.wish.filter, alert, region):
        return
    if inbox.wish.state == "paused" or inbox.is_muted(alert["series"], now.at):
        inbox.value["held_back"] += 1
        inbox.count("held_back")
    elif not now.has_begun:
        inbox.put("digest", _waiting(inbox, now, alert))
    elif is_quiet(inbox.wish.quiet, now) and not is_urgent(alert):
        inbox.put("quiet", _waiting(inbox, now, alert))
    else:
        yield from _within_budget(inbox, now, alert)


def settle(inbox: Inbox, now: MemberTime) -> Iterator[Notification]:
    """Send the items that need not wait any more: items held during quiet hours, and the day's digest or sign of life."""
    if not now.has_begun or inbox.wish.state == "paused" or is_quiet(inbox.wish.quiet, now):
        return
    waited = inbox.take("quiet")
    for item in waited:
        if "ready" in item:
            yield _send(inbox, Notification.model_validate({**item["ready"], "raised_at": now.at}))
    for alert in sorted((item["alert"] for item in waited if "alert" in item), key=strength, reverse=True):
        yield from _within_budget(inbox, now, alert)
    yield from _daily(inbox, now)


def wait_or_tell(
    inbox: Inbox, now: MemberTime, reason: Reason, about: str, text: Text, items: Sequence[dict[str, Any]] = ()
) -> Iterator[Notification]:
    """Send a notification now, or at the end of the quiet hours. While the inbox is paused, send nothing."""
    if inbox.wish.state == "paused":
        return
    ready = _make(inbox, now, reason, about, text, items)
    if is_quiet(inbox.wish.quiet, now):
        inbox.put("quiet", {"ready": ready.model_dump(mode="json")})
    else:
        yield _send(inbox, ready)


def tell(inbox: Inbox, now: MemberTime, reason: Reason, about: str, text: Text, items: Sequence[dict[str, Any]] = ()) -> Notification:
    """Send one notification now."""
    return _send(inbox, _make(inbox, now, reason, about, text, items))


def _within_budget(inbox: Inbox, now: MemberTime, alert: dict[str, Any]) -> Iterator[Notification]:
    """Send an alert at once when the budget of seven days has a place for it; if not, put it into the next digest."""
    inbox.value["sent"] = within_week(inbox.value["sent"], now.at)
    if len(inbox.value["sent"]) < places(inbox.wish.budget_per_week, alert):
        inbox.value["sent"].append(now.text)
        inbox.count("at_once")
        yield tell(inbox, now, Reason.ALERT, f"alert/{alert['alert_id']}", texts.alert(alert, inbox.wish.language), (alert,))
    else:
        inbox.put("digest", _waiting(inbox, now, alert))


def _waiting(inbox: Inbox, now: MemberTime, alert: dict[str, Any]) -> dict[str, Any]:
    """An item for a waiting alert. An alert whose text fails must fail here, at its own record, and not at a record that sends it."""
    texts.alert(alert, inbox.wish.language)
    texts.digest((alert,), 0, now.day, inbox.wish.language)
    return {"alert": alert}


def _daily(inbox: Inbox, now: MemberTime) -> Iterator[Notification]:
    """Once a day, from the digest hour on, send the digest, on Monday the weekly summary, or a sign of life when nothing else was sent.

    A day runs from one digest hour to the next. So a digest whose hour is in quiet hours after midnight is still sent in the morning.
    """
    day = (now.local - timedelta(hours=inbox.wish.digest_hour)).date().isoformat()
    before, inbox.value["day"] = inbox.value["day"], max(day, inbox.value["day"])
    if day <= before:
        return
    ends = monday(date.fromisoformat(day))
    if not before:  # new: its first day begins at the next digest hour
        inbox.week_ended(ends)
        return
    alerts = sorted((item["alert"] for item in inbox.take("digest")), key=strength, reverse=True)
    held_back, language, shown = inbox.value["held_back"], inbox.wish.language, now.day
    for first in range(0, len(alerts), DIGEST_ALERTS):
        part = alerts[first : first + DIGEST_ALERTS]
        text = texts.digest(part, 0 if first else held_back, shown, language)
        yield tell(inbox, now, Reason.DIGEST, f"digest/{part[0]['alert_id']}", text, part)
    inbox.count("in_digests", len(alerts))
    yield from _weekly(inbox, now, ends)
    is_silent = not inbox.value["spoke"]
    if is_silent:
        yield tell(inbox, now, Reason.ALIVE, f"alive/{day}", texts.alive(held_back, shown, language))
    if alerts or is_silent:
        inbox.value["held_back"] = 0
    inbox.value["spoke"] = False


def _weekly(inbox: Inbox, now: MemberTime, ends: date) -> Iterator[Notification]:
    """Send the summary of the week before ``ends`` when it is due and has anything to tell. What its account says is not said again."""
    account = inbox.week_ended(ends)
    if account is None or not inbox.wish.wants_weekly:
        return
    found = summary(Week(ends, kept(inbox.draft, inbox.wish.member, ends), account), inbox.wish.language)
    if found is not None:
        inbox.value["held_back"] = max(0, inbox.value["held_back"] - account.get("held_back", 0))
        yield tell(inbox, now, Reason.WEEKLY, f"weekly/{ends}", found.text, found.sections)


def _make(inbox: Inbox, now: MemberTime, reason: Reason, about: str, text: Text, items: Sequence[dict[str, Any]]) -> Notification:
    return Notification(
        notification_id=notification_id(inbox.wish.id, about),
        subscription=inbox.wish.id,
        member=inbox.wish.member,
        reason=reason,
        raised_at=now.at,
        language=inbox.wish.language,
        subject=text.subject,
        text=text.text,
        items=tuple(items),
    )


def _send(inbox: Inbox, notification: Notification) -> Notification:
    inbox.value["spoke"] = True
    return notification
