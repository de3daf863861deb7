"""Offsets that should be stored against those that are."""

from __future__ import annotations

from array import array

import pytest

from mekong.deploy.verify.report import SHOWN, Check, Report, compare


def held(expected: list[int], found: list[int], dead: list[int] | None = None) -> Check:
    check = Check("stored", "each record once")
    compare(check, "t/0", array("Q", expected), array("Q", found), array("Q", dead or []))
    return check


@pytest.mark.parametrize(
    ("expected", "found", "dead", "differences"),
    [
        pytest.param([0, 2, 3], [0, 2, 3], [], {}, id="each once"),
        pytest.param([], [], [], {}, id="nothing"),
        pytest.param([0, 2, 3], [0, 3], [], {"missing": 1}, id="a missing row"),
        pytest.param([0, 2], [0, 2, 2, 2], [], {"doubled": 2}, id="a row three times"),
        pytest.param([0, 2], [0, 1, 2], [], {"foreign": 1}, id="a row of a transaction that was aborted"),
        pytest.param([0, 1, 2], [0, 0, 5], [], {"missing": 2, "doubled": 1, "foreign": 1}, id="all at once"),
        pytest.param([0, 1, 2], [0, 2], [1], {"dead": 1}, id="a dead letter is not missing"),
        pytest.param([0, 1], [0, 1], [1], {"dead": 1, "doubled": 1}, id="a dead letter that is a row too"),
    ],
)
def test_each_kind_of_difference_is_counted_by_itself(expected, found, dead, differences):
    check = held(expected, found, dead)
    kinds = ("missing", "doubled", "foreign", "different", "dead")
    assert {kind: number for kind in kinds if (number := getattr(check, kind))} == differences
    assert check.holds is (not differences)


def test_an_example_says_where():
    assert held([0, 1, 7, 8], [0, 1]).examples == ["t/0 offset 7 is missing, and 1 more"]


def test_only_some_examples_are_kept():
    check = Check("stored", "each record once")
    for number in range(SHOWN + 5):
        check.say(str(number))
    assert len(check.examples) == SHOWN


def test_what_was_still_on_its_way_is_not_a_success():
    assert Report([held([0], [0])], [], 1.0).holds
    assert not Report([held([0], [0])], ["watch is behind"], 1.0).holds
