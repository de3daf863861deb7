"""Writes a briefing as JSON: the scope, the sentences, and each table with its columns and rows. Pure."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from mekong.sinks.reports.briefing import Briefing, ShownTable, comment

FORMAT = 1


def record(briefing: Briefing) -> str:
    """The JSON. A mass and a quantity are exact decimal numbers in a text; a day is YYYY-MM-DD."""
    scope, count = briefing.scope, briefing.account
    found = {
        "format": FORMAT,
        "kind": briefing.kind.name,
        "title": briefing.title,
        "phase": scope.phase,
        "language": briefing.words.language,
        "known_at": _value(scope.known_at),
        "since": _value(scope.since),
        "handling": {"highest": count.level, "up_to": scope.up_to, "with_leave": scope.with_leave, "cases_left_out": count.above},
        "simulated": scope.simulated,
        "provisional": briefing.is_provisional,
        "unconfirmed": briefing.unconfirmed,
        "compared_with": briefing.named.before or None,
        "summary": [{"sentence": one.text, "table": one.table} for one in briefing.sentences],
        "tables": {name: _table(table) for name, table in briefing.tables.items()},
    }
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def _table(table: ShownTable) -> dict[str, Any]:
    columns = table.table.columns
    return {
        "number": table.table.number or None,
        "title": table.title,
        "question": table.question,
        "counting_rule": table.rule,
        "columns": [
            {"name": column.name, "heading": heading, "what": comment(table.table, column.name), "codes": column.codes or None}
            for column, heading in zip(columns, table.headings, strict=True)
        ],
        "rows": [{column.name: _value(row[column.name]) for column in columns} for row in table.rows],
    }


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return list(value) if isinstance(value, tuple | list) else value
