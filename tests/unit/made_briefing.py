"""A briefing of made-up rows, for tests that need no server."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from mekong.sinks.reports.briefing import Named, write
from mekong.sinks.reports.kinds import KINDS
from mekong.sinks.reports.question import Account, Scope
from mekong.sinks.reports.shape import Answers, Kind
from mekong.sinks.reports.tables import BY_NAME
from mekong.sinks.reports.words import Words

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
GROUPS, AGENCIES = ("drug", "fauna"), ("VN-CUSTOMS", "CN-CUSTOMS", "LA-CUSTOMS")
CODES = {
    "commodity_groups": "drug",
    "units": "kg",
    "countries": "VN",
    "transport": "air",
    "concealment": "luggage",
    "detection": "scanning",
    "places": "VNHPH",
    "agencies": "VN-CUSTOMS",
    "feedback_outcomes": "",
    "phases": "OMD-V",
}


def row(table, place=0, **own):
    """A row of a table with a plausible value in each column of its view."""
    return {column.name: value(column, place) for column in table.columns} | {"sender_country": "VN", "country": "VN"} | own


def value(column, place):
    if column.name == "feature":
        return "concealment"
    if column.name == "value":
        return "luggage"
    if column.codes:
        return CODES[column.codes]
    if column.kind is Kind.DAY:
        return date(2023, 5, 1) + timedelta(days=place)
    if column.kind in {Kind.KG, Kind.AMOUNT}:
        return Decimal("12.345678")
    return 3 + place if column.is_number else f"text {place}"


def rows(text="text"):
    """The rows of every table that reads a view."""
    found = {name: [row(table)] for name, table in BY_NAME.items() if table.view}
    found["groups"] = [row(BY_NAME["groups"], commodity_group=group, cases=9 - place) for place, group in enumerate(("", *GROUPS))]
    for name in ("members", "quality", "response"):
        found[name] = [row(BY_NAME[name], agency=agency, cases=3) for agency in AGENCIES]
    found["member_groups"] = [
        row(BY_NAME["member_groups"], agency=agency, commodity_group=group) for agency in AGENCIES for group in GROUPS
    ]
    found["largest"] = [row(BY_NAME["largest"], rank=1, case_no=text, goods=text, concealment=["luggage"])]
    found["days"] = [row(BY_NAME["days"], place) for place in range(40)]
    found["routes"] = [row(BY_NAME["routes"], origin="VN", destination="CN"), row(BY_NAME["routes"], origin="", destination="")]
    found["warnings"] = [row(BY_NAME["warnings"], member="CN-CUSTOMS", answered=False)]
    found["joint"] = [row(BY_NAME["joint"], other_country="CN")]
    found["places"] = [row(BY_NAME["places"], lat=None, lon=None)]
    return found


def made(language="en", kind="phase", text="text", tables=None, before=None, **named):
    """A briefing."""
    tables = tables or rows(text)
    scope = Scope("OMD-V", AT, simulated=True)
    answers = Answers(tables, before or {}, {"OMD-IV": tables, "OMD-V": tables}, frozenset({"VN", "CN"}))
    return write(KINDS[kind], scope, Account(9, 0, 0, "TLP:AMBER"), answers, Words(language), Named("Mekong Dragon V", **named))
