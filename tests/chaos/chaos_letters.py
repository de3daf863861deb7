"""Warnings and feedback of one run: to one member or two, to one that comes later or never, corrected, answered, with a date or without."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from chaos_meaning import AGENCIES, JOINER, Meaning, Planned, event_id

Ordered = Callable[[str, dict[str, Any], Meaning], Planned]
"""Agency, body and meaning of a message -> the message, with an order of the sender's or without."""

NEVER = "SG-CUSTOMS"
"""An agency that is on the lists and never registered here."""
DUE_H: tuple[int | None, ...] = (None, -1, 36, 36, 84, 132, 500)
"""Hours until feedback is asked for: at once too late, within the days that pass in a run (chaos_alerts.DAYS_H), or after all of them."""


class Letters:
    """Makes them. ``case_no`` gives a number that was not used before, ``ordered`` an order."""

    def __init__(self, chance: random.Random, now: datetime, secret: bytes, case_no: Callable[[], str], ordered: Ordered) -> None:
        self._chance, self._now, self._secret, self._case_no, self._ordered = chance, now, secret, case_no, ordered
        self.numbers: dict[str, list[str]] = {agency: [] for agency in AGENCIES}
        """Case numbers of all of them, by sender."""
        self._warnings: dict[str, list[str]] = {agency: [] for agency in AGENCIES}
        self._named: dict[str, list[tuple[str, str]]] = {}
        """Sender and case number of the warnings that name an agency."""
        self._answers: dict[str, list[tuple[str, str]]] = {agency: [] for agency in AGENCIES}
        """Case number, and event id of the warning."""

    def warning(self, agency: str) -> Planned:
        """A new one."""
        self._warnings[agency].append(self._number(agency))
        return self._warn(agency, self._warnings[agency][-1])

    def changed_warning(self, agency: str) -> Planned:
        """One that was sent before, with another date or to others."""
        sent = self._warnings[agency]
        return self._warn(agency, self._chance.choice(sent[-5:])) if sent else self.warning(agency)

    def feedback(self, agency: str) -> Planned:
        """An answer to a warning that names ``agency``, or another answer instead of one that was given."""
        named, given = self._named.get(agency), self._answers[agency]
        if given and self._chance.random() < 0.3:
            return self._answer(agency, *self._chance.choice(given))
        if not named:
            return self.warning(agency)
        answered = event_id(self._secret, *self._chance.choice(named[-20:]))
        given.append((self._number(agency), answered))
        return self._answer(agency, *given[-1])

    def _number(self, agency: str) -> str:
        self.numbers[agency].append(self._case_no())
        return self.numbers[agency][-1]

    def _warn(self, agency: str, case_no: str) -> Planned:
        others = [one for one in AGENCIES if one not in {agency, JOINER}]
        named = self._chance.sample(others, self._chance.choice((1, 1, 2)))
        if self._chance.random() < 0.3:
            named.append(self._chance.choice((JOINER, NEVER)))
        to = [one for one in named if one != agency]
        for one in to:
            self._named.setdefault(one, []).append((agency, case_no))
        content: dict[str, Any] = {"to": to, "commodity_groups": ["drug"]}
        if (hours := self._chance.choice(DUE_H)) is not None:
            content["feedback_by"] = (self._now + timedelta(hours=hours)).isoformat()
        return self._as("warning", agency, case_no, content)

    def _answer(self, agency: str, case_no: str, answered: str) -> Planned:
        outcome = self._chance.choice(("found", "not_found", "in_progress"))
        return self._as("feedback", agency, case_no, {"in_reply_to": answered, "outcome": outcome})

    def _as(self, kind: str, agency: str, case_no: str, content: dict[str, Any]) -> Planned:
        body = {"message_type": kind, "agency": agency, "case_no": case_no, **content}
        return self._ordered(agency, body, Meaning(kind, case_no, f"{kind} {sorted(content.items())}"))
