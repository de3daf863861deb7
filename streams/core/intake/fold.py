"""Folds consecutive records of one agency's topic into its cases, and yields journal entries and receipts: one receipt for each message.

The keys in the state of a lane (``cases.v1``) begin with an agency's code: ``<agency>/profile``, ``<agency>/tick``, ``<agency>/feed``,
``<agency>/case/<case_no>``, and ``<agency>/same/<content hash>`` -> the first case with this content, as long as it has the content.
``@aside/run`` counts the defects in a row of all agencies of the lane. Orders about sources have keys of their own (orders.py).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mekong.schemas.batches import BATCH_HEADER, CORRELATION_HEADER, EDITION_HEADER
from mekong.schemas.control import CONTROL_HEADER, AgencyProfile
from mekong.schemas.errors import Fatal
from mekong.schemas.log_ids import correlation_of
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.times import text_of_ms
from mekong.streams.core import aside
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.check import Checked, case_no_of, check
from mekong.streams.core.intake.control import Deployment, control, profile_of
from mekong.streams.core.intake.feed import Feed, with_feed
from mekong.streams.core.intake.identity import Ids
from mekong.streams.core.intake.outputs import Arrived, IntakeOutput, rejection
from mekong.streams.core.intake.take import take

log = logging.getLogger(__name__)

BATCH_LENGTH = 100
AHEAD = 25  # records that are checked before the first one is folded: to alternate for each record is too much for the processor's cache
_NO_HEADERS: Mapping[str, bytes] = {}


class Signature(NamedTuple):
    """The signature of a control record, in place of a message."""

    mac: bytes


Found = Checked | Rejected | Exception
"""The result of the check of a message without the state. An exception is a defect of our code."""


class Intake:
    """The fold of intake. It keeps nothing between calls."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.ids = Ids(deployment.secret)

    def fold(self, draft: Draft, topic: str, agency: str, records: Sequence[Any]) -> Iterator[IntakeOutput]:
        """Fold ``records`` in order, and yield the result of each. Raises Fatal after too many defects in a row."""
        profile, feed = profile_of(draft, agency), Feed(draft, agency)
        for first in range(0, len(records), AHEAD):
            for arrived, raw, found in [_read(topic, agency, record) for record in records[first : first + AHEAD]]:
                if isinstance(found, Signature):
                    output = control(draft, self.deployment, arrived, raw, found.mac)
                    profile = profile_of(draft, agency)
                    if output is None:
                        continue
                    output = with_feed(output, feed)
                else:
                    output = self._caught(draft, arrived, raw, found, profile)
                if output.receipt is not None:
                    feed.add(output.receipt, arrived.received_ms)
                yield output
        feed.save()

    def _caught(
        self, draft: Draft, arrived: Arrived, raw: bytes, found: Found, profile: AgencyProfile | None, *, again: bool = False
    ) -> IntakeOutput:
        """Fold one message. When our code fails on it twice, the message gets a receipt too, and the state does not change."""
        try:
            output = self._take(draft, arrived, raw, found, profile)
        except aside.NOT_OF_THE_RECORD:
            raise
        except Exception as exc:  # noqa: BLE001 - the edge of one record: a defect on it must not stop the agency's other records
            if again:
                return _failed(draft, arrived, raw, exc)
            return self._caught(draft, arrived, raw, _found(raw, arrived), profile, again=True)
        aside.went_well(draft)
        return output

    def _take(self, draft: Draft, arrived: Arrived, raw: bytes, found: Found, profile: AgencyProfile | None) -> IntakeOutput:
        """Fold one message completely or not at all."""
        draft.begin()
        try:
            return take(draft, self.ids, arrived, raw, found, profile)
        except Exception:
            draft.undo()
            raise


def _read(topic: str, agency: str, record: Any) -> tuple[Arrived, bytes, Found | Signature]:
    headers = dict(record.headers) if record.headers else _NO_HEADERS
    batch = headers.get(BATCH_HEADER)
    named = batch.decode(errors="replace")[:BATCH_LENGTH] if batch else None
    edition, correlation = headers.get(EDITION_HEADER), headers.get(CORRELATION_HEADER) or b""
    arrived = Arrived(topic, record.offset, agency, record.timestamp, text_of_ms(record.timestamp), named, edition, correlation)
    raw: bytes = record.value or b""
    if not all(map(_is_text, headers)):
        why = "a header has a name that is not UTF-8 text, or the record cannot be read: look at the program that sent it"
        return arrived, raw, Rejected(reason=Reason.INVALID_UTF8, field="headers", detail=why)
    if CONTROL_HEADER in headers:
        return arrived, raw, Signature(headers[CONTROL_HEADER] or b"")
    return arrived, raw, _found(raw, arrived)


def _failed(draft: Draft, arrived: Arrived, raw: bytes, exc: Exception) -> IntakeOutput:
    """The receipt of a message on which our code fails. Raises Fatal after too many failures in a row."""
    if aside.failed(draft) >= aside.MOST_IN_A_ROW:
        raise Fatal(f"{aside.MOST_IN_A_ROW} messages in a row failed inside; the last is {arrived.topic} {arrived.offset}") from exc
    ids = {"stage": "intake", "topic": arrived.topic, "offset": arrived.offset, "agency": arrived.agency}
    log.error("%s %d failed inside", arrived.topic, arrived.offset, exc_info=exc, extra=ids | correlation_of(arrived.correlation))
    why = "failed inside the exchange; the operator sees it. Nothing of it was kept"
    return rejection(arrived, Rejected(reason=Reason.INTERNAL, detail=why), case_no_of(raw))


def _found(raw: bytes, arrived: Arrived) -> Found:
    try:
        return check(raw, arrived.agency, arrived.received_ms, arrived.edition)
    except Exception as exc:  # noqa: BLE001 - raised again when the message is folded
        return exc


def _is_text(name: str) -> bool:
    """Whether a header's name was UTF-8. Bytes that were not UTF-8 are lone surrogates in the name (schemas/raw_records.py)."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)
