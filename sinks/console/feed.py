"""Receipts and entries of the journal in, the newest messages out. Pure.

Intake writes the receipt of a message and its entry in one transaction, but to two topics: either may be read first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from mekong.schemas.receipts import Receipt
from mekong.schemas.rejected import Reason
from mekong.sinks.console.values import Row, Summary

SHOWN = 40
"""Rows of the feed."""
_KEPT = 400
"""Entries that are kept until their receipts are read."""
_LINES = 3
Key = tuple[str, int]
"""Topic and offset of a message."""


class Feed:
    """The newest messages."""

    def __init__(self) -> None:
        self._rows: dict[Key, Row] = {}
        self._summaries: OrderedDict[Key, Summary] = OrderedDict()

    def receipt(self, one: Receipt) -> None:
        """Take in the receipt of a message. A test of the connection is not in the feed."""
        if one.reason == Reason.TEST_MESSAGE:
            return
        key = (one.source_topic, one.source_offset)
        self._rows[key] = Row(
            at=one.received_at,
            place=key,
            agency=one.agency,
            case_no=one.case_no or "",
            event_id=str(one.event_id or ""),
            outcome=one.outcome.value,
            reason=str(one.reason or ""),
            field=one.field or "",
            detail=one.detail or "",
            notices=len(one.warnings),
        )
        if len(self._rows) > 2 * SHOWN:
            self._rows = {row.place: row for row in self.rows()}

    def entry(self, entry: Mapping[str, Any]) -> None:
        """Take in an entry of the journal. A tick is not a message of anybody."""
        if entry.get("kind") != "version":
            return
        source = entry["source"]
        self._summaries[source["topic"], source["offset"]] = summary(entry)
        while len(self._summaries) > _KEPT:
            self._summaries.popitem(last=False)

    def rows(self) -> tuple[Row, ...]:
        """The newest messages, the newest first."""
        newest = sorted(self._rows.values(), key=lambda row: (row.at, row.place), reverse=True)[:SHOWN]
        return tuple(row._replace(summary=self._summaries.get(row.place)) for row in newest)


def summary(entry: Mapping[str, Any]) -> Summary:
    """What a message is about, in few words. The marking of a withdrawal is only the default, so it is left out."""
    content = entry["content"]
    lines: Sequence[Mapping[str, Any]] = content.get("lines") or ()
    goods = tuple(
        (str(line.get("substance_or_taxon") or ""), str(line.get("quantity") or ""), str(line.get("unit") or "")) for line in lines[:_LINES]
    )
    tlp = "" if entry["status"] == "withdrawn" else (content.get("handling") or {}).get("tlp") or ""
    country = entry["enriched"].get("country") or ""
    is_simulated = content.get("simulated") is True
    return Summary(entry["family"], goods, max(0, len(lines) - _LINES), str(country), str(tlp), is_simulated)
