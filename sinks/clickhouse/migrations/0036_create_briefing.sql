CREATE OR REPLACE VIEW counted_cases AS
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
FROM seizures_as_of(known_at = toString({known_at:DateTime64(3, 'UTC')}))
WHERE indexOf(['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'], toString(tlp)) BETWEEN 1 AND indexOf(['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'], {up_to:String})
  AND (handling_code IN ('H0', 'H1') OR ({with_leave:Bool} AND handling_code IN ('H2', 'H3')))
  AND simulated = {simulated:Bool}
COMMENT 'Cases that count in a briefing: as they were known at known_at, marked up_to or milder, real or simulated. Columns as in seizures';
CREATE OR REPLACE VIEW briefing_groups AS
SELECT
  commodity_group, uniqExact(event_id) AS cases, count() AS lines, uniqExact(agency) AS agencies,
  CAST(sum(line_mass_mg) AS Decimal(38, 6)) / 1000000 AS mass_kg
FROM (
  SELECT event_id, agency, line_group AS commodity_group, line_name AS goods, line_unit, line_base_unit, line_quantity, line_base,
    line_mass_mg
  FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool})
  ARRAY JOIN `lines.commodity_group` AS line_group, arrayMap((code, own, name) -> if(code = '', own, name), `lines.code`, `lines.substance_or_taxon`, `lines.name`) AS line_name,
    `lines.unit` AS line_unit, `lines.base_unit` AS line_base_unit, `lines.quantity` AS line_quantity,
    `lines.base_quantity` AS line_base, `lines.mass_mg` AS line_mass_mg
  WHERE phase = {phase:String}
)
GROUP BY GROUPING SETS ((commodity_group), ())
COMMENT 'Briefing table 1: cases of a phase by commodity group. A case with goods of two groups counts in both, and once in the total';
CREATE OR REPLACE VIEW briefing_quantities AS
SELECT
  commodity_group, unit, uniqExact(event_id) AS cases, count() AS lines,
  countIf(amount IS NULL) AS lines_unknown, sum(amount) AS quantity,
  CAST(sum(line_mass_mg) AS Decimal(38, 6)) / 1000000 AS mass_kg
FROM (
  SELECT *, if(line_base_unit = 'kg', 'kg', line_unit) AS unit, if(line_base_unit = 'kg', line_base, line_quantity) AS amount
  FROM (
  SELECT event_id, agency, line_group AS commodity_group, line_name AS goods, line_unit, line_base_unit, line_quantity, line_base,
    line_mass_mg
  FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool})
  ARRAY JOIN `lines.commodity_group` AS line_group, arrayMap((code, own, name) -> if(code = '', own, name), `lines.code`, `lines.substance_or_taxon`, `lines.name`) AS line_name,
    `lines.unit` AS line_unit, `lines.base_unit` AS line_base_unit, `lines.quantity` AS line_quantity,
    `lines.base_quantity` AS line_base, `lines.mass_mg` AS line_mass_mg
  WHERE phase = {phase:String}
)
)
GROUP BY commodity_group, unit
COMMENT 'Briefing table 2: quantities of a phase by commodity group and unit. Units are never added together; masses are added in kg';
CREATE OR REPLACE VIEW briefing_goods AS
SELECT
  commodity_group, goods, unit, uniqExact(event_id) AS cases, count() AS lines,
  countIf(amount IS NULL) AS lines_unknown, sum(amount) AS quantity,
  CAST(sum(line_mass_mg) AS Decimal(38, 6)) / 1000000 AS mass_kg
FROM (
  SELECT *, if(line_base_unit = 'kg', 'kg', line_unit) AS unit, if(line_base_unit = 'kg', line_base, line_quantity) AS amount
  FROM (
  SELECT event_id, agency, line_group AS commodity_group, line_name AS goods, line_unit, line_base_unit, line_quantity, line_base,
    line_mass_mg
  FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool})
  ARRAY JOIN `lines.commodity_group` AS line_group, arrayMap((code, own, name) -> if(code = '', own, name), `lines.code`, `lines.substance_or_taxon`, `lines.name`) AS line_name,
    `lines.unit` AS line_unit, `lines.base_unit` AS line_base_unit, `lines.quantity` AS line_quantity,
    `lines.base_quantity` AS line_base, `lines.mass_mg` AS line_mass_mg
  WHERE phase = {phase:String}
)
)
GROUP BY commodity_group, goods, unit
COMMENT 'As briefing table 2, and by substance or taxon as well';
CREATE OR REPLACE VIEW briefing_members AS
WITH (SELECT (min(seized_day), max(seized_day)) FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) WHERE phase = {phase:String}) AS span
SELECT
  m.agency AS agency, c.cases AS cases, c.lines AS lines, CAST(c.mass_mg AS Decimal(38, 6)) / 1000000 AS mass_kg,
  w.sent AS warnings_sent, w.arrived AS warnings_received, if(c.dated = 0, NULL, c.delay) AS median_delay_days
