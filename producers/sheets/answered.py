"""Puts the receipts of a sheet that was sent next to its rows. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mekong.producers.answer import Answer
from mekong.producers.ledger import Ref, Rejection
from mekong.producers.sheets.cases import Case, Cases
from mekong.producers.sheets.judged import Checked, plain
from mekong.producers.sheets.marking import Finding
from mekong.producers.sheets.placing import Places
from mekong.producers.sheets.table import Table
from mekong.schemas.receipts import Outcome
from mekong.schemas.rejected import Reason

_STALE = "the exchange has a newer content of this case, so nothing changed: if this row is right, send it as a correction"


class Answers:
    """The receipts of one sending, by the place of their message. It keeps only what is written onto the sheet."""

    def __init__(self) -> None:
        self._of: dict[str, Answer | Outcome | Rejection] = {}

    def received(self, ref: Ref, answer: Answer) -> None:
        """Keep a receipt."""
        is_plain = not answer.notices and answer.outcome not in {Outcome.REJECTED, Outcome.STALE}
        self._of[ref.where] = answer.outcome if is_plain else answer

    def refused(self, refusal: Rejection) -> None:
        """Keep why a message was not sent."""
        self._of.setdefault(refusal.where, refusal)

    @property
    def receipts(self) -> int:
        """Cases with a receipt."""
        return sum(not isinstance(one, Rejection) for one in self._of.values())

    def on(self, table: Table, agency: str | None) -> Checked:
        """The receipts at the rows of the sheet."""
        cases, places = Cases(table, agency), Places(table)
        results: dict[int, str] = {}
        several, counts, findings = [], Counter[str](), list[Finding]()
        for case in cases:
            result = self._result(case)
            results.update(dict.fromkeys(case.rows, result))
            counts[result] += 1
            findings += self._findings(case, places)
            if len(case.rows) > 1:
                several.append(case.rows)
        return Checked(tuple(findings), results, several, counts, tuple(cases.notes()))

    def _result(self, case: Case) -> str:
        found = self._of.get(case.where)
        if case.message is None or isinstance(found, Rejection):
            return Outcome.REJECTED.value
        return "unanswered" if found is None else (found if isinstance(found, Outcome) else found.outcome).value

    def _findings(self, case: Case, places: Places) -> Iterator[Finding]:
        found = self._of.get(case.where)
        if case.message is None:
            yield from map(places.of_fault, case.faults)
        elif isinstance(found, Rejection):
            yield places.at(case, "rejected", found.field, str(found.reason), plain(found.field, found.detail))
        elif isinstance(found, Answer):
            if found.outcome is Outcome.REJECTED:
                yield places.at(case, "rejected", found.field, str(found.reason or Reason.INTERNAL), plain(found.field, found.detail))
            if found.outcome is Outcome.STALE:
                yield places.at(case, "notice", "case_no", "stale", found.detail or _STALE)
            for notice in found.notices:
                yield places.at(case, "notice", notice.field, notice.code, plain(notice.field, notice.detail))
