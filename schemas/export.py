"""Writes the text of ``docs/schemas`` from the records and topics: one JSON Schema per record, and one AsyncAPI 3 document.

It is for a member who writes a client in another language. ``mekong schema export`` writes the files. They are under version control,
and a contract test fails when they differ from the code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from mekong.schemas.batches import BATCH_HEADER, CORRELATION_HEADER, EDITION_HEADER
from mekong.schemas.codes import LISTS, code_list
from mekong.schemas.control import CONTROL_HEADER, AgencyProfile, SourceOrder, Tick
from mekong.schemas.limits import CORRELATION_LENGTH
from mekong.schemas.record import Record
from mekong.schemas.topics import SHARED, TOPICS, Topic

JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
ASYNCAPI = "asyncapi.json"
_BINDING = "0.5.0"  # of the Kafka bindings of AsyncAPI
_NUMBERS = frozenset({"retention.ms", "retention.bytes", "max.message.bytes", "segment.ms"})

_SERVER: dict[str, Any] = {
    "host": "{host}:{port}",
    "protocol": "kafka-secure",
    "description": "The brokers of one exchange: SASL_SSL with SCRAM-SHA-512. Its operator gives the address, the user and the CA file.",
    "variables": {
        "host": {"description": "The host that the operator gives.", "examples": ["kafka.exchange.example"]},
        "port": {"description": "Its port.", "examples": ["9093"]},
    },
    "security": [{"$ref": "#/components/securitySchemes/password"}],
}


def export() -> dict[str, str]:
    """File name -> text of every document, the same bytes for the same code."""
    documents = {f"{record.__name__}.schema.json": _of_record(record) for record in records()}
    return {name: _text(document) for name, document in {**documents, ASYNCAPI: _asyncapi()}.items()}


def records() -> tuple[type[Record], ...]:
    """Every record type that is on a topic, each once, in the order of ``TOPICS``."""
    return tuple(dict.fromkeys(record for topic in TOPICS for record in records_of(topic)))


def records_of(topic: Topic) -> tuple[type[Record], ...]:
    """The record types on one topic; none for state that only its lane can read."""
    return tuple(_leaves(topic.holds)) if topic.holds is not None else ()


def _leaves(holds: Any) -> Iterator[type[Record]]:
    """The record types of a union, however deep it is annotated."""
    if isinstance(holds, type) and issubclass(holds, Record):
        yield holds
        return
    for part in get_args(holds):
        yield from _leaves(part)


def _of_record(record: type[Record]) -> dict[str, Any]:
    found = TypeAdapter(record).json_schema()
    lists: set[str] = set()
    named = _with_kinds(_with_lists(found, "#/$defs/", lists))
    definitions = {**named.pop("$defs", {}), **{name: _list_schema(name) for name in sorted(lists)}}
    return {"$schema": JSON_SCHEMA, **named, **({"$defs": definitions} if definitions else {})}


def _asyncapi() -> dict[str, Any]:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Seizure exchange",
            "version": "1",
            "description": "Customs and police report seizures to each other as they happen. One topic in and one topic of receipts for "
            "each agency; everything accepted in one ordered journal. Readers use read_committed.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "servers": {"exchange": _SERVER},
        "defaultContentType": "application/json",
        "channels": {_channel_id(topic): _channel(topic) for topic in TOPICS},
        "operations": dict(_operation(topic) for topic in TOPICS if topic.holds is not None),
        "components": {
            "messages": {name: message for topic in TOPICS for name, message in _messages(topic)},
            "schemas": schemas(),
            "securitySchemes": {"password": {"type": "scramSha512", "description": "The user and the password of the agency."}},
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "address": topic.name,
        "description": topic.purpose,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name, _ in _messages(topic)},
    }
    if topic.per_agency:
        channel["parameters"] = {"agency": {"description": "Code of the agency.", "examples": ["VN-CUSTOMS"]}}
    channel["bindings"] = {
        "kafka": {"partitions": topic.partitions, "topicConfiguration": _configuration(topic.config), "bindingVersion": _BINDING}
    }
    return channel


def _configuration(config: Mapping[str, str]) -> dict[str, Any]:
    """Topic settings with the types that the binding asks for."""
    typed: dict[str, Any] = {key: int(value) if key in _NUMBERS else value for key, value in sorted(config.items())}
    typed["cleanup.policy"] = [config["cleanup.policy"]]
    return typed


def _operation(topic: Topic) -> tuple[str, dict[str, Any]]:
    """What a reader of this document does: a member sends on ``in``, everybody else receives."""
    channel = _channel_id(topic)
    action = "send" if channel == "in" else "receive"
    return f"{action}-{channel}", {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": topic.purpose}


def _messages(topic: Topic) -> Iterator[tuple[str, dict[str, Any]]]:
    key = {"kafka": {"key": {"type": "string", "description": topic.key}, "bindingVersion": _BINDING}}
    if topic.holds is None:
        summary = "JSON of a registry entry." if topic.name.startswith("registry") else "State in a form of its own, for its lane only."
        yield f"{_channel_id(topic)}-state", {"summary": summary, "payload": {}, "bindings": key}
    for record in records_of(topic):
        message: dict[str, Any] = {
            "name": record.__name__,
            "summary": _summary(record),
            "payload": {"$ref": f"#/components/schemas/{record.__name__}"},
            "bindings": key,
        }
        if topic.name.startswith(("in.", "control.")):
            message["headers"] = _headers(control=record in (Tick, AgencyProfile, SourceOrder))
        yield record.__name__, message


def _headers(*, control: bool) -> dict[str, Any]:
    if control:
        text = "Hex HMAC-SHA256 of topic, a zero byte and the value, under the deployment's secret. Written by the exchange only."
        return {"type": "object", "required": [CONTROL_HEADER], "properties": {CONTROL_HEADER: {"type": "string", "description": text}}}
    said = {
        BATCH_HEADER: "Names the sending that the message came in; any short text.",
        EDITION_HEADER: "When the edition of the file was made, as 2026-05-03T06:20:00Z. Orders what has no revision and no reported_at.",
        CORRELATION_HEADER: f"Of the sender's choice: the receipt has it again. 1 to {CORRELATION_LENGTH} printable characters of ASCII.",
    }
    return {"type": "object", "properties": {name: {"type": "string", "description": text} for name, text in said.items()}}


def schemas() -> dict[str, Any]:
    """The JSON Schema of each record and code list by its name, as the components of one document."""
    _, found = models_json_schema([(record, "validation") for record in records()], ref_template="#/components/schemas/{model}")
    lists: set[str] = set()
    named = _with_kinds(_with_lists(found["$defs"], "#/components/schemas/", lists))
    return {**named, **{name: _list_schema(name) for name in sorted(lists)}}


def _with_lists(node: Any, base: str, used: set[str]) -> Any:
    """The schema in which each code list is written once and referred to. Adds the lists it meets to ``used``."""
    if isinstance(node, list):
        return [_with_lists(part, base, used) for part in node]
    if not isinstance(node, dict):
        return node
    codes = node.get("enum", [node["const"]] if "const" in node else None)
    name = _LISTS_BY_CODES.get(tuple(codes)) if isinstance(codes, list) else None
    if name:
        used.add(name)
        others = {key: value for key, value in node.items() if key not in ("enum", "const", "type")}
        return {"$ref": base + name, **others}
    return {key: _with_lists(value, base, used) for key, value in node.items()}


def _with_kinds(node: Any) -> Any:
    """The schema in which the field that names the kind of a record is required, as every reader requires it.

    ``discriminator`` is a keyword of OpenAPI alone, and JSON Schema does not need it then.
    """
    if isinstance(node, list):
        return [_with_kinds(part) for part in node]
    if not isinstance(node, dict):
        return node
    found = {key: _with_kinds(value) for key, value in node.items() if key != "discriminator"}
    if "title" not in found or not isinstance(found.get("properties"), dict):
        return found
    fields: dict[str, Any] = found["properties"]
    kinds = [name for name, field in fields.items() if isinstance(field.get("const"), str)]
    for name in kinds:
        fields[name].pop("default", None)
    if kinds:
        found["required"] = [name for name in fields if name in kinds or name in found.get("required", ())]
    return found


def _list_schema(name: str) -> dict[str, Any]:
    return {"type": "string", "description": f"Code list {name}: schemas/codes/data/{name}.csv", "enum": sorted(code_list(name))}


_LISTS_BY_CODES = {tuple(sorted(code_list(name))): name for name in LISTS}


def _channel_id(topic: Topic) -> str:
    """The first word of a topic's name. When a shared topic has the same word, ``-of-member`` follows for the members' own topics."""
    word = topic.name.split(".")[0]
    is_also_shared = topic.per_agency and any(other.name.split(".")[0] == word for other in SHARED)
    return f"{word}-of-member" if is_also_shared else word


def _summary(record: type[Record]) -> str:
    return (record.__doc__ or "").strip().splitlines()[0]


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
