CREATE OR REPLACE VIEW seizures AS
SELECT
  event_id, agency, case_no, version, received_at, seized_day, seized_precision, seized_at, reported_at,
  agency_kind, agency_country, agency_region, operation, phase, country, admin1, place, place_type, lat, lon,
  transport_mode, conveyance, direction, detection_methods, concealment_methods, `route.role`,
  `route.country`, `route.confidence`, `route.locode`, origins, destinations, line_count,
  CAST(mass_mg AS Decimal(38, 6)) / 1000000 AS mass_kg, mass_mg, `lines.commodity_group`,
  `lines.substance_or_taxon`, `lines.term_code`, `lines.quantity`, `lines.unit`, `lines.quantity_kind`,
  `lines.purity`, `lines.cites_source`, `lines.cites_purpose`, `lines.code`, `lines.name`, `lines.appendix`,
  `lines.schedule`, `lines.hs6`, `lines.base_quantity`, `lines.base_unit`, `lines.factor_id`,
  `lines.mass_mg`, reason_for_seizure, value_amount, value_currency, suspects, nationalities, legal_basis,
  sanction, disposal, outcome, method_note, related_to, flags, unmapped, batch, tlp, handling_code,
  release_to, source_grade, information_grade, simulated, _partition, _offset
FROM journal
WHERE kind = 'version' AND family = 'case' AND status = 'current'
  AND (event_id, version) NOT IN (
    SELECT event_id, arrayJoin(range(1, max(version))) FROM journal WHERE version > 1 GROUP BY event_id)
COMMENT 'Seizures as they are known now: the current version of each case that was not withdrawn, a row a case'
