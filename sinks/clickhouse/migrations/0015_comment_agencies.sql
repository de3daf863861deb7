ALTER TABLE agencies
  COMMENT COLUMN agency 'Code of the reporting agency',
  COMMENT COLUMN name 'Name of the agency',
  COMMENT COLUMN kind 'customs, police or other',
  COMMENT COLUMN country 'Country of the agency, ISO 3166-1 alpha-2',
  COMMENT COLUMN region 'Region of the agency',
  COMMENT COLUMN utc_offset 'When the agency''s day ends, as +07:00',
  COMMENT COLUMN phases 'Phases the agency takes part in',
  COMMENT COLUMN since 'When this profile came in'
