"""The canonical format: a message a line, sent as it is."""

from __future__ import annotations

import pytest

from mekong.producers.formats import BY_NAME
from mekong.producers.parsed import Parsed
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.times import Precision


def parse(content: bytes) -> list[Parsed | Rejected]:
    return list(BY_NAME["json"].parse([content]))


def test_the_bytes_of_a_line_are_sent_as_they_are():
    raw = b'{"agency": "VN-CUSTOMS",  "case_no": "1", "unknown": [1, 2]}'
    (found,) = parse(raw + b"\r\n")
    assert (found.value, found.agency, found.case_no, found.where) == (raw, "VN-CUSTOMS", "1", "line 1")


@pytest.mark.parametrize(
    ("message", "precision"),
    [
        pytest.param(b'{"seized_at":"2026-05"}', Precision.MONTH, id="a month"),
        pytest.param(b'{"seized_at":"2026-05-03T13:20+07:00"}', Precision.TIME, id="a time"),
        pytest.param(b'{"reported_at":"2026-05-03T13:20:00Z"}', Precision.TIME, id="a withdrawal has only its report"),
    ],
)
def test_the_event_time_is_found_for_a_replay(message, precision):
    (found,) = parse(message)
    assert found.time.precision is precision


@pytest.mark.parametrize("message", [b'{"seized_at":"soon"}', b'{"seized_at":7}', b'{"reported_at":"2026-13-01"}', b"{}"])
def test_a_message_without_a_time_is_sent_all_the_same(message):
    (found,) = parse(message)
    assert found.time is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b"{no json", Reason.NOT_JSON, id="no JSON"),
        pytest.param(b"17", Reason.NOT_JSON, id="a number"),
        pytest.param(b'"text"', Reason.NOT_JSON, id="a text"),
        pytest.param(b'{"quantity": NaN}', Reason.NOT_JSON, id="NaN"),
        pytest.param(b'{"a": "\xff"}', Reason.INVALID_UTF8, id="no UTF-8"),
        pytest.param(b'{"a": "\0"}', Reason.NOT_JSON, id="a NUL byte"),
        pytest.param(b'{"a":' * 5000 + b"1" + b"}" * 5000, Reason.TOO_DEEP, id="deep nesting"),
    ],
)
def test_an_unreadable_line_is_named_and_the_next_is_read(line, reason):
    first, bad, last = parse(b'{"case_no":"1"}\n' + line + b'\n{"case_no":"3"}\n')
    assert (bad.reason, bad.where) == (reason, "line 2")
    assert (first.case_no, last.case_no) == ("1", "3")


def test_a_truncated_last_line_is_named_as_such():
    (_, cut) = parse(b'{"case_no":"1"}\n{"case_no":')
    assert "cut off" in cut.detail


@pytest.mark.parametrize("content", [b'[{"case_no":"1"}]', b'{\n  "case_no": "1"\n}\n', b"[\n{}\n]"])
def test_a_list_or_a_pretty_printed_message_is_one_refusal_and_not_one_a_line(content):
    (found,) = parse(content)
    assert found.reason is Reason.BAD_FILE
    assert "one message a line" in found.detail


def test_an_agency_or_case_number_that_is_no_text_is_left_to_the_exchange():
    (found,) = parse(b'{"agency": 7, "case_no": ["x"]}')
    assert (found.agency, found.case_no) == (None, "")


@pytest.mark.parametrize("value", [b"NaN", b"-Infinity", b" Infinity "])
def test_a_number_that_json_does_not_have_is_told_with_what_to_do(value):
    (found,) = parse(b'{"case_no":"1","lines":[{"quantity":' + value + b"}]}\n")
    assert found.reason is Reason.NOT_JSON
    assert "set quantity_kind to unknown" in found.detail
