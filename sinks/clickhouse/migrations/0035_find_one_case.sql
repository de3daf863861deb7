ALTER TABLE journal
  ADD INDEX IF NOT EXISTS by_event event_id TYPE bloom_filter(0.001) GRANULARITY 1,
  ADD INDEX IF NOT EXISTS by_case case_no TYPE bloom_filter(0.001) GRANULARITY 1;
ALTER TABLE journal
  MATERIALIZE INDEX IF EXISTS by_event,
  MATERIALIZE INDEX IF EXISTS by_case;
CREATE OR REPLACE VIEW seizures_as_of AS
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
  information_grade, simulated, _partition, _offset
FROM journal
WHERE kind = 'version' AND family = 'case' AND status = 'current' AND received_at <= (SELECT parseDateTime64BestEffortOrNull({known_at:String}, 3, 'UTC') AS moment
    WHERE NOT throwIf(moment IS NULL OR NOT match({known_at:String}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z| ?UTC|[+-][0-9]{2}:[0-9]{2})?)?$'),
      'known_at: write a moment as 2026-09-15T00:00:00.000Z, or as 2026-09-15 00:00:00 in UTC'))
  AND (event_id, version) NOT IN (
    SELECT event_id, arrayJoin(range(1, max(version))) FROM journal WHERE version > 1 AND received_at <= (SELECT parseDateTime64BestEffortOrNull({known_at:String}, 3, 'UTC') AS moment
    WHERE NOT throwIf(moment IS NULL OR NOT match({known_at:String}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z| ?UTC|[+-][0-9]{2}:[0-9]{2})?)?$'),
      'known_at: write a moment as 2026-09-15T00:00:00.000Z, or as 2026-09-15 00:00:00 in UTC')) GROUP BY event_id)
COMMENT 'Seizures as they were known at a moment: SELECT * FROM seizures_as_of(known_at = ''2026-09-15T00:00:00.000Z''), or ''2026-09-15 00:00:00'' (UTC). Columns as in seizures';
CREATE OR REPLACE VIEW seizure_versions AS
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
  information_grade, simulated, ended AS known_until, _partition, _offset
FROM journal
LEFT JOIN (
    SELECT event_id AS of_id, version AS of_version, minOrNull(received_at) OVER (
      PARTITION BY event_id ORDER BY version ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS ended
    FROM journal WHERE kind = 'version' AND event_id IN (SELECT event_id FROM journal WHERE version > 1)) AS ends ON event_id = of_id AND version = of_version
WHERE kind = 'version' AND family = 'case' AND status = 'current'
COMMENT 'Each version of each case, a row a version, with the time in which it was the known one. For tools that cannot read a view with parameters: received_at <= moment AND (known_until IS NULL OR known_until > moment) is seizures_as_of';
ALTER TABLE seizure_versions
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
  COMMENT COLUMN known_until 'When a later version or a withdrawal took its place; NULL: it is current',
  COMMENT COLUMN _partition 'Partition of the journal, with _offset the entry behind the row',
  COMMENT COLUMN _offset 'Offset in the journal';
CREATE OR REPLACE VIEW case_by_id AS
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
  information_grade, simulated, _partition, _offset
FROM (SELECT * FROM journal WHERE kind = 'version' AND family = 'case' AND event_id = {id:UUID} ORDER BY version DESC LIMIT 1)
WHERE status = 'current'
COMMENT 'One case as it is known now, found at once in a journal of any size: SELECT * FROM case_by_id(id = ''…''). Columns as in seizures';
CREATE OR REPLACE VIEW case_by_number AS
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
  information_grade, simulated, _partition, _offset
FROM (SELECT * FROM journal WHERE kind = 'version' AND family = 'case' AND agency = {agency:String} AND case_no = {number:String} ORDER BY version DESC LIMIT 1)
WHERE status = 'current'
COMMENT 'One case as it is known now, found at once in a journal of any size: SELECT * FROM case_by_number(agency = ''…'', number = ''…''). Columns as in seizures';
