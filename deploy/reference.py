"""Writes docs/python-reference.md from the public names of ``mekong``: signatures, docstrings and the texts below fields."""

from __future__ import annotations

import ast
import inspect
import re
import types
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from textwrap import dedent
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, StringConstraints, WithJsonSchema
from pydantic.fields import FieldInfo

import mekong
from mekong.schemas.codes import Code

PAGE = Path(__file__).resolve().parents[1] / "docs" / "python-reference.md"
SECTIONS = {
    "The client": ("Client", "Settings"),
    "Messages": ("Seizure", "Correction", "Withdrawal", "Warning", "Feedback"),
    "Parts of messages": ("Line", "RouteStep", "Suspects", "Handling", "Attachment", "Unmapped"),
    "Delivery reports": ("Delivered", "Undelivered", "Rejected", "Reason"),
    "Receipts": ("Receipt", "Outcome", "Notice"),
    "Errors": ("Retriable", "Fatal", "Refused"),
}
SETTINGS = (
    "home",
    "kafka_bootstrap",
    "kafka_security_protocol",
    "kafka_sasl_mechanism",
    "kafka_username",
    "kafka_password",
    "kafka_cafile",
    "conveyance_key",
)
"""Those of a sender; all others are the operator's."""
_TYPES = {
    "str": "text",
    "int": "int",
    "bool": "bool",
    "Decimal": "Decimal",
    "AwareDatetime": "datetime with its UTC offset",
    "datetime": "datetime with its UTC offset",
}
_MEMBER = re.compile(r'^ +(?P<name>[A-Z0-9_]+) = "(?P<value>\w+)"(?:  # (?P<why>.+))?$', re.MULTILINE)


def page() -> str:
    """The complete page."""
    head = (
        "# Python reference\n\nAll names that `from mekong import ...` gives. [The tutorial](python.md) shows how they are used."
        "\nWhat a field is called in other systems: [glossary](glossary.md). The codes of a list:"
        " [schemas/codes/data](../schemas/codes/data).\n\n"
        "This page is written by `python -m mekong.deploy.documents`, from the code.\n"
    )
    return head + "".join(f"\n## {title}\n" + "".join(map(_entry, names)) for title, names in SECTIONS.items())


def _entry(name: str) -> str:
    thing = getattr(mekong, name)
    return f"\n### {name}\n\n" + "\n".join(_parts(thing))


def _parts(thing: Any) -> Iterator[str]:
    yield _text(thing.__doc__)
    if issubclass(thing, StrEnum):
        yield _table(("value", "when"), [(f"`{one['value']}`", one["why"] or "") for one in _MEMBER.finditer(inspect.getsource(thing))])
    elif thing is mekong.Correction:
        yield "Its fields are those of [Seizure](#seizure); `message_type` is `correction`.\n"
    elif issubclass(thing, BaseModel):
        yield _table(("field", "type", "default", "meaning"), list(fields(thing)))
    elif issubclass(thing, tuple):
        meanings = _meanings(thing)
        yield _table(("field", "meaning"), [(f"`{field}`", meanings.get(field, "")) for field in thing._fields])
    elif issubclass(thing, Exception):
        yield f"Is a kind of `{thing.__bases__[0].__name__}`.\n"
    else:
        yield from _methods(thing)


def _methods(thing: type) -> Iterator[str]:
    members = vars(thing)
    yield f"#### `{thing.__name__}{_signature(members['__init__'])}`\n\n{_text(members['__init__'].__doc__)}"
    for name, one in members.items():
        if name.startswith("_"):
            continue
        if isinstance(one, property):
            yield f"#### `{name}`\n\n{_text(one.__doc__)}"
        else:
            yield f"#### `{name}{_signature(one)}`\n\n{_text(one.__doc__)}"


def _signature(function: Any) -> str:
    written = str(inspect.signature(function)).replace("''", '""').replace("'", "")
    return re.sub(r"\(self(, )?", "(", written).removesuffix(" -> None")


def fields(record: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """Of each field: its name, type, default and meaning."""
    meanings = _meanings(record)
    for name, field in record.model_fields.items():
        if record is not mekong.Settings or name in SETTINGS:
            yield (f"`{name}`", _type(field.annotation, field.metadata), _default(field), meanings.get(name, ""))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    return (
        ""
        if value is None or value == () or str(value) == ""
        else f"`{type(value).__name__}()`"
        if isinstance(value, BaseModel)
        else f"`{value}`"
    )


def _type(kind: Any, metadata: Any = ()) -> str:
    """A type as a person reads it."""
    origin, inner = get_origin(kind), get_args(kind)
    for one in metadata:
        if isinstance(one, Code):
            return f"code of the list `{one.name}`"
        if isinstance(one, WithJsonSchema) and one.json_schema and "examples" in one.json_schema:
            return "text: " + ", ".join(f"`{example}`" for example in one.json_schema["examples"])
        if isinstance(one, StringConstraints) and one.max_length:
            return f"text, at most {one.max_length} characters"
    if origin is Annotated:
        return _type(inner[0], inner[1:])
    if origin in {Union, types.UnionType}:
        return " or ".join(_type(one) for one in inner if one is not type(None))
    if origin is Literal:
        return ", ".join(f"`{one}`" for one in inner)
    if origin is tuple:
        return f"tuple of {_type(inner[0])}"
    name = kind.__name__
    return f"[{name}](#{name.lower()})" if name in mekong.__all__ else _TYPES.get(name, name)


def _meanings(thing: type) -> dict[str, str]:
    """Field -> the text below it, of the class and of those that it is made from."""
    found: dict[str, str] = {}
    for one in reversed(thing.__mro__):
        if not one.__module__.startswith("mekong."):
            continue
        (body,) = ast.parse(dedent(inspect.getsource(one))).body
        assert isinstance(body, ast.ClassDef)  # noqa: S101 - the source of a class
        for line, below in zip(body.body, body.body[1:], strict=False):
            if isinstance(line, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                assert isinstance(line.target, ast.Name)  # noqa: S101 - so fields are written
                found[line.target.id] = " ".join(inspect.cleandoc(str(below.value.value)).split()).replace("``", "`")
    return found


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "or") for cell in row) + " |\n" for row in lines)


def _text(doc: str | None) -> str:
    return inspect.cleandoc(doc or "").replace("``", "`") + "\n"
