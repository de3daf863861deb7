"""Declares the views of the journal: cases, their lines, and the agencies."""

from __future__ import annotations

from mekong.schemas.tables.journal import JOURNAL
from mekong.schemas.tables.shape import Computed
from mekong.schemas.tables.view import View

_DAY, _TIME, _ZONE = "[0-9]{4}-[0-9]{2}-[0-9]{2}", "[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?", "(Z| ?UTC|[+-][0-9]{2}:[0-9]{2})?"
_KNOWN = f"""received_at <= (SELECT parseDateTime64BestEffortOrNull({{known_at:String}}, 3, 'UTC') AS moment
    WHERE NOT throwIf(moment IS NULL OR NOT match({{known_at:String}}, '^{_DAY}([T ]{_TIME}{_ZONE})?$'),
      'known_at: write a moment as 2026-09-15T00:00:00.000Z, or as 2026-09-15 00:00:00 in UTC'))"""
"""ClickHouse computes the moment once, before it reads a row, so another text is refused also when the journal is empty."""


def _cases(known: str = "") -> str:
    """The current version of each case that was not withdrawn, among the versions for which a condition holds."""
    return f"""SELECT
  {{columns}}
FROM journal
WHERE kind = 'version' AND family = 'case' AND status = 'current'{known}
  AND (event_id, version) NOT IN (
    SELECT event_id, arrayJoin(range(1, max(version))) FROM journal WHERE version > 1{known} GROUP BY event_id)"""  # noqa: S608


SEIZURES = View(
    "seizures",
    "Seizures as they are known now: the current version of each case that was not withdrawn, a row a case",
    _cases(),
    of=JOURNAL,
)
SEIZURES_AS_OF = View(
    "seizures_as_of",
    "Seizures as they were known at a moment: SELECT * FROM seizures_as_of(known_at = '2026-09-15T00:00:00.000Z'), "
    "or '2026-09-15 00:00:00' (UTC). Columns as in seizures",
    _cases(f" AND {_KNOWN}"),
    of=JOURNAL,
)
_ENDED = """SELECT event_id AS of_id, version AS of_version, minOrNull(received_at) OVER (
      PARTITION BY event_id ORDER BY version ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS ended
    FROM journal WHERE kind = 'version' AND event_id IN (SELECT event_id FROM journal WHERE version > 1)"""
SEIZURE_VERSIONS = View(
    "seizure_versions",
    "Each version of each case, a row a version, with the time in which it was the known one. For tools that cannot read a view with "
    "parameters: received_at <= moment AND (known_until IS NULL OR known_until > moment) is seizures_as_of",
    f"""SELECT
  {{columns}}
FROM journal
LEFT JOIN (
    {_ENDED}) AS ends ON event_id = of_id AND version = of_version
WHERE kind = 'version' AND family = 'case' AND status = 'current'""",  # noqa: S608
    of=JOURNAL,
)


def _one_case(named: str) -> str:
    """The current version of the case for which a condition holds; no row when it was withdrawn."""
    return f"""SELECT
  {{columns}}
FROM (SELECT * FROM journal WHERE kind = 'version' AND family = 'case' AND {named} ORDER BY version DESC LIMIT 1)
WHERE status = 'current'"""  # noqa: S608


CASE_BY_ID = View(
    "case_by_id",
    "One case as it is known now, found at once in a journal of any size: SELECT * FROM case_by_id(id = '…'). Columns as in seizures",
    _one_case("event_id = {id:UUID}"),
    of=JOURNAL,
)
CASE_BY_NUMBER = View(
    "case_by_number",
    "One case as it is known now, found at once in a journal of any size: SELECT * FROM case_by_number(agency = '…', number = '…'). "
    "Columns as in seizures",
    _one_case("agency = {agency:String} AND case_no = {number:String}"),
    of=JOURNAL,
)
SEIZURE_LINES = View(
    "seizure_lines",
    "Lines of the seizures as they are known now, a row a line",
    """SELECT
  {columns}
FROM seizures
ARRAY JOIN arrayEnumerate(`lines.commodity_group`) AS line,
  {unfolded},
  `lines.mass_mg` AS line_mass_mg""",
    of=JOURNAL,
    unfolds="lines",
    comments=(("value_amount", "Estimated value in value_currency, of the whole case"),),
)
AGENCIES = View(
    "agencies",
    "The agencies of this exchange, each by its latest profile",
    """SELECT {columns}
FROM journal
WHERE journal.kind = 'agency'
ORDER BY received_at DESC, _offset DESC
LIMIT 1 BY agency""",
    columns=(
        Computed("agency", "agency", "Code of the reporting agency"),
        Computed("name", "agency_name", "Name of the agency"),
        Computed("kind", "agency_kind", "customs, police or other"),
        Computed("country", "agency_country", "Country of the agency, ISO 3166-1 alpha-2"),
        Computed("region", "agency_region", "Region of the agency"),
        Computed("utc_offset", "agency_utc_offset", "When the agency's day ends, as +07:00"),
        Computed("phases", "agency_phases", "Phases the agency takes part in"),
        Computed("since", "received_at", "When this profile came in"),
    ),
)
