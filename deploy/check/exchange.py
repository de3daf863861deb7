"""Asks an exchange that can be reached what it knows of a sheet's agency and of earlier editions. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mekong.producers.editions import Editions
from mekong.producers.files import Chunks, name_of
from mekong.producers.looking import SheetFile, planned
from mekong.producers.parsed import Format
from mekong.producers.plan import EditionPlan
from mekong.producers.positions import digests_of
from mekong.producers.sheets.judged import Judge, Said
from mekong.producers.sheets.marking import Finding
from mekong.producers.way import exchange_id, open_mailbox
from mekong.schemas.errors import Fatal, Retriable
from mekong.schemas.settings import Settings

_UNKNOWN = "{} is not registered at this exchange, or you may not send for it: ask the operator"
_NO_ADDRESS = "no exchange was asked: neither MEKONG_URL nor MEKONG_KAFKA_BOOTSTRAP is set. Earlier sheets are not compared"


class Asked(NamedTuple):
    """What the exchange, and the ledger of editions, add to a check."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    unknown: frozenset[str] = frozenset()
    """The agencies of the file that the exchange does not know, or that the user may not send for."""

    def judged_by(self, judge: Judge) -> Judge:
        """A judge that accepts nothing of an unknown agency."""

        def of_all(agency: str, message: bytes) -> Iterator[Said]:
            if agency in self.unknown:
                yield Said(True, "unregistered_agency", "agency", _UNKNOWN.format(agency))
            else:
                yield from judge(agency, message)

        return of_all


def ask(settings: Settings, path: Path, format_: Format, agency: str | None) -> Asked:
    """What `send` would ask about earlier editions, and whether the agency is registered. Without an address, nothing."""
    if not (settings.url or settings.kafka_bootstrap or settings.stack):
        return Asked(notes=(_NO_ADDRESS,))
    file = SheetFile(name_of(path), digests_of(path, format_.variant), format_, agency)
    try:
        with Editions(settings.home, exchange_id(settings)) as ledger:
            plan = planned(settings, ledger, file, format_.parse(Chunks(path)))
        with open_mailbox(settings) as mailbox:
            known = mailbox.agencies()
    except (Retriable, Fatal) as exc:
        return Asked(notes=(f"no exchange was asked: {exc}",))
    return Asked(tuple(_asked(plan)), plan.notes, frozenset(plan.agencies) - set(known))


def _asked(plan: EditionPlan) -> Iterator[Finding]:
    """The questions about the sheet. Those about single cells are found without an exchange."""
    for question in plan.questions:
        if not question.spots:
            yield Finding("question", 0, "", "edition", "question", f"{question.said}: {'; '.join(question.examples)}")
