CREATE OR REPLACE VIEW agencies AS
SELECT agency, agency_name AS name, agency_kind AS kind, agency_country AS country, agency_region AS region,
  agency_utc_offset AS utc_offset, agency_phases AS phases, received_at AS since
FROM journal
WHERE journal.kind = 'agency'
ORDER BY received_at DESC, _offset DESC
LIMIT 1 BY agency
COMMENT 'The agencies of this exchange, each by its latest profile'
