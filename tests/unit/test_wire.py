"""JSON: canonical bytes, and records there and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mekong.schemas.control import Tick
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.wire import canonical, decode, dump, encode, load

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(values)
def test_plain_values_come_back(value):
    assert load(dump(value)) == value
    assert load(canonical(value)) == value


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.integers(0, 9), max_size=8), st.randoms())
def test_the_same_content_has_the_same_canonical_bytes_in_any_order(content, random):
    items = list(content.items())
    random.shuffle(items)
    assert canonical(dict(items)) == canonical(content)


def test_fields_without_a_value_are_left_out_and_come_back_as_none():
    rejected = Rejected(reason=Reason.NOT_JSON, detail="cut off")
    assert decode(encode(rejected), Rejected) == rejected


def test_an_instant_of_any_offset_is_written_in_utc():
    assert b"2026-05-03T06:20:00Z" in encode(Tick.model_validate({"at": "2026-05-03T13:20:00+07:00"}))


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[]", b"null", b"{}"])
def test_anything_else_is_a_value_error(raw):
    with pytest.raises(ValueError, match=r"."):
        decode(raw, Tick)