FROM (
  SELECT agency FROM
  (
    SELECT agency, argMax(agency_phases, (received_at, _offset)) AS phases FROM journal WHERE kind = 'agency' AND received_at <= {known_at:DateTime64(3, 'UTC')} GROUP BY agency
  )
  WHERE has(phases, {phase:String})
  UNION DISTINCT SELECT agency FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) WHERE phase = {phase:String}
) AS m
LEFT JOIN (SELECT agency, count() AS cases, sum(line_count) AS lines, sum(mass_mg) AS mass_mg,
    quantileExactInclusiveIf(0.5)(toInt32(dateDiff('day', seized_day, toDate(first_reported))), seized_precision IN ('time', 'day'))
      AS delay,
    countIf(seized_precision IN ('time', 'day')) AS dated
  FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) AS c INNER JOIN (
  SELECT event_id, argMin(ifNull(reported_at, received_at), version) AS first_reported
  FROM journal WHERE kind = 'version' AND family = 'case' AND received_at <= {known_at:DateTime64(3, 'UTC')} GROUP BY event_id
) AS f ON f.event_id = c.event_id
  WHERE phase = {phase:String}
  GROUP BY agency) AS c ON c.agency = m.agency
LEFT JOIN (SELECT side.1 AS member, sum(side.2) AS sent, sum(side.3) AS arrived FROM (SELECT arrayJoin(arrayConcat([(toString(agency), 1, 0)], arrayMap(one -> (toString(one), 0, 1), warned))) AS side
  FROM (SELECT agency, warned, reported_at, received_at
FROM journal
WHERE kind = 'version' AND family = 'warning' AND received_at <= {known_at:DateTime64(3, 'UTC')} AND status = 'current' AND indexOf(['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'], toString(tlp)) BETWEEN 1 AND indexOf(['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'], {up_to:String})
  AND (handling_code IN ('H0', 'H1') OR ({with_leave:Bool} AND handling_code IN ('H2', 'H3')))
  AND simulated = {simulated:Bool}
  AND (event_id, version) IN (SELECT event_id, max(version) FROM journal WHERE kind = 'version' AND family = 'warning' AND received_at <= {known_at:DateTime64(3, 'UTC')} GROUP BY event_id))
  WHERE toDate(ifNull(reported_at, received_at)) BETWEEN span.1 AND span.2) GROUP BY member) AS w
  ON w.member = m.agency
COMMENT 'Briefing table 3: members of a phase. A case counts for the agency that reported it. Members without a case are there too';
CREATE OR REPLACE VIEW briefing_routes AS
SELECT
  of_origin AS origin, of_destination AS destination, count() AS cases,
  CAST(sum(mass_mg) AS Decimal(38, 6)) / 1000000 AS mass_kg
FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool})
ARRAY JOIN if(empty(origins), [''], arrayDistinct(origins)) AS of_origin
ARRAY JOIN if(empty(destinations), [''], arrayDistinct(destinations)) AS of_destination
WHERE phase = {phase:String}
GROUP BY of_origin, of_destination
COMMENT 'Briefing table 4: cases of a phase by origin and destination. A case with two origins counts for both; empty: not known';
CREATE OR REPLACE VIEW briefing_concealment AS
SELECT
  transport_mode, method AS concealment, count() AS cases,
  CAST(sum(mass_mg) AS Decimal(38, 6)) / 1000000 AS mass_kg
FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool})
ARRAY JOIN if(empty(concealment_methods), [''], arrayDistinct(concealment_methods)) AS method
WHERE phase = {phase:String}
GROUP BY transport_mode, method
COMMENT 'Briefing table 5: cases of a phase by transport and concealment. A case with two concealments counts for both; empty: not known';
CREATE OR REPLACE VIEW briefing_detection AS
SELECT
  method AS detection, count() AS cases, uniqExact(agency) AS agencies,
  CAST(sum(mass_mg) AS Decimal(38, 6)) / 1000000 AS mass_kg,
  if(countIf(mass_mg > 0) = 0, NULL, CAST(quantileExactLowIf(0.5)(mass_mg, mass_mg > 0) AS Decimal(38, 6)) / 1000000) AS median_kg
FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool})
ARRAY JOIN if(empty(detection_methods), [''], arrayDistinct(detection_methods)) AS method
WHERE phase = {phase:String}
GROUP BY method
COMMENT 'Briefing table 6: yield of the detection methods of a phase. A case with two methods counts for both; empty: not known';
CREATE OR REPLACE VIEW briefing_largest AS
SELECT
  commodity_group,
  row_number() OVER (PARTITION BY commodity_group ORDER BY mass_mg DESC, agency, case_no) AS rank,
  CAST(mass_mg AS Decimal(38, 6)) / 1000000 AS mass_kg, goods, agency, case_no, seized_day, country,
  transport_mode, concealment_methods AS concealment, tlp
FROM
(
  SELECT agency, case_no, event_id, seized_day, country, transport_mode, concealment_methods, tlp, commodity_group,
    sum(line_mass_mg) AS mass_mg, arrayStringConcat(arraySort(groupUniqArray(line_name)), '; ') AS goods
  FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool})
  ARRAY JOIN `lines.commodity_group` AS commodity_group, arrayMap((code, own, name) -> if(code = '', own, name), `lines.code`, `lines.substance_or_taxon`, `lines.name`) AS line_name,
    `lines.mass_mg` AS line_mass_mg
  WHERE phase = {phase:String}
  GROUP BY ALL
  HAVING mass_mg > 0
)
QUALIFY row_number() OVER (PARTITION BY commodity_group ORDER BY mass_mg DESC, agency, case_no) <= 10
COMMENT 'Briefing table 7: the 10 cases of a phase with the largest mass in each commodity group';
CREATE OR REPLACE VIEW briefing_first_seen AS
SELECT
  one.1 AS feature, one.2 AS commodity_group, one.3 AS value, min(seized_day) AS first_day,
  argMin(reporter, (seized_day, reporter, number)) AS agency,
  argMin(number, (seized_day, reporter, number)) AS case_no, countIf(of_phase = {phase:String}) AS cases,
  uniqExactIf(reporter, of_phase = {phase:String}) AS agencies
FROM
(
  SELECT event_id, agency AS reporter, case_no AS number, phase AS of_phase, seized_day, arrayJoin(arrayDistinct(arrayConcat(
    arrayFilter(one -> one.3 != '', arrayMap((g, c) -> ('substance', toString(g), toString(c)), `lines.commodity_group`, `lines.code`)),
    arrayFlatten(arrayMap(g -> arrayMap(m -> ('concealment', g, toString(m)), concealment_methods), arrayDistinct(arrayMap(one -> toString(one), `lines.commodity_group`)))),
    arrayFlatten(arrayMap(g -> arrayFlatten(arrayMap(
      o -> arrayMap(d -> ('route', g, concat(toString(o), '>', toString(d))), destinations), origins)), arrayDistinct(arrayMap(one -> toString(one), `lines.commodity_group`))))))) AS one
  FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool})
)
GROUP BY one
HAVING argMin(of_phase, (seized_day, reporter, number)) = {phase:String}
COMMENT 'Briefing table 8: what was seen in a phase for the first time. New is what no earlier case of this exchange had, by day of seizure';
CREATE OR REPLACE VIEW briefing_quality AS
WITH (SELECT (min(received_at), max(received_at)) FROM journal
    WHERE kind = 'version' AND family = 'case' AND received_at <= {known_at:DateTime64(3, 'UTC')} AND event_id IN (SELECT event_id FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) WHERE phase = {phase:String})) AS reception
SELECT
  m.agency AS agency, r.messages AS messages, r.rejected AS rejected, r.duplicates AS duplicates,
  r.withdrawn AS withdrawn, c.cases AS cases, c.corrected AS corrected, c.suspected AS suspected_duplicates,
  c.no_quantity AS no_quantity, c.no_route AS no_route, c.no_transport AS no_transport,
  c.no_concealment AS no_concealment, c.no_detection AS no_detection, c.no_place AS no_place,
  c.unknown_goods AS unknown_goods
