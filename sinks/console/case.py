"""The rows of ClickHouse about one case in, its page out as plain values: versions side by side, receipts, alerts, related cases. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from mekong.schemas.codes import code_list
from mekong.schemas.columns import COLUMNS
from mekong.schemas.languages import Language
from mekong.schemas.wire import load
from mekong.sinks.console.words import texts

SHOWN_VERSIONS = 6
"""A case may have 200: the newest are shown."""
LEFT_OUT = frozenset({"schema_version", "message_type", "agency", "case_no", "revision", "reported_at", "related_to", "simulated"})
"""Fields that the page shows in another way, or that say nothing about the case."""
_INDEX = re.compile(r"\.(\d+)(?=\.|$)")
_CODES = {field: column.codes for field, column in COLUMNS.items() if column.codes} | {
    "disposal": "disposals",
    "handling.handling_code": "handling",
    "handling.information_grade": "information_grades",
    "handling.source_grade": "source_grades",
    "handling.release_to": "agencies",
    "legal_basis": "legal_bases",
    "lines.cites_purpose": "cites_purposes",
    "lines.cites_source": "cites_sources",
    "operation": "operations",
    "outcome": "outcomes",
    "reason": "withdrawal_reasons",
    "reason_for_seizure": "reasons",
    "sanction": "sanctions",
    "to": "agencies",
}
"""Field -> the code list of its values."""


class VersionOf(NamedTuple):
    """One version of a case."""

    version: int
    status: str
    message_type: str
    received_at: datetime
    sender_order: str
    fields: Mapping[str, str]
    """Field, as lines.1.quantity -> its value."""


class Field(NamedTuple):
    """One row of the table of versions: a value for each version, and whether it differs from the version before."""

    field: str
    cells: Sequence[tuple[str, bool]]


class Told(NamedTuple):
    """One receipt."""

    received_at: datetime
    outcome: str
    version: int
    reason: str
    detail: str
    notices: Sequence[str]


class Other(NamedTuple):
    """Another case."""

    event_id: str
    agency: str
    case_no: str
    why: str
    """related, same or refers: it is named by the case, has the same content, or names the case."""


class InAlert(NamedTuple):
    """One state of an alert that the case took part in."""

    alert_id: str
    kind: str
    tier: str
    state: str
    raised_at: datetime
    sentences: Mapping[str, str]


class Handling(NamedTuple):
    """The marking of the case."""

    tlp: str
    code: str
    release_to: Sequence[str]


class Case(NamedTuple):
    """Everything about one case, warning or feedback."""

    event_id: str
    agency: str
    case_no: str
    family: str
    is_simulated: bool
    handling: Handling
    versions: Sequence[VersionOf]
    """The newest, the oldest of them first."""
    total: int
    """Versions that the case has."""
    fields: Sequence[Field]
    receipts: Sequence[Told]
    alerts: Sequence[InAlert]
    others: Sequence[Other]

    @property
    def is_withdrawn(self) -> bool:
        """Whether the newest version is a withdrawal."""
        return self.versions[-1].status == "withdrawn"


def version_of(raw: bytes) -> VersionOf:
    """A version, from its entry in the journal."""
    entry = load(raw)
    left_out = LEFT_OUT | {"handling"} if entry["status"] == "withdrawn" else LEFT_OUT  # of a withdrawal it is only the default
    fields = {field: text for field, text in flat(entry["content"]) if field.split(".")[0] not in left_out}
    return VersionOf(
        entry["version"],
        entry["status"],
        entry["message_type"],
        datetime.fromisoformat(entry["received_at"]),
        entry.get("sender_order") or "",
        fields,
    )


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each value of a message with its field. Elements count from 1. A step of a route is one value."""
    if isinstance(value, Mapping):
        if path.startswith("route.") and "country" in value:
            role, country, locode = value.get("role", ""), value["country"], value.get("locode") or ""
            yield f"{path}.{role}", " ".join(filter(None, (str(country), str(locode))))
            return
        for name, one in value.items():
            yield from flat(one, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        if value:
            yield path, ", ".join(map(str, value))
    elif isinstance(value, list):
        for number, one in enumerate(value, 1):
            yield from flat(one, f"{path}.{number}")
    elif value is not None:
        yield path, str(value)


def side_by_side(versions: Sequence[VersionOf]) -> list[Field]:
    """A row for each field that any of the versions has, in the order in which they name them."""
    names = dict.fromkeys(name for version in versions for name in version.fields)
    rows = []
    for name in names:
        values = [version.fields.get(name, "") for version in versions]
        before = [values[0], *values]
        rows.append(Field(name, tuple((value, value != old) for value, old in zip(values, before, strict=False))))
    return rows


def field_label(field: str, language: Language) -> str:
    """A field in words: lines.2.quantity is Quantity (2). A field without words stays as it is."""
    number = next(iter(_INDEX.findall(field)), "")
    path = _INDEX.sub("", field)
    column = COLUMNS.get(path) or COLUMNS.get(path.removeprefix("lines."))
    heading = column.heading[language] if column else texts(language).get(f"field_{path}", path)
    return f"{heading} ({number})" if number and not path.startswith("route") else heading


def value_label(field: str, value: str, language: Language) -> str:
    """A value in words, when it is a code of the field's list."""
    path = _INDEX.sub("", field)
    codes = _CODES.get(path) or _CODES.get(path.removeprefix("lines."))
    if not codes or not value:
        return value
    known = code_list(codes)
    return ", ".join(known[one].label(language) if one in known else one for one in value.split(", "))
