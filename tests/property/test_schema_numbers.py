"""A number that intake accepts is valid by the JSON Schema too: no sender's own check refuses what the exchange would accept."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from mekong.schemas.messages import Amount, CaseNo, Latitude, Longitude, Percent, Quantity
from mekong.schemas.times import EventTimeText
from mekong.schemas.wire import dump

NUMBERS = {name: TypeAdapter(kind) for name, kind in {"q": Quantity, "a": Amount, "p": Percent, "lat": Latitude, "lon": Longitude}.items()}
SCHEMAS = {name: Draft202012Validator(kind.json_schema()) for name, kind in NUMBERS.items()}
WRITTEN = st.one_of(
    st.decimals(-200, 200, places=4).map(str),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.from_regex(r"\A ?[+-]?[0-9]{0,4}\.?[0-9]{0,4}([eE][+-]?[0-9]{1,2})? ?\Z"),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-200, 10**16),
)


@pytest.mark.parametrize("name", NUMBERS)
@given(given=WRITTEN)
def test_what_intake_accepts_as_a_number_is_valid_by_the_schema(name, given):
    try:
        found = NUMBERS[name].validate_json(dump(given))
    except ValidationError:
        return
    assert isinstance(found, Decimal)
    assert SCHEMAS[name].is_valid(given), given


@pytest.mark.parametrize("text", ["0", "-1", "0.000", "0e5", "NaN", "Infinity", "1_800", "twelve", "", " "])
def test_a_quantity_that_is_not_more_than_0_is_not_valid(text):
    assert not SCHEMAS["q"].is_valid(text)


@given(text=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf")), max_size=100))
def test_a_case_number_that_intake_accepts_is_valid_by_the_schema(text):
    kind = TypeAdapter(CaseNo)
    try:
        kind.validate_python(text)
    except ValidationError:
        return
    assert Draft202012Validator(kind.json_schema()).is_valid(text)


TIMES = st.one_of(
    st.dates().map(str),
    st.dates().map(lambda day: str(day)[:7]),
    st.datetimes().map(lambda at: f"{at.isoformat()[:19]}Z"),
)


@given(text=TIMES)
def test_a_time_of_seizure_that_intake_accepts_is_valid_by_the_schema_and_one_before_2000_is_not(text):
    kind = TypeAdapter(EventTimeText)
    schema = Draft202012Validator(kind.json_schema())
    try:
        kind.validate_python(text)
    except ValidationError:
        assert text >= "2" or not schema.is_valid(text)
    else:
        assert schema.is_valid(text)