FROM (
  SELECT agency FROM
  (
    SELECT agency, argMax(agency_phases, (received_at, _offset)) AS phases FROM journal WHERE kind = 'agency' AND received_at <= {known_at:DateTime64(3, 'UTC')} GROUP BY agency
  )
  WHERE has(phases, {phase:String})
  UNION DISTINCT SELECT agency FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) WHERE phase = {phase:String}
) AS m
LEFT JOIN
(
  SELECT agency, count() AS cases, countIf(version > 1) AS corrected, countIf(has(flags, 'suspected_duplicate')) AS suspected, countIf(arrayExists(one -> one IS NULL, `lines.quantity`)) AS no_quantity, countIf(empty(origins) OR empty(destinations)) AS no_route, countIf(transport_mode = '') AS no_transport, countIf(empty(concealment_methods)) AS no_concealment, countIf(empty(detection_methods)) AS no_detection, countIf(place = '' AND lat IS NULL) AS no_place, countIf(has(`lines.code`, '')) AS unknown_goods
  FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) WHERE phase = {phase:String} GROUP BY agency
) AS c ON c.agency = m.agency
LEFT JOIN
(
  SELECT agency, count() AS messages, countIf(outcome = 'rejected') AS rejected, countIf(outcome = 'duplicate') AS duplicates,
    countIf(outcome = 'withdrawn') AS withdrawn
  FROM receipts
  WHERE reason != 'test_message' AND received_at BETWEEN reception.1 AND reception.2
  GROUP BY agency
) AS r ON r.agency = m.agency
COMMENT 'Briefing table 9: quality of the data by member. Messages: those from the first to the last message about a case of the phase';
CREATE OR REPLACE VIEW briefing_changes AS
SELECT
  agency, uniqExactIf(event_id, version_before > 0) AS cases_before,
  uniqExactIf(event_id, version_now > 0) AS cases_now,
  toInt64(uniqExact(event_id)) - toInt64(cases_before) AS added,
  toInt64(uniqExact(event_id)) - toInt64(cases_now) AS removed,
  toInt64(uniqExact(event_id, version_before + version_now)) - toInt64(uniqExact(event_id)) AS corrected,
  CAST(sum(mg_before) AS Decimal(38, 6)) / 1000000 AS mass_kg_before,
  CAST(sum(mg_now) AS Decimal(38, 6)) / 1000000 AS mass_kg_now
FROM
(
  SELECT event_id, agency, toUInt16(0) AS version_before, version AS version_now, toInt64(0) AS mg_before, mass_mg AS mg_now
  FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) WHERE phase = {phase:String}
  UNION ALL
  SELECT event_id, agency, version, toUInt16(0), mass_mg, toInt64(0)
  FROM counted_cases(known_at = {since:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) WHERE phase = {phase:String}
)
GROUP BY agency
COMMENT 'Briefing table 10: what changed by member since the edition whose cut-off was since, by the same choice of cases';
CREATE OR REPLACE VIEW briefing_response AS
WITH (SELECT (min(seized_day), max(seized_day)) FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) WHERE phase = {phase:String}) AS span, (SELECT (min(received_at), max(received_at)) FROM journal
    WHERE kind = 'version' AND family = 'case' AND received_at <= {known_at:DateTime64(3, 'UTC')} AND event_id IN (SELECT event_id FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) WHERE phase = {phase:String})) AS reception
SELECT
  m.agency AS agency, w.warnings AS warnings_received, w.answered AS warnings_answered,
  if(w.answered = 0, NULL, round(w.seconds / 3600, 1)) AS median_hours_to_feedback, n.sent AS notifications,
  n.judged AS notifications_answered,
  if(n.judged = 0, NULL, round(n.seconds / 3600, 1)) AS median_hours_to_answer
