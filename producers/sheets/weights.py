"""Says which columns of quantities cannot be known to be the quantity, and why: gross and net weights, several candidates, units. Pure.

A weight that is read from the wrong column, or in the wrong unit, is a wrong figure that nobody sees. So a person is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from mekong.producers.sheets.cells import Value, letters, words
from mekong.producers.sheets.evidence import units_of
from mekong.producers.sheets.spellings import bare, code_of
from mekong.schemas.codes import code_list

if TYPE_CHECKING:
    from mekong.producers.sheets.guess import Proposal

_GROSS = ("gross", "tare", "packing", "packaging", "packed", "ca bi", "bao bi", "毛重", "皮重", "包装", "รวมบรรจุภัณฑ์", "brut", "emballage")
_NOT_ALL = (
    "sample",
    "per unit",
    "per package",
    "per item",
    "average",
    "mau giam dinh",
    "trung binh",
    "样品",
    "平均",
    "单重",
    "ตัวอย่าง",
    "moyen",
)
_MASS = ("weight", "mass", "khoi luong", "trong luong", "重", "น้ำหนัก", "ນ້ຳໜັກ", "ទម្ងន់", "အလေးချိန်", "poids")


def doubts(proposals: Sequence[Proposal], values: Mapping[int, Sequence[Value]]) -> Mapping[int, str]:
    """Column -> why it is asked whether it is the quantity."""
    found: dict[int, str] = {}
    columns = [one for one in proposals if one.field == "quantity"]
    units = next((one for one in proposals if one.field == "unit" and one.sure), None)
    for one in columns:
        for why in _why(one, columns, units, values):
            found.setdefault(one.at, why)
    return found


def _why(one: Proposal, columns: Sequence[Proposal], units: Proposal | None, values: Mapping[int, Sequence[Value]]) -> Iterator[str]:
    heading = bare(one.heading)
    if any(word in heading for word in map(bare, _GROSS)):
        yield "a gross weight may have the packing in it"
    if any(word in heading for word in map(bare, _NOT_ALL)):
        yield "it may be a part of the goods only"
    if len(columns) > 1:
        yield f"the columns {', '.join(letters(each.at) for each in columns)} may each be the quantity: keep one"
    if units is not None:
        yield from _other_units(one, units, values)


def _other_units(one: Proposal, units: Proposal, values: Mapping[int, Sequence[Value]]) -> Iterator[str]:
    """Why the column of units may not be of this quantity."""
    said = {code for value in values[units.at] if (code := code_of("units", words(value)))}
    where = f"column {letters(units.at)}"
    if one.unit and said - {one.unit}:
        yield f"its heading says {one.unit}, and {where} has other units: they may be of something else"
    elif names_a_mass(one.heading) and any(code_list("units")[code].fields["base_unit"] not in ("kg", "l") for code in said):
        yield f"it is a weight, and {where} has units that are not of weight: they may be of something else"


def without_unit(proposals: Sequence[Proposal], values: Mapping[int, Sequence[Value]]) -> Iterator[Proposal]:
    """The columns of quantities whose unit neither their heading nor their cells nor a column of units says."""
    if not any(one.field == "unit" and one.sure for one in proposals):
        for one in proposals:
            if one.field == "quantity" and not one.unit and len(units_of(values[one.at])) < len(values[one.at]):
                yield one


def names_a_mass(heading: str) -> bool:
    """Whether a heading is about a weight."""
    return any(word in bare(heading) for word in map(bare, _MASS))
