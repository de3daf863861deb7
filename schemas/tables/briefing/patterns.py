# ruff: noqa: S608 - the parts of the queries are our own
"""Declares the tables of a briefing about how it was done: routes, concealment, detection, the largest cases, what is new, places."""

from __future__ import annotations

from mekong.schemas.tables.briefing.scope import CASES, GOODS, KG, OF_PHASE
from mekong.schemas.tables.shape import Computed
from mekong.schemas.tables.view import View

_CASES = Computed("cases", "count()", "Number of cases")
_MASS = Computed("mass_kg", KG.format("sum(mass_mg)"), "Their mass in kilograms, where it is known or can be converted; exact")
MOST_OF_A_GROUP = 10

ROUTES = View(
    "briefing_routes",
    "Briefing table 4: cases of a phase by origin and destination. A case with two origins counts for both; empty: not known",
    f"""SELECT
  {{columns}}
FROM {CASES}
ARRAY JOIN if(empty(origins), [''], arrayDistinct(origins)) AS of_origin
ARRAY JOIN if(empty(destinations), [''], arrayDistinct(destinations)) AS of_destination
WHERE {OF_PHASE}
GROUP BY of_origin, of_destination""",
    columns=(
        Computed("origin", "of_origin", "Country of origin; empty when not known; code list countries"),
        Computed("destination", "of_destination", "Country of destination; empty when not known; code list countries"),
        _CASES,
        _MASS,
    ),
)
CONCEALMENT = View(
    "briefing_concealment",
    "Briefing table 5: cases of a phase by transport and concealment. A case with two concealments counts for both; empty: not known",
    f"""SELECT
  {{columns}}
FROM {CASES}
ARRAY JOIN if(empty(concealment_methods), [''], arrayDistinct(concealment_methods)) AS method
WHERE {OF_PHASE}
GROUP BY transport_mode, method""",
    columns=(
        Computed("transport_mode", "transport_mode", "Means of transport; empty when not known; code list transport"),
        Computed("concealment", "method", "How it was hidden; empty when not known; code list concealment"),
        _CASES,
        _MASS,
    ),
)
DETECTION = View(
    "briefing_detection",
    "Briefing table 6: yield of the detection methods of a phase. A case with two methods counts for both; empty: not known",
    f"""SELECT
  {{columns}}
FROM {CASES}
ARRAY JOIN if(empty(detection_methods), [''], arrayDistinct(detection_methods)) AS method
WHERE {OF_PHASE}
GROUP BY method""",
    columns=(
        Computed("detection", "method", "How it was detected; empty when not known; code list detection"),
        _CASES,
        Computed("agencies", "uniqExact(agency)", "Agencies that reported them"),
        _MASS,
        Computed(
            "median_kg",
            f"if(countIf(mass_mg > 0) = 0, NULL, {KG.format('quantileExactLowIf(0.5)(mass_mg, mass_mg > 0)')})",
            "Median mass of a case in kilograms, of cases with a mass; of an even number the lower one",
        ),
    ),
)
LARGEST = View(
    "briefing_largest",
    f"Briefing table 7: the {MOST_OF_A_GROUP} cases of a phase with the largest mass in each commodity group",
    f"""SELECT
  {{columns}}
FROM
(
  SELECT agency, case_no, event_id, seized_day, country, transport_mode, concealment_methods, tlp, commodity_group,
    sum(line_mass_mg) AS mass_mg, arrayStringConcat(arraySort(groupUniqArray(line_name)), '; ') AS goods
  FROM {CASES}
  ARRAY JOIN `lines.commodity_group` AS commodity_group, {GOODS} AS line_name,
    `lines.mass_mg` AS line_mass_mg
  WHERE {OF_PHASE}
  GROUP BY ALL
  HAVING mass_mg > 0
)
QUALIFY row_number() OVER (PARTITION BY commodity_group ORDER BY mass_mg DESC, agency, case_no) <= {MOST_OF_A_GROUP}""",
    columns=(
        Computed("commodity_group", "commodity_group", "Commodity group; code list commodity_groups"),
        Computed(
            "rank", "row_number() OVER (PARTITION BY commodity_group ORDER BY mass_mg DESC, agency, case_no)", "Place by mass, from 1"
        ),
        Computed("mass_kg", KG.format("mass_mg"), "Mass of the case's goods of this group in kilograms; exact"),
        Computed("goods", "goods", "Canonical names of the goods, or the agency's own words"),
        Computed("agency", "agency", "Code of the reporting agency"),
        Computed("case_no", "case_no", "The agency's own number of it"),
        Computed("seized_day", "seized_day", "Local date at the place of seizure"),
        Computed("country", "country", "Country of seizure; code list countries"),
        Computed("transport_mode", "transport_mode", "Means of transport; code list transport"),
        Computed("concealment", "concealment_methods", "How it was hidden; code list concealment"),
        Computed("tlp", "tlp", "Marking of the case; code list tlp"),
    ),
)
_GROUPS = "arrayDistinct(arrayMap(one -> toString(one), `lines.commodity_group`))"
_FEATURES = f"""arrayDistinct(arrayConcat(
    arrayFilter(one -> one.3 != '', arrayMap((g, c) -> ('substance', toString(g), toString(c)), `lines.commodity_group`, `lines.code`)),
    arrayFlatten(arrayMap(g -> arrayMap(m -> ('concealment', g, toString(m)), concealment_methods), {_GROUPS})),
    arrayFlatten(arrayMap(g -> arrayFlatten(arrayMap(
      o -> arrayMap(d -> ('route', g, concat(toString(o), '>', toString(d))), destinations), origins)), {_GROUPS}))))"""
