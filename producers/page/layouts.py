"""Writes the layout that a person has chosen on the page: for each column a field, and how dates and numbers are written. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.sheets.upload import MOST_LAYOUT_BYTES
from mekong.producers.sheets.fields import FIELDS
from mekong.schemas.columns import COLUMNS
from mekong.schemas.languages import Language

NOT_SENT = "-"
ORDERS = ("dmy", "mdy", "ymd")
DECIMALS = (".", ",")
_CHOSEN = re.compile(r"field\.([A-Z]{1,3})", re.ASCII)
_CODE = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)


def labels(language: Language) -> Mapping[str, str]:
    """Field -> what a person calls it, in the order of the template."""
    return {name: COLUMNS[name].heading[language] if name in COLUMNS else name for name in (*COLUMNS, *FIELDS) if name in FIELDS}


def layout_text(given: Mapping[str, str], saved: bytes | None) -> str:
    """The layout of a form, in TOML: the one that was saved before, or what was chosen; empty without both. Raises Problem."""
    text = given.get("layout_text", "") if saved is None else _decoded(saved)
    text = text.replace("\r\n", "\n")  # a browser's form writes line ends so; the same layout must have the same hash
    if len(text) > MOST_LAYOUT_BYTES:
        raise Problem(413, f"A layout has at most {MOST_LAYOUT_BYTES:,} bytes.", field="layout")
    if text:
        return text
    chosen = {found[1]: value for name, value in given.items() if (found := _CHOSEN.fullmatch(name)) and value in FIELDS}
    return "\n".join(_lines(given, chosen)) + "\n" if chosen else ""


def _decoded(saved: bytes) -> str:
    try:
        return saved.decode()
    except UnicodeDecodeError as exc:
        raise Problem(422, "The layout is not UTF-8 text.", field="layout") from exc


def _lines(given: Mapping[str, str], chosen: Mapping[str, str]) -> Iterator[str]:
    yield 'title = "A layout that was made on the page."'
    if "case_no" not in chosen.values():
        yield '[case]\nidentity = "content"'
    if given.get("order") in ORDERS:
        yield f'[dates]\norder = "{given["order"]}"'
        if given.get("calendar") == "buddhist":
            yield 'calendar = "buddhist"'
    if given.get("decimal") in DECIMALS:
        yield f'[numbers]\ndecimal = "{given["decimal"]}"'
    constants = [(name, given.get(f"all.{name}", "")) for name in ("commodity_group", "unit")]
    if any(_CODE.fullmatch(code) and name not in chosen.values() for name, code in constants):
        yield "[constants]"
        yield from (f'{name} = "{code}"' for name, code in constants if _CODE.fullmatch(code) and name not in chosen.values())
    for column, field in chosen.items():
        yield f'[[columns]]\nfield = "{field}"\nheadings = [{json.dumps(given.get(f"heading.{column}", ""), ensure_ascii=False)}]'
        if field == "quantity" and _CODE.fullmatch(unit := given.get(f"unit.{column}", "")):
            yield f'unit = "{unit}"'
