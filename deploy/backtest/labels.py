"""Finds what people judged each alert to be, from alerts, notifications and answers. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from mekong.schemas.alerts import Alert, Kind
from mekong.schemas.answered import Given, counts, decisive, undone
from mekong.schemas.notifications import Notification
from mekong.schemas.subscriptions import Answer
from mekong.schemas.subscriptions import Verdict as Label
from mekong.schemas.wire import decode, dump

__all__ = ["Label", "labels_of", "name_of"]
_LASTING = frozenset({Kind.SPIKE, Kind.SILENCE})


def name_of(alert: Alert) -> str:
    """The name of an alert in all of its states. It depends only on what the alert is about, not on the time or the rules."""
    if alert.kind in _LASTING:
        return f"{alert.kind} {alert.series} {alert.opened}"
    return str(alert.alert_id)


def labels_of(notifications: Iterable[Notification], answers: Iterable[Answer], alerts: Iterable[Alert] = ()) -> dict[str, Label]:
    """The label of each alert (``name_of``) that somebody gave a verdict on, in any of its states.

    Of several verdicts ``decisive`` says which counts. ``alerts`` are those that may have been judged at the live page.
    """
    sent = {one.notification_id: one for one in notifications}
    raised = {one.alert_id: one for one in alerts}
    given = list(answers)
    gone = undone(given)
    about: dict[str, list[Given]] = defaultdict(list)
    for answer in (one for one in given if counts(one, gone)):
        judged = list(_judged(answer, sent, raised))
        for alert in judged:
            about[name_of(alert)].append(Given(answer, [one.alert_id for one in judged]))
    found = ((name, decisive(of_one)) for name, of_one in about.items())
    return {name: answer.verdict for name, answer in found if answer and answer.verdict}


def _judged(answer: Answer, sent: Mapping[UUID, Notification], raised: Mapping[UUID, Alert]) -> Iterator[Alert]:
    """The alerts that an answer is about: one by its id, or those of a notification, of one series when the answer names it."""
    if answer.alert_id and answer.alert_id in raised:
        yield raised[answer.alert_id]
    elif answer.notification_id and answer.notification_id in sent:
        found = (_alert(item) for item in sent[answer.notification_id].items)
        yield from (one for one in found if one is not None and answer.series in {None, one.series})


def _alert(item: Mapping[str, object]) -> Alert | None:
    """The alert of a notification's item; None for a warning."""
    return decode(dump(item), Alert) if "alert_id" in item else None
