# ruff: noqa: S608 - the parts of the queries are our own
"""Declares the tables of a briefing that count cases and quantities: by commodity group, unit, goods, member and day."""

from __future__ import annotations

from mekong.schemas.tables.briefing.scope import AT, CASES, KG, MAY_BE_SHOWN, OF_PHASE, PHASE_IDS, RECEIVED, SPAN, notes
from mekong.schemas.tables.briefing.scope import GOODS as NAMES
from mekong.schemas.tables.journal import JOURNAL
from mekong.schemas.tables.shape import Computed
from mekong.schemas.tables.view import View

GROUP = Computed("commodity_group", "commodity_group", "Commodity group; empty for all groups together; code list commodity_groups")
AGENCY = Computed("agency", "agency", "Code of the reporting agency")
N_CASES = Computed("cases", "uniqExact(event_id)", "Number of cases")
N_LINES = Computed("lines", "count()", "Number of their lines")
MASS = Computed("mass_kg", KG.format("sum(line_mass_mg)"), "Their mass in kilograms, where it is known or can be converted; exact")
_LINES = f"""(
  SELECT event_id, agency, line_group AS commodity_group, line_name AS goods, line_unit, line_base_unit, line_quantity, line_base,
    line_mass_mg
  FROM {CASES}
  ARRAY JOIN `lines.commodity_group` AS line_group, {NAMES} AS line_name,
    `lines.unit` AS line_unit, `lines.base_unit` AS line_base_unit, `lines.quantity` AS line_quantity,
    `lines.base_quantity` AS line_base, `lines.mass_mg` AS line_mass_mg
  WHERE {OF_PHASE}
)"""

COUNTED_CASES = View(
    "counted_cases",
    "Cases that count in a briefing: as they were known at known_at, marked up_to or milder, real or simulated. Columns as in seizures",
    f"SELECT\n  {{columns}}\nFROM seizures_as_of(known_at = toString({AT}))\nWHERE {MAY_BE_SHOWN}",
    of=JOURNAL,
)
GROUPS = View(
    "briefing_groups",
    "Briefing table 1: cases of a phase by commodity group. A case with goods of two groups counts in both, and once in the total",
    f"SELECT\n  {{columns}}\nFROM {_LINES}\nGROUP BY GROUPING SETS ((commodity_group), ())",
    columns=(GROUP, N_CASES, N_LINES, Computed("agencies", "uniqExact(agency)", "Agencies that reported them"), MASS),
)
_UNIT = Computed("unit", "unit", "kg for every unit of mass, otherwise as reported; empty when none was given; code list units")
_QUANTITY = Computed("quantity", "sum(amount)", "Sum of the quantities in this unit; NULL when none is known")
_UNKNOWN = Computed("lines_unknown", "countIf(amount IS NULL)", "Lines without a quantity")
_BY_UNIT = """(
  SELECT *, if(line_base_unit = 'kg', 'kg', line_unit) AS unit, if(line_base_unit = 'kg', line_base, line_quantity) AS amount
  FROM {}
)"""
QUANTITIES = View(
    "briefing_quantities",
    "Briefing table 2: quantities of a phase by commodity group and unit. Units are never added together; masses are added in kg",
    f"SELECT\n  {{columns}}\nFROM {_BY_UNIT.format(_LINES)}\nGROUP BY commodity_group, unit",
    columns=(
        Computed("commodity_group", "commodity_group", "Commodity group; code list commodity_groups"),
        _UNIT,
        N_CASES,
        N_LINES,
        _UNKNOWN,
        _QUANTITY,
        MASS,
    ),
)
GOODS = View(
    "briefing_goods",
    "As briefing table 2, and by substance or taxon as well",
    f"SELECT\n  {{columns}}\nFROM {_BY_UNIT.format(_LINES)}\nGROUP BY commodity_group, goods, unit",
    columns=(
        Computed("commodity_group", "commodity_group", "Commodity group; code list commodity_groups"),
        Computed("goods", "goods", "Canonical name of the substance or taxon; the agency's own words when the lists do not have it"),
        _UNIT,
        N_CASES,
        N_LINES,
        _UNKNOWN,
        _QUANTITY,
        MASS,
    ),
)
_FIRST_REPORTED = f"""(
  SELECT event_id, argMin(ifNull(reported_at, received_at), version) AS first_reported
  FROM journal WHERE kind = 'version' AND family = 'case' AND {RECEIVED} GROUP BY event_id
)"""
_OF_MEMBER = f"""SELECT agency, count() AS cases, sum(line_count) AS lines, sum(mass_mg) AS mass_mg,
    quantileExactInclusiveIf(0.5)(toInt32(dateDiff('day', seized_day, toDate(first_reported))), seized_precision IN ('time', 'day'))
      AS delay,
    countIf(seized_precision IN ('time', 'day')) AS dated
  FROM {CASES} AS c INNER JOIN {_FIRST_REPORTED} AS f ON f.event_id = c.event_id
  WHERE {OF_PHASE}
  GROUP BY agency"""
