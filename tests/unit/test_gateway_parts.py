"""The parts of a form: what no browser sends is refused before it costs time, because the event loop waits for it."""

from __future__ import annotations

import time

import pytest
from python_multipart.exceptions import FormParserError

from mekong.producers.gateway.parts import parts_of

KIND = "multipart/form-data; boundary=b"
SLOW = 'form-data; name="a"; x="' + ";" * 3_900


def form(*headers: str, times: int = 1) -> bytes:
    part = b"--b\r\n" + b"".join(f"Content-Disposition: {header}\r\n".encode() for header in headers) + b"\r\nx\r\n"
    return part * times + b"--b--\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        ['form-data; name="a"', 'form-data; name="b"'],
        ["form-data", 'form-data; name="b"'],
        ['form-data; name="a"; x="' + "y" * 1_000 + '"'],
        ['form-data; name="a"' + "; x=y" * 20],
    ],
    ids=["two", "two, the first without a name", "long", "many options"],
)
def test_an_odd_header_of_a_part_is_refused(headers):
    with pytest.raises(FormParserError):
        parts_of(form(*headers), KIND, 10)


def test_a_large_form_of_odd_headers_holds_the_event_loop_for_an_instant():
    raw = form(*[SLOW] * 8, times=300)
    assert len(raw) > 9_000_000
    began = time.thread_time()
    with pytest.raises(FormParserError):
        parts_of(raw, KIND, 1_000)
    with pytest.raises(FormParserError):
        parts_of(raw, 'multipart/form-data; x="' + ";" * 60_000 + "; boundary=b", 1_000)
    assert time.thread_time() - began < 0.1


def test_a_long_name_of_a_file_and_a_name_of_a_part_in_any_script_are_read():
    file = "Báo cáo; tháng 5 " + "报" * 230 + ".xlsx"
    raw = form(f'form-data; name="sheet"; filename="{file}"', times=2)
    assert parts_of(raw, KIND, 2) == [("sheet", b"x")] * 2
    assert parts_of(form('form-data; name="ô"'), KIND, 1) == [("ô", b"x")]
