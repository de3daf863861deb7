"""Records of one agency's topic in, all that the exchange must make of them out: the truth, in plain Python and nothing of the product.

Written from docs and issue, not from the code that is tested: the table of what a message is beside its case, and the definitions
of the rolling counts (schemas/counts.py).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from chaos_meaning import Meaning, Seized

from mekong.schemas.counts import Window

MOST_VERSIONS = 200
MOST_SKEW_S = 300
FAMILIES = {"warning": "warning", "feedback": "feedback"}
"""What a case number stands for by the kind of its first message; of all others a case."""
STRICTNESS = ("TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED")
Order = tuple[str, float]
"""By what the sender orders a message, and where it stands in that."""
Tally = tuple[int, int, int]
"""Cases, lines, milligrams."""
Series = tuple[str | None, str, str]
"""Commodity group (None: all), window, start."""


class Record(NamedTuple):
    """One record as it is on the topic."""

    offset: int
    timestamp_ms: int
    value: bytes
    headers: Mapping[str, bytes]


class Answer(NamedTuple):
    """What a receipt must say of the message at ``offset``."""

    offset: int
    outcome: str
    version: int | None
    reason: str | None


class Entry(NamedTuple):
    """What a journal entry must say."""

    offset: int
    """Of the message behind it."""
    kind: str
    case_no: str = ""
    version: int = 0
    status: str = ""


@dataclass
class _Case:
    family: str
    status: str = "current"
    contents: list[str] = field(default_factory=list)
    orders: list[Order | None] = field(default_factory=list)
    tlp: str = ""
    counted: tuple[Seized, Mapping[str, tuple[int, int]], str | None] | None = None
    """When, what, and in which phase."""


class Truth:
    """The truth about one agency, message by message."""

    def __init__(self, topic: str, secret: bytes, meaning: Callable[[bytes], Meaning]) -> None:
        self._topic, self._secret, self._meaning = topic, secret, meaning
        self._profile: dict[str, Any] | None = None
        self._ticked: datetime | None = None
        self.cases: dict[str, _Case] = {}
        self.answers: list[Answer] = []
        self.entries: list[Entry] = []
        self.tables: list[dict[Series, Tally]] = []
        """The counts at each tick taken, without those that are zero."""
        self.ended: list[date] = []
        """The local day of each tick taken."""

    def take(self, records: Iterable[Record]) -> Truth:
        """Fold the whole topic."""
        for record in records:
            mac = record.headers.get("mekong-control")
            if mac is not None and mac in macs_of(self._secret, self._topic, record.value):
                self._control(record, json.loads(record.value))
            elif self._profile is None:
                self.answers.append(Answer(record.offset, "rejected", None, "unregistered_agency"))
            else:
                self._message(record, Meaning("bad", reason="forged_control") if mac is not None else self._meaning(record.value))
        return self

    @property
    def current(self) -> int:
        """How many seizures count now."""
        return sum(1 for case in self.cases.values() if case.family == "case" and case.status == "current")

    def _control(self, record: Record, body: dict[str, Any]) -> None:
        if body["message_type"] == "agency":
            self._profile = body
            self.entries.append(Entry(record.offset, "agency"))
            return
        at = datetime.fromisoformat(body["at"])
        skew_s = abs(at.timestamp() - record.timestamp_ms / 1_000)
        if skew_s > MOST_SKEW_S or (self._ticked is not None and at <= self._ticked) or body.get("replay"):
            return
        self._ticked = at
        self.entries.append(Entry(record.offset, "tick"))
        self._count(at)

    def _message(self, record: Record, said: Meaning) -> None:
        order = said.order or _edition(record.headers.get("mekong-edition"))
        outcome, version, reason = self._identify(said, order)
        self.answers.append(Answer(record.offset, outcome, version, reason))
        if outcome not in {"accepted", "corrected", "withdrawn"}:
            return
        case = self.cases.setdefault(said.case_no, _Case(FAMILIES.get(said.kind, "case")))
        case.contents.append(said.content)
        case.orders.append(order)
        case.tlp = case.tlp if outcome == "withdrawn" else said.tlp
        case.status = "withdrawn" if outcome == "withdrawn" else "current"
        case.counted = (said.seized, said.groups, self._phase(said.seized, said.groups)) if said.seized else None
        self.entries.append(Entry(record.offset, "version", said.case_no, version or 0, case.status))

    def _identify(self, said: Meaning, order: Order | None) -> tuple[str, int | None, str | None]:
        """The table of who is who, row by row."""
        if said.kind == "bad":
            return "rejected", None, said.reason
        case = self.cases.get(said.case_no)
        if case is None:
            return ("rejected", None, "unknown_case") if said.kind in {"correction", "withdrawal"} else ("accepted", 1, None)
        if said.kind != "withdrawal" and FAMILIES.get(said.kind, "case") != case.family:
            return "rejected", None, "type_conflict"
        latest = len(case.contents)
        known_as = [version_order for content, version_order in zip(case.contents, case.orders, strict=True) if content == said.content]
        if case.contents[-1] == said.content or (order is not None and order in known_as):
            return "duplicate", latest, None
        if _before(order, case.orders[-1]):
            return "stale", latest, None
        meant = said.kind in {"correction", "withdrawal"} or _before(case.orders[-1], order) or _begins_to_number(order, case.orders[-1])
        if known_as and not meant:
            return "stale", latest, None
        if latest >= MOST_VERSIONS and not _taken_at_the_end(case, said):
            return "rejected", None, "too_many_versions"
        return ("withdrawn" if said.kind == "withdrawal" else "corrected"), latest + 1, None

    def _phase(self, seized: Seized, groups: Mapping[str, Any]) -> str | None:
        assert self._profile is not None
        if seized.precision == "year":
            return None
        last = seized.day
        if seized.precision == "month":
            last = (seized.day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        for part in self._profile.get("memberships", ()):
            within = date.fromisoformat(part["starts_on"]) <= seized.day and last <= date.fromisoformat(part["ends_on"])
            if within and (not part["commodity_groups"] or set(groups) & set(part["commodity_groups"])):
                return str(part["phase"])
        return None

    def _count(self, at: datetime) -> None:
        """The definitions of schemas/counts.py, from all cases anew."""
        offset = self._profile["utc_offset"] if self._profile else "+00:00"  # the clock may see a topic before its profile is there
        sign, hours, minutes = offset[0], *offset[1:].split(":")
        ahead = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
        minute, today = int(at.timestamp()) // 60, (at.astimezone(UTC) + ahead).date()
        table: dict[Series, list[int]] = defaultdict(lambda: [0, 0, 0])
        for case in self.cases.values():
            if case.counted is None:
                continue
            seized, groups, phase = case.counted
            parts = [*groups.items(), (None, (sum(lines for lines, _ in groups.values()), sum(mg for _, mg in groups.values())))]
            for window, start in _windows(seized, phase, minute, today):
                for group, (lines, mass_mg) in parts:
                    sums = table[group, window, start]
                    sums[0] += 1
                    sums[1] += lines
                    sums[2] += mass_mg
        self.tables.append({series: (sums[0], sums[1], sums[2]) for series, sums in table.items()})
        self.ended.append(today)


def _edition(header: bytes | None) -> Order | None:
    return ("edition", datetime.fromisoformat(header.decode()).timestamp()) if header else None


def _before(one: Order | None, other: Order | None) -> bool:
    """Only orders of one kind come one before the other."""
    return one is not None and other is not None and one[0] == other[0] and one[1] < other[1]


def _begins_to_number(order: Order | None, last: Order | None) -> bool:
    return order is not None and order[0] == "revision" and (last is None or last[0] != "revision")


def _taken_at_the_end(case: _Case, said: Meaning) -> bool:
    """Of a case that has all its versions: one withdrawal, and a stricter marking."""
    if said.kind == "withdrawal":
        return case.status == "current"
    return STRICTNESS.index(said.tlp) > STRICTNESS.index(case.tlp)


def _windows(seized: Seized, phase: str | None, minute: int, today: date) -> Iterable[tuple[str, str]]:
    if seized.precision == "year":
        return
    yield "month", f"{seized.day:%Y-%m}-01"
    if phase:
        yield "phase", phase
    if seized.precision == "month":
        return
    yield "day", seized.day.isoformat()
    for window in Window:
        if window.days and today - timedelta(days=window.days) < seized.day <= today:
            yield window.value, ""
        if seized.minute is not None and minute - window.minutes < seized.minute <= minute:
            yield window.value, ""


def _control_key(secret: bytes) -> bytes:
    """RFC 5869, of one block."""
    extracted = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(extracted, b"mekong control records\x01", "sha256")


def macs_of(secret: bytes, topic: str, value: bytes) -> set[bytes]:
    """Those that a control record of the exchange may have: under the key for them, and, from an older release, under the secret."""
    return {_mac(key, topic, value) for key in (secret, _control_key(secret))}


def _mac(secret: bytes, topic: str, value: bytes) -> bytes:
    return hmac.new(secret, topic.encode() + b"\0" + value, hashlib.sha256).hexdigest().encode()
