"""Every typed column is read again by ``mekong verify``, and every field that a column reads is one of its record."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

import pytest
from pydantic import BaseModel

from mekong.deploy.verify.columns import is_same, reader_of
from mekong.schemas.export import records_of
from mekong.schemas.journal import Version
from mekong.schemas.messages import Envelope
from mekong.schemas.topics import INCOMING
from mekong.sinks.clickhouse.tables import TABLES

MESSAGES = [record for record in records_of(INCOMING) if issubclass(record, Envelope)]
columns = pytest.mark.parametrize(
    ("table", "name", "expression"),
    [pytest.param(table, name, expression, id=f"{table.name}-{name}") for table in TABLES for name, expression in table.columns],
)


@columns
def test_a_column_is_read_again(table, name, expression):
    assert reader_of(table, name, expression) is not None


@columns
def test_a_field_that_a_column_reads_is_one_of_its_record(table, name, expression):
    parts = {part.name: part.path for part in table.parts} | {"r": ()}
    for part, rest in re.findall(r"\b([a-z]\w*)((?:\.[a-z_]\w*)+)", re.sub(r"'[^']*'", "''", expression)):
        if part in parts:
            path = [*parts[part], *rest.strip(".").split(".")]
            assert any(has(record, path) for record in records_of(table.topic)), (
                f"column {table.name}.{name}: no record has the field {'.'.join(path)}"
            )


@pytest.mark.parametrize("table", [pytest.param(table, id=table.name) for table in TABLES])
def test_a_field_of_a_record_has_a_column_or_is_left_out_by_name(table):
    shape = table.shape
    every = {field for record in records_of(table.topic) for field in fields_of(record)}
    missing = sorted(field for field in every if not is_known(shape, field))
    assert not missing, f"table {shape.name}: no column reads {', '.join(missing)}: declare one in schemas/tables, or name it in left_out"


@pytest.mark.parametrize("table", [pytest.param(table, id=table.name) for table in TABLES])
def test_what_is_left_out_is_a_field_and_no_column_reads_it(table):
    for field in table.shape.left_out:
        assert any(has(record, field.split(".")) for record in records_of(table.topic)), field
        assert not any(f"{read}.".startswith(f"{field}.") for read in table.shape.reads), field


def is_known(shape, field: str) -> bool:
    """Whether a column reads a field or something in it, or it is left out, alone or with all beside it."""
    steps = field.split(".")
    parts = {".".join(steps[:end]) for end in range(1, len(steps) + 1)}
    return bool(parts & {*shape.reads, *shape.left_out}) or any(read.startswith(f"{field}.") for read in shape.reads)


def fields_of(kind: Any, path: tuple[str, ...] = ()):
    """Every field of a record type, down to plain values; the content of a version is a message of an agency."""
    models = list(models_of(kind))
    if not models:
        yield ".".join(path)
    for model in models:
        for name, field in model.model_fields.items():
            is_content = model is Version and name == "content"
            for below in MESSAGES if is_content else [field.annotation]:
                yield from fields_of(below, (*path, name))


def has(kind: Any, path: list[str]) -> bool:
    """Whether a record type has a field at a path; of what is a plain value, or any value, nothing more is known."""
    if not path:
        return True
    models = list(models_of(kind))
    if kind is Version and path[0] == "content":
        return any(has(message, path[1:]) for message in records_of(INCOMING))
    return not models or any(path[0] in model.model_fields and has(model.model_fields[path[0]].annotation, path[1:]) for model in models)


def models_of(kind: Any):
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from models_of(part)


@pytest.mark.parametrize(
    ("stored", "said", "same"),
    [
        ("x", "x", True),
        ("", "x", False),
        ("", None, True),
        (0, 70_000, False),
        (4464, 70_000, False),
        (7, 7, True),
        (Decimal("1.500000000000"), "1.5", True),
        (Decimal("1.500000000000"), 1.5, True),
        (Decimal(0), "1.5", False),
        (0.1, 0.1, True),
        (0.1, 0.2, False),
        (False, True, False),
        (True, True, True),
        (None, "1", False),
        (None, None, True),
        (UUID(int=0), None, True),
        (UUID(int=7), str(UUID(int=7)), True),
        (date(2026, 5, 3), "2026-05-03", True),
        (date(1970, 1, 1), "2026-05-03", False),
        (datetime(2026, 5, 3, 1, tzinfo=UTC), "2026-05-03T08:00:00.0004+07:00", True),
        (datetime(2026, 5, 3, 8, tzinfo=UTC), "2026-05-03T08:00:00+07:00", False),
        (["a", ""], ["a", None], True),
        ([], None, True),
        (["a"], ["a", "b"], False),
    ],
)
def test_a_value_is_compared_by_the_type_that_is_stored(stored, said, same):
    assert is_same(stored, said) is same
