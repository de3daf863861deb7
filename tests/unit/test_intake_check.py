"""What is wrong with a message is said in a sentence for the person who sent it; what is only unknown is ignored and listed."""

from __future__ import annotations

import json

import pytest

from mekong.schemas.rejected import Rejected
from mekong.streams.core.intake.check import Checked, check
from mekong.streams.core.intake.words import LENGTH

RECEIVED_MS = 1_782_592_000_000  # 2026-06-27
LINE = {"commodity_group": "drug", "substance_or_taxon": "heroin", "quantity": "1", "unit": "kg"}


WARNING = {"message_type": "warning", "to": ["LA-CUSTOMS"]}


def checked(line: dict = LINE, **changed):
    message = {"message_type": "seizure", "agency": "VN-CUSTOMS", "case_no": "1", "seized_at": "2026-05-03", "lines": [line], **changed}
    if message["message_type"] == "warning":
        del message["seized_at"], message["lines"]
    return check(json.dumps(message).encode(), "VN-CUSTOMS", RECEIVED_MS)


def test_unknown_fields_at_any_depth_are_ignored_and_each_is_listed():
    found = checked(LINE | {"smell": "x"}, colour="red", handling={"volume": 3})
    assert isinstance(found, Checked)
    assert sorted(notice.field for notice in found.notices) == ["colour", "handling.volume", "lines.0.smell"]
    assert {notice.code for notice in found.notices} == {"unknown_field"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"method_note": "call 0912 345 678"}, "method_note"),
        ({"admin1": "call 0912 345 678"}, "admin1"),
        ({"line": LINE | {"substance_or_taxon": "heroin of 0912 345 678"}}, "lines.0.substance_or_taxon"),
        (WARNING | {"substances_or_taxa": ["heroin", "of 0912 345 678"]}, "substances_or_taxa.1"),
    ],
)
def test_a_likely_identifier_is_told_wherever_it_is_written(changed, field):
    assert [(one.code, one.field) for one in checked(**changed).notices] == [("likely_identifier", field)]


def test_beside_an_unknown_field_the_true_fault_is_told():
    found = checked(LINE | {"smell": "x", "unit": "stone"})
    assert isinstance(found, Rejected)
    assert (found.reason, found.field) == ("unknown_code", "lines.0.unit")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"line": LINE | {"unit": "KG"}}, "'KG': is not on the code list; did you mean kg?"),
        ({"line": LINE | {"unit": "kilograms"}}, "did you mean kg?"),
        ({"line": LINE | {"unit": "stone"}}, "'stone': is not on the code list: `mekong schema export` writes the lists"),
        ({"country": "Viet Nam"}, "did you mean VN?"),
        ({"line": LINE | {"commodity_group": "drugs"}}, "did you mean drug?"),
        ({"transport_mode": "teleport"}, "'teleport': is not on the code list, which has air, "),
        ({"schema_version": 2}, "2: must be 1"),
        ({"line": LINE | {"quantity": "1,5"}}, "'1,5': must be a number such as 12.5"),
        ({"case_no": 17}, "17: must be a text"),
        ({"lines": "none"}, "'none': must be a list"),
        ({"lines": []}, "must have 1 or more"),
        ({"lines": [LINE] * 10_000}, "has 10000 items; at most 500"),
        ({"method_note": "x" * 1_001}, "has more than 1,000 characters"),
        ({"conveyance": "51F-123.45"}, "Never the plate itself"),
        ({"case_no": "1\x00"}, "may not hold control characters"),
        ({"related_to": ["x"]}, "must be an event id"),
        ({"reported_at": "2026-05-03T13:20"}, "a time with its UTC offset"),
        ({"reported_at": "0001-01-01T00:00:00+07:00"}, "is not a year from 1970 to 9998"),
        ({"reported_at": "9999-12-31T23:59:59-07:00"}, "is not a year from 1970 to 9998"),
        ({"reported_at": "9999-12-31T23:59:59Z"}, "is not a year from 1970 to 9998"),
        ({"suspects": {"count": 1.5}}, "1.5: must be a whole number"),
        ({"suspects": 3}, "3: must be an object in braces"),
        ({"lat": "105.8"}, "'105.8': may be 90 at most"),
        ({"agency": "vn customs"}, "must be an agency's code such as VN-CUSTOMS"),
    ],
)
def test_a_sentence_says_what_the_field_should_be(changed, said):
    found = checked(**changed)
    assert isinstance(found, Rejected)
    assert said in found.detail
    assert len(found.detail) <= LENGTH


@pytest.mark.parametrize(
    ("raw", "reason", "said"),
    [
        (b"", "not_json", "the message is empty. A tombstone deletes nothing here: to withdraw a case, send a withdrawal"),
        (b'\0\0\0\0\x07{"message_type": "seizure"}', "not_json", "prefix of a schema registry"),
        (b"\0\0\0\0\x07\x02\xfe\xff", "invalid_utf8", "prefix of a schema registry"),
        (b'"{\\"message_type\\": \\"seizure\\"}"', "wrong_type", "was encoded twice: send the JSON itself"),
        (
            b'{"schema": {}, "payload": {"message_type": "seizure"}}',
            "missing_field",
            "value.converter.schemas.enable=false",
        ),
        (b'{"before": null, "after": {"case_no": "1"}, "op": "c"}', "missing_field", "change event of Debezium"),
        (b'{"schema": {}, "payload": {"before": null, "after": {"case_no": "1"}, "op": "c"}}', "missing_field", "change event of Debezium"),
        (b'{"specversion": "1.0", "type": "seizure", "data": {"case_no": "1"}}', "missing_field", "envelope of CloudEvents"),
        (b'{"message_type": "event", "schema": {}, "payload": {}}', "unknown_message_type", "must be one of seizure"),
        (b'"text"', "wrong_type", "must be an object in braces"),
        (b"\xef\xbb\xbf{}", "not_json", "byte-order mark"),
        (b"\x1f\x8b\x08\x00\x80", "invalid_utf8", "compressed with gzip"),
        (b'{"a": "H\xe0 N\xf4i"}', "invalid_utf8", "byte 9 is not UTF-8"),
        (b"[1]", "wrong_type", "must be an object in braces"),
    ],
)
def test_bytes_that_are_no_message_are_told_for_what_they_are(raw, reason, said):
    found = check(raw, "VN-CUSTOMS", RECEIVED_MS)
    assert isinstance(found, Rejected)
    assert found.reason == reason
    assert said in found.detail
