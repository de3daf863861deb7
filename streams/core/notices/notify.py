"""Folds records of ``alerts.<agency>``, ``subscriptions`` and ``answers`` into notifications. Each is decided once.

A member's own topic alone decides what its subscriptions get and when. A wish or an answer is valid from the moment it was read, because
the order between its topic and the others is not fixed. An id depends only on the subscription and the subject of the notification.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from mekong.schemas import wire
from mekong.schemas.errors import Refused
from mekong.schemas.notifications import Notification, Reason
from mekong.schemas.subscriptions import Answer, AnswerKind, Subscription
from mekong.schemas.times import to_text
from mekong.streams.core.draft import Draft
from mekong.streams.core.notices import letters, texts
from mekong.streams.core.notices.decide import hear_alert, settle, tell, wait_or_tell
from mekong.streams.core.notices.dues import late, note
from mekong.streams.core.notices.feeds import monday
from mekong.streams.core.notices.inbox import Inbox, inboxes_of, subscribe
from mekong.streams.core.notices.moment import MemberTime, local, offset_of, pass_to
from mekong.streams.core.notices.weekly.summary import keep

FORMAT = 1
MOST_EARLY = 20
"""The most answers that are kept for a subscription that was not read yet; the newest are kept."""
log = logging.getLogger(__name__)

R = TypeVar("R", Subscription, Answer)
RECORD_FORMAT = 1  # of what is shared, wished and answered


def fold_subscriptions(draft: Draft, records: Iterable[Any]) -> Iterator[Notification]:
    """Fold records of ``subscriptions.v1``. A record that is not a subscription is skipped and logged."""
    for record in records:
        wish = _read(record, Subscription) if record.value else None
        if wish is not None:
            subscribe(draft, wish.id, wish)
            yield from _early(draft, wish.id)
        elif not record.value:
            subscribe(draft, (record.key or b"").decode(errors="replace"), None)


def fold_answers(draft: Draft, records: Iterable[Any]) -> Iterator[Notification]:
    """Fold records of ``answers.v1``. A mute is valid from here on; a test is sent. The other kinds are for people, and are skipped.

    An answer at the live page has an alert's id, and its name is that of a person: it is about no subscription, and is skipped.
    An answer to a subscription that was not read yet waits for it, because the order between the two topics is not fixed.
    """
    for record in records:
        answer = _read(record, Answer)
        if answer is None or answer.alert_id or answer.kind not in {AnswerKind.MUTE, AnswerKind.TEST}:
            continue
        inbox = Inbox.of(draft, answer.subscription)
        if inbox is not None:
            yield from _apply(inbox, answer, record.offset)
            continue
        key = _early_key(answer.subscription)
        early = draft.get(key) or {"f": FORMAT, "answers": []}
        waiting = [*early["answers"], [record.offset, answer.model_dump(mode="json")]]
        draft.put(key, {**early, "answers": waiting[-MOST_EARLY:]})


def _apply(inbox: Inbox, answer: Answer, offset: int) -> Iterator[Notification]:
    if answer.kind is AnswerKind.TEST:
        now = MemberTime(answer.at, 0, has_begun=True)
        yield tell(inbox, now, Reason.TEST, f"test/{offset}", texts.test(inbox.wish.language))
    elif answer.series and answer.until:
        inbox.mute(answer.series, to_text(answer.until))
    inbox.save()


def _early(draft: Draft, subscription: str) -> Iterator[Notification]:
    """Apply the answers that were read before the subscription, in the order of arrival."""
    early, inbox = draft.get(_early_key(subscription)), Inbox.of(draft, subscription)
    if early is None or inbox is None:
        return
    draft.drop(_early_key(subscription))
    for offset, answer in early["answers"]:
        yield from _apply(inbox, Answer.model_validate(answer), offset)


def fold_shared(draft: Draft, member: str, records: Iterable[Any]) -> Iterator[Notification]:
    """Fold the records that were shared with one member, in order. Raises Refused at a record of a newer format."""
    for record in records:
        shared = wire.load(record.value)
        if shared["format"] > RECORD_FORMAT:
            raise Refused(f"offset {record.offset} of {member} has format {shared['format']}, this code knows up to {RECORD_FORMAT}")
        now = pass_to(draft, member, shared)
        if shared.get("feed"):
            keep(draft, member, monday(local(datetime.fromisoformat(shared["at"]), offset_of(shared)).date()), shared["feed"])
        inboxes = list(inboxes_of(draft, member))
        for inbox in inboxes:
            yield from settle(inbox, now)
        if shared["kind"] == "alert":
            for inbox in inboxes:
                yield from hear_alert(inbox, now, shared["alert"], shared.get("region"))
        elif shared["kind"] != "hour":
            yield from _hear_message(draft, member, inboxes, now, shared["message"])
        yield from _remind(draft, member, inboxes, now)
        for inbox in inboxes:
            inbox.save()


def _hear_message(draft: Draft, member: str, inboxes: list[Inbox], now: MemberTime, entry: dict[str, Any]) -> Iterator[Notification]:
    """Send a warning or feedback at once to every subscription of the member, but not to the member that sent it."""
    after_s = note(draft, member, entry)
    if entry["agency"] == member:
        return
    items: tuple[dict[str, Any], ...] = ({**entry, "answered_after_s": after_s} if after_s is not None else entry,)
    about = f"{entry['family']}/{entry['event_id']}/{entry['version']}"
    for inbox in inboxes:
        if inbox.wish.state == "paused":
            continue
        language = inbox.wish.language
        if entry["family"] == "warning":
            text = letters.warning(entry, member, now.offset, language)
        else:
            text = letters.feedback(entry, after_s, language)
        yield tell(inbox, now, Reason.WARNING, about, text, items)


def _remind(draft: Draft, member: str, inboxes: list[Inbox], now: MemberTime) -> Iterator[Notification]:
    """Send reminders about feedback that is late. In quiet hours a reminder waits."""
    if not now.has_begun:
        return
    for one in late(draft, member, now):
        about = f"reminder/{one.warning['event_id']}/{to_text(one.by)}"
        item = {**one.warning, "feedback_by": to_text(one.by), "missing": list(one.missing)}
        for inbox in inboxes:
            text = letters.reminder(one, member, now.offset, inbox.wish.language)
            yield from wait_or_tell(inbox, now, Reason.REMINDER, about, text, (item,))


def _early_key(subscription: str) -> bytes:
    return f"early/{subscription}".encode()


def _read(record: Any, kind: type[R]) -> R | None:
    try:
        found = wire.decode(record.value or b"", kind)
    except ValidationError as exc:
        log.info("offset %d is not a valid %s and is ignored: %s", record.offset, kind.__name__, exc)
        return None
    if found.format > RECORD_FORMAT:
        raise Refused(f"offset {record.offset} has format {found.format}, this code knows up to {RECORD_FORMAT}")
    return found
