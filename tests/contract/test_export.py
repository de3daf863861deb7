"""docs/schemas says what the code does, and the AsyncAPI document holds together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from mekong.deploy.cli.schema import schema
from mekong.schemas.export import ASYNCAPI, export, records, records_of
from mekong.schemas.topics import TOPICS

CHECKED_IN = Path(__file__).parents[2] / "docs" / "schemas"
DOCUMENTS = export()
ASYNC = json.loads(DOCUMENTS[ASYNCAPI])


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolved(document, reference):
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
    return document


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_the_checked_in_document_is_what_the_export_gives(name):
    assert (CHECKED_IN / name).read_text(encoding="utf-8") == DOCUMENTS[name], "run `mekong schema export`"


def test_nothing_is_checked_in_that_the_export_does_not_give():
    assert {path.name for path in CHECKED_IN.glob("*.json")} == set(DOCUMENTS)


def test_the_command_writes_every_document(tmp_path):
    result = CliRunner().invoke(schema, ["export", "--to", str(tmp_path / "new")])
    assert result.exit_code == 0
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "new").iterdir()} == DOCUMENTS


@pytest.mark.parametrize("record", records())
def test_the_schema_of_a_record_is_a_json_schema_of_the_2020_draft(record):
    document = json.loads(DOCUMENTS[f"{record.__name__}.schema.json"])
    Draft202012Validator.check_schema(document)
    assert document["title"] == record.__name__


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_every_reference_leads_somewhere(name):
    document = json.loads(DOCUMENTS[name])
    for reference in references(document):
        assert resolved(document, reference) is not None


def test_a_code_list_is_said_once_in_a_document():
    text = DOCUMENTS["Seizure.schema.json"]
    assert text.count('"ZW"') == 1
    assert '"$ref": "#/$defs/countries"' in text


def test_the_asyncapi_document_has_every_topic_with_its_records_partitions_and_retention():
    assert ASYNC["asyncapi"] == "3.0.0"
    assert {channel["address"] for channel in ASYNC["channels"].values()} == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        channel = next(channel for channel in ASYNC["channels"].values() if channel["address"] == topic.name)
        kafka = channel["bindings"]["kafka"]
        assert kafka["partitions"] == topic.partitions
        assert kafka["topicConfiguration"]["cleanup.policy"] == [topic.config["cleanup.policy"]]
        assert kafka["topicConfiguration"].get("retention.ms") == (
            int(topic.config["retention.ms"]) if "retention.ms" in topic.config else None
        )
        assert ("parameters" in channel) is topic.per_agency
        if topic.holds is not None:
            assert list(channel["messages"]) == [record.__name__ for record in records_of(topic)]


def test_every_message_of_the_asyncapi_document_has_a_payload_a_key_and_a_summary():
    for name, message in ASYNC["components"]["messages"].items():
        assert "payload" in message, name
        assert message["bindings"]["kafka"]["key"]["description"], name
        assert message["summary"], name


def test_control_messages_need_the_exchanges_signature():
    assert ASYNC["components"]["messages"]["Tick"]["headers"]["required"] == ["mekong-control"]


def test_operations_refer_to_channels_and_only_a_members_topic_is_sent_to():
    for operation in ASYNC["operations"].values():
        address = resolved(ASYNC, operation["channel"]["$ref"])["address"]
        assert (operation["action"] == "send") is address.startswith("in.")


def test_the_asyncapi_document_says_how_to_connect():
    (server,) = ASYNC["servers"].values()
    assert server["protocol"] == "kafka-secure"
    assert resolved(ASYNC, server["security"][0]["$ref"])["type"] == "scramSha512"


@pytest.mark.parametrize("record", records())
def test_the_field_that_names_the_kind_of_a_record_is_required_as_every_reader_requires_it(record):
    document = json.loads(DOCUMENTS[f"{record.__name__}.schema.json"])
    kinds = [name for name, field in record.model_fields.items() if name in {"message_type", "kind"} and isinstance(field.default, str)]
    assert set(kinds) <= set(document.get("required", ()))
    assert "discriminator" not in DOCUMENTS[f"{record.__name__}.schema.json"]
