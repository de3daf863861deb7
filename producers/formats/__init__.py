"""The formats an agency's file may have. A new one is a module here and a line below (docs/add-a-format.md)."""

from __future__ import annotations

from producers.formats import cbp, json, lemis
from producers.parsed import Format

FORMATS: tuple[Format, ...] = (json.FORMAT, cbp.FORMAT, lemis.FORMAT)
BY_NAME = {format_.name: format_ for format_ in FORMATS}
