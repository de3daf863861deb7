"""The block that goes to ClickHouse reads back as the batches it was made of."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from mekong.sinks.base import Batch, Source
from mekong.sinks.clickhouse.native import block

values = st.one_of(st.binary(max_size=40), st.sampled_from([b"x" * 127, b"y" * 128, b"z" * 16_383, b"w" * 16_384, b"v" * 70_000]))
records = st.lists(st.tuples(st.integers(0, 2**63), st.integers(0, 2**50), values), min_size=1, max_size=5)


class Reader:
    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = raw, 0

    def take(self, size: int) -> bytes:
        self.at += size
        assert self.at <= len(self.raw)
        return self.raw[self.at - size : self.at]

    def number(self) -> int:
        found = shift = 0
        while (byte := self.take(1)[0]) & 0x80:
            found |= (byte & 0x7F) << shift
            shift += 7
        return found | byte << shift

    def text(self) -> bytes:
        return self.take(self.number())


def read(raw: bytes) -> list[tuple[int, int, int, bytes]]:
    reader = Reader(raw)
    columns, rows = reader.number(), reader.number()
    found = []
    for _ in range(columns):
        _name, kind = reader.text(), reader.text()
        sizes = {b"UInt16": "H", b"UInt64": "Q", b"Int64": "q"}
        if kind == b"String":
            found.append([reader.text() for _ in range(rows)])
        else:
            form = f"<{rows}{sizes[kind]}"
            found.append(struct.unpack(form, reader.take(struct.calcsize(form))))
    assert reader.at == len(raw)
    return list(zip(*found, strict=True))


@given(st.lists(records, min_size=1, max_size=4))
def test_a_block_reads_back_as_its_batches(sources):
    batches = [
        Batch(Source("t", n), -1, [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]) for n, rows in enumerate(sources)
    ]
    assert read(block(batches)) == [(number, *row) for number, rows in enumerate(sources, 1) for row in rows]
