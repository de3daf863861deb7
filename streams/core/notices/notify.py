"""Records of ``alerts.<agency>``, ``subscriptions`` and ``answers`` in; each subscription's notifications out, decided once.

A member's own topic alone decides what its subscriptions get and when. A wish or an answer holds from the moment it was read: how
its topic is interleaved with the others is not fixed. Ids are functions of the subscription and what a notification is about.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from pydantic import ValidationError

from schemas import wire
from schemas.errors import Refused
from schemas.notifications import Notification, Reason
from schemas.subscriptions import Answer, AnswerKind, Subscription
from schemas.times import to_text
from streams.core.draft import Draft
from streams.core.notices import letters, texts
from streams.core.notices.box import Box, boxes_of, subscribe
from streams.core.notices.decide import hear_alert, settle, tell, wait_or_tell
from streams.core.notices.dues import late, note
from streams.core.notices.moment import Now, pass_to

FORMAT = 1
MOST_EARLY = 20
"""Answers kept for a subscription that is not there; of more the newest."""
log = logging.getLogger(__name__)

R = TypeVar("R", Subscription, Answer)
RECORD_FORMAT = 1  # of what is shared, wished and answered


def fold_wishes(draft: Draft, records: Iterable[Any]) -> Iterator[Notification]:
    """Take records of ``subscriptions.v1``. One that is no subscription is passed over, and said in the log."""
    for record in records:
        wish = _read(record, Subscription) if record.value else None
        if wish is not None:
            subscribe(draft, wish.id, wish)
            yield from _early(draft, wish.id)
        elif not record.value:
            subscribe(draft, (record.key or b"").decode(errors="replace"), None)


def fold_answers(draft: Draft, records: Iterable[Any]) -> Iterator[Notification]:
    """Take records of ``answers.v1``: a mute holds from here on, a test goes out. The other kinds are read by people, not here.

    What is asked for a subscription that was not read yet waits for it: the two topics come in any order.
    """
    for record in records:
        answer = _read(record, Answer)
        if answer is None or answer.kind not in {AnswerKind.MUTE, AnswerKind.TEST}:
            continue
        box = Box.of(draft, answer.subscription)
        if box is not None:
            yield from _apply(box, answer, record.offset)
            continue
        key = _early_key(answer.subscription)
        early = draft.get(key) or {"f": FORMAT, "answers": []}
        waiting = [*early["answers"], [record.offset, answer.model_dump(mode="json")]]
        draft.put(key, {**early, "answers": waiting[-MOST_EARLY:]})


def _apply(box: Box, answer: Answer, offset: int) -> Iterator[Notification]:
    if answer.kind is AnswerKind.TEST:
        now = Now(answer.at, 0, has_begun=True)
        yield tell(box, now, Reason.TEST, f"test/{offset}", texts.test(box.wish.language))
    elif answer.series and answer.until:
        box.value["mutes"][answer.series] = to_text(answer.until)
    box.keep()


def _early(draft: Draft, subscription: str) -> Iterator[Notification]:
    """Apply what was asked before the subscription was read, in the order it came."""
    early, box = draft.get(_early_key(subscription)), Box.of(draft, subscription)
    if early is None or box is None:
        return
    draft.drop(_early_key(subscription))
    for offset, answer in early["answers"]:
        yield from _apply(box, Answer.model_validate(answer), offset)


def fold_shared(draft: Draft, member: str, records: Iterable[Any]) -> Iterator[Notification]:
    """Take what was shared with one member, in order. Raises Refused at a record of a newer format."""
    for record in records:
        shared = wire.load(record.value)
        if shared["format"] > RECORD_FORMAT:
            raise Refused(f"offset {record.offset} of {member} has format {shared['format']}, this code knows up to {RECORD_FORMAT}")
        now = pass_to(draft, member, shared)
        boxes = list(boxes_of(draft, member))
        for box in boxes:
            yield from settle(box, now)
        if shared["kind"] == "alert":
            for box in boxes:
                yield from hear_alert(box, now, shared["alert"], shared.get("region"))
        elif shared["kind"] != "hour":
            yield from _hear_message(draft, member, boxes, now, shared["message"])
        yield from _remind(draft, member, boxes, now)
        for box in boxes:
            box.keep()


def _hear_message(draft: Draft, member: str, boxes: list[Box], now: Now, entry: dict[str, Any]) -> Iterator[Notification]:
    """A warning or feedback goes out at once, to every subscription of the member; not to whom it comes from."""
    after_s = note(draft, member, entry)
    if entry["agency"] == member:
        return
    items: tuple[dict[str, Any], ...] = ({**entry, "answered_after_s": after_s} if after_s is not None else entry,)
    about = f"{entry['family']}/{entry['event_id']}/{entry['version']}"
    for box in boxes:
        if box.wish.state == "paused":
            continue
        language = box.wish.language
        if entry["family"] == "warning":
            text = letters.warning(entry, member, now.offset, language)
        else:
            text = letters.feedback(entry, after_s, language)
        yield tell(box, now, Reason.WARNING, about, text, items)


def _remind(draft: Draft, member: str, boxes: list[Box], now: Now) -> Iterator[Notification]:
    """Remind of feedback that has not come in time; in quiet hours it waits."""
    if not now.has_begun:
        return
    for one in late(draft, member, now):
        about = f"reminder/{one.warning['event_id']}/{to_text(one.by)}"
        item = {**one.warning, "feedback_by": to_text(one.by), "missing": list(one.missing)}
        for box in boxes:
            text = letters.reminder(one, member, now.offset, box.wish.language)
            yield from wait_or_tell(box, now, Reason.REMINDER, about, text, (item,))


def _early_key(subscription: str) -> bytes:
    return f"early/{subscription}".encode()


def _read(record: Any, kind: type[R]) -> R | None:
    try:
        found = wire.decode(record.value or b"", kind)
    except ValidationError as exc:
        log.info("offset %d is no %s and is passed over: %s", record.offset, kind.__name__, exc)
        return None
    if found.format > RECORD_FORMAT:
        raise Refused(f"offset {record.offset} has format {found.format}, this code knows up to {RECORD_FORMAT}")
    return found
