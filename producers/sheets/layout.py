"""Defines a ``Layout``: which column is which field, and how the values of a sheet are written. It is read from a small TOML file. Pure."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from mekong.producers.sheets.fields import FIELDS, OF_A_LINE
from mekong.schemas.errors import Refused
from mekong.schemas.messages import AGENCY_PATTERN

_SHIPPED = ".toml"


def _known(name: str) -> str:
    if name not in FIELDS:
        raise ValueError(f"{name!r} is not a field; the fields are {', '.join(FIELDS)}")
    return name


Name = Annotated[str, AfterValidator(_known)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(_Part):
    """One column of the sheet."""

    headings: Annotated[tuple[str, ...], Field(min_length=1)]
    """Its heading, in every spelling that occurs. Capitals, spaces and signs do not matter."""
    field: Name
    required: bool = False
    """Whether a sheet without the column is refused."""
    line: str = ""
    """The line of ``[lines]`` that it belongs to; without it, to all lines of the row."""
    unit: str = ""
    """The unit of a quantity whose column says it: ``Weight (kg)``."""
    values: Mapping[str, str] = {}
    """What the sheet writes -> the code of the exchange. An empty code leaves the value out."""
    empty: str = ""
    """What an empty cell means."""
    unknown: Literal["refuse", "leave out", "other column"] = "refuse"
    """What to do with a value that is not on the code list; ``other column``: another column of the layout says it."""
    otherwise: Name | None = None
    """The field that has the text when it is not on the code list."""
    repeats: Literal["", "first", "all"] = ""
    """Which of several columns with this heading are read; without it, such a sheet is refused."""


class Match(_Part):
    """Rows whose cell has one of these values."""

    headings: Annotated[tuple[str, ...], Field(min_length=1)]
    values: Annotated[tuple[str, ...], Field(min_length=1)]


class Dates(_Part):
    """How dates are written."""

    order: Literal["", "dmy", "mdy", "ymd"] = ""
    """Without it, a date that can be read in two orders is refused."""
    calendar: Literal["", "gregorian", "buddhist"] = ""
    """Without it, a year of the Buddhist calendar is refused."""


class Numbers(_Part):
    """How numbers are written."""

    decimal: Literal["", ".", ","] = ""
    """Without it, a number that can be read in two ways is refused."""


class Case(_Part):
    """Which rows are one case, and what its number is."""

    identity: tuple[Name, ...] | Literal["content"] | None = None
    """For a sheet without case numbers: the fields that recognise a case, or all of its content."""
    rows: Literal["one", "several"] = "several"
    """Whether rows with the same case number are lines of one case."""


class Skip(_Part):
    """Rows that are not cases."""

    starts: tuple[str, ...] = ()
    """What the first words of such a row are, in its first cell with a value: ``Total``, ``Applied filters``."""
    end: tuple[str, ...] = ()
    """The same; the row and all rows after it are not read."""


class Layout(_Part):
    """How one kind of sheet is read."""

    title: str
    """One sentence for the help."""
    agency: Annotated[str, StringConstraints(pattern=AGENCY_PATTERN)] | None = None
    sheet: str = ""
    """The name of the worksheet; without it, the first visible one that has the columns."""
    case: Case = Case()
    dates: Dates = Dates()
    numbers: Numbers = Numbers()
    skip: Skip = Skip()
    only: tuple[Match, ...] = ()
    """Only the rows of which every entry matches are cases."""
    constants: Mapping[Name, str] = {}
    lines: Mapping[str, Mapping[Name, str]] = {}
    """The lines that one row can have, each with its constants."""
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    name: str = ""
    digest: str = ""
    """What the layout is known by: another layout makes other messages of the same file."""

    @model_validator(mode="after")
    def _sound(self) -> Layout:
        for column in self.columns:
            if column.line and column.line not in self.lines:
                raise ValueError(f"the column {column.headings[0]!r} is of the line {column.line!r}, which [lines] does not have")
            if column.line and column.field not in OF_A_LINE:
                raise ValueError(f"the column {column.headings[0]!r} has a line, and {column.field} is a field of the case")
        fields = {column.field for column in self.columns}
        if "suspects.nationalities" in fields and "suspects.count" not in fields:
            raise ValueError("suspects.nationalities needs a column suspects.count: nationalities alone do not say how many")
        if self.case.identity is None and "case_no" not in fields:
            raise ValueError('no column is the case_no: give [case] an identity, a list of fields or "content"')
        if self.case.identity is not None and "case_no" in fields:
            given = self.case.identity if self.case.identity == "content" else list(self.case.identity)
            line = f"identity = {json.dumps(given)}"
            raise ValueError(f"a column is the case_no, so the cases have numbers: delete the line {line} under [case]")
        return self


def read_layout(text: str, name: str) -> Layout:
    """The layout of a TOML text. Raises Refused with what is wrong and where."""
    try:
        found = tomllib.loads(text)
        layout = Layout.model_validate({**found, "name": name, "digest": hashlib.sha256(text.encode()).hexdigest()})
    except tomllib.TOMLDecodeError as exc:
        raise Refused(f"the layout {name} is not TOML: {exc}") from exc
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
        raise Refused(f"the layout {name} cannot be used: {where or 'the file'}: {first['msg'].removeprefix('Value error, ')}") from exc
    return layout


def shipped() -> tuple[str, ...]:
    """The names of the layouts that come with the exchange."""
    found = (path.name for path in files(__package__).joinpath("layouts").iterdir())
    return tuple(sorted(name.removesuffix(_SHIPPED) for name in found if name.endswith(_SHIPPED)))


def shipped_text(name: str) -> str:
    """The file of one of ``shipped()``. Raises Refused, naming all there are."""
    if name not in shipped():
        raise Refused(f"{name!r} is not a layout: give the path of a file, or one of {', '.join(shipped())}")
    return files(__package__).joinpath("layouts", name + _SHIPPED).read_text(encoding="utf-8")


@cache
def shipped_layout(name: str) -> Layout:
    """One of ``shipped()``. Raises Refused, naming all there are."""
    return read_layout(shipped_text(name), name)


def layout_named(name: str) -> Layout:
    """A shipped layout, or the one in a file. Raises Refused, and OSError when the file cannot be read."""
    path = Path(name)
    if name in shipped() or not (path.suffix == _SHIPPED or path.exists()):
        return shipped_layout(name)
    try:
        return read_layout(path.read_text(encoding="utf-8"), path.name)
    except UnicodeDecodeError as exc:
        raise Refused(f"the layout {path} is not UTF-8 text: save it as UTF-8") from exc
