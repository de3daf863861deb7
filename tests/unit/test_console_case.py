"""A case's page: its versions side by side, and words for every field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest
from pydantic import BaseModel

from mekong.schemas.languages import LANGUAGES
from mekong.schemas.messages import Correction, Feedback, Seizure, Warning, Withdrawal
from mekong.schemas.wire import dump
from mekong.sinks.console.case import LEFT_OUT, Field, field_label, flat, side_by_side, value_label, version_of
from mekong.sinks.console.words import texts

CONTENT = {
    "message_type": "seizure",
    "agency": "VN-CUSTOMS",
    "case_no": "1",
    "country": "VN",
    "lines": [{"substance_or_taxon": "Heroin", "quantity": "2", "unit": "kg"}, {"substance_or_taxon": "Ketamine"}],
    "route": [{"role": "origin", "country": "MM", "confidence": "confirmed"}, {"role": "via", "country": "LA", "locode": "LAVTE"}],
    "detection_methods": ["scanning", "dog"],
}


def version(number: int, **changed):
    entry = {"version": number, "status": "current", "message_type": "seizure", "received_at": "2026-05-03T08:02:12.345Z"}
    return version_of(dump(entry | {"content": CONTENT | changed}))


def test_a_message_is_one_value_for_each_field():
    assert dict(flat(CONTENT)) == {
        "message_type": "seizure",
        "agency": "VN-CUSTOMS",
        "case_no": "1",
        "country": "VN",
        "lines.1.substance_or_taxon": "Heroin",
        "lines.1.quantity": "2",
        "lines.1.unit": "kg",
        "lines.2.substance_or_taxon": "Ketamine",
        "route.1.origin": "MM",
        "route.2.via": "LA LAVTE",
        "detection_methods": "scanning, dog",
    }


def test_what_differs_from_the_version_before_is_marked():
    first, second = version(1), version(2, country="LA", method_note="in a tyre")
    assert first.received_at == datetime(2026, 5, 3, 8, 2, 12, 345_000, tzinfo=UTC)
    rows = {row.field: row for row in side_by_side([first, second])}
    assert rows["country"] == Field("country", (("VN", False), ("LA", True)))
    assert rows["method_note"] == Field("method_note", (("", False), ("in a tyre", True)))
    assert rows["lines.1.unit"] == Field("lines.1.unit", (("kg", False), ("kg", False)))
    assert not rows.keys() & LEFT_OUT


def test_the_marking_of_a_withdrawal_is_not_shown_as_a_change():
    """It is only the default: the sender did not write it."""
    entry = {"version": 2, "status": "withdrawn", "message_type": "withdrawal", "received_at": "2026-05-03T08:02:12.345Z"}
    content = {"handling": {"tlp": "TLP:AMBER", "handling_code": "H1"}, "reason": "duplicate"}
    assert version_of(dump(entry | {"content": content})).fields == {"reason": "duplicate"}


def test_fields_and_codes_are_in_words():
    assert field_label("lines.2.quantity", "vi") == "Số lượng (2)"
    assert field_label("route.1.origin", "en") == "Country of origin"
    assert value_label("route.1.origin", "MM", "zh") == "缅甸"
    assert value_label("detection_methods", "scanning, unknown-code", "en").endswith(", unknown-code")
    assert value_label("lines.1.substance_or_taxon", "<b>", "en") == "<b>"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_of_a_message_has_words(language):
    missing = [field for field in sorted(fields()) if field_label(field, language) == field]
    assert missing == []
    assert {key for key in texts(language) if key.startswith("field_")} <= {f"field_{field}" for field in fields()}


def fields() -> set[str]:
    """Every field that a message can have, as a path without the numbers of elements."""

    def walk(record: type[BaseModel], path: str = ""):
        for name, field in record.model_fields.items():
            kinds = {kind for one in (field.annotation, *get_args(field.annotation)) for kind in (one, *get_args(one))}
            inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
            for kind in inner:
                yield from walk(kind, f"{path}{name}.")
            if not inner:
                yield path + name

    found = {field for record in (Seizure, Correction, Withdrawal, Warning, Feedback) for field in walk(record)}
    return {field for field in found if field not in LEFT_OUT and not field.startswith("route.")}
