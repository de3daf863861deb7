CREATE OR REPLACE VIEW current_counts AS
SELECT agency, commodity_group, window, start, newest.1 AS as_of, newest.2 AS cases, newest.3 AS lines, newest.4 AS mass_mg,
  CAST(newest.4 AS Decimal(38, 6)) / 1000000 AS mass_kg
FROM (
  SELECT agency, commodity_group, window, start, argMax((as_of, cases, lines, mass_mg), tick_offset) AS newest
  FROM counts
  GROUP BY agency, commodity_group, window, start)
COMMENT 'The newest count of each series and window. One that does not change keeps the tick it was counted at'
