CREATE TABLE IF NOT EXISTS decisions
(
  _topic LowCardinality(String) COMMENT 'Kafka topic the row came from',
  _partition UInt16 COMMENT 'Partition of that topic',
  _offset UInt64 COMMENT 'Offset in that partition. Topic, partition and offset are the row''s identity, and the highest one is the sink''s position',
  _timestamp DateTime64(3, 'UTC') COMMENT 'Kafka''s timestamp of the record',
  _value String COMMENT 'The record as it is on the topic (JSON), for what has no column of its own' CODEC(ZSTD(1)),
  decision_id UUID COMMENT 'Identity of the decision: a form that was sent twice has one',
  first UUID COMMENT 'Event id of one case: the smaller one, as a text',
  second UUID COMMENT 'Event id of the other case',
  verdict LowCardinality(String) COMMENT 'same (one seizure, reported twice), linked (belong together), different, or undo',
  officer LowCardinality(String) COMMENT 'Sign of the person or post that decided',
  reason String COMMENT 'Why, in the person''s words',
  at DateTime64(3, 'UTC') COMMENT 'When the person decided',
  seen UUID COMMENT 'The newest decision about the pair that the person saw; zeros when there was none',
  probability Nullable(Float64) COMMENT 'What the model said: the probability that both are one seizure',
  model LowCardinality(String) COMMENT 'Version of that model; empty when it did not suspect the pair'
)
ENGINE = ReplacingMergeTree
ORDER BY (_topic, _partition, _offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'What people decided about two cases, a row for each decision. The view pair_decisions has what holds now';
CREATE OR REPLACE VIEW pair_decisions AS
SELECT
  first, second, last.1 AS verdict, last.2 AS officer, last.3 AS reason, last.4 AS decided_at,
  last.6 AS probability, last.7 AS decision_id, length(ids) AS decisions,
  length(ids) > 1 AND last.5 != ids[length(ids) - 1] AS contested
FROM
(
  SELECT first, second, argMax((verdict, officer, reason, at, seen, probability, decision_id), _offset) AS last,
    arrayMap(one -> one.2, arraySort(groupArray((_offset, decision_id)))) AS ids
  FROM (SELECT * FROM decisions ORDER BY _offset LIMIT 1 BY decision_id)
  GROUP BY first, second
)
WHERE last.1 != 'undo'
COMMENT 'What holds now of each pair: its last decision. A pair whose last decision is an undo is not in it';
ALTER TABLE pair_decisions
  COMMENT COLUMN first 'Event id of one case: the smaller one, as a text',
  COMMENT COLUMN second 'Event id of the other case',
  COMMENT COLUMN verdict 'same, linked or different',
  COMMENT COLUMN officer 'Who decided',
  COMMENT COLUMN reason 'Why',
  COMMENT COLUMN decided_at 'When',
  COMMENT COLUMN probability 'What the model said then; NULL when it did not suspect the pair',
  COMMENT COLUMN decision_id 'Identity of the decision',
  COMMENT COLUMN decisions 'How many decisions the pair has had, with those that no longer hold',
  COMMENT COLUMN contested 'Whether the person had not seen the decision before: two decided at the same time';
CREATE OR REPLACE VIEW incident_cases AS
SELECT
  incident AS incident_id, seizure AS seizure_id, id AS event_id, by AS agency, number AS case_no,
  rank = 1 AS gives_figures
FROM
(
  SELECT g.incident_id AS incident, g.seizure_id AS seizure, c.event_id AS id, c.agency AS by, c.case_no AS number,
    count() OVER (PARTITION BY incident) AS together,
    row_number() OVER (PARTITION BY seizure ORDER BY arrayAll(kind -> kind = 'exact', c.`lines.quantity_kind`) DESC, c.mass_mg > 0 DESC, f.reported ASC, toString(c.event_id) ASC) AS rank
  FROM
  (
    SELECT i.id AS id, i.root AS incident_id, if(s.root = toUUID('00000000-0000-0000-0000-000000000000'), i.id, s.root) AS seizure_id
    FROM
    (
    SELECT id, min(id) OVER (PARTITION BY label) AS root
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
          FROM pair_decisions WHERE verdict IN ('same', 'linked')
        )
      )
    )
    ) AS i
    LEFT JOIN
    (
    SELECT id, min(id) OVER (PARTITION BY label) AS root
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
          FROM pair_decisions WHERE verdict = 'same'
        )
      )
    )
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
WHERE together > 1
COMMENT 'The cases that people gathered into incidents, a row a case. A case that was withdrawn is not in it, and still connects the others';
ALTER TABLE incident_cases
  COMMENT COLUMN incident_id 'The incident: the smallest event id that was ever connected with it',
  COMMENT COLUMN seizure_id 'The seizure: cases with the same one are one seizure, reported several times',
  COMMENT COLUMN event_id 'Event id of the case',
  COMMENT COLUMN agency 'Code of the reporting agency',
  COMMENT COLUMN case_no 'The agency''s own number of it',
  COMMENT COLUMN gives_figures 'Whether the seizure counts by this case: exact quantities first, then a known mass, then who reported first';
