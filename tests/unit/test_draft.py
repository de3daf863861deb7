"""``Draft``: reading through, taking back, refusing newer formats, and what a kept value costs."""

import subprocess
import sys

import pytest

from mekong.schemas.errors import Refused
from mekong.streams.core.draft import MOST_BYTES, Draft, ValueTooLarge


def test_a_value_is_read_through_the_changes_to_the_state():
    draft = Draft({b"kept": b'{"f":1,"n":1}', b"gone": b'{"f":1}'}, {b"gone": None, b"new": b'{"f":1,"n":2}'})
    assert draft.get(b"kept") == {"f": 1, "n": 1}
    assert draft.get(b"new") == {"f": 1, "n": 2}
    assert draft.get(b"gone") is None
    assert draft.raw(b"never") is None


def test_what_was_put_since_begin_can_be_taken_back_and_nothing_else():
    changes = {b"a": b"1"}
    draft = Draft({b"b": b"state"}, changes)
    draft.put_raw(b"early", b"stays")
    draft.begin()
    draft.put_raw(b"a", b"2")
    draft.put_raw(b"a", b"3")
    draft.put_raw(b"b", b"4")
    draft.undo()
    assert changes == {b"a": b"1", b"early": b"stays"}


def test_a_value_of_a_newer_format_is_refused_not_misread():
    with pytest.raises(Refused, match="format 3"):
        Draft({b"key": b'{"f":3}'}, {}).get(b"key")


def test_a_value_that_has_grown_too_large_is_refused_by_the_name_of_its_key():
    changes = {}
    Draft({}, changes).put_raw(b"VN-CUSTOMS/thing", b"x" * MOST_BYTES)
    with pytest.raises(ValueTooLarge, match=r"VN-CUSTOMS/other: a value of 256,001 bytes; at most 256,000"):
        Draft({}, changes).put_raw(b"VN-CUSTOMS/other", b"x" * (MOST_BYTES + 1))
    assert list(changes) == [b"VN-CUSTOMS/thing"]


MEASURE = """
from mekong.streams.core.draft import Draft
def resident_bytes():
    return int(open('/proc/self/statm').read().split()[1]) * 4096
state, changes = {}, {}
draft = Draft(state, changes)
before = resident_bytes()
for number in range(100_000):
    draft.put(b'VN-CUSTOMS/case/%d' % number, {'f': 1, 'h': ['1:22d6c79f30427120de9cf10f70d98553'], 'c': {'groups': {'drug': [1, number]}}})
    draft.begin()
print((resident_bytes() - before) // 100_000)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.processes
def test_a_kept_value_costs_little_more_than_its_bytes():
    each = int(subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True).stdout)
    assert each < 600  # without a copy to its own size the encoder's piece stays with it: more than 1,000
