"""A seed in; messages of several agencies out, each with what it means, known to whoever made it: the ground of the truth.

Everything that goes wrong in the field is mixed in: exact re-sends, the same content spelled in another way, late re-sends of older
versions, corrections (said and unsaid, and back to what was), orders of every kind that are overtaken, withdrawals, both of unknown
cases, one number for two kinds of things, garbage, forged ticks.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from chaos_letters import Letters
from chaos_meaning import AGENCIES, JOINER, Meaning, Planned, as_bytes, meaning_of

from mekong.schemas.batches import EDITION_HEADER
from mekong.schemas.control import CONTROL_HEADER

_GOODS = (
    ("drug", "Methamphetamine", "kg"),
    ("drug", "Heroin", "g"),
    ("fauna", "Manis javanica", "piece"),
    ("timber", "Dalbergia cochinchinensis", "m3"),
    ("precursor", "a white powder nobody knows", "kg"),
)


class Maker:
    """Makes the messages of one run. ``now`` is the time they are made for: nothing is seized after it. ``secret``: the deployment's."""

    def __init__(self, seed: int, now: datetime, secret: bytes = b"secret") -> None:
        self._chance = random.Random(seed)
        self._now = now.replace(second=0, microsecond=0)
        self._sent: dict[str, list[Planned]] = {agency: [] for agency in AGENCIES}
        self._cases: dict[str, list[tuple[str, dict[str, Any]]]] = {agency: [] for agency in AGENCIES}
        """Case number and a content that was sent for it."""
        self._number = 0
        self._letters = Letters(self._chance, self._now, secret, self._case_no, self._ordered)
        self._ways: tuple[tuple[int, Callable[[str], Planned]], ...] = (
            (42, self._new),
            (12, self._again),
            (8, self._respelled),
            (9, self._correction),
            (2, self._back),
            (5, self._unsaid_correction),
            (5, self._withdrawal),
            (3, self._unknown),
            (1, self._twin),
            (3, self._letters.warning),
            (1, self._letters.changed_warning),
            (3, self._letters.feedback),
            (1, self._conflict),
            (5, self._garbage),
        )

    def messages(self, count: int) -> Iterator[Planned]:
        """``count`` messages; those of the joining agency come in the second half only."""
        early = [agency for agency in AGENCIES if agency != JOINER]
        weights = [weight for weight, _ in self._ways]
        for number in range(count):
            agency = self._chance.choice(list(AGENCIES) if 2 * number > count else early)
            (make,) = self._chance.choices([make for _, make in self._ways], weights)
            planned = make(agency)
            self._sent[agency].append(planned)
            yield planned

    def _new(self, agency: str) -> Planned:
        return self._as("seizure", agency, self._case_no(), self._content(agency))

    def _again(self, agency: str) -> Planned:
        sent = self._sent[agency]
        return self._chance.choice(sent[-200:] if self._chance.random() < 0.7 else sent) if sent else self._new(agency)

    def _respelled(self, agency: str) -> Planned:
        return self._of_known(agency, lambda case_no, content: self._as("seizure", agency, case_no, content, respelled=True))

    def _correction(self, agency: str) -> Planned:
        return self._of_known(agency, lambda case_no, _: self._as("correction", agency, case_no, self._content(agency)))

    def _back(self, agency: str) -> Planned:
        """To a content that the case had, or has."""
        return self._of_known(agency, lambda case_no, content: self._as("correction", agency, case_no, content))

    def _unsaid_correction(self, agency: str) -> Planned:
        return self._of_known(agency, lambda case_no, _: self._as("seizure", agency, case_no, self._content(agency)))

    def _twin(self, agency: str) -> Planned:
        return self._of_known(agency, lambda _, content: self._as("seizure", agency, self._case_no(), content))

    def _withdrawal(self, agency: str) -> Planned:
        if self._letters.numbers[agency] and self._chance.random() < 0.1:
            return self._withdraw(agency, self._chance.choice(self._letters.numbers[agency]))
        return self._of_known(agency, lambda case_no, _: self._withdraw(agency, case_no))

    def _unknown(self, agency: str) -> Planned:
        which = self._chance.randrange(3)
        if which == 0:
            return self._as("correction", agency, f"never seen {self._case_no()}", self._content(agency), known=False)
        if which == 1:
            return self._withdraw(agency, f"never seen {self._case_no()}")
        return self._bad(agency, "unknown_case", self._envelope("feedback", agency, in_reply_to=self._uuid(), outcome="found"))

    def _conflict(self, agency: str) -> Planned:
        if not self._letters.numbers[agency]:
            return self._letters.warning(agency)
        return self._as("seizure", agency, self._chance.choice(self._letters.numbers[agency]), self._content(agency), known=False)

    def _garbage(self, agency: str) -> Planned:
        """Something that is refused whatever came before it."""
        mark, content = self._case_no(), self._content(agency)
        body = {**self._envelope("seizure", agency), "case_no": mark, **content}
        line = content["lines"][0]
        bad: tuple[tuple[str, bytes | dict[str, Any]], ...] = (
            ("not_json", b""),
            ("not_json", f"garbage {mark}".encode()),
            ("not_json", as_bytes(body)[:-5]),
            ("invalid_utf8", b'{"case_no": "\xff\xfe"}'),
            ("too_deep", b'{"lines": ' + b"[" * 1_000 + b"]" * 1_000 + b"}"),
            ("wrong_type", f"[{self._number}]".encode()),
            ("wrong_agency", {**body, "agency": "SG-CUSTOMS"}),
            ("unknown_code", {**body, "lines": [{**line, "unit": "bushel"}]}),
            ("bad_quantity", {**body, "lines": [{**line, "quantity": "-1"}]}),
            ("missing_field", {key: value for key, value in body.items() if key != "case_no"}),
            ("future_date", {**body, "seized_at": "2999-01-01"}),
            ("date_too_old", {**body, "seized_at": "1999-12"}),
        )
        if self._chance.random() < 0.1:
            return self._forged(agency)
        reason, value = self._chance.choice(bad)
        return self._bad(agency, reason, value)

    def _forged(self, agency: str) -> Planned:
        """A tick that makes time pass by years, by a member that may write to its topic."""
        value = as_bytes({"message_type": "tick", "at": f"2030-01-01T00:00:{self._number % 60:02}Z"})
        return Planned(agency, value, Meaning("bad", reason="forged_control"), ((CONTROL_HEADER, b"0" * 64),))

    def _bad(self, agency: str, reason: str, value: bytes | dict[str, Any]) -> Planned:
        return Planned(agency, value if isinstance(value, bytes) else as_bytes(value), Meaning("bad", reason=reason))

    def _of_known(self, agency: str, make: Callable[[str, dict[str, Any]], Planned]) -> Planned:
        cases = self._cases[agency]
        if not cases:
            return self._new(agency)
        recent = self._chance.random() < 0.6
        return make(*self._chance.choice(cases[-100:] if recent else cases))

    def _as(self, kind: str, agency: str, case_no: str, content: dict[str, Any], *, respelled: bool = False, known: bool = True) -> Planned:
        """A seizure or correction with this content."""
        if known:
            self._cases[agency].append((case_no, content))
        written = self._number_respelled(case_no) if respelled else case_no
        body = {**self._envelope(kind, agency), "case_no": written, **(self._respell(content) if respelled else content)}
        return self._ordered(agency, body, meaning_of(kind, case_no, content))

    def _withdraw(self, agency: str, case_no: str) -> Planned:
        reason = self._chance.choice(("entered_in_error", "duplicate_case", "not_illicit"))
        body = {**self._envelope("withdrawal", agency, reason=reason), "case_no": case_no}
        return self._ordered(agency, body, Meaning("withdrawal", case_no, f"withdrawal {reason}"))

    def _ordered(self, agency: str, body: dict[str, Any], meaning: Meaning) -> Planned:
        """With an order of the sender's, or without: some are older than what came before."""
        self._number += 1
        at = self._now - timedelta(days=9) + timedelta(seconds=self._number - self._chance.choice((0, 0, 0, 200)))
        (by,) = self._chance.choices(("", "revision", "reported_at", "edition"), (55, 20, 15, 10))
        if by == "revision":
            number = max(0, self._number - self._chance.choice((0, 0, 0, 200)))
            return Planned(agency, as_bytes({**body, "revision": number}), meaning._replace(order=("revision", number)))
        if by == "reported_at":
            written = at.astimezone(timezone(timedelta(hours=self._chance.choice((0, 7))))).isoformat()
            return Planned(agency, as_bytes({**body, "reported_at": written}), meaning._replace(order=("reported_at", int(at.timestamp()))))
        edition = at.replace(minute=0).isoformat().encode()
        return Planned(agency, as_bytes(body), meaning, ((EDITION_HEADER, edition),) if by else ())

    def _envelope(self, kind: str, agency: str, **more: Any) -> dict[str, Any]:
        return {"message_type": kind, "agency": agency, "case_no": self._case_no(), **more}

    def _content(self, agency: str) -> dict[str, Any]:
        content: dict[str, Any] = {"seized_at": self._seized_at(agency), "lines": [self._line() for _ in range(self._chance.randint(1, 3))]}
        if self._chance.random() < 0.5:
            content["operation"] = "OMD"
        return content

    def _line(self) -> dict[str, Any]:
        group, goods, unit = self._chance.choice(_GOODS)
        if self._chance.random() < 0.1:
            return {"commodity_group": group, "substance_or_taxon": goods, "quantity_kind": "unknown"}
        quantity = f"{Decimal(self._chance.randint(1, 999_999)) / 1_000:f}"
        return {"commodity_group": group, "substance_or_taxon": goods, "quantity": quantity, "unit": unit}

    def _seized_at(self, agency: str) -> str:
        zone = timezone(timedelta(hours=AGENCIES[agency]))
        minutes = self._chance.choice((90, 36 * 60))
        at = (self._now - timedelta(minutes=self._chance.randrange(minutes))).astimezone(zone)
        day = at.date() - timedelta(days=self._chance.randrange(40))
        (text,) = self._chance.choices((at.isoformat(), f"{day:%Y-%m-%d}", f"{day:%Y-%m}", f"{day:%Y}"), (60, 28, 9, 3))
        return text

    def _respell(self, content: dict[str, Any]) -> dict[str, Any]:
        """The same content in other words: zeros, order of fields and lines, seconds, an instant in UTC, a field that does not exist."""
        lines = [
            {key: f"{line[key]}{'0' if '.' in line[key] else '.0'}" if key == "quantity" else line[key] for key in reversed(line)}
            for line in self._chance.sample(content["lines"], len(content["lines"]))
        ]
        seized_at = content["seized_at"]
        if len(seized_at) > 10:
            in_utc = datetime.fromisoformat(seized_at).astimezone(UTC).isoformat()
            seized_at = self._chance.choice((seized_at, seized_at.replace(":00+", "+"), in_utc, in_utc.replace("+00:00", "Z")))
        return {
            "lines": lines,
            "colour": self._number,
            **{key: value for key, value in content.items() if key not in {"lines", "seized_at"}},
            "seized_at": seized_at,
        }

    def _number_respelled(self, case_no: str) -> str:
        """With what cannot be seen in it."""
        at = self._chance.randrange(1, len(case_no))
        return case_no[:at] + self._chance.choice(("", "\u200b", "\u00ad", "\ufeff")) + case_no[at:]

    def _case_no(self) -> str:
        self._number += 1
        return f"{self._now:%Y}/{self._number:06}"

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
