"""CBP cells to seizures: the real file in full, and its traps one by one."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

import mekong.deploy
from mekong.producers.formats import BY_NAME, cbp
from mekong.producers.parsed import Parsed
from mekong.schemas.messages import MESSAGE
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.times import Precision

FILE = Path(mekong.deploy.__file__).parent / "demo-data" / "cbp-nationwide-drugs-fy19-fy22.csv"
HEADER = "FY,Month (abbv),Component,Region,Land Filter,Area of Responsibility,Drug Type,Count of Event,Sum Qty (lbs)"


def cell(**changed: str) -> str:
    columns = {
        "FY": "2019",
        "Month (abbv)": "APR",
        "Component": "Office of Field Operations",
        "Region": "Coastal/Interior",
        "Land Filter": "Other",
        "Area of Responsibility": "ATLANTA FIELD OFFICE",
        "Drug Type": "Cocaine",
        "Count of Event": "3",
        "Sum Qty (lbs)": "2.5",
    }
    return ",".join((columns | changed).values())


def parse(*rows: str) -> list[Parsed | Rejected]:
    return list(BY_NAME["cbp"].parse([("\r\n".join([HEADER, *rows]) + "\r\n").encode()]))


@pytest.fixture(scope="module")
def real() -> list[Parsed]:
    return list(BY_NAME["cbp"].parse([FILE.read_bytes()]))


def test_the_real_file_is_282_492_seizures_of_41_agencies(real):
    assert len(real) == 282_492
    assert all(isinstance(item, Parsed) for item in real)
    assert len({item.agency for item in real}) == 41
    assert len({(item.agency, item.case_no) for item in real}) == 282_492


def test_the_real_weights_are_shared_out_to_the_milligram(real):
    header, *lines = FILE.read_text().splitlines()
    names = header.split(",")
    expected = sum(cbp.milligrams(dict(zip(names, line.split(","), strict=True))["Sum Qty (lbs)"]) for line in lines)
    found = sum(Decimal(json.loads(item.value)["lines"][0].get("quantity", "0")) for item in real)
    assert found * 1_000_000 == expected


def test_every_agency_of_the_real_file_has_a_profile(real):
    profiles = {agency: cbp.profile(agency) for agency in {item.agency for item in real}}
    assert Counter(profile.kind for profile in profiles.values()) == {"customs": 21, "police": 20}
    assert {profile.country for profile in profiles.values()} == {"US"}


def test_real_messages_are_valid(real):
    for item in real[::97]:
        MESSAGE.validate_json(item.value)


def test_a_cell_of_n_events_is_n_seizures_of_the_month():
    found = parse(cell())
    assert [item.case_no for item in found] == [f"2019-04/COCAINE/OTHER/{k}" for k in (1, 2, 3)]
    assert {item.time.precision for item in found} == {Precision.MONTH}
    assert [json.loads(item.value)["lines"][0]["quantity"] for item in found] == ["0.377994", "0.377994", "0.377993"]
    message = json.loads(found[0].value)
    assert (message["agency"], message["seized_at"], message["country"]) == ("US-ATLANTA-FIELD-OFFICE", "2019-04", "US")
    assert message["lines"][0] | {"quantity": ""} == {
        "commodity_group": "drug",
        "substance_or_taxon": "Cocaine",
        "quantity": "",
        "unit": "kg",
        "quantity_kind": "estimated",
    }


@pytest.mark.parametrize(
    ("year", "month", "expected"),
    [
        pytest.param("2019", "SEP", "2019-09", id="SEP ends the fiscal year"),
        pytest.param("2019", "OCT", "2018-10", id="OCT begins it, a calendar year before"),
        pytest.param("2019", "DEC", "2018-12", id="so DEC"),
        pytest.param("2019", "JAN", "2019-01", id="JAN is of the year itself"),
        pytest.param("2026 (FYTD)", "FEB", "2026-02", id="the running year"),
        pytest.param("2019", "feb", "2019-02", id="small letters"),
    ],
)
def test_fiscal_years_become_calendar_months(year, month, expected):
    found = parse(cell(**{"FY": year, "Month (abbv)": month}))
    assert {json.loads(item.value)["seized_at"] for item in found} == {expected}


def test_case_numbers_do_not_depend_on_the_order_of_rows():
    one, two = cell(), cell(**{"Drug Type": "Heroin", "Count of Event": "2"})
    assert {(item.case_no, item.value) for item in parse(one, two)} == {(item.case_no, item.value) for item in parse(two, one)}


def test_a_year_that_is_complete_now_keeps_the_case_numbers_it_had_to_date():
    assert [item.case_no for item in parse(cell(FY="2019 (FYTD)"))] == [item.case_no for item in parse(cell())]


def test_the_footnote_mark_is_no_part_of_the_drug():
    (found,) = parse(cell(**{"Drug Type": "Other Drugs**", "Count of Event": "1"}))
    assert json.loads(found.value)["lines"][0]["substance_or_taxon"] == "Other Drugs"


@pytest.mark.parametrize(("pounds", "kinds"), [("0", ["unknown"] * 3), ("0.0000022", ["estimated", "unknown", "unknown"])])
def test_no_weight_is_an_unknown_quantity_and_not_zero(pounds, kinds):
    lines = [json.loads(item.value)["lines"][0] for item in parse(cell(**{"Sum Qty (lbs)": pounds}))]
    assert [line["quantity_kind"] for line in lines] == kinds
    assert all(("quantity" in line) == (line["quantity_kind"] == "estimated") for line in lines)


def test_land_borders_and_the_rest_are_cells_of_their_own():
    found = parse(cell(**{"Land Filter": "Land Only"}), cell())
    assert len({item.case_no for item in found}) == 6


def test_a_cell_that_comes_twice_is_rejected_as_it_would_correct_itself():
    *_, twice = parse(cell(), cell())
    assert (twice.reason, twice.where, twice.detail) == (Reason.BAD_ROW, "line 3", "the same cell as line 2")


def test_an_office_abroad_does_not_seize_in_the_us():
    (found,) = parse(cell(**{"Area of Responsibility": "SAN JUAN FIELD OFFICE", "Count of Event": "1"}))
    assert json.loads(found.value)["country"] == "PR"


def test_an_office_that_is_new_is_sent_but_has_no_profile():
    (found,) = parse(cell(**{"Area of Responsibility": "GUAM FIELD OFFICE", "Count of Event": "1"}))
    assert found.agency == "US-GUAM-FIELD-OFFICE"
    assert cbp.profile(found.agency) is None


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("FY", "19", Reason.BAD_DATE),
        ("FY", "", Reason.BAD_DATE),
        ("FY", "0001", Reason.BAD_DATE),
        ("Month (abbv)", "XYZ", Reason.BAD_DATE),
        ("Area of Responsibility", "", Reason.INVALID_VALUE),
        ("Area of Responsibility", "X" * 100, Reason.INVALID_VALUE),
        ("Drug Type", "**", Reason.MISSING_FIELD),
        ("Count of Event", "many", Reason.INVALID_VALUE),
        ("Count of Event", "-1", Reason.INVALID_VALUE),
        ("Count of Event", "0", Reason.INVALID_VALUE),
        ("Count of Event", "999999999", Reason.INVALID_VALUE),
        ("Sum Qty (lbs)", "heavy", Reason.BAD_QUANTITY),
        ("Sum Qty (lbs)", "-1", Reason.BAD_QUANTITY),
        ("Sum Qty (lbs)", "NaN", Reason.BAD_QUANTITY),
        ("Sum Qty (lbs)", "Infinity", Reason.BAD_QUANTITY),
        ("Sum Qty (lbs)", "1e999999999", Reason.BAD_QUANTITY),
        ("Sum Qty (lbs)", "3e9", Reason.BAD_QUANTITY),
        ("Sum Qty (lbs)", "1" * 61, Reason.BAD_QUANTITY),
    ],
)
def test_a_bad_value_is_named_with_its_line_and_column(column, value, reason):
    bad, *good = parse(cell(**{column: value}), cell())
    assert (bad.reason, bad.where) == (reason, "line 2")
    assert column in bad.field
    assert len(good) == 3


def test_no_events_without_weight_are_no_seizures():
    assert parse(cell(**{"Count of Event": "0", "Sum Qty (lbs)": "0"})) == []


@pytest.mark.parametrize(
    ("pounds", "expected"),
    [("1", 453_592), ("0", 0), ("6.61386786e-05", 30), ("2204622.62184878", 1_000_000_000_000), ("0.0000011023113109", 0), ("1e-99", 0)],
)
def test_pounds_become_whole_milligrams(pounds, expected):
    assert cbp.milligrams(pounds) == expected


@pytest.mark.parametrize(("mass_mg", "expected"), [(1, "0.000001"), (1_000_000, "1"), (1_234_500, "1.2345"), (20_000_000, "20")])
def test_milligrams_are_written_as_plain_kilograms(mass_mg, expected):
    assert cbp.kilograms(mass_mg) == expected
