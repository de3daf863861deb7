"""Marks a sheet that was sent before with the receipts of its cases. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from mekong.producers.answer import Answer
from mekong.producers.gateway.sheets.reading import Judge, read
from mekong.producers.gateway.sheets.upload import Upload, table_of
from mekong.producers.ledger import Ref, Rejection
from mekong.producers.sheets.answered import Answers
from mekong.producers.sheets.marked import Marked, marked
from mekong.producers.sheets.summary import account
from mekong.schemas.control import AgencyProfile
from mekong.schemas.languages import Language


def answered(
    upload: Upload, profile: AgencyProfile, judge: Judge, now_ms: int, receipts: Mapping[int, Answer], wanted: Language | None
) -> Marked:
    """The sheet with its receipts, in the wanted language. ``receipts``: the first row of a case -> its receipt. Raises Unreadable."""
    table, found = table_of(upload), Answers()
    for entry in read(upload, profile, judge, now_ms, None).entries:
        row, where = entry.rows[0], f"row {entry.rows[0]}"
        if row in receipts:
            found.received(Ref(row, where, profile.agency, entry.case_no), receipts[row])
        elif entry.reason:
            found.refused(Rejection(where, profile.agency, entry.case_no, entry.reason, entry.field, entry.detail))
    on = found.on(table, profile.agency)
    language = table.language(wanted)
    lines = account(found.receipts, on.counts, on.findings, (), language)
    return marked(upload.data, table.sheet, on.marking(table, lines, language))
