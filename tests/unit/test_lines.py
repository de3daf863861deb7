"""Chunks of bytes to numbered lines: what every format reads through."""

from __future__ import annotations

import bz2
import gzip
import lzma

import pytest

from mekong.producers.lines import Line, lines
from mekong.schemas.limits import MAX_MESSAGE_BYTES
from mekong.schemas.rejected import Reason, Rejected


def raws(*chunks: bytes) -> list[bytes]:
    return [line.raw for line in lines(chunks) if isinstance(line, Line)]


def refused(*chunks: bytes) -> Rejected:
    (found,) = lines(chunks)
    assert isinstance(found, Rejected)
    return found


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        pytest.param([b"a\nb\n"], [b"a", b"b"], id="unix line ends"),
        pytest.param([b"a\r\nb\r\n"], [b"a", b"b"], id="windows line ends"),
        pytest.param([b"a\r", b"\nb"], [b"a", b"b"], id="a line end split between chunks"),
        pytest.param([b"\xef\xbb\xbfa\n"], [b"a"], id="a byte-order mark goes"),
        pytest.param([b"\xef", b"\xbb", b"\xbf", b"a"], [b"a"], id="a byte-order mark in pieces goes"),
        pytest.param([b"a\n\nb"], [b"a", b"", b"b"], id="blank lines keep their number"),
    ],
)
def test_lines_are_split_whatever_the_chunks(chunks, expected):
    assert raws(*chunks) == expected


def test_lines_are_numbered_from_one_and_the_last_says_whether_it_had_an_end():
    assert list(lines([b"a\nb"])) == [Line(1, b"a", ended=True), Line(2, b"b", ended=False)]


@pytest.mark.parametrize("empty", [[], [b""], [b"\xef\xbb\xbf"]])
def test_an_empty_file_is_said_to_be_empty(empty):
    assert refused(*empty).detail == "the file is empty"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        pytest.param(gzip.compress(b"a,b\n1,2\n"), "gzip", id="gzip"),
        pytest.param(gzip.compress(b"\0" * 10_000_000), "gzip", id="a gzip bomb is not unpacked"),
        pytest.param(bz2.compress(b"a"), "bzip2", id="bzip2"),
        pytest.param(lzma.compress(b"a"), "xz", id="xz"),
        pytest.param(b"PK\x03\x04rest", "Excel", id="an Excel workbook"),
        pytest.param(b"%PDF-1.7", "PDF", id="a PDF"),
        pytest.param("a,b\n".encode("utf-16"), "UTF-16", id="UTF-16"),
    ],
)
def test_what_is_no_plain_text_is_refused_by_name(content, word):
    found = refused(content)
    assert found.reason is Reason.BAD_FILE
    assert word in found.detail


def test_the_kind_of_file_is_seen_even_when_it_comes_byte_by_byte():
    assert "gzip" in refused(*(bytes([byte]) for byte in gzip.compress(b"a"))).detail


def test_a_line_over_the_limit_is_skipped_and_the_next_ones_are_read():
    chunks = [b"first\n", *[b"x" * 300_000] * 5, b"\nlast\n"]
    found = list(lines(chunks))
    assert [getattr(line, "raw", None) for line in found] == [b"first", None, b"last"]
    assert isinstance(found[1], Rejected)
    assert (found[1].reason, found[1].where) == (Reason.TOO_LARGE, "line 2")
    assert found[2].where == "line 3"


def test_a_file_without_any_line_end_does_not_fill_the_memory():
    def endless():
        for _ in range(200):
            yield b"x" * 100_000

    (found,) = lines(endless())
    assert isinstance(found, Rejected)
    assert found.reason is Reason.TOO_LARGE


def test_a_line_of_just_the_limit_is_read():
    assert raws(b"x" * MAX_MESSAGE_BYTES + b"\r\n") == [b"x" * MAX_MESSAGE_BYTES]
