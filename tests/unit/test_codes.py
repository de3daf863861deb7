"""The loader of code lists, and ``Code`` in a record."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from mekong.schemas.codes import Code, Entry, code_list, rows

ENTRY = Entry(
    "x", MappingProxyType({"en": "Car", "vi": "Ô tô"}), frozenset({"en"}), date(2020, 1, 1), date(2020, 12, 31), MappingProxyType({})
)


def test_a_label_is_in_the_language_asked_for_or_else_in_english():
    assert [ENTRY.label(language) for language in ("vi", "zh", "en", "fr")] == ["Ô tô", "Car", "Car", "Car"]
    assert ENTRY.label() == "Car"


@pytest.mark.parametrize(("day", "valid"), [("2019-12-31", False), ("2020-01-01", True), ("2020-12-31", True), ("2021-01-01", False)])
def test_both_ends_of_the_validity_belong_to_it(day, valid):
    assert ENTRY.valid_on(date.fromisoformat(day)) is valid


def test_an_open_end_is_valid_for_ever():
    entry = ENTRY._replace(valid_from=None, valid_to=None)
    assert entry.valid_on(date.min)
    assert entry.valid_on(date.max)


def test_a_code_of_several_periods_has_several_rows_and_the_list_has_the_last():
    periods = [entry for entry in rows("taxa") if entry.code == "Manis javanica"]
    assert [entry.fields["appendix"] for entry in periods] == ["II", "I"]
    assert code_list("taxa")["Manis javanica"] == periods[-1]


def test_a_list_nobody_knows_is_an_error():
    with pytest.raises(KeyError, match="weapons"):
        rows("weapons")


def test_a_code_list_cannot_be_changed():
    with pytest.raises(TypeError):
        code_list("tlp")["TLP:BLUE"] = ENTRY


def test_a_field_takes_only_codes_of_its_list():
    field = TypeAdapter(Annotated[str, Code("directions")])
    assert field.validate_python("import") == "import"
    assert set(field.json_schema()["enum"]) == set(code_list("directions"))
    with pytest.raises(ValidationError):
        field.validate_python("Import")
