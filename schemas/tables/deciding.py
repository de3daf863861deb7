"""Declares the table ``decisions``, and the views that count a seizure once when several agencies reported it."""

from __future__ import annotations

from mekong.schemas.tables.journal import JOURNAL
from mekong.schemas.tables.shape import TIME, WORD, Column, Computed, Shape
from mekong.schemas.tables.view import View

DECISIONS = Shape(
    "decisions",
    "What people decided about two cases, a row for each decision. The view pair_decisions has what holds now",
    (
        Column("decision_id", "UUID", "Identity of the decision: a form that was sent twice has one"),
        Column("first", "UUID", "Event id of one case: the smaller one, as a text"),
        Column("second", "UUID", "Event id of the other case"),
        Column("verdict", WORD, "same (one seizure, reported twice), linked (belong together), different, or undo"),
        Column("officer", WORD, "Sign of the person or post that decided"),
        Column("reason", "String", "Why, in the person's words"),
        Column("at", TIME, "When the person decided"),
        Column("seen", "UUID", "The newest decision about the pair that the person saw; zeros when there was none"),
        Column("probability", "Nullable(Float64)", "What the model said: the probability that both are one seizure"),
        Column("model", WORD, "Version of that model; empty when it did not suspect the pair"),
    ),
    left_out=("format",),
)

PAIR_DECISIONS = View(
    "pair_decisions",
    "What holds now of each pair: its last decision. A pair whose last decision is an undo is not in it",
    """SELECT
  {columns}
FROM
(
  SELECT first, second, argMax((verdict, officer, reason, at, seen, probability, decision_id), _offset) AS last,
    arrayMap(one -> one.2, arraySort(groupArray((_offset, decision_id)))) AS ids
  FROM (SELECT * FROM decisions ORDER BY _offset LIMIT 1 BY decision_id)
  GROUP BY first, second
)
WHERE last.1 != 'undo'""",
    columns=(
        Computed("first", "first", "Event id of one case: the smaller one, as a text"),
        Computed("second", "second", "Event id of the other case"),
        Computed("verdict", "last.1", "same, linked or different"),
        Computed("officer", "last.2", "Who decided"),
        Computed("reason", "last.3", "Why"),
        Computed("decided_at", "last.4", "When"),
        Computed("probability", "last.6", "What the model said then; NULL when it did not suspect the pair"),
        Computed("decision_id", "last.7", "Identity of the decision"),
        Computed("decisions", "length(ids)", "How many decisions the pair has had, with those that no longer hold"),
        Computed(
            "contested",
            "length(ids) > 1 AND last.5 != ids[length(ids) - 1]",
            "Whether the person had not seen the decision before: two decided at the same time",
        ),
    ),
)


def _groups(verdicts: str) -> str:
    """Query: each case of the confirmed pairs, and the smallest id of all that it is connected with, over any number of pairs.

    The pairs are joined one after the other: where the two cases have different labels, the larger label becomes the smaller one
    everywhere. So a chain of any length has one label. It costs pairs times cases: 1 s for 10,000 pairs (docs/decisions/0033).
    """
    return f"""SELECT id, min(id) OVER (PARTITION BY label) AS root
    FROM
    (
      SELECT DISTINCT arrayJoin(arrayZip(ids, arrayMap(place -> labels[place], places))) AS found, found.1 AS id, found.2 AS label
      FROM
      (
        SELECT ids, places,
          arrayFold(
            (known, one, other) -> if(known[one] = known[other], known,
              arrayMap(label -> if(label = greatest(known[one], known[other]), least(known[one], known[other]), label), known)),
            arraySlice(places, 1, pairs), arraySlice(places, pairs + 1), arrayMap(place -> toUInt32(place), range(1, arrayMax(places) + 1))
          ) AS labels
        FROM
        (
          SELECT arrayConcat(groupArray(first), groupArray(second)) AS ids, arrayEnumerateDense(ids) AS places, count() AS pairs
          FROM pair_decisions WHERE {verdicts}
        )
      )
    )"""  # noqa: S608


