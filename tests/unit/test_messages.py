"""Messages: what is normalised, and where the bounds are."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from mekong.schemas.messages import FAMILIES, MESSAGE, Correction, Feedback, Seizure, Warning, Withdrawal
from mekong.schemas.wire import encode

LINE = {"commodity_group": "drug", "substance_or_taxon": "heroin", "quantity": "12.5", "unit": "kg"}
SEIZURE = {"message_type": "seizure", "agency": "VN-CUSTOMS", "case_no": "HP-1", "seized_at": "2026-05-03", "lines": [LINE]}


def read(**changes):
    return MESSAGE.validate_python({**SEIZURE, **changes})


def error_of(**changes):
    with pytest.raises(ValidationError) as caught:
        read(**changes)
    first = caught.value.errors(include_url=False)[0]
    return ".".join(map(str, first["loc"][1:])), first["type"]


def line(**changes):
    return {"lines": [{**LINE, **changes}]}


@pytest.mark.parametrize(
    ("kind", "record", "fields"),
    [
        ("seizure", Seizure, {}),
        ("correction", Correction, {}),
        ("withdrawal", Withdrawal, {}),
        ("warning", Warning, {"to": ["CN-CUSTOMS"]}),
        ("feedback", Feedback, {"in_reply_to": "5f0b1c9e-3a0d-8c1e-9b52-0a4d4f6f7c11", "outcome": "found"}),
    ],
)
def test_the_message_type_says_which_record_it_is(kind, record, fields):
    assert type(read(message_type=kind, **fields)) is record


def test_every_kind_but_a_withdrawal_has_its_family():
    assert FAMILIES == {"seizure": "case", "correction": "case", "warning": "warning", "feedback": "feedback"}


@pytest.mark.parametrize(
    "spellings",
    [("1.50", "1.5", 1.5), ("1E+3", "1000", 1000, "1000.000"), ("0.000000000001", "1e-12"), ("0.25", ".25", "+0.25")],
)
def test_one_quantity_has_one_spelling(spellings):
    read_as = {encode(read(**line(quantity=spelling))) for spelling in spellings}
    assert len(read_as) == 1
    assert MESSAGE.validate_json(read_as.pop()).lines[0].quantity == Decimal(str(spellings[0]))


@pytest.mark.parametrize(
    ("given", "kept"), [("0.30000000000000004", "0.3"), (8.3799469484296, "8.37994694843"), ("0.0000005", "0.0000005")]
)
def test_decimals_that_only_a_spreadsheet_has_are_rounded_away(given, kept):
    assert read(**line(quantity=given)).model_dump(mode="json")["lines"][0]["quantity"] == kept


@pytest.mark.parametrize("quantity", ["0", "-1", 0, "0.0000"])
def test_a_quantity_is_more_than_0(quantity):
    assert error_of(**line(quantity=quantity)) == ("lines.0.quantity", "bad_quantity")


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "-Infinity", "1e400", "1" * 30, "0.0000000000001", "", "ten", "1,5"])
def test_a_quantity_is_a_number_that_can_be_stored(quantity):
    assert error_of(**line(quantity=quantity))[0] == "lines.0.quantity"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"agency": "vn-customs"}, "agency", id="agency in lower case"),
        pytest.param({"agency": "VN"}, "agency", id="agency without a body"),
        pytest.param({"agency": "VN-A--B"}, "agency", id="agency with two dashes"),
        pytest.param({"agency": "VN-" + "A" * 80}, "agency", id="agency too long"),
        pytest.param({"case_no": ""}, "case_no", id="no case number"),
        pytest.param({"case_no": "x" * 101}, "case_no", id="case number too long"),
        pytest.param({"case_no": "a\nb"}, "case_no", id="case number with a line end"),
        pytest.param({"case_no": "a\x00b"}, "case_no", id="case number with a zero byte"),
        pytest.param({"lines": []}, "lines", id="no lines"),
        pytest.param({"lines": [LINE] * 501}, "lines", id="501 lines"),
        pytest.param({"method_note": "x" * 1_001}, "method_note", id="note too long"),
        pytest.param({"lat": "91"}, "lat", id="latitude"),
        pytest.param({"lon": "-181"}, "lon", id="longitude"),
        pytest.param({"value_amount": "-1"}, "value_amount", id="negative value"),
        pytest.param({"value_currency": "VNX"}, "value_currency", id="currency"),
        pytest.param({"suspects": {"count": -1}}, "suspects.count", id="negative suspects"),
        pytest.param({"suspects": {"count": 1, "nationalities": ["Viet Nam"]}}, "suspects.nationalities.0", id="nationality in words"),
        pytest.param({"route": [{"role": "origin", "country": "LA", "locode": "la vte"}]}, "route.0.locode", id="locode"),
        pytest.param({"route": [{"role": "start", "country": "LA"}]}, "route.0.role", id="role on the route"),
        pytest.param({"attachments": [{"sha256": "ab", "uri": "https://x"}]}, "attachments.0.sha256", id="hash"),
        pytest.param({"attachments": [{"sha256": "ab" * 32, "uri": "no uri"}]}, "attachments.0.uri", id="uri"),
        pytest.param({"conveyance": "0f" * 32}, "conveyance", id="conveyance without its operation"),
        pytest.param({"related_to": ["12"]}, "related_to.0", id="related to no event id"),
        pytest.param({"reported_at": "2026-05-03T10:00:00"}, "reported_at", id="reported without an offset"),
        pytest.param({"handling": {"handling_code": "H9"}}, "handling.handling_code", id="handling code"),
        pytest.param({"schema_version": 2}, "schema_version", id="version of another schema"),
        pytest.param(line(purity="100.1"), "lines.0.purity", id="purity over 100"),
        pytest.param(line(hs6="2939"), "lines.0.hs6", id="four digits of a tariff code"),
        pytest.param(line(term_code="XXX"), "lines.0.term_code", id="term"),
        pytest.param(line(substance_or_taxon="   "), "lines.0.substance_or_taxon", id="nothing named"),
    ],
)
def test_a_value_out_of_its_bounds_is_refused_and_its_field_named(changes, field):
    assert error_of(**changes)[0] == field


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"agency": "US-" + "-".join("A" * 39)}, id="longest agency"),
        pytest.param({"case_no": "x" * 100}, id="longest case number"),
        pytest.param({"case_no": "№ 12/Hải-Phòng"}, id="case number in any script"),
        pytest.param({"lines": [LINE] * 500}, id="most lines"),
        pytest.param({"method_note": "x" * 1_000}, id="longest note"),
        pytest.param({"country": "XX"}, id="country not known"),
        pytest.param(line(quantity="999999999999"), id="a large quantity is for intake to judge"),
        pytest.param(line(purity="100"), id="pure"),
    ],
)
def test_a_value_at_its_bound_is_taken(changes):
    assert read(**changes)


def test_spaces_around_texts_are_no_part_of_them():
    assert read(case_no="  HP-1 ").case_no == "HP-1"


def test_unknown_fields_are_no_part_of_the_content():
    assert encode(read(colour="blue", **line(shape="round"))) == encode(read())


def test_there_is_no_field_for_a_name_of_a_person():
    fields = {*Seizure.model_fields, *Warning.model_fields, *Feedback.model_fields}
    assert not {field for field in fields if "name" in field or "person" in field}


def test_a_message_cannot_be_changed():
    with pytest.raises(ValidationError):
        read().case_no = "other"
