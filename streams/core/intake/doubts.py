"""Finds what a person should check in an accepted message, because it is unknown or looks damaged. Pure.

The message is accepted anyway, because the exchange cannot be sure. Examples: a number that a spreadsheet has rounded, a case number that
is used twice, the total row of a sheet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from mekong.schemas.codes import code_list
from mekong.schemas.damage import rounded_number
from mekong.schemas.messages import Line
from mekong.schemas.times import EventTime, Precision
from mekong.streams.core.intake.enrich.goods import nearest, widened
from mekong.streams.core.intake.identify import AgencyMessage
from mekong.streams.core.intake.outputs import Notice

_MG_PER_KG = 1_000_000


def of_number(message: AgencyMessage, before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> Iterator[Notice]:
    """A notice for a case number that a spreadsheet has rounded, or that is used again. ``before`` and ``now``: contributions."""
    case_no = message.case_no
    if rounded_number(case_no):
        yield Notice("rounded_number", "case_no", f"{case_no} looks like a number that a spreadsheet has rounded: give it as text")
    if before is not None and now is not None and message.message_type == "seizure" and before["groups"] != now["groups"]:
        yield from _used_again(before, now)


def _used_again(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Notice]:
    """A notice for a message of type seizure that replaces a seizure of another day with other goods."""
    earlier, later = sorted((_days(before), _days(now)))
    if earlier[1] < later[0]:
        why = "if it is another case, give it a number of its own, and correct this one"
        yield Notice("number_used_again", "case_no", f"replaces a seizure of {before['day']} with other goods: {why}")


def of_line(index: int, line: Line, added: Mapping[str, Any]) -> Iterator[Notice]:
    """Notices for unknown goods, for goods known only as a wider taxon, and for a mass above the highest published mass of its group."""
    name = line.substance_or_taxon
    if added["code"] is None:
        near = nearest(line.commodity_group, name)
        why = f"{name!r} is not on our lists: taken as it is{f'; did you mean {near}?' if near else ''}"
        yield Notice("unrecognised_goods", f"lines.{index}.substance_or_taxon", why)
    elif widened(line.commodity_group, name):
        why = f"{name!r} is not on our lists: taken for {added['code']}, which is wider"
        yield Notice("widened_goods", f"lines.{index}.substance_or_taxon", why)
    most = _most_mg().get(line.commodity_group)
    if most is not None and added["mass_mg"] > most:
        kg = f"{Decimal(added['mass_mg']) / _MG_PER_KG:,.0f} kg is more than {most // _MG_PER_KG:,} kg"
        why = f"{kg}, the most published of this group: is it a total, or in another unit?"
        yield Notice("implausible_mass", f"lines.{index}.quantity", why)


def _days(contribution: Mapping[str, Any]) -> tuple[date, date]:
    time = EventTime(Precision(contribution["precision"]), date.fromisoformat(contribution["day"]), None)
    return time.day, time.last_day


@cache
def _most_mg() -> Mapping[str, int]:
    limits = {code: entry.fields["plausible_kg"] for code, entry in code_list("commodity_groups").items()}
    return {code: int(kg) * _MG_PER_KG for code, kg in limits.items() if kg}
