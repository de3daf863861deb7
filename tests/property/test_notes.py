"""Any text may stand in a note."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mekong.schemas.identifiers import DOCUMENT, MAIL, PHONE, PLATE, likely_identifiers

DIGITS_AND_SIGNS = st.text("0123456789 +-./()@ABKXabk粤กข၁က", max_size=200)


@settings(deadline=None)
@given(st.text(max_size=1_000) | DIGITS_AND_SIGNS)
def test_any_note_has_known_kinds_each_once(note):
    found = likely_identifiers(note)
    assert set(found) <= {DOCUMENT, PHONE, PLATE, MAIL}
    assert len(set(found)) == len(found)


@settings(deadline=None)
@given(st.sampled_from(["51F-123.45", "粤B12345", "+84 912 345 678", "passport B1234567", "a@b.vn"]), st.text("abc xyz,;", max_size=50))
def test_an_identifier_is_found_wherever_it_stands(identifier, around):
    assert likely_identifiers(f"{around} {identifier} {around}")
