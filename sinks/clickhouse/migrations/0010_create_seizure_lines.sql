CREATE OR REPLACE VIEW seizure_lines AS
SELECT
  event_id, agency, case_no, version, received_at, seized_day, seized_precision, seized_at, reported_at,
  agency_kind, agency_country, agency_region, operation, phase, country, admin1, place, place_type, lat, lon,
  transport_mode, conveyance, direction, detection_methods, concealment_methods, origins, destinations, line,
  commodity_group, substance_or_taxon, term_code, quantity, unit, quantity_kind, purity, cites_source,
  cites_purpose, code, name, appendix, schedule, hs6, base_quantity, base_unit, factor_id,
  CAST(line_mass_mg AS Decimal(38, 6)) / 1000000 AS mass_kg, line_mass_mg AS mass_mg, value_amount,
  value_currency, flags, batch, simulated
FROM seizures
ARRAY JOIN arrayEnumerate(`lines.commodity_group`) AS line,
  `lines.commodity_group` AS commodity_group, `lines.substance_or_taxon` AS substance_or_taxon,
  `lines.term_code` AS term_code, `lines.quantity` AS quantity, `lines.unit` AS unit,
  `lines.quantity_kind` AS quantity_kind, `lines.purity` AS purity, `lines.cites_source` AS cites_source,
  `lines.cites_purpose` AS cites_purpose, `lines.code` AS code, `lines.name` AS name,
  `lines.appendix` AS appendix, `lines.schedule` AS schedule, `lines.hs6` AS hs6,
  `lines.base_quantity` AS base_quantity, `lines.base_unit` AS base_unit, `lines.factor_id` AS factor_id,
  `lines.mass_mg` AS line_mass_mg
COMMENT 'Lines of the seizures as they are known now, a row a line'
