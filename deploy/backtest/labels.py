"""Finds what people judged each alert to be, from notifications and answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from mekong.schemas.alerts import Alert, Kind
from mekong.schemas.notifications import Notification
from mekong.schemas.subscriptions import Answer, AnswerKind
from mekong.schemas.wire import decode, dump

Label = Literal["real", "explained", "false"]
_LASTING = frozenset({Kind.SPIKE, Kind.SILENCE})


def name_of(alert: Alert) -> str:
    """The name of an alert in all of its states. It depends only on what the alert is about, not on the time or the rules."""
    if alert.kind in _LASTING:
        return f"{alert.kind} {alert.series} {alert.opened}"
    return str(alert.alert_id)


def labels_of(notifications: Iterable[Notification], answers: Iterable[Answer]) -> dict[str, Label]:
    """The label of each alert (``name_of``) that somebody gave a verdict on, in any of its states.

    Of several verdicts the newest counts. A verdict on a digest is about every alert in it; a verdict on the alert alone replaces it.
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
