"""Records that wait to be written."""

from __future__ import annotations

import pytest

from mekong.schemas.errors import Fatal, Refused
from mekong.sinks.base import NOTHING, Batch, Source
from mekong.sinks.clickhouse.sink import DlqLimit
from mekong.sinks.runner import _next
from mekong.sinks.waiting import Limits, Waiting
from tests.fakes import Record

A, B = Source("t", 0), Source("t", 1)


def placed(**positions: int) -> Waiting:
    waiting = Waiting()
    waiting.place({{"a": A, "b": B}[name]: position for name, position in positions.items()})
    return waiting


def test_a_batch_knows_what_stands_before_it_also_after_another_was_taken():
    waiting = placed(a=NOTHING)
    waiting.add(A, [Record(0, b"xx", timestamp=7), Record(3, b"xx", timestamp=7)], now=1.0)
    first = waiting.take()
    waiting.add(A, [Record(5, b"xx", timestamp=7)], now=2.0)
    assert [batch.after for batch in first + waiting.take()] == [NOTHING, 3]


def test_records_at_or_before_the_place_are_passed_over():
    waiting = placed(a=4)
    waiting.add(A, [Record(3, b"xx", timestamp=7), Record(4, b"xx", timestamp=7), Record(5, b"xx", timestamp=7)], now=1.0)
    assert waiting.take() == [Batch(A, 4, [5], [7], [b"xx"])]


def test_nothing_is_due_while_nothing_waits():
    waiting = placed(a=4)
    waiting.add(A, [Record(4, b"xx", timestamp=7)], now=1.0)
    assert (waiting.since, waiting.rows, waiting.take()) == (None, 0, [])


def test_batches_come_in_the_order_of_the_table():
    waiting = placed(a=NOTHING, b=NOTHING)
    waiting.add(B, [Record(0, b"xx", timestamp=7)], now=1.0)
    waiting.add(A, [Record(0, b"xx", timestamp=7)], now=2.0)
    assert [batch.source for batch in waiting.take()] == [A, B]


def test_the_wait_counts_from_the_oldest_record():
    waiting = placed(a=NOTHING, b=NOTHING)
    waiting.add(B, [Record(0, b"xx", timestamp=7)], now=1.0)
    waiting.add(A, [Record(0, b"xx", timestamp=7)], now=2.0)
    assert waiting.since == 1.0


@pytest.mark.parametrize(
    ("limits", "full"),
    [
        pytest.param(Limits(rows=3, size=99), False, id="below both"),
        pytest.param(Limits(rows=2, size=99), True, id="rows"),
        pytest.param(Limits(rows=3, size=4), True, id="bytes"),
    ],
)
def test_a_batch_is_full_by_rows_or_by_bytes(limits, full):
    waiting = placed(a=NOTHING)
    waiting.add(A, [Record(0, b"xx", timestamp=7), Record(1, b"xx", timestamp=7)], now=1.0)
    assert waiting.is_full(limits) is full


def test_what_was_revoked_is_forgotten_and_the_rest_stays():
    waiting = placed(a=NOTHING, b=NOTHING)
    waiting.add(A, [Record(0, b"xx", timestamp=7)], now=1.0)
    waiting.add(B, [Record(0, b"xx", timestamp=7), Record(1, b"xx", timestamp=7)], now=1.0)
    waiting.forget([B])
    assert (A in waiting, B in waiting, waiting.rows, waiting.size) == (True, False, 1, 2)


def test_when_all_is_forgotten_nothing_is_due():
    waiting = placed(a=NOTHING)
    waiting.add(A, [Record(0, b"xx", timestamp=7)], now=1.0)
    waiting.forget()
    assert (waiting.sources, waiting.since, waiting.rows, waiting.size) == (set(), None, 0, 0)


def test_the_second_half_of_a_batch_stands_behind_the_first():
    first, second = Batch(A, 9, [10, 12, 13], [1, 2, 3], [b"a", b"b", b"c"]).split(1)
    assert (first, second) == (Batch(A, 9, [10], [1], [b"a"]), Batch(A, 10, [12, 13], [2, 3], [b"b", b"c"]))


@pytest.mark.parametrize(
    ("position", "first", "end", "reads_from"),
    [
        pytest.param(NOTHING, 0, 10, 0, id="empty table"),
        pytest.param(NOTHING, 4, 10, 4, id="empty table, log already cut"),
        pytest.param(6, 0, 10, 7, id="behind what is stored"),
        pytest.param(9, 0, 10, 10, id="at the end"),
    ],
)
def test_reading_goes_on_behind_what_is_stored(position, first, end, reads_from):
    assert _next(A, position, first, end) == reads_from


@pytest.mark.parametrize(
    ("position", "first", "end"),
    [pytest.param(10, 0, 10, id="the log is shorter than the table"), pytest.param(3, 5, 10, id="the log was cut before it was stored")],
)
def test_a_log_that_does_not_fit_the_table_is_refused(position, first, end):
    with pytest.raises(Refused, match="t/0"):
        _next(A, position, first, end)


def test_a_long_run_of_refused_records_ends_the_process():
    limit = DlqLimit(in_a_row=3)
    limit.refused()
    limit.refused()
    with pytest.raises(Fatal, match="in a row"):
        limit.refused()


def test_single_refused_records_do_not_end_the_process():
    limit = DlqLimit(in_a_row=3, share=0.05, of_latest=100)
    for _ in range(50):
        limit.stored(99)
        limit.refused()


def test_too_large_a_share_of_refused_records_ends_the_process():
    limit = DlqLimit(in_a_row=10, share=0.05, of_latest=100)

    def every_tenth() -> None:
        for _ in range(100):
            limit.stored(9)
            limit.refused()

    with pytest.raises(Fatal, match="of the latest"):
        every_tenth()


def test_what_was_refused_long_ago_does_not_count():
    limit = DlqLimit(in_a_row=10, share=0.05, of_latest=100)
    for _ in range(4):
        limit.refused()
    limit.stored(500)
    for _ in range(3):
        limit.refused()
        limit.stored(40)
