"""Looks at the messages of a file, one by one, and asks questions about data that look damaged, before anything is sent. Pure.

It keeps some sums for each kind of goods, and for each case a hash of its day and goods.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import orjson

from mekong.producers.parsed import Parsed
from mekong.producers.questions import Examples, Question, Spot
from mekong.schemas.damage import long_number, names_a_total, rounded_number
from mekong.schemas.limits import MAX_QUANTITY, QUANTITY_DECIMALS

_LEAST_OTHERS = 5
"""A sum of fewer is met by chance."""
_LEAST_OTHERS_FAR = 10
_FAR = 100
"""Times the next largest: no row is, in 27,805 messages of four simulated phases and in the public files (docs/decisions/0017)."""
_SAME_SUM = Decimal("0.0005")
_UNITS_OF_MASS = frozenset({"g", "kg", "t", "mg", "lb", "oz"})


class MessageRef(NamedTuple):
    """A message of the file."""

    where: str
    case_no: str
    line: int = 0
    """Of its goods."""

    def of_quantity(self) -> Spot:
        """Where its quantity is."""
        return Spot(self.where, f"lines.{self.line}.quantity")

    def of_number(self) -> Spot:
        """Where its case number is."""
        return Spot(self.where, "case_no")


@dataclass
class _Weights:
    """The weights of one kind of goods in one unit."""

    rows: int = 0
    total: Decimal = Decimal()
    largest: Decimal = Decimal()
    second: Decimal = Decimal()
    place: MessageRef = field(default=MessageRef("", ""))

    def add(self, weight: Decimal, place: MessageRef) -> None:
        self.rows += 1
        self.total += weight
        if weight > self.largest:
            self.second, self.largest, self.place = self.largest, weight, place
        elif weight > self.second:
            self.second = weight

    def suspicion(self) -> str:
        """Why the largest row is perhaps no case; empty when nothing speaks for it."""
        others, rest = self.rows - 1, self.total - self.largest
        if others >= _LEAST_OTHERS and rest and abs(self.largest - rest) <= rest * _SAME_SUM:
            return f"as much as the other {others:,} rows together"
        if others >= _LEAST_OTHERS_FAR and self.second and self.largest > self.second * _FAR:
            return f"over {_FAR} times as much as the largest of the other {others:,} rows, {self.second:,f}"
        return ""


class Doubts:
    """What is asked about one file."""

    def __init__(self) -> None:
        self._rounded, self._cut, self._totals, self._twice = Examples(), Examples(), Examples(), Examples()
        self._exact = 0
        self._weights: dict[tuple[str, str], _Weights] = {}
        self._seen: dict[int, tuple[int, int]] = {}

    def look(self, item: Parsed) -> None:
        """Look at one message. A message that cannot be read is left for the exchange to judge."""
        place = MessageRef(item.where, item.case_no)
        self._number(place)
        try:
            message = orjson.loads(item.value)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        lines = [line for line in message.get("lines") or () if isinstance(line, dict)] if isinstance(message.get("lines"), list) else []
        goods = sorted({name.casefold() for line in lines if isinstance(name := line.get("substance_or_taxon"), str)})
        if names_a_total(item.case_no) or any(map(names_a_total, goods)):
            self._totals.add(f"{place.where}: {', '.join(goods)[:60]} (case {place.case_no[:40]})", place.of_number())
        for number, line in enumerate(lines):
            self._weigh(line, place._replace(line=number))
        if message.get("message_type") == "seizure":
            self._again(item, hash(str(message.get("seized_at"))[:10]), hash(tuple(goods)))

    def questions(self) -> Iterator[Question]:
        """What a person should look at, each kind once."""
        if not self._exact:
            self._rounded.join(self._cut)
        yield from self._rounded.question("A spreadsheet has rounded case numbers; keep them as text in the sheet")
        for (group, unit), weights in sorted(self._weights.items()):
            if why := weights.suspicion():
                place = weights.place
                what = f"{weights.largest:,f} {unit} of {group}"
                self._totals.add(f"{place.where}: {what}, {why} (case {place.case_no[:40]})", place.of_quantity())
        yield from self._totals.question("Rows look like the total of a table, and would count as a case")
        yield from self._twice.question("Case numbers come twice, with another day and other goods: the second would replace the first")

    def _number(self, place: MessageRef) -> None:
        number = place.case_no.strip()
        if not rounded_number(number):
            self._exact += long_number(number)
        elif long_number(number):  # one of ten is right by chance, so only when all of this length end in zeros
            self._cut.add(f"{place.where}: {number[:40]}", place.of_number())
        else:
            self._rounded.add(f"{place.where}: {number[:40]}", place.of_number())

    def _weigh(self, line: dict[str, Any], place: MessageRef) -> None:
        group, unit, quantity = line.get("commodity_group"), line.get("unit"), line.get("quantity")
        if not (isinstance(group, str) and isinstance(unit, str) and isinstance(quantity, str | int | float)) or unit not in _UNITS_OF_MASS:
            return
        try:
            weight = Decimal(str(quantity))
        except InvalidOperation:
            return
        if weight.is_finite() and 0 < weight <= MAX_QUANTITY and weight.adjusted() > -QUANTITY_DECIMALS:
            self._weights.setdefault((group, unit), _Weights()).add(weight, place)

    def _again(self, item: Parsed, day: int, goods: int) -> None:
        first = self._seen.setdefault(hash((item.agency, item.case_no)), (day, goods))
        if day != first[0] and goods != first[1]:
            self._twice.add(f"{item.where}: case {item.case_no[:60]}", Spot(item.where, "case_no"))