CREATE OR REPLACE VIEW incidents AS
SELECT
  incident_id, count() AS cases, uniqExact(seizure_id) AS seizures,
  arraySort(groupUniqArray(agency)) AS agencies, arraySort(groupArray(event_id)) AS event_ids,
  arraySort(groupArray(concat(agency, '/', case_no))) AS case_nos
FROM incident_cases
GROUP BY incident_id
COMMENT 'Incidents: cases of one or several agencies that people gathered, a row an incident';
ALTER TABLE incidents
  COMMENT COLUMN incident_id 'The smallest event id that was ever connected with the incident',
  COMMENT COLUMN cases 'Cases in it',
  COMMENT COLUMN seizures 'Seizures in it: cases that are the same seizure count once',
  COMMENT COLUMN agencies 'Agencies that reported it',
  COMMENT COLUMN event_ids 'Event ids of its cases',
  COMMENT COLUMN case_nos 'Agency and case number of its cases';
CREATE OR REPLACE VIEW network_seizures AS
SELECT
  event_id, agency, case_no, version, received_at, seized_day, seized_precision, seized_at, reported_at,
  agency_kind, agency_country, agency_region, operation, phase, country, admin1, place, place_type, lat, lon,
  transport_mode, conveyance, direction, detection_methods, concealment_methods, `route.role`, `route.country`,
  `route.confidence`, `route.locode`, origins, destinations, line_count,
  CAST(mass_mg AS Decimal(38, 6)) / 1000000 AS mass_kg, mass_mg, `lines.commodity_group`,
  `lines.substance_or_taxon`, `lines.term_code`, `lines.quantity`, `lines.unit`, `lines.quantity_kind`,
  `lines.purity`, `lines.cites_source`, `lines.cites_purpose`, `lines.code`, `lines.name`, `lines.appendix`,
  `lines.schedule`, `lines.hs6`, `lines.base_quantity`, `lines.base_unit`, `lines.factor_id`, `lines.mass_mg`,
  reason_for_seizure, value_amount, value_currency, suspects, nationalities, legal_basis, sanction, disposal,
  outcome, method_note, related_to, flags, unmapped, batch, tlp, handling_code, release_to, source_grade,
  information_grade, simulated, _partition, _offset, if(empty(i.by), [agency], i.by) AS agencies,
  if(empty(i.ids), [event_id], i.ids) AS event_ids, if(empty(i.ids), event_id, i.in_incident) AS incident_id