FROM (
  SELECT agency FROM
  (
    SELECT agency, argMax(agency_phases, (received_at, _offset)) AS phases FROM journal WHERE kind = 'agency' AND received_at <= {known_at:DateTime64(3, 'UTC')} GROUP BY agency
  )
  WHERE has(phases, {phase:String})
  UNION DISTINCT SELECT agency FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) WHERE phase = {phase:String}
) AS m
LEFT JOIN
(
  SELECT w.member AS member, count() AS warnings, countIf(f.answered_at >= w.warned_at) AS answered,
    quantileExactInclusiveIf(0.5)(dateDiff('second', w.warned_at, f.answered_at), f.answered_at >= w.warned_at) AS seconds
  FROM (SELECT event_id, arrayJoin(warned) AS member, ifNull(reported_at, received_at) AS warned_at
  FROM (SELECT event_id, warned, reported_at, received_at
FROM journal
WHERE kind = 'version' AND family = 'warning' AND received_at <= {known_at:DateTime64(3, 'UTC')} AND status = 'current' AND indexOf(['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'], toString(tlp)) BETWEEN 1 AND indexOf(['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'], {up_to:String})
  AND (handling_code IN ('H0', 'H1') OR ({with_leave:Bool} AND handling_code IN ('H2', 'H3')))
  AND simulated = {simulated:Bool}
  AND (event_id, version) IN (SELECT event_id, max(version) FROM journal WHERE kind = 'version' AND family = 'warning' AND received_at <= {known_at:DateTime64(3, 'UTC')} GROUP BY event_id))
  WHERE toDate(warned_at) BETWEEN span.1 AND span.2) AS w LEFT JOIN (SELECT in_reply_to, agency AS member, min(ifNull(reported_at, received_at)) AS answered_at
  FROM (SELECT in_reply_to, agency, reported_at, received_at
FROM journal
WHERE kind = 'version' AND family = 'feedback' AND received_at <= {known_at:DateTime64(3, 'UTC')} AND status = 'current' AND indexOf(['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'], toString(tlp)) BETWEEN 1 AND indexOf(['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'], {up_to:String})
  AND (handling_code IN ('H0', 'H1') OR ({with_leave:Bool} AND handling_code IN ('H2', 'H3')))
  AND simulated = {simulated:Bool}
  AND (event_id, version) IN (SELECT event_id, max(version) FROM journal WHERE kind = 'version' AND family = 'feedback' AND received_at <= {known_at:DateTime64(3, 'UTC')} GROUP BY event_id)) GROUP BY in_reply_to, member) AS f ON f.in_reply_to = w.event_id AND f.member = w.member
  GROUP BY w.member
) AS w ON w.member = m.agency
LEFT JOIN (SELECT member, count() AS sent, countIf(answered IS NOT NULL) AS judged,
    quantileExactInclusiveIf(0.5)(ifNull(dateDiff('second', n.sent_at, answered), 0), answered IS NOT NULL) AS seconds
  FROM
  (
    SELECT notification_id, any(member) AS member, min(_timestamp) AS sent_at FROM notifications
    WHERE _timestamp <= {known_at:DateTime64(3, 'UTC')} AND reason IN ('alert', 'warning')
      AND _timestamp BETWEEN reception.1 AND reception.2
    GROUP BY notification_id
  ) AS n
  LEFT JOIN
  (
    SELECT notification_id, min(toNullable(at)) AS answered FROM answers WHERE at <= {known_at:DateTime64(3, 'UTC')} GROUP BY notification_id
  ) AS a ON a.notification_id = n.notification_id
  GROUP BY member) AS n ON n.member = m.agency
COMMENT 'Time to act by member: from a warning that names it to its feedback, and from a notification to its first answer';
CREATE OR REPLACE VIEW briefing_member_groups AS
SELECT
  agency, commodity_group, uniqExact(event_id) AS cases, count() AS lines,
  CAST(sum(line_mass_mg) AS Decimal(38, 6)) / 1000000 AS mass_kg
FROM (
  SELECT event_id, agency, line_group AS commodity_group, line_name AS goods, line_unit, line_base_unit, line_quantity, line_base,
    line_mass_mg
  FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool})
  ARRAY JOIN `lines.commodity_group` AS line_group, arrayMap((code, own, name) -> if(code = '', own, name), `lines.code`, `lines.substance_or_taxon`, `lines.name`) AS line_name,
    `lines.unit` AS line_unit, `lines.base_unit` AS line_base_unit, `lines.quantity` AS line_quantity,
    `lines.base_quantity` AS line_base, `lines.mass_mg` AS line_mass_mg
  WHERE phase = {phase:String}
)
GROUP BY agency, commodity_group
COMMENT 'Cases of a phase by member and commodity group. A case with goods of two groups counts in both';
CREATE OR REPLACE VIEW briefing_days AS
SELECT
  of_day AS day, sum(n) AS cases, sum(raised) AS alerts
