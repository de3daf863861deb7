"""Notifications and answers in; what people judged each alert to be, out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from schemas.alerts import Alert, Kind
from schemas.notifications import Notification
from schemas.subscriptions import Answer, AnswerKind
from schemas.wire import decode, dump

Label = Literal["real", "explained", "false"]
_LASTING = frozenset({Kind.SPIKE, Kind.SILENCE})


def name_of(alert: Alert) -> str:
    """What an alert is called in all of its states: the same whenever, and under whatever rules, the same thing is told."""
    if alert.kind in _LASTING:
        return f"{alert.kind} {alert.series} {alert.opened}"
    return str(alert.alert_id)


def labels_of(notifications: Iterable[Notification], answers: Iterable[Answer]) -> dict[str, Label]:
    """The label of each alert (``name_of``) that somebody gave a verdict on, in whatever state it was.

    Of several verdicts the newest counts; one on a digest is about every alert in it, and gives way to one on the alert alone.
    """
    named = {one.notification_id: one for one in notifications}
    found: dict[str, tuple[tuple[bool, object], Label]] = {}
    for answer in answers:
        notification = named.get(answer.notification_id) if answer.notification_id else None
        if answer.kind is not AnswerKind.VERDICT or answer.verdict is None or notification is None:
            continue
        alerts = [read for item in notification.items if (read := _alert(item)) is not None]
        for alert in alerts:
            rank = (len(alerts) == 1, answer.at)
            before = found.get(name_of(alert))
            if before is None or rank >= before[0]:
                found[name_of(alert)] = (rank, answer.verdict)
    return {name: label for name, (_, label) in found.items()}


def _alert(item: Mapping[str, object]) -> Alert | None:
    """The alert of a notification's item; None for a warning."""
    return decode(dump(item), Alert) if "alert_id" in item else None
