"""Makes the plan of a complete sheet: `send` follows it, and `check` only shows what it asks and notes."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from typing import NamedTuple

from mekong.producers.digests import Digests
from mekong.producers.editions import Editions
from mekong.producers.missing import Choice
from mekong.producers.parsed import Format, Parsed
from mekong.producers.plan import EditionPlan, edition_plan
from mekong.producers.way import open_mailbox
from mekong.schemas.rejected import Rejected
from mekong.schemas.settings import Settings


class SheetFile(NamedTuple):
    """A file that is a complete sheet, and how it is read."""

    name: str
    digests: Digests
    format: Format
    agency: str | None = None
    choice: Choice = Choice()

    def series(self, ledger: Editions) -> str:
        """What its editions are called together: by the name of the file, or of the one that the user named.

        The ledger has a hash of the name where the name itself is not sent. An earlier version stored what the user typed.
        """
        typed = self._of(self.choice.series)
        if self.choice.series and ledger.newest(typed) is not None:
            return typed
        return self._of(self.format.called(self.choice.series or self.name))

    def _of(self, called: str) -> str:
        return " ".join((self.format.name, *filter(None, [self.agency]), called))


def planned(settings: Settings, ledger: Editions, file: SheetFile, items: Iterable[Parsed | Rejected]) -> EditionPlan:
    """What will be sent of the file, and what must be asked before. Raises Refused when what the user chose is not possible."""

    def answered(agencies: Collection[str]) -> Collection[str]:
        with open_mailbox(settings) as mailbox:
            return mailbox.answered(agencies)

    choice = file.choice._replace(series=file.series(ledger), name=file.choice.series or file.name)
    return edition_plan(items, file.agency, ledger, choice, file.digests, time.time_ns() // 1_000_000, answered, file.format.passed)