FIRST_SEEN = View(
    "briefing_first_seen",
    "Briefing table 8: what was seen in a phase for the first time. New is what no earlier case of this exchange had, by day of seizure",
    f"""SELECT
  {{columns}}
FROM
(
  SELECT event_id, agency AS reporter, case_no AS number, phase AS of_phase, seized_day, arrayJoin({_FEATURES}) AS one
  FROM {CASES}
)
GROUP BY one
HAVING argMin(of_phase, (seized_day, reporter, number)) = {{phase:String}}""",
    columns=(
        Computed("feature", "one.1", "substance, concealment or route"),
        Computed("commodity_group", "one.2", "Commodity group; code list commodity_groups"),
        Computed("value", "one.3", "Code of the substance, taxon or concealment; of a route origin>destination"),
        Computed("first_day", "min(seized_day)", "Day of the first case"),
        Computed("agency", "argMin(reporter, (seized_day, reporter, number))", "Agency that reported it"),
        Computed("case_no", "argMin(number, (seized_day, reporter, number))", "That agency's number of it"),
        Computed("cases", "countIf(of_phase = {phase:String})", "Cases of the phase that have it"),
        Computed("agencies", "uniqExactIf(reporter, of_phase = {phase:String})", "Agencies that reported them"),
    ),
)
PLACES = View(
    "briefing_places",
    "Cases of a phase by place, for a map: by coordinates to a quarter of a degree, or by place, or by country",
    f"""SELECT
  {{columns}}
FROM
(
  SELECT country, toFloat64(lat) AS north, toFloat64(lon) AS east, place AS of_place, `lines.commodity_group`[1] AS first_group,
    round(north * 4) AS row, round(east * 4) AS col, if(lat IS NULL, place, '') AS named
  FROM {CASES} WHERE {OF_PHASE}
)
GROUP BY country, row, col, named""",
    columns=(
        Computed("country", "country", "Country of seizure; XX when unknown; code list countries"),
        Computed("lat", "round(avg(north), 4)", "Mean latitude, degrees north; NULL when not known"),
        Computed("lon", "round(avg(east), 4)", "Mean longitude, degrees east"),
        Computed("place", "if(uniqExact(of_place) = 1, any(of_place), '')", "Place, where all are at one; code list places"),
        Computed("commodity_group", "topK(1)(first_group)[1]", "Commodity group of most of them; code list commodity_groups"),
        _CASES,
    ),
)