MEMBERS_OF_PHASE = f"""(
  SELECT agency FROM
  (
    SELECT agency, argMax(agency_phases, (received_at, _offset)) AS phases FROM journal WHERE kind = 'agency' AND {RECEIVED} GROUP BY agency
  )
  WHERE has(phases, {{phase:String}})
  UNION DISTINCT SELECT agency FROM {CASES} WHERE {OF_PHASE}
)"""
_WARNINGS = f"""SELECT arrayJoin(arrayConcat([(toString(agency), 1, 0)], arrayMap(one -> (toString(one), 0, 1), warned))) AS side
  FROM ({notes("warning", "agency, warned, reported_at, received_at")})
  WHERE toDate(ifNull(reported_at, received_at)) BETWEEN span.1 AND span.2"""
MEMBERS = View(
    "briefing_members",
    "Briefing table 3: members of a phase. A case counts for the agency that reported it. Members without a case are there too",
    f"""WITH {SPAN}
SELECT
  {{columns}}
FROM {MEMBERS_OF_PHASE} AS m
LEFT JOIN ({_OF_MEMBER}) AS c ON c.agency = m.agency
LEFT JOIN (SELECT side.1 AS member, sum(side.2) AS sent, sum(side.3) AS arrived FROM ({_WARNINGS}) GROUP BY member) AS w
  ON w.member = m.agency""",
    columns=(
        Computed("agency", "m.agency", "Code of the agency"),
        Computed("cases", "c.cases", "Number of cases"),
        Computed("lines", "c.lines", "Number of their lines"),
        Computed("mass_kg", KG.format("c.mass_mg"), "Their mass in kilograms, where it is known or can be converted; exact"),
        Computed("warnings_sent", "w.sent", "Warnings that it sent between the first and the last day of the phase's cases"),
        Computed("warnings_received", "w.arrived", "Warnings of that time that named it"),
        Computed(
            "median_delay_days",
            "if(c.dated = 0, NULL, c.delay)",
            "Median of the days from the seizure to its first report, of cases whose day is known",
        ),
    ),
)
MEMBER_GROUPS = View(
    "briefing_member_groups",
    "Cases of a phase by member and commodity group. A case with goods of two groups counts in both",
    f"SELECT\n  {{columns}}\nFROM {_LINES}\nGROUP BY agency, commodity_group",
    columns=(AGENCY, Computed("commodity_group", "commodity_group", "Commodity group; code list commodity_groups"), N_CASES, N_LINES, MASS),
)
DAYS = View(
    "briefing_days",
    "Cases of a phase by day, and the alerts that began on it. Cases whose day is not known are left out",
    f"""SELECT
  {{columns}}
FROM
(
  SELECT seized_day AS of_day, count() AS n, 0 AS raised
  FROM {CASES} WHERE {OF_PHASE} AND seized_precision IN ('time', 'day') GROUP BY seized_day
  UNION ALL
  SELECT toNullable(opened) AS of_day, 0 AS n, uniqExact(kind, series, bucket) AS raised
  FROM alerts ARRAY JOIN event_ids AS behind
  WHERE raised_at <= {AT} AND state != 'cleared' AND behind IN ({PHASE_IDS})
  GROUP BY opened
)
GROUP BY of_day""",
    columns=(
        Computed("day", "of_day", "Local day of the seizures"),
        Computed("cases", "sum(n)", "Number of cases"),
        Computed("alerts", "sum(raised)", "Alerts with a case of the phase behind them, by the first day of what they judge"),
    ),
)
