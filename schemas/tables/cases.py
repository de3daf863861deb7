"""Declares the views of the journal: cases, their lines, and the agencies."""

from __future__ import annotations

from mekong.schemas.tables.journal import JOURNAL
from mekong.schemas.tables.shape import Computed
from mekong.schemas.tables.view import View

_KNOWN = "received_at <= {known_at:DateTime64(3, 'UTC')}"


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
    "Seizures as they were known at a moment: SELECT * FROM seizures_as_of(known_at = '2026-09-15 00:00:00'). Columns as in seizures",
    _cases(f" AND {_KNOWN}"),
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
