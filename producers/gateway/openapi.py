"""Writes the OpenAPI 3.1 document of the HTTPS address from ``OPERATIONS`` and the records. Pure: the same text for the same code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from mekong.producers.gateway.feed import MOST_RECEIPTS
from mekong.producers.gateway.operations import OPERATIONS, Operation, Parameter
from mekong.producers.gateway.parts import MEDIA_TYPE
from mekong.producers.gateway.sheets import document as of_sheets
from mekong.producers.gateway.sheets.http import XLSX
from mekong.schemas.export import schemas
from mekong.schemas.feed import FeedHealth, feed_health
from mekong.schemas.messages import Correction, Feedback, Seizure, Warning, Withdrawal

_REF = "#/components/schemas/"
_MESSAGES = (Seizure, Correction, Withdrawal, Warning, Feedback)
_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_ID = {"type": "string", "pattern": r"^in\..+@\d+$", "examples": ["in.VN-CUSTOMS.v1@412"]}
_PLACE = {"type": "string", "examples": ["in.VN-CUSTOMS.v1@17"]}
_PLACE_OF_ALERTS = {"type": "string", "examples": ["alerts.VN-CUSTOMS.v1@17"]}
EXAMPLE: Mapping[str, Any] = {
    "message_type": "seizure",
    "agency": "VN-CUSTOMS",
    "case_no": "2026/118",
    "seized_at": "2026-11-28",
    "lines": [{"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": "2.5", "unit": "kg"}],
}
_LIMITS = "Packed with gzip when Content-Encoding says so. At most 10,000,000 bytes unpacked, and 10,000 messages."
_ANSWERS = {
    202: "The exchange has stored every message that has an id.",
    200: "The answer.",
    400: "The request cannot be read.",
    401: "The token is missing or not valid.",
    403: "The token, or its agency, may not do this.",
    404: "The list or the sending does not exist.",
    408: "The body did not arrive in time.",
    409: "A request with the same key is under way; or questions about a sheet; or it is another sheet than the one that was sent.",
    413: "The body, or a message, is too large.",
    415: "The body has another type than the gateway reads.",
    422: "No message of the request can be sent.",
    429: "Too much in a minute, or at the same time. Retry-After says when to try again.",
    503: "The broker is away. Retry-After says when to try again, with the same Idempotency-Key.",
}


def document() -> dict[str, Any]:
    """The document."""
    paths: dict[str, Any] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Seizure exchange over HTTPS",
            "version": "1",
            "description": "For agencies that reach no Kafka port: messages in, receipts out. docs/https.md explains it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "The token of an agency."}},
            "schemas": _schemas(),
        },
    }


def _operation(one: Operation) -> dict[str, Any]:
    why = _content("application/problem+json", "Problem")
    refusals = {str(status): {"description": _ANSWERS[status], **why} for status in one.refusals}
    schemas = [{"$ref": _REF + name} for name in (one.gives, one.of_sheet) if name]
    content = {"application/json": {"schema": {"anyOf": schemas} if schemas[1:] else schemas[0]}} if schemas else {}
    good: dict[str, Any] = {"description": _ANSWERS[one.status], "content": content}
    if one.gives_workbook:
        content[XLSX] = {"schema": {"type": "string", "format": "binary", "description": "The marked sheet."}}
    if one.is_stream:
        good["content"]["text/event-stream"] = {"schema": _TEXT}
    found = {
        "operationId": one.name,
        "summary": one.summary,
        "description": one.text + (f" The token needs the scope {one.scope}." if one.scope else ""),
        "parameters": [_parameter(parameter) for parameter in one.parameters],
        "responses": {str(one.status): good, **refusals},
    }
    return found | ({"requestBody": _body(one)} if one.has_body else {})


def _parameter(one: Parameter) -> dict[str, Any]:
    return {"name": one.name, "in": one.place, "required": one.place == "path", "description": one.text, "schema": dict(one.schema)}


def _body(one: Operation) -> dict[str, Any]:
    if one.form == "only":
        return {"required": True, "description": of_sheets.FORM_TEXT, "content": {MEDIA_TYPE: {"schema": dict(of_sheets.FORM)}}}
    form = {MEDIA_TYPE: {"schema": dict(of_sheets.FORM)}} if one.form else {}
    second = {**EXAMPLE, "case_no": "2026/119"}
    lines = "".join(json.dumps(message) + "\n" for message in (EXAMPLE, second))
    return {
        "required": True,
        "description": f"{_LIMITS} {of_sheets.FORM_TEXT}",
        "content": {
            "application/json": {"schema": {"$ref": f"{_REF}Message"}, "example": dict(EXAMPLE)},
            "application/x-ndjson": {"schema": {"type": "string", "description": "One message a line."}, "example": lines},
            **form,
        },
    }


def _content(media: str, name: str) -> dict[str, Any]:
    return {"content": {media: {"schema": {"$ref": _REF + name}}}}


def _schemas() -> dict[str, Any]:
    known = schemas()
    own = {
        "Message": {"oneOf": [{"$ref": _REF + record.__name__} for record in _MESSAGES]},
        "Entry": _object({"line": {"type": "integer", "minimum": 1}}, case_no=_TEXT, id=_ID, **_WHY, warnings=_list("Notice")),
        "Sent": _object({"sent": _COUNT, "refused": _COUNT, "receipts_after": _PLACE, "messages": _list("Entry")}),
        "Checked": _object({"good": _COUNT, "refused": _COUNT, "messages": _list("Entry")}),
        "Receipts": _object({"receipts": _list("Receipt"), "next": _PLACE}),
        "Alerts": _object({"alerts": _list("Shared"), "next": _PLACE_OF_ALERTS}),
        **_feed(),
        "Codes": _object({"list": _TEXT, "lang": _TEXT, "codes": {"type": "array", "items": _CODE}}),
        "Me": _object({"agency": _TEXT, "name": _TEXT, "topic": _TEXT, "exchange": _TEXT}),
        "Problem": _problem(),
        **of_sheets.SCHEMAS,
    }
    needed = set(_named(own))
    while more := {name for one in needed if one in known for name in _named(known[one])} - needed:
        needed |= more
    return own | {name: known[name] for name in sorted(needed) if name in known}


def _problem() -> dict[str, Any]:
    return _object(
        {"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT},
        reason={"type": "string", "description": "A reason code, as in a receipt."},
        field={"type": "string", "description": "The field, as in a receipt."},
        messages={"type": "array", "items": {"anyOf": [{"$ref": f"{_REF}Entry"}, {"$ref": f"{_REF}SheetEntry"}]}},
        questions={"type": "array", "items": of_sheets.QUESTION},
        accept={"type": "string", "description": "Send the sheet again with this `accept` when the questions are answered."},
        withdraws={**_COUNT, "description": "How many cases the sheet withdraws. Send it again with this number too, when it is right."},
    )


def _feed() -> dict[str, Any]:
    """The answer about a feed, and the records in it."""
    found = FeedHealth.model_json_schema(mode="serialization", ref_template=_REF + "{model}")
    parts: dict[str, Any] = found.pop("$defs")
    partial = {"type": "boolean", "description": f"Whether only the newest {MOST_RECEIPTS:,} receipts were read."}
    found["properties"] |= {"agency": _TEXT, "is_well": {"type": "boolean"}, "is_partial": partial}
    example = feed_health((), datetime(2026, 11, 29, 8, tzinfo=UTC)).model_dump(mode="json")
    found["examples"] = [{"agency": "VN-CUSTOMS", **example, "is_well": True, "is_partial": False}]
    return {"Feed": found | {"title": "Feed", "required": list(found["properties"])}, **parts}


def _named(node: Any) -> Iterator[str]:
    """The schemas that a schema refers to."""
    if isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            yield reference.removeprefix(_REF)
        for part in node.values():
            yield from _named(part)
    elif isinstance(node, list):
        for part in node:
            yield from _named(part)


def _object(required: Mapping[str, Any], **optional: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {**required, **optional}, "required": list(required)}


def _list(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": _REF + name}}


_WHY = {"reason": _TEXT, "field": _TEXT, "detail": _TEXT}
_CODE = _object({"code": _TEXT, "label": _TEXT}, valid_from=_TEXT, valid_to=_TEXT)
