"""The schemas of sheets in the OpenAPI document. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEXT: Mapping[str, Any] = {"type": "string"}
COUNT: Mapping[str, Any] = {"type": "integer", "minimum": 0}
TEXTS: Mapping[str, Any] = {"type": "array", "items": TEXT}
COUNTS: Mapping[str, Any] = {"type": "object", "additionalProperties": COUNT}
_ROW: Mapping[str, Any] = {"type": "integer", "minimum": 1}
_ID: Mapping[str, Any] = {"type": "string", "pattern": "^[0-9a-f]{16}$", "examples": ["5d41402abc4b2a76"]}
FORM_TEXT = "A sheet is a form with the part `file` (.xlsx, .xls, .ods, .csv). Its name is not read."
FORM: Mapping[str, Any] = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "The sheet."},
        "layout": {**TEXT, "description": "The name of a layout of the exchange, or the text of one (TOML, 64,000 bytes at most)."},
        "encoding": {**TEXT, "description": "Of a .csv file. Without it, it is detected."},
        "accept": {**TEXT, "description": "The `accept` of an answer 409, when its questions are answered."},
        "series": {
            **TEXT,
            "maxLength": 100,
            "description": "What all editions of the sheet are called together: any words, or the `id` of an earlier sending of it.",
            "examples": ["seizures of the northern office"],
        },
        "complete": {
            "type": "string",
            "enum": ["month", "file"],
            "description": "The sheet has all cases: those of the edition before it that it no longer has are withdrawn, of the months that"
            " are in it, or all. Needs `series`, and a token that may read. What would be withdrawn is asked first (409).",
            "examples": ["month"],
        },
        "withdraws": {
            "type": "string",
            "pattern": "^[0-9]{1,9}$",
            "description": "The `withdraws` of an answer 409: how many cases are withdrawn, when it asks for that number.",
            "examples": ["3"],
        },
    },
}


def _object(required: Mapping[str, Any], **optional: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {**required, **optional}, "required": list(required)}


def _array(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


_WITHDRAWN = "Cases of the sheet of 2026-11-20T08:12:00.000Z that are not in this one. They would be withdrawn (1)"
QUESTION: Mapping[str, Any] = _object({"question": TEXT, "examples": TEXTS})
_FINDING = _object({"level": TEXT, "row": COUNT, "cell": TEXT, "heading": TEXT, "code": TEXT, "sentence": TEXT})
_WHY = {"reason": TEXT, "field": TEXT, "detail": TEXT}
_ENTRIES = _array({"$ref": "#/components/schemas/SheetEntry"})
_SUMS = {"sent": COUNT, "refused": COUNT}
SCHEMAS: Mapping[str, Any] = {
    "SheetEntry": _object(
        {"row": _ROW, "rows": _array(_ROW)},
        case_no=TEXT,
        id=TEXT,
        **_WHY,
        warnings=_array(_object({"code": TEXT, "field": TEXT, "detail": TEXT})),
    ),
    "SentSheet": _object(
        {"id": _ID, **_SUMS, "receipts_after": TEXT, "layout": TEXT, "edition": TEXT, "messages": _ENTRIES, "notes": TEXTS},
        series=_ID,
        withdrawals=_array(_object({"case_no": TEXT, "id": TEXT})),
    ),
    "CheckedSheet": _object(
        {
            "layout": TEXT,
            "language": TEXT,
            **dict.fromkeys(("good", "notice", "question", "rejected"), COUNT),
            "findings": _array(_FINDING),
            "more_findings": COUNT,
            "notes": TEXTS,
            "summary": TEXTS,
        },
        withdrawals={
            **_object({"count": COUNT, "cases": TEXTS, "questions": _array(QUESTION)}, withdraws=COUNT),
            "description": "Of a complete sheet: what it would withdraw. `withdraws`: give this number when you send it.",
            "examples": [{"count": 1, "cases": ["2026/117"], "questions": [{"question": _WITHDRAWN, "examples": ["2026/117"]}]}],
        },
    ),
    "Sendings": _object({"sendings": _array({"$ref": "#/components/schemas/ListedSending"})}),
    "ListedSending": _object(
        {
            "id": _ID,
            "state": {"type": "string", "enum": ["begun", "sent"]},
            "token": TEXT,
            "at": {**TEXT, "format": "date-time"},
            "edition": {**TEXT, "format": "date-time"},
            "digest": {**TEXT, "description": "SHA-256 of the file."},
            "layout": TEXT,
            "cases": COUNT,
            "sent": COUNT,
            "refused": COUNTS,
            "bad": _array(_object({"row": _ROW, "reason": TEXT})),
            "more_bad": COUNT,
            "receipts_after": TEXT,
            "receipts": _object({"outcomes": COUNTS, "rejected": COUNTS, "waiting": {"type": ["integer", "null"]}}),
        },
        first_offset={"type": ["integer", "null"]},
        last_offset={"type": ["integer", "null"]},
        series=_ID,
        withdrawn={**COUNT, "description": "Cases that it has withdrawn. Their receipts count in `receipts` too."},
    ),
}