_EXACT = "arrayAll(kind -> kind = 'exact', c.`lines.quantity_kind`)"
INCIDENT_CASES = View(
    "incident_cases",
    "The cases that people gathered into incidents, a row a case. A case that was withdrawn is not in it, and still connects the others",
    f"""SELECT
  {{columns}}
FROM
(
  SELECT g.incident_id AS incident, g.seizure_id AS seizure, c.event_id AS id, c.agency AS by, c.case_no AS number,
    count() OVER (PARTITION BY incident) AS together,
    row_number() OVER (PARTITION BY seizure ORDER BY {_EXACT} DESC, c.mass_mg > 0 DESC, f.reported ASC, toString(c.event_id) ASC) AS rank
  FROM
  (
    SELECT i.id AS id, i.root AS incident_id, if(s.root = toUUID('00000000-0000-0000-0000-000000000000'), i.id, s.root) AS seizure_id
    FROM
    (
    {_groups("verdict IN ('same', 'linked')")}
    ) AS i
    LEFT JOIN
    (
    {_groups("verdict = 'same'")}
    ) AS s ON s.id = i.id
  ) AS g
  INNER JOIN
  (
    SELECT event_id, agency, case_no, mass_mg, `lines.quantity_kind` FROM seizures
    WHERE event_id IN (SELECT arrayJoin([first, second]) FROM pair_decisions)
  ) AS c ON c.event_id = g.id
  LEFT JOIN
  (
    SELECT event_id, min(received_at) AS reported FROM journal
    WHERE kind = 'version' AND event_id IN (SELECT arrayJoin([first, second]) FROM pair_decisions) GROUP BY event_id
  ) AS f ON f.event_id = g.id
)
WHERE together > 1""",  # noqa: S608
    columns=(
        Computed("incident_id", "incident", "The incident: the smallest event id that was ever connected with it"),
        Computed("seizure_id", "seizure", "The seizure: cases with the same one are one seizure, reported several times"),
        Computed("event_id", "id", "Event id of the case"),
        Computed("agency", "by", "Code of the reporting agency"),
        Computed("case_no", "number", "The agency's own number of it"),
        Computed(
            "gives_figures",
            "rank = 1",
            "Whether the seizure counts by this case: exact quantities first, then a known mass, then who reported first",
        ),
    ),
)

INCIDENTS = View(
    "incidents",
    "Incidents: cases of one or several agencies that people gathered, a row an incident",
    """SELECT
  {columns}
FROM incident_cases
GROUP BY incident_id""",
    columns=(
        Computed("incident_id", "incident_id", "The smallest event id that was ever connected with the incident"),
        Computed("cases", "count()", "Cases in it"),
        Computed("seizures", "uniqExact(seizure_id)", "Seizures in it: cases that are the same seizure count once"),
        Computed("agencies", "arraySort(groupUniqArray(agency))", "Agencies that reported it"),
        Computed("event_ids", "arraySort(groupArray(event_id))", "Event ids of its cases"),
        Computed("case_nos", "arraySort(groupArray(concat(agency, '/', case_no)))", "Agency and case number of its cases"),
    ),
)

NETWORK_SEIZURES = View(
    "network_seizures",
    "Seizures of all members, each once: of cases that are one seizure only the one that gives its figures. "
    "For totals of the network; for those of an agency use seizures. Columns as in seizures, and who reported it",
    """SELECT
  {columns}
FROM seizures AS c
LEFT JOIN
(
  SELECT any(incident_id) AS in_incident, arraySort(groupUniqArray(agency)) AS by, arraySort(groupArray(event_id)) AS ids,
    anyIf(event_id, gives_figures) AS giver
  FROM incident_cases GROUP BY seizure_id
) AS i ON i.giver = c.event_id
WHERE event_id NOT IN (SELECT event_id FROM incident_cases WHERE NOT gives_figures)""",
    of=JOURNAL,
)
