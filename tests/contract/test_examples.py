"""Every example through its decoder, the intake check and the exported JSON Schema: adding a file adds a test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from mekong.schemas.alerts import Alert
from mekong.schemas.aside import Aside
from mekong.schemas.control import CONTROL, LANE_CONTROL
from mekong.schemas.counts import Bucket, Count
from mekong.schemas.export import export
from mekong.schemas.journal import JOURNAL_ENTRY
from mekong.schemas.messages import MESSAGE
from mekong.schemas.notifications import Shared
from mekong.schemas.receipts import Receipt
from mekong.schemas.rejected import Rejected
from mekong.schemas.topics import TOPICS
from mekong.streams.core.intake.check import Checked, check

EXAMPLES = Path(__file__).parents[1] / "examples"
DECODERS = {
    ("in", ""): MESSAGE,
    ("in", "-control"): CONTROL,
    ("control", ""): LANE_CONTROL,
    ("receipts", ""): TypeAdapter(Receipt),
    ("journal", ""): JOURNAL_ENTRY,
    ("counts", ""): TypeAdapter(Count),
    ("buckets", ""): TypeAdapter(Bucket),
    ("alerts", ""): TypeAdapter(Alert),
    ("alerts", "-shared"): TypeAdapter(Shared),
    ("aside", ""): TypeAdapter(Aside),
}
BEYOND_A_SCHEMA = {
    "bad_date--30-february": "the calendar",
    "future_date--2099": "the clock",
    "future_date--reported": "the clock",
    "repeated_field--case-number": "JSON itself: a parser keeps one of the two",
    "wrong_agency--another": "the topic",
}
"""Bad examples that a JSON Schema cannot refuse, each with what it would have to know."""
RECEIVED_MS = 1_782_592_000_000  # 2026-06-27
DOCUMENTS = export()


def examples(kind):
    for (topic, suffix), decoder in DECODERS.items():
        for path in sorted((EXAMPLES / topic / f"{kind}{suffix}").glob("*.json")):
            yield pytest.param(path, decoder, id=f"{topic}/{path.parent.name}/{path.stem}")


def messages(kind):
    return [pytest.param(path, id=path.stem) for path in sorted((EXAMPLES / "in" / kind).glob("*.json"))]


def test_every_topic_with_records_has_examples_of_both_kinds():
    for topic in TOPICS:
        if topic.holds is not None:
            name = topic.name.split(".")[0]
            for kind in ("good", "bad"):
                assert list((EXAMPLES / name / kind).glob("*.json")), f"{name}/{kind}"


@pytest.mark.parametrize(("path", "decoder"), [*examples("good")])
def test_a_good_example_decodes_and_comes_back_the_same(path, decoder):
    record = decoder.validate_json(path.read_bytes())
    again = decoder.validate_json(decoder.dump_json(record, exclude_none=True))
    assert again == record


@pytest.mark.parametrize(("path", "decoder"), [*examples("good")])
def test_a_good_example_is_valid_by_the_exported_json_schema(path, decoder):
    record = decoder.validate_json(path.read_bytes())
    document = json.loads(DOCUMENTS[f"{type(record).__name__}.schema.json"])
    Draft202012Validator(document).validate(json.loads(path.read_text(encoding="utf-8")))
    Draft202012Validator(document).validate(json.loads(decoder.dump_json(record, exclude_none=True)))


@pytest.mark.parametrize(("path", "decoder"), [case for case in examples("bad") if "/in/bad/" not in str(case.values[0])])
def test_a_bad_example_gives_an_error(path, decoder):
    with pytest.raises(ValidationError):
        decoder.validate_json(path.read_bytes())


@pytest.mark.parametrize("path", messages("bad"))
def test_a_bad_message_is_rejected_for_the_reason_in_its_name(path):
    agency = "VN-CUSTOMS"
    found = check(path.read_bytes(), agency, RECEIVED_MS)
    assert isinstance(found, Rejected)
    assert found.reason == path.stem.split("--")[0]
    assert found.field
    assert found.detail


@pytest.mark.parametrize("path", messages("good"))
def test_a_good_message_is_taken_by_the_check_of_intake(path):
    agency = json.loads(path.read_text(encoding="utf-8"))["agency"]
    assert isinstance(check(path.read_bytes(), agency, RECEIVED_MS), Checked)


@pytest.mark.parametrize("path", messages("bad"))
def test_a_bad_message_is_refused_by_the_json_schema_as_far_as_a_schema_can_know(path):
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return
    name = str(found.get("message_type", "seizure")).capitalize() if isinstance(found, dict) else "Seizure"
    document = json.loads(DOCUMENTS.get(f"{name}.schema.json", DOCUMENTS["Seizure.schema.json"]))
    assert Draft202012Validator(document).is_valid(found) is (path.stem in BEYOND_A_SCHEMA)