FROM
(
  SELECT seized_day AS of_day, count() AS n, 0 AS raised
  FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) WHERE phase = {phase:String} AND seized_precision IN ('time', 'day') GROUP BY seized_day
  UNION ALL
  SELECT toNullable(opened) AS of_day, 0 AS n, uniqExact(kind, series, bucket) AS raised
  FROM alerts ARRAY JOIN event_ids AS behind
  WHERE raised_at <= {known_at:DateTime64(3, 'UTC')} AND state != 'cleared' AND behind IN (SELECT event_id FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) WHERE phase = {phase:String})
  GROUP BY opened
)
GROUP BY of_day
COMMENT 'Cases of a phase by day, and the alerts that began on it. Cases whose day is not known are left out';
CREATE OR REPLACE VIEW briefing_places AS
SELECT
  country, round(avg(north), 4) AS lat, round(avg(east), 4) AS lon,
  if(uniqExact(of_place) = 1, any(of_place), '') AS place, topK(1)(first_group)[1] AS commodity_group,
  count() AS cases
FROM
(
  SELECT country, toFloat64(lat) AS north, toFloat64(lon) AS east, place AS of_place, `lines.commodity_group`[1] AS first_group,
    round(north * 4) AS row, round(east * 4) AS col, if(lat IS NULL, place, '') AS named
  FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) WHERE phase = {phase:String}
)
GROUP BY country, row, col, named
COMMENT 'Cases of a phase by place, for a map: by coordinates to a quarter of a degree, or by place, or by country';
CREATE OR REPLACE VIEW briefing_warnings AS
WITH (SELECT (min(seized_day), max(seized_day)) FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) WHERE phase = {phase:String}) AS span
SELECT
  w.agency AS agency, w.case_no AS case_no, w.member AS member, w.agency_country AS sender_country,
  toDate(w.warned_at) AS warned_day, f.answers > 0 AS answered,
  if(f.answers = 0, NULL, round(dateDiff('second', w.warned_at, f.answered_at) / 3600, 1)) AS hours_to_feedback,
  f.said AS outcome
FROM (SELECT event_id, agency, agency_country, case_no, arrayJoin(warned) AS member, ifNull(reported_at, received_at) AS warned_at
  FROM (SELECT event_id, agency, agency_country, case_no, warned, reported_at, received_at
FROM journal
WHERE kind = 'version' AND family = 'warning' AND received_at <= {known_at:DateTime64(3, 'UTC')} AND status = 'current' AND indexOf(['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'], toString(tlp)) BETWEEN 1 AND indexOf(['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'], {up_to:String})
  AND (handling_code IN ('H0', 'H1') OR ({with_leave:Bool} AND handling_code IN ('H2', 'H3')))
  AND simulated = {simulated:Bool}
  AND (event_id, version) IN (SELECT event_id, max(version) FROM journal WHERE kind = 'version' AND family = 'warning' AND received_at <= {known_at:DateTime64(3, 'UTC')} GROUP BY event_id))
  WHERE toDate(warned_at) BETWEEN span.1 AND span.2) AS w LEFT JOIN (SELECT in_reply_to, agency AS member, min(ifNull(reported_at, received_at)) AS answered_at,
    argMin(outcome, ifNull(reported_at, received_at)) AS said, count() AS answers
  FROM (SELECT in_reply_to, agency, outcome, reported_at, received_at
FROM journal
WHERE kind = 'version' AND family = 'feedback' AND received_at <= {known_at:DateTime64(3, 'UTC')} AND status = 'current' AND indexOf(['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'], toString(tlp)) BETWEEN 1 AND indexOf(['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'], {up_to:String})
  AND (handling_code IN ('H0', 'H1') OR ({with_leave:Bool} AND handling_code IN ('H2', 'H3')))
  AND simulated = {simulated:Bool}
  AND (event_id, version) IN (SELECT event_id, max(version) FROM journal WHERE kind = 'version' AND family = 'feedback' AND received_at <= {known_at:DateTime64(3, 'UTC')} GROUP BY event_id)) GROUP BY in_reply_to, member) AS f ON f.in_reply_to = w.event_id AND f.member = w.member
COMMENT 'Warnings of a phase, a row for each member that one names, with that member''s first feedback';
CREATE OR REPLACE VIEW briefing_joint AS
SELECT
  c.agency AS agency, c.case_no AS case_no, c.agency_country AS country, c.seized_day AS seized_day,
  o.agency AS other_agency, o.case_no AS other_case_no, o.agency_country AS other_country
FROM (SELECT agency, agency_country, case_no, event_id, seized_day, arrayJoin(related_to) AS other FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}) WHERE phase = {phase:String}) AS c
INNER JOIN (SELECT agency, agency_country, case_no, event_id FROM counted_cases(known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool})) AS o ON o.event_id = c.other
WHERE c.agency != o.agency
COMMENT 'Cases of a phase that a member has related to a case of another agency (related_to), a row for each pair';
