"""Defines what the JSON Schemas say beyond the types of the fields. Pure.

A schema refuses as much of what intake refuses as it can express, and no message in plain form that intake accepts.
"""

from __future__ import annotations

from typing import Any

from pydantic import WithJsonSchema

QUANTITY_OR_UNKNOWN: dict[str, Any] = {
    "if": {"type": "object", "properties": {"quantity_kind": {"const": "unknown"}}, "required": ["quantity_kind"]},
    "then": {"type": "object", "properties": {"quantity": {"type": "null"}}},
    "else": {
        "type": "object",
        "properties": {"quantity": {"not": {"type": "null"}}, "unit": {"type": "string"}},
        "required": ["quantity", "unit"],
    },
}
"""The JSON Schema of the rule that intake checks after the fields of a line."""


def in_json(whole: str = r"\d+", *, least: float | None = None, over: float | None = None, most: float | None = None) -> WithJsonSchema:
    """The JSON Schema of a decimal: a JSON number, or a text of one such as "12.5".

    ``whole`` is the pattern of the digits before the point. A JSON number is ``least`` or more, more than ``over``, and ``most`` at most.
    A text with an exponent is compared with no limit: intake does this.
    """
    limits: dict[str, Any] = {"minimum": least, "exclusiveMinimum": over, "maximum": most}
    number = {"type": "number", **{name: limit for name, limit in limits.items() if limit is not None}}
    return WithJsonSchema({"anyOf": [number, {"type": "string", "pattern": _pattern(whole, least, over)}]})


def _pattern(whole: str, least: float | None, over: float | None) -> str:
    digits = rf"({whole}(\.\d*)?|\.\d+|\d*\.?\d*[eE][+-]?\d+)"
    if over is not None:
        return rf"^\s*\+?(?=[\d.]*[1-9]){digits}\s*$"
    if least == 0:
        return rf"^\s*(\+?{digits}|-[0.]+([eE][+-]?\d+)?)\s*$"
    return rf"^\s*[+-]?{digits}\s*$"
