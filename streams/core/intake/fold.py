"""Consecutive records of one agency's topic in; journal entries, receipts and the agency's cases out: one message, one receipt.

State of a lane (``cases.v1``), each key beginning with an agency's code: ``<agency>/profile``, ``<agency>/tick``,
``<agency>/case/<case_no>``, and ``<agency>/same/<content hash>`` -> the case number first seen with that content.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from schemas.batches import BATCH_HEADER
from schemas.control import CONTROL_HEADER, AgencyProfile
from schemas.errors import Fatal
from schemas.rejected import Reason, Rejected
from schemas.times import text_of_ms
from streams.core.draft import Draft
from streams.core.intake.check import Checked, case_no_of, check
from streams.core.intake.control import Deployment, control, profile_of
from streams.core.intake.identity import Ids
from streams.core.intake.said import Arrived, Said, refusal
from streams.core.intake.take import take

log = logging.getLogger(__name__)

BATCH_LENGTH = 100
AHEAD = 25  # records read before the first of them meets the state: by turns, the code of both is too much for the processor's cache
MAX_INTERNAL_RUN = 100  # defects in a row before the process ends: a bad deploy must not reject everything
_NO_HEADERS: Mapping[str, bytes] = {}


class Signature(NamedTuple):
    """What a control record carries in place of a message."""

    mac: bytes


Found = Checked | Rejected | Exception
"""What a message says without regard to the state; an exception is a defect of ours."""


class Intake:
    """The fold of intake. Keeps nothing between calls but a count of defects in a row."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.ids = Ids(deployment.secret)
        self.internal_run = 0

    def fold(self, draft: Draft, topic: str, agency: str, records: Sequence[Any]) -> Iterator[Said]:
        """Take ``records`` in order and say what each gave. Raises Fatal after too many defects in a row."""
        profile = profile_of(draft, agency)
        for first in range(0, len(records), AHEAD):
            for arrived, raw, found in [_read(topic, agency, record) for record in records[first : first + AHEAD]]:
                if isinstance(found, Signature):
                    said = control(draft, self.deployment, arrived, raw, found.mac)
                    profile = profile_of(draft, agency)
                    if said is not None:
                        yield said
                else:
                    yield self._caught(draft, arrived, raw, found, profile)

    def _caught(self, draft: Draft, arrived: Arrived, raw: bytes, found: Found, profile: AgencyProfile | None) -> Said:
        """One message; a defect of ours on it is a receipt too, and leaves the state as it was."""
        draft.begin()
        try:
            said = take(draft, self.ids, arrived, raw, found, profile)
        except Fatal:
            raise
        except Exception as exc:  # the edge of one record: a defect on it must not stop the agency's others
            draft.take_back()
            self.internal_run += 1
            if self.internal_run >= MAX_INTERNAL_RUN:
                raise Fatal(f"{MAX_INTERNAL_RUN} messages in a row failed inside; the last is {arrived.topic} {arrived.offset}") from exc
            log.exception("%s %d failed inside", arrived.topic, arrived.offset)
            why = "failed inside the exchange; the operator sees it. Nothing of it was kept"
            return refusal(arrived, Rejected(reason=Reason.INTERNAL, detail=why), case_no_of(raw))
        self.internal_run = 0
        return said


def _read(topic: str, agency: str, record: Any) -> tuple[Arrived, bytes, Found | Signature]:
    headers = dict(record.headers) if record.headers else _NO_HEADERS
    batch = headers.get(BATCH_HEADER)
    named = batch.decode(errors="replace")[:BATCH_LENGTH] if batch else None
    arrived = Arrived(topic, record.offset, agency, record.timestamp, text_of_ms(record.timestamp), named)
    raw: bytes = record.value or b""
    if CONTROL_HEADER in headers:
        return arrived, raw, Signature(headers[CONTROL_HEADER] or b"")
    try:
        return arrived, raw, check(raw, agency, arrived.received_ms)
    except Exception as exc:  # noqa: BLE001 - raised again in its turn
        return arrived, raw, exc
