"""What looks damaged is taken with a notice, and a code that had ended is refused: by the day of the case."""

from __future__ import annotations

import json
from typing import Annotated

import pytest
from pydantic import BaseModel

from mekong.schemas.codes import Code, code_list, has_periods
from mekong.streams.core.intake.codes_of_day import _coded
from tests.unit.test_intake_fold import receipts, seizure

LINE = json.loads(seizure())["lines"][0]
OTHER = [{**LINE, "quantity": 7}]


def notices(*raws):
    found = receipts(*[(raw, ()) for raw in raws])[-1]
    assert found["outcome"] != "rejected"
    return [(one["code"], one["field"]) for one in found.get("warnings", ())]


@pytest.mark.parametrize(
    ("number", "is_rounded"),
    [
        *(("2.02651E+15", True), ("2,02651E+15", True), ("2.02651e+015", True), ("2E+15", True)),
        *(("202651234567890000", True), ("1234567890123450", True)),
        *(("202651234567891", False), ("2026512345678912", False), ("2026-000123", False), ("E+15", False), ("20260000000000", False)),
        *(("2.02651E15", False), ("HP/2E+15", False)),
    ],
)
def test_a_case_number_that_a_spreadsheet_has_rounded_is_told(number, is_rounded):
    assert notices(seizure(case_no=number)) == [("rounded_number", "case_no")] * is_rounded


@pytest.mark.parametrize(
    ("second", "is_told"),
    [
        pytest.param({"seized_at": "2026-05-09", "lines": OTHER}, True, id="another day and other goods"),
        pytest.param({"seized_at": "2026-05-09"}, False, id="the day was wrong"),
        pytest.param({"lines": OTHER}, False, id="the weight was wrong"),
        pytest.param({"seized_at": "2026-05-09", "lines": OTHER, "message_type": "correction"}, False, id="a correction is meant"),
        pytest.param({"seized_at": "2026-05", "lines": OTHER}, False, id="a month that has the day"),
        pytest.param({"seized_at": "2026-04", "lines": OTHER}, True, id="a month that has not"),
        pytest.param({"seized_at": "2026-05-03T10:00+07:00", "lines": OTHER}, False, id="the time of the day"),
    ],
)
def test_a_number_that_is_used_for_another_case_is_told(second, is_told):
    assert notices(seizure(), seizure(**second)) == [("number_used_again", "case_no")] * is_told


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ({"quantity": 11_800, "unit": "kg"}, False),
        ({"quantity": 11_801, "unit": "kg"}, True),
        ({"quantity": 12, "unit": "t"}, True),
        ({"quantity": 200, "unit": "t", "commodity_group": "flora", "substance_or_taxon": "Aquilaria spp."}, False),
        ({"quantity": 100_000, "unit": "tablet"}, False),
    ],
)
def test_a_mass_above_all_that_is_published_is_told_with_its_line(line, is_told):
    assert notices(seizure(lines=[LINE, LINE | line])) == [("implausible_mass", "lines.1.quantity")] * is_told


def test_many_notices_of_one_kind_hide_none_of_another():
    strange = [{**LINE, "substance_or_taxon": f"powder {number}"} for number in range(30)]
    found = notices(seizure(lines=[*strange, LINE | {"quantity": 11_801}]))
    assert len(found) == 21
    assert ("implausible_mass", "lines.30.quantity") in found


def test_every_limit_of_a_mass_names_its_source():
    for entry in code_list("commodity_groups").values():
        assert entry.fields["plausible_source"]


def test_a_wider_taxon_is_told():
    tiger = {"commodity_group": "fauna", "substance_or_taxon": "Panthera tigris altaica", "quantity": 1, "unit": "piece"}
    assert notices(seizure(lines=[LINE, tiger])) == [("widened_goods", "lines.1.substance_or_taxon")]
    assert notices(seizure(lines=[LINE, tiger | {"substance_or_taxon": "Panthera tigris (Linnaeus, 1758)"}])) == []


@pytest.mark.parametrize(
    ("currency", "day", "is_taken"),
    [
        pytest.param("ANG", "2026-05-03", False, id="it had ended"),
        pytest.param("ANG", "2025-03-31", True, id="on its last day"),
        pytest.param("ANG", "2025-04-01", False, id="a day later"),
        pytest.param("ANG", "2025-03", True, id="a month that has its last day"),
        pytest.param("ANG", "2025", True, id="a year that has"),
        pytest.param("CUC", "2026-05-03", False, id="another"),
        pytest.param("VND", "2026-05-03", True, id="one that goes on"),
    ],
)
def test_a_code_is_asked_by_the_day_of_the_case(currency, day, is_taken):
    (found,) = receipts((seizure(value_amount="10", value_currency=currency, seized_at=day), ()))
    assert found["outcome"] == ("accepted" if is_taken else "rejected")
    if not is_taken:
        assert (found["reason"], found["field"]) == ("unknown_code", "value_currency")
        assert "it is from the beginning to 20" in found["detail"]


def test_a_code_with_periods_is_found_wherever_it_stands_in_a_record():
    class Inner(BaseModel):
        money: Annotated[str, Code("currencies")] | None = None

    class Outer(BaseModel):
        plain: Annotated[str, Code("units")]
        one: Annotated[str, Code("currencies")]
        many: tuple[Annotated[str, Code("currencies")], ...] = ()
        inner: Inner | None = None
        inners: tuple[Inner, ...] = ()

    assert has_periods("currencies")
    assert not has_periods("units")
    assert [coded.field for coded in _coded(Outer)] == ["one", "many", "inner", "inners"]
