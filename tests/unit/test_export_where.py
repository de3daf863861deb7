"""A condition of `mekong export --where` names columns, values and listed functions, and can be nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekong.schemas.errors import Refused
from mekong.sinks.exports.position import Positions, read_since
from mekong.sinks.exports.where import COLUMNS, FUNCTIONS, condition


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("", "(true)"),
        ("agency = 'VN-CUSTOMS'", "(`agency` = 'VN-CUSTOMS')"),
        ("phase IN ('VI','VII') and not country='VN'", "(`phase` IN ( 'VI' , 'VII' ) and not `country` = 'VN')"),
        ("has(lines.commodity_group, 'drug') AND mass_kg >= 12.5", "(has ( `lines.commodity_group` , 'drug' ) AND `mass_kg` >= 12.5)"),
        ("admin1 = 'Mu''ang -- /* ; ) OR (1'", "(`admin1` = 'Mu''ang -- /* ; ) OR (1')"),
        ("value_amount - -1 > 0", "(`value_amount` - - 1 > 0)"),
    ],
)
def test_a_condition_is_written_again_from_its_words(text, sql):
    assert condition(text) == sql


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("true) OR (true", "a bracket ) is closed that was not opened"),
        ("(agency = 'X'", "a bracket ( is not closed"),
        ("has(lines.unit, 'kg']", "a bracket ] is closed that was not opened"),
        ("agency = 'X' UNION ALL SELECT 1", "UNION is not a column of seizures"),
        ("agency IN (SELECT agency FROM journal)", "SELECT is not a column"),
        ("1 FORMAT TSV", "FORMAT is not a column"),
        ("agency = 'X'; DROP TABLE journal", "'; DROP TABLE journal' is not a part"),
        ("agency = 'X' -- and more", "and is|more is not a column|-- and"),
        ("file('/etc/passwd') = ''", "file is not one of its functions"),
        ("agency = 'a\\' OR true'", "without a backslash"),
        ("`agency` = 'X'", "is not a part of a condition"),
        ("_value = ''", "_value is not a column"),
        ("agncy = 'X'", "did you mean agency"),
        ("true, true", "a comma is only for the values in brackets"),
        ("{x:String} = ''", "is not a part"),
        ("agency = 'X", "is not a part"),
    ],
)
def test_what_is_more_than_a_condition_is_refused_with_what_is_wrong(text, why):
    with pytest.raises(Refused, match=why if "|" in why else None) as refused:
        condition(text)
    assert "|" in why or why in str(refused.value)


WORDS = [
    *sorted(COLUMNS)[:8],
    *sorted(FUNCTIONS)[:4],
    "'x'",
    "''",
    "'",
    "(",
    ")",
    "[",
    "]",
    ",",
    "--",
    "/*",
    "*/",
    ";",
    "#",
    "\\",
    "`",
    " ",
    "1",
    "or",
    "SELECT",
]


@given(st.lists(st.sampled_from(WORDS), max_size=12).map("".join))
def test_whatever_is_accepted_is_one_expression_in_brackets(text):
    try:
        sql = condition(text)
    except Refused:
        return
    depth, is_text = 0, False
    for at, sign in enumerate(sql):
        is_text ^= sign == "'"
        if is_text:
            continue
        depth += (sign in "([") - (sign in ")]")
        assert depth > 0 or at == len(sql) - 1
        assert sign not in ";#\\{"
        assert not sql.startswith(("--", "/*"), at)
    assert depth == 0
    assert not is_text


def test_a_copy_is_known_by_eight_positions_or_a_time():
    assert read_since("1-0-3-4-5-6-7-18") == Positions((1, 0, 3, 4, 5, 6, 7, 18))
    assert str(Positions((1, 0, 3, 4, 5, 6, 7, 18))) == "1-0-3-4-5-6-7-18"
    assert read_since("2026-11-01T08:00Z") == datetime(2026, 11, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("text", ["1-2-3", "2026-11-01T08:00", "yesterday", "1-0-3-4-5-6-7-x"])
def test_anything_else_is_refused(text):
    with pytest.raises(Refused, match="the 8 numbers that the last export printed, or a time with its offset"):
        read_since(text)
