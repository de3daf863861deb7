# ruff: noqa: S608 - the parts of the questions are our own; what is not is a parameter
"""Reads one case from ClickHouse for its page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from mekong.schemas.settings import Settings
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.console.case import SHOWN_VERSIONS, Case, Handling, InAlert, Other, Told, side_by_side, version_of
from mekong.sinks.console.clerk import Clerk
from mekong.sinks.console.queries import sentences

_LIMITS = "SETTINGS max_execution_time = 5, max_threads = 2"
_VERSIONS = f"""SELECT _value, agency, case_no, family, count() OVER ()
FROM journal WHERE kind = 'version' AND event_id = {{id:UUID}} ORDER BY version DESC LIMIT {SHOWN_VERSIONS} {_LIMITS}"""
_HANDLING = f"""SELECT simulated, tlp, handling_code, release_to, related_to FROM journal WHERE kind = 'version' AND event_id = {{id:UUID}}
ORDER BY status = 'withdrawn', version DESC LIMIT 1 {_LIMITS}"""
"""A withdrawal says nothing of these: they are what the version before it says."""
_ALIKE = "'the same content as case '", "': both are counted until a person says otherwise'"
"""The notice of a suspected duplicate, before and after the case number."""
_RECEIPTS = f"""SELECT received_at, outcome, version, reason, detail, `warnings.detail` FROM receipts
WHERE agency = {{agency:String}} AND case_no = {{case_no:String}} ORDER BY received_at DESC, source_offset DESC LIMIT 50 {_LIMITS}"""
_ALERTS = f"""SELECT alert_id, kind, tier, state, raised_at, sentence_en, sentence_vi, sentence_zh FROM alerts
WHERE has(event_ids, {{id:UUID}}) ORDER BY raised_at DESC LIMIT 30 {_LIMITS}"""
_RELATED = f"""SELECT DISTINCT event_id, agency, case_no, if(has({{named:Array(UUID)}}, event_id), 'related', 'refers') AS why
FROM journal WHERE kind = 'version' AND (event_id IN {{named:Array(UUID)}} OR has(related_to, {{id:UUID}})) AND event_id != {{id:UUID}}
ORDER BY agency, case_no LIMIT 30 {_LIMITS}"""
_SAME = f"""SELECT DISTINCT event_id, agency, case_no, 'same' FROM receipts
WHERE agency = {{agency:String}} AND has(`warnings.code`, 'suspected_duplicate') AND event_id != {{id:UUID}}
  AND has(`warnings.detail`, concat({_ALIKE[0]}, {{case_no:String}}, {_ALIKE[1]}))
UNION DISTINCT
SELECT DISTINCT event_id, agency, case_no, 'same' FROM journal
WHERE kind = 'version' AND agency = {{agency:String}} AND event_id != {{id:UUID}} AND case_no IN (
  SELECT extract(arrayJoin(`warnings.detail`), concat('^', {_ALIKE[0]}, '(.*)', {_ALIKE[1]}, '$')) FROM receipts
  WHERE agency = {{agency:String}} AND event_id = {{id:UUID}} AND has(`warnings.code`, 'suspected_duplicate'))
LIMIT 30 {_LIMITS}"""


class CaseReader:
    """Used on one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._clerk = Clerk(settings, "console-case")

    async def read(self, event_id: UUID) -> Case | None:
        """The case, warning or feedback with this id; None when ClickHouse has none. Raises Busy, Retriable, Fatal."""
        return await self._clerk.ask(partial(read_case, event_id=event_id))

    def close(self) -> None:
        """Begin nothing more, and answer who waits."""
        self._clerk.close()


def read_case(database: Database, event_id: UUID) -> Case | None:
    """One case; None when there is none."""
    rows = database.query(_VERSIONS, id=event_id).rows
    if not rows:
        return None
    _, agency, case_no, family, count = rows[0]
    ((simulated, tlp, handling, release_to, related_to),) = database.query(_HANDLING, id=event_id).rows
    of = {"id": event_id, "agency": agency, "case_no": case_no}
    versions = [version_of(row[0].encode() if isinstance(row[0], str) else row[0]) for row in reversed(rows)]
    others = [*database.query(_RELATED, named=list(related_to), **of).rows, *database.query(_SAME, **of).rows]
    return Case(
        str(event_id),
        agency,
        case_no,
        family,
        simulated,
        Handling(tlp, handling, tuple(release_to)),
        tuple(versions),
        count,
        side_by_side(versions),
        [_told(row) for row in database.query(_RECEIPTS, **of).rows],
        [_alert(row) for row in database.query(_ALERTS, **of).rows],
        [Other(str(one[0]), *one[1:]) for one in others],
    )


def _told(row: Sequence[Any]) -> Told:
    received_at, outcome, version, reason, detail, notices = row
    return Told(received_at, outcome, version, reason, detail, tuple(notices))


def _alert(row: Sequence[Any]) -> InAlert:
    alert_id, kind, tier, state, raised_at, *three = row
    return InAlert(str(alert_id), kind, tier, state, raised_at, sentences(three))
