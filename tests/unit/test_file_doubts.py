"""What looks damaged in a file is asked about; what is only large, long or twice is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mekong.deploy
from mekong.producers.doubts import Doubts
from mekong.producers.files import Chunks
from mekong.producers.formats import BY_NAME
from mekong.producers.parsed import Parsed
from mekong.producers.simulate import simulate
from mekong.schemas import wire
from mekong.schemas.damage import names_a_total, rounded_number

DEMO = Path(mekong.deploy.__file__).parent / "demo-data"


def asked(items) -> list[str]:
    doubts = Doubts()
    for item in items:
        if isinstance(item, Parsed):
            doubts.look(item)
    return [line for question in doubts.questions() for line in question.lines()]


def case(case_no: str, quantity="1", day="2026-05-03", goods="heroin", **more) -> dict:
    line = {"commodity_group": "drug", "substance_or_taxon": goods, "quantity": quantity, "unit": "kg"}
    return {"message_type": "seizure", "agency": "VN-CUSTOMS", "case_no": case_no, "seized_at": day, "lines": [line], **more}


def asked_of(*messages: dict) -> list[str]:
    return asked(BY_NAME["json"].parse(["".join(json.dumps(message) + "\n" for message in messages).encode()]))


@pytest.mark.parametrize("text", ["2.02651E+15", "2,02651E+15", "2E+15", "2.0e+9", "1234567890123450", "20265100000000000000"])
def test_a_number_that_a_spreadsheet_has_rounded(text):
    assert rounded_number(text)


@pytest.mark.parametrize(
    "text", ["VN26/118", "123456789012345", "1234567890123456", "100000", "E15", "7E12", "2026-E4", "2.5", "000000000000000000", ""]
)
def test_a_number_that_is_none(text):
    assert not rounded_number(text)


def test_rounded_case_numbers_are_asked_about_with_their_lines():
    assert asked_of(case("2.02651E+15"), case("VN-2")) == [
        "A spreadsheet has rounded case numbers; keep them as text in the sheet (1):",
        "  line 1: 2.02651E+15",
    ]
    assert len(asked_of(*(case(f"20265{number:010d}000") for number in range(1, 30)))) == 12, "ten examples, and how many more"


def test_a_long_number_that_ends_in_a_zero_is_right_when_others_of_its_length_do_not():
    assert asked_of(case("1234567890123450"), case("1234567890123451")) == []


@pytest.mark.parametrize("text", ["Total", "GRAND TOTAL:", "sub-total", "Tổng cộng", "TỔNG SỐ", "合计", "总计"])
def test_a_word_for_a_sum_is_no_name_of_goods(text):
    assert names_a_total(text)
    assert asked_of(case("VN-1", goods=text))
    assert asked_of(case(text))


@pytest.mark.parametrize("text", ["heroin", "Total-body armour", "tongue", "Tonga", "total 12", "x" * 1000])
def test_another_word_is_none(text):
    assert not names_a_total(text)


def test_a_row_that_weighs_as_much_as_all_others_is_perhaps_their_total():
    weights = ["1.5", "20", "0.25", "7", "3", "11"]
    (_, found) = asked_of(*(case(f"VN-{weight}", weight) for weight in weights), case("VN-7", "42.75"))
    assert found == "  line 7: 42.75 kg of drug, as much as the other 6 rows together (case VN-7)"
    assert asked_of(*(case(f"VN-{weight}", weight) for weight in weights), case("VN-7", "43")) == []
    assert asked_of(case("VN-1", "1"), case("VN-2", "2"), case("VN-3", "3")) == [], "by chance"


def test_a_mass_far_above_all_others_is_asked_about_and_a_large_one_is_not():
    small = [case(f"VN-{number}", "2.5") for number in range(12)]
    assert "over 100 times as much as the largest of the other 12 rows, 2.5" in asked_of(*small, case("VN-X", "2500"))[1]
    assert asked_of(*small, case("VN-X", "240")) == []


def test_a_case_number_twice_with_another_day_and_other_goods_is_asked_about():
    assert asked_of(case("VN-1"), case("VN-1", day="2026-06-01", goods="ivory"))[1] == "  line 2: case VN-1"


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(case("VN-1", "2"), id="another weight"),
        pytest.param(case("VN-1", day="2026-05-04"), id="another day"),
        pytest.param(case("VN-1", goods="ivory"), id="other goods"),
        pytest.param(case("VN-1", day="2026-06-01", goods="ivory", message_type="correction"), id="said to be a correction"),
        pytest.param(case("VN-1", day="2026-06-01", goods="ivory", agency="LA-CUSTOMS"), id="of another agency"),
    ],
)
def test_a_case_that_comes_again_is_a_correction_and_not_asked_about(second):
    assert asked_of(case("VN-1"), second) == []


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b'{"lines":3}',
        b'{"lines":[7,null,{"quantity":{}}],"case_no":4}',
        b'{"lines":[{"commodity_group":"drug","quantity":"x","unit":[]}]}',
    ],
)
def test_what_is_no_message_is_left_to_the_exchange(line):
    assert asked([Parsed("VN-CUSTOMS", "", line, None, "line 1")]) == []


@pytest.mark.parametrize(
    ("name", "format_name"),
    [("cbp-nationwide-drugs-fy19-fy22.csv", "cbp"), ("lemis-amphibian-2016-2021.csv", "lemis"), ("example.jsonl", "json")],
)
def test_nothing_is_asked_about_the_real_files(name, format_name):
    assert asked(BY_NAME[format_name].parse(Chunks(DEMO / name))) == []


def test_a_number_of_a_million_digits_costs_nothing():
    assert asked_of(*(case(f"VN-{number}", "1e999999") for number in range(12)), case("VN-x", "1e-999999")) == []


def test_nothing_is_asked_about_a_simulated_phase_as_a_whole_or_a_file_an_agency():
    values = [wire.encode(message) + b"\n" for _, message in simulate("V", 3, cases=1500).messages]
    items = list(BY_NAME["json"].parse(values))
    assert asked(items) == []
    for agency in {item.agency for item in items}:
        assert asked(item for item in items if item.agency == agency) == []
