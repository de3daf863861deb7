"""Lists the formats that an agency's file may have. A new format is a module here and its name twice below (docs/add-a-format.md)."""

from __future__ import annotations

from mekong.producers.formats import cbp, json, lemis, sheet
from mekong.producers.parsed import Format

FORMATS: tuple[Format, ...] = (
    json.FORMAT,
    cbp.FORMAT,
    lemis.FORMAT,
    sheet.FORMAT,
)
BY_NAME = {format_.name: format_ for format_ in FORMATS}