FROM seizures AS c
LEFT JOIN
(
  SELECT any(incident_id) AS in_incident, arraySort(groupUniqArray(agency)) AS by, arraySort(groupArray(event_id)) AS ids,
    anyIf(event_id, gives_figures) AS giver
  FROM incident_cases GROUP BY seizure_id
) AS i ON i.giver = c.event_id
WHERE event_id NOT IN (SELECT event_id FROM incident_cases WHERE NOT gives_figures)
COMMENT 'Seizures of all members, each once: of cases that are one seizure only the one that gives its figures. For totals of the network; for those of an agency use seizures. Columns as in seizures, and who reported it';
ALTER TABLE network_seizures
  COMMENT COLUMN event_id 'Identity of the case, warning or feedback; the same for all its versions. Zeros for ticks and profiles',
  COMMENT COLUMN agency 'Code of the reporting agency',
  COMMENT COLUMN case_no 'The agency''s own number of it',
  COMMENT COLUMN version 'Counts from 1; each correction or withdrawal adds one',
  COMMENT COLUMN received_at 'When the exchange received the message (the broker''s clock)',
  COMMENT COLUMN seized_day 'Local date at the place of seizure; the first of the month or year when only that is known',
  COMMENT COLUMN seized_precision 'How finely the date is known: time, day, month, year; empty when the message is not a seizure',
  COMMENT COLUMN seized_at 'Instant of seizure; only with precision time',
  COMMENT COLUMN reported_at 'When the agency says it reported',
  COMMENT COLUMN agency_kind 'customs, police or other',
  COMMENT COLUMN agency_country 'Country of the agency; code list countries',
  COMMENT COLUMN agency_region 'Region of the agency',
  COMMENT COLUMN operation 'Operation it counts for; empty when none',
  COMMENT COLUMN phase 'Phase of the operation it counts for, by date and membership; empty when none',
  COMMENT COLUMN country 'Country of seizure, ISO 3166-1 alpha-2; XX when unknown; code list countries',
  COMMENT COLUMN admin1 'Province or state of seizure',
  COMMENT COLUMN place 'Code of the port, airport or border gate; code list places',
  COMMENT COLUMN place_type 'Kind of place; code list place_types',
  COMMENT COLUMN lat 'Latitude, degrees north',
  COMMENT COLUMN lon 'Longitude, degrees east',
  COMMENT COLUMN transport_mode 'Means of transport; code list transport',
  COMMENT COLUMN conveyance 'Operation and keyed hash of vessel, plate or flight: equal for the same conveyance, never the number itself',
  COMMENT COLUMN direction 'import, export, transit or internal; code list directions',
  COMMENT COLUMN detection_methods 'How it was detected; code list detection',
  COMMENT COLUMN concealment_methods 'How it was hidden; code list concealment',
  COMMENT COLUMN `route.role` 'Route, step by step: origin, via, departure or destination',
  COMMENT COLUMN `route.country` 'Route, step by step: country; code list countries',
  COMMENT COLUMN `route.confidence` 'Route, step by step: confirmed or alleged',
  COMMENT COLUMN `route.locode` 'Route, step by step: UN/LOCODE, empty when not given',
  COMMENT COLUMN origins 'Countries of origin on the route',
  COMMENT COLUMN destinations 'Countries of destination on the route',
  COMMENT COLUMN line_count 'Number of lines',
  COMMENT COLUMN mass_kg 'Mass in kilograms, where it is known or can be converted; exact',
  COMMENT COLUMN mass_mg 'Mass of all lines in milligrams, where it is known or can be converted',
  COMMENT COLUMN `lines.commodity_group` 'Lines: such as drug or timber; code list commodity_groups',
  COMMENT COLUMN `lines.substance_or_taxon` 'Lines: the goods in the agency''s own words',
  COMMENT COLUMN `lines.term_code` 'Lines: CITES term of the specimen, such as SCA for scales; code list terms',
  COMMENT COLUMN `lines.quantity` 'Lines: quantity as reported; NULL when unknown',
  COMMENT COLUMN `lines.unit` 'Lines: unit as reported; code list units',
  COMMENT COLUMN `lines.quantity_kind` 'Lines: exact, estimated or unknown',
  COMMENT COLUMN `lines.purity` 'Lines: purity in per cent',
  COMMENT COLUMN `lines.cites_source` 'Lines: CITES source code; code list cites_sources',
  COMMENT COLUMN `lines.cites_purpose` 'Lines: CITES purpose code; code list cites_purposes',
  COMMENT COLUMN `lines.code` 'Lines: canonical substance or taxon, added by the exchange; empty when the name is not known',
  COMMENT COLUMN `lines.name` 'Lines: canonical name, added by the exchange',
  COMMENT COLUMN `lines.appendix` 'Lines: CITES appendix on the day of seizure, added by the exchange',
  COMMENT COLUMN `lines.schedule` 'Lines: table of the 1961, 1971 or 1988 convention, added by the exchange',
  COMMENT COLUMN `lines.hs6` 'Lines: HS code, as sent or else added by the exchange',
  COMMENT COLUMN `lines.base_quantity` 'Lines: quantity in the base unit, converted by the exchange',
  COMMENT COLUMN `lines.base_unit` 'Lines: base unit, kg, l or piece',
  COMMENT COLUMN `lines.factor_id` 'Lines: named version of the conversion factor used',
  COMMENT COLUMN `lines.mass_mg` 'Lines: mass in milligrams; 0 when unknown',
  COMMENT COLUMN reason_for_seizure 'Reason for the seizure; code list reasons',
  COMMENT COLUMN value_amount 'Estimated value in value_currency',
  COMMENT COLUMN value_currency 'ISO 4217 code of the currency; code list currencies',
  COMMENT COLUMN suspects 'Number of suspects; NULL when not given. Never who',
  COMMENT COLUMN nationalities 'Nationalities of the suspects; code list countries',
  COMMENT COLUMN legal_basis 'Law under which charges were brought; code list legal_bases',
  COMMENT COLUMN sanction 'Sanction; code list sanctions',
  COMMENT COLUMN disposal 'What became of the goods; code list disposals',
  COMMENT COLUMN outcome 'Of a case: code list outcomes; of a feedback: code list feedback_outcomes',
  COMMENT COLUMN method_note 'How it was done, the only free text; no names, plates or phone numbers',
  COMMENT COLUMN related_to 'Event ids of cases that belong together',
  COMMENT COLUMN flags 'What a person should look at, such as a suspected duplicate or an unknown code',
  COMMENT COLUMN unmapped 'Codes of the sender that have no equal here, as field=scheme:code',
  COMMENT COLUMN batch 'Name of the sending it came in, as the client gave it; empty when it gave none',
  COMMENT COLUMN tlp 'Traffic Light Protocol 2.0: who may see it; code list tlp',
  COMMENT COLUMN handling_code 'Handling code, such as H1; code list handling',
  COMMENT COLUMN release_to 'Agencies it may be released to',
  COMMENT COLUMN source_grade 'How reliable the source is; code list source_grades',
  COMMENT COLUMN information_grade 'How good it is; code list information_grades',
  COMMENT COLUMN simulated 'Made up, for exercises and demonstrations',
  COMMENT COLUMN _partition 'Partition of the journal, with _offset the entry behind the row',
  COMMENT COLUMN _offset 'Offset in the journal',
  COMMENT COLUMN agencies 'Agencies that reported the seizure',
  COMMENT COLUMN event_ids 'Event ids of all cases that are this seizure',
  COMMENT COLUMN incident_id 'The incident; the event id where it is in none';
