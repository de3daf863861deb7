"""Delivers the cases of a sheet and its withdrawals, between two writes of its record. Raises Problem."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from hashlib import blake2b
from typing import NamedTuple

from mekong.producers.editions import CaseKey
from mekong.producers.gateway.parcels import Letter
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.repeats import Key
from mekong.producers.gateway.sheets.complete import bounded
from mekong.producers.gateway.sheets.history import united
from mekong.producers.gateway.sheets.past import WITHDRAWALS
from mekong.producers.gateway.sheets.reading import ReadSheet
from mekong.producers.gateway.sheets.upload import Upload
from mekong.producers.gateway.state import State
from mekong.producers.plan import withdrawal
from mekong.producers.resume_point import ResumePoint
from mekong.schemas.batches import BATCH_HEADER
from mekong.schemas.rejected import Rejected
from mekong.schemas.sendings import MOST_BAD, BadRow, Sending
from mekong.schemas.times import to_text
from mekong.schemas.topics import INCOMING

Fates = Mapping[int, int | Rejected]
"""As in ``parcels``."""


class SheetOutcome(NamedTuple):
    """What became of one case of a sheet."""

    rows: tuple[int, ...]
    case_no: str
    id: str
    """``in.VN-CUSTOMS.v1@42`` when the exchange has stored it. Otherwise it is empty, and ``reason`` says why."""
    reason: str
    field: str
    detail: str
    notices: tuple[tuple[str, str, str], ...]


class Withdrawn(NamedTuple):
    """One withdrawal that the exchange has stored."""

    case_no: str
    id: str


class SentSheet(NamedTuple):
    """What became of a sheet."""

    id: str
    """Of the sending in the history."""
    sent: int
    refused: int
    receipts_after: str
    layout: str
    edition: str
    series: str
    entries: tuple[SheetOutcome, ...]
    withdrawals: tuple[Withdrawn, ...]
    notes: tuple[str, ...]


async def deliver(state: State, begun: Sending, upload: Upload, found: ReadSheet) -> SentSheet:
    """Write the record, deliver, and write the record again: a gateway that is killed between leaves it begun, with what was decided.

    Raises Problem (422) when nothing was stored.
    """
    known = (await asyncio.to_thread(state.history.sendings)).one(begun.agency, begun.id)
    confirmed = frozenset(begun.withdraws)
    begun = _continued(begun, known)
    if known is None or any(begun.withdraws[place] in confirmed for place in begun.unsent):
        await asyncio.to_thread(state.history.write, begun)
    letters = [*_cases(begun, found), *_withdrawals(begun, confirmed)]
    headers = [(BATCH_HEADER, f"sheet-{begun.digest[:12]}".encode())]
    topic, key = INCOMING.of(begun.agency), Key(f"sheet-{begun.id}", upload.id)
    with state.judging.turns.request(begun.agency, is_small=False):
        fates, place, stored = await state.courier(topic).deliver(letters, headers, key, begun.receipts_from)
    outcomes = outcomes_of(found, fates, topic)
    if not any(isinstance(fate, int) for fate in fates.values()):
        if known is None:
            await asyncio.to_thread(state.history.forget, begun)
        raise Problem(422, "No case of the sheet was stored.", messages=[entry_of(one) for one in outcomes])
    if known and begun.withdraws:
        place = min(place, known.receipts_from)  # the receipts of its withdrawals come from there on
    now = (await asyncio.to_thread(state.history.sendings)).one(begun.agency, begun.id)
    sent = united(_sent(begun, outcomes, fates, place, stored), now)
    await asyncio.to_thread(state.history.write, sent)
    return _told(sent, outcomes, _withdrawn(letters, fates, topic), found)


def _continued(begun: Sending, known: Sending | None) -> Sending:
    """A sending as the record of an earlier request has it: its time, and the withdrawals that were wanted."""
    decided, unsent = (known.withdraws, known.unsent) if known else ((), ())
    withdraws = bounded(tuple(dict.fromkeys(decided + begun.withdraws)))
    more: dict[str, object] = {"withdraws": withdraws, "unsent": (*unsent, *range(len(decided), len(withdraws)))}
    if known:
        more |= {"edition": known.edition, "series": begun.series or known.series, "first_offset": known.first_offset}
    return begun.model_copy(update=more)


def _cases(begun: Sending, found: ReadSheet) -> Iterator[Letter]:
    for one in found.entries:
        if one.value:
            edition = to_text(begun.edition) if one.by_edition else ""
            yield Letter(one.rows[0], one.case_no, one.value, correlation(begun.id, one.rows[0]), edition)


def _withdrawals(begun: Sending, confirmed: Collection[str]) -> Iterator[Letter]:
    """The withdrawals that were confirmed in this request. An earlier request may have wanted others: they are not sent."""
    for place, case_no in enumerate(begun.withdraws):
        if case_no in confirmed:
            number = _number(case_no)
            message = withdrawal(CaseKey(begun.agency, case_no))
            yield Letter(number, case_no, message.value, correlation(begun.id, number), to_text(begun.edition), _former_number(place))


def _former_number(place: int) -> int:
    """What an older version gave it: its place in the record."""
    return WITHDRAWALS + place


def _number(case_no: str) -> int:
    """The number of the withdrawal of a case: two gateways that withdraw different cases of one sheet at the same instant agree on it."""
    return WITHDRAWALS + int.from_bytes(blake2b(case_no.encode(), digest_size=8).digest())


def correlation(id_: str, row: int) -> str:
    """What the receipt of a case has again: the sending and the first row of the case."""
    return f"sheet-{id_}-{row}"


def _sent(begun: Sending, outcomes: tuple[SheetOutcome, ...], fates: Fates, place: int, earlier: Collection[int]) -> Sending:
    """The record of a sheet that was sent to its end. ``earlier``: the numbers of messages that an earlier request has stored."""
    refused, offsets = [one for one in outcomes if not one.id], [fate for fate in fates.values() if isinstance(fate, int)]
    stored = {number for number, fate in fates.items() if isinstance(fate, int)}.union(earlier)
    bad = [BadRow(row=row, reason=one.reason) for one in refused for row in one.rows]
    return begun.model_copy(
        update={
            "state": "sent",
            "sent": len(outcomes) - len(refused),
            "refused": dict(Counter(one.reason for one in refused)),
            "bad": tuple(bad[:MOST_BAD]),
            "more_bad": max(0, len(bad) - MOST_BAD),
            "first_offset": min(offsets),
            "last_offset": max(offsets),
            "receipts_from": place,
            "unsent": tuple(one for one in begun.unsent if stored.isdisjoint((_number(begun.withdraws[one]), _former_number(one)))),
        }
    )


def _withdrawn(letters: list[Letter], fates: Fates, topic: str) -> tuple[Withdrawn, ...]:
    of_withdrawals = [one for one in letters if one.number >= WITHDRAWALS]
    return tuple(Withdrawn(one.case_no, f"{topic}@{fates[one.number]}") for one in of_withdrawals if isinstance(fates[one.number], int))


def _told(sent: Sending, outcomes: tuple[SheetOutcome, ...], withdrawn: tuple[Withdrawn, ...], found: ReadSheet) -> SentSheet:
    return SentSheet(
        id=sent.id,
        sent=sent.sent,
        refused=len(outcomes) - sent.sent,
        receipts_after=str(ResumePoint(INCOMING.of(sent.agency), sent.receipts_from)),
        layout=sent.layout,
        edition=to_text(sent.edition),
        series=sent.of_series,
        entries=outcomes,
        withdrawals=withdrawn,
        notes=found.notes,
    )


def outcomes_of(found: ReadSheet, fates: Fates, topic: str) -> tuple[SheetOutcome, ...]:
    """What became of each case."""
    outcomes = []
    for one in found.entries:
        fate = fates.get(one.rows[0])
        if isinstance(fate, Rejected):
            one = one._replace(reason=fate.reason.value, field=fate.field, detail=fate.detail)  # noqa: PLW2901
        id_ = f"{topic}@{fate}" if isinstance(fate, int) else ""
        outcomes.append(SheetOutcome(one.rows, one.case_no, id_, one.reason, one.field, one.detail, one.notices))
    return tuple(outcomes)


def entry_of(one: SheetOutcome) -> dict[str, object]:
    """The entry of an answer in JSON."""
    entry: dict[str, object] = {"row": one.rows[0], "rows": list(one.rows)}
    entry |= {name: value for name in ("case_no", "id", "reason", "field", "detail") if (value := getattr(one, name))}
    if one.notices:
        entry["warnings"] = [{"code": code, "field": field, "detail": detail} for code, field, detail in one.notices]
    return entry
