"""What looks the same is the same: case numbers and names as they are typed, pasted and exported. And no number is guessed at."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekong.schemas import wire
from mekong.schemas.messages import MESSAGE
from mekong.schemas.text import AS_SENT, plain
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.cases import case_key
from mekong.streams.core.intake.control import Deployment
from mekong.streams.core.intake.fold import Intake
from mekong.streams.core.intake.identity import Ids, canonical, hash_of_format_1
from tests.unit.test_intake_fold import AGENCY, NOW_MS, SECRET, TOPIC, Record, entries, receipts, registered, seizure

NO_BREAK_HYPHEN, NO_BREAK_SPACE, NARROW_SPACE, ZERO_WIDTH, SOFT_HYPHEN = "\u2011", "\u00a0", "\u202f", "\u200b", "\u00ad"


@pytest.mark.parametrize(
    ("given", "plain_text"),
    [
        pytest.param(f"HP{NO_BREAK_HYPHEN}2026{NO_BREAK_HYPHEN}1", "HP-2026-1", id="a hyphen that does not break"),
        pytest.param(f"HP{NO_BREAK_SPACE}2026{NARROW_SPACE}1\u2007", "HP 2026 1", id="spaces that do not break"),
        pytest.param(f"HP-{ZERO_WIDTH}2026{SOFT_HYPHEN}-1\ufeff\u200e\u202e", "HP-2026-1", id="what cannot be seen"),
        pytest.param(unicodedata.normalize("NFD", "Hải Phòng"), "Hải Phòng", id="letters with marks in two forms"),
        pytest.param("ເຮໂຣອິນ 海洛因", "ເຮໂຣອິນ 海洛因", id="other scripts stay"),
        pytest.param("HP–1", "HP–1", id="a dash is another character"),  # noqa: RUF001
        pytest.param("HP-1", "HP-1", id="plain text"),
    ],
)
def test_what_looks_the_same_is_the_same(given, plain_text):
    assert plain(given) == plain_text


@given(st.text(max_size=40))
def test_a_text_that_is_plain_stays(text):
    assert plain(plain(text)) == plain(text)


def kept_of(raw):
    entry = wire.load(wire.dump(entries((raw, ()))[-1]))
    return entry, entry["content"]


def test_numbers_and_names_are_kept_as_they_look():
    line = {"commodity_group": "drug", "substance_or_taxon": f"Hero{ZERO_WIDTH}in", "quantity": 1, "unit": "kg"}
    entry, content = kept_of(seizure(case_no=f"HP{NO_BREAK_HYPHEN}1", admin1=unicodedata.normalize("NFD", "Hải Phòng"), lines=[line]))
    assert (entry["case_no"], content["case_no"], content["admin1"]) == ("HP-1", "HP-1", "Hải Phòng")
    assert entry["enriched"]["lines"][0]["code"] == "heroin"


def test_two_spellings_of_a_number_and_of_a_name_are_one_case_and_one_content():
    spelled = [
        seizure(case_no=number, admin1=name)
        for number in ("HP-1", f"HP{NO_BREAK_HYPHEN}1", f"{ZERO_WIDTH}HP-1")
        for name in ("Hà", "Ha\u0300")
    ]
    assert [one["outcome"] for one in receipts(*[(raw, ()) for raw in spelled])] == ["accepted", *["duplicate"] * 5]


@pytest.mark.parametrize("number", [ZERO_WIDTH, f" {NO_BREAK_SPACE}{SOFT_HYPHEN} "])
def test_a_number_of_nothing_that_can_be_seen_is_empty(number):
    (found,) = receipts((seizure(case_no=number), ()))
    assert (found["reason"], found["field"]) == ("invalid_value", "case_no")
    assert found["detail"].endswith("must not be empty")


def test_the_order_of_lines_makes_no_version_and_the_journal_keeps_the_senders():
    lines = [{"commodity_group": "drug", "substance_or_taxon": name, "quantity": 1, "unit": "kg"} for name in ("Ketamine", "Heroin")]
    assert [one["outcome"] for one in receipts((seizure(lines=lines), ()), (seizure(lines=lines[::-1]), ()))] == ["accepted", "duplicate"]
    assert [line["substance_or_taxon"] for line in kept_of(seizure(lines=lines))[1]["lines"]] == ["Ketamine", "Heroin"]


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        pytest.param(seizure()[:-1] + b', "case_no": "2"}', "case_no", id="at the top"),
        pytest.param(seizure()[:-1] + b', "handling": {"tlp": "TLP:RED", "tlp": "TLP:CLEAR"}}', "tlp", id="in an object"),
        pytest.param(seizure().replace(b'"quantity": 1', b'"quantity": 1, "quantity" : 1000'), "quantity", id="in a line"),
        pytest.param(seizure()[:-1] + b', "country": "VN", "c\\u006funtry": "LA"}', "country", id="spelled with an escape"),
        pytest.param(seizure()[:-1] + b', "colour": 1, "colour": 2}', "colour", id="a field that is none"),
    ],
)
def test_a_key_that_stands_twice_is_refused_by_its_name(raw, key):
    (found,) = receipts((raw, ()))
    assert (found["reason"], found["field"]) == ("repeated_field", key)


def test_a_key_of_each_line_and_a_key_in_a_text_are_not_twice():
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": 1, "unit": "kg"}
    (found,) = receipts((seizure(lines=[line, line], method_note='said "case_no": "1", "case_no": "2"'), ()))
    assert found["outcome"] == "accepted"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"lines": [{"quantity": "1_800"}]}, "lines.0.quantity"),
        ({"lines": [{"quantity": "१२"}]}, "lines.0.quantity"),
        ({"lines": [{"purity": "1_0"}]}, "lines.0.purity"),
        ({"value_amount": "1_000"}, "value_amount"),
        ({"lat": "1_0.5"}, "lat"),
        ({"suspects": {"count": "1_0"}}, "suspects.count"),
    ],
)
def test_a_number_that_only_a_program_reads_is_refused_with_its_key(changed, field):
    message = json.loads(seizure())
    if "lines" in changed:
        changed = {"lines": [message["lines"][0] | changed["lines"][0]]}
    (found,) = receipts((json.dumps(message | changed).encode(), ()))
    assert (found["outcome"], found["field"]) == ("rejected", field)
    assert "in the digits 0 to 9" in found["detail"]


def test_a_bare_number_with_a_line_in_it_is_refused_with_its_key():
    (found,) = receipts((seizure().replace(b'"quantity": 1', b'"quantity": 1_800'), ()))
    assert (found["reason"], found["field"]) == ("not_json", "quantity")


@pytest.mark.parametrize("hs6", ["१२३४५६", "１２３４５６"])  # noqa: RUF001
def test_an_hs_code_has_the_digits_0_to_9(hs6):
    line = json.loads(seizure())["lines"][0] | {"hs6": hs6}
    (found,) = receipts((seizure(lines=[line]), ()))
    assert (found["outcome"], found["field"]) == ("rejected", "lines.0.hs6")


OLD_NUMBER = f"HP{NO_BREAK_HYPHEN}1"
OLD = seizure(case_no=OLD_NUMBER, admin1="Ha\u0300")


def of_format_1(*numbers):
    """Cases of before, one for each number, with the content of ``OLD`` as it was sent."""
    content = hash_of_format_1(canonical(MESSAGE.validator.validate_json(OLD, context=AS_SENT)))
    stored = wire.dump({"f": 1, "k": "case", "s": "current", "h": [content], "c": None})
    return {case_key(AGENCY, number): stored for number in numbers}


def told(state, *raws):
    """Receipts and entries of messages beside a state."""
    records = [
        Record(offset, value, None, NOW_MS, headers) for offset, (value, headers) in enumerate([registered(), *((raw, ()) for raw in raws)])
    ]
    said = list(Intake(Deployment(SECRET, clock_is_on=True)).fold(Draft(state, {}), TOPIC, AGENCY, records))[1:]
    return [one.receipt for one in said], [one.entry for one in said]


def test_an_old_case_keeps_its_number_and_its_event_id_and_is_compared_as_it_was_sent():
    receipts, entries = told(of_format_1(OLD_NUMBER), OLD, seizure(case_no=OLD_NUMBER, admin1="Hải Phòng"))
    assert [(one["outcome"], one["case_no"], one["version"]) for one in receipts] == [
        ("duplicate", OLD_NUMBER, 1),
        ("corrected", OLD_NUMBER, 2),
    ]
    assert {one["event_id"] for one in receipts} == {Ids(SECRET).of(AGENCY, OLD_NUMBER)}
    assert entries[1]["case_no"] == OLD_NUMBER


def test_two_old_cases_that_look_alike_stay_two_with_a_notice():
    receipts, _ = told(of_format_1(OLD_NUMBER, "HP-1"), seizure(case_no=OLD_NUMBER), OLD, seizure(case_no="HP-1", admin1="Huế"))
    assert [(one["case_no"], one["version"]) for one in receipts] == [(OLD_NUMBER, 2), (OLD_NUMBER, 2), ("HP-1", 2)]
    assert [[notice["code"] for notice in one.get("warnings", ())] for one in receipts] == [
        ["number_looks_alike"],
        ["number_looks_alike"],
        [],
    ]


def test_a_new_case_is_kept_under_the_number_as_it_looks():
    receipts, _ = told(of_format_1(), OLD, seizure(case_no="HP-1", admin1="Hà"))
    assert [(one["outcome"], one["case_no"]) for one in receipts] == [("accepted", "HP-1"), ("duplicate", "HP-1")]
