ALTER TABLE current_counts
  COMMENT COLUMN agency 'Code of the agency',
  COMMENT COLUMN commodity_group 'Commodity group; empty for all groups together',
  COMMENT COLUMN window 'Rolling 1h, 24h, 7d, 30d up to the tick, or calendar day, month, phase',
  COMMENT COLUMN start 'First day of a calendar window, the phase''s code, or empty for a rolling one',
  COMMENT COLUMN as_of 'The tick the count is as of',
  COMMENT COLUMN cases 'Number of cases',
  COMMENT COLUMN lines 'Number of their lines',
  COMMENT COLUMN mass_mg 'Their mass in milligrams',
  COMMENT COLUMN mass_kg 'Their mass in kilograms; exact'
