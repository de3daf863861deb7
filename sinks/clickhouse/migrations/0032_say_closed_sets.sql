ALTER TABLE journal
  COMMENT COLUMN kind 'version, tick (the clock), agency (a profile), source (a topic was parked), time (an hour has passed)',
  COMMENT COLUMN withdrawal_reason 'Why it was withdrawn; code list withdrawal_reasons',
  COMMENT COLUMN warned_groups 'Commodity groups a warning is about; code list commodity_groups',
  COMMENT COLUMN agency_country 'Country of the agency; code list countries',
  COMMENT COLUMN country 'Country of seizure, ISO 3166-1 alpha-2; XX when unknown; code list countries',
  COMMENT COLUMN place 'Code of the port, airport or border gate; code list places',
  COMMENT COLUMN place_type 'Kind of place; code list place_types',
  COMMENT COLUMN transport_mode 'Means of transport; code list transport',
  COMMENT COLUMN direction 'import, export, transit or internal; code list directions',
  COMMENT COLUMN detection_methods 'How it was detected; code list detection',
  COMMENT COLUMN concealment_methods 'How it was hidden; code list concealment',
  COMMENT COLUMN `route.country` 'Route, step by step: country; code list countries',
  COMMENT COLUMN `lines.commodity_group` 'Lines: such as drug or timber; code list commodity_groups',
  COMMENT COLUMN `lines.term_code` 'Lines: CITES term of the specimen, such as SCA for scales; code list terms',
  COMMENT COLUMN `lines.unit` 'Lines: unit as reported; code list units',
  COMMENT COLUMN `lines.cites_source` 'Lines: CITES source code; code list cites_sources',
  COMMENT COLUMN `lines.cites_purpose` 'Lines: CITES purpose code; code list cites_purposes',
  COMMENT COLUMN reason_for_seizure 'Reason for the seizure; code list reasons',
  COMMENT COLUMN value_currency 'ISO 4217 code of the currency; code list currencies',
  COMMENT COLUMN nationalities 'Nationalities of the suspects; code list countries',
  COMMENT COLUMN legal_basis 'Law under which charges were brought; code list legal_bases',
  COMMENT COLUMN sanction 'Sanction; code list sanctions',
  COMMENT COLUMN disposal 'What became of the goods; code list disposals',
  COMMENT COLUMN outcome 'Of a case: code list outcomes; of a feedback: code list feedback_outcomes',
  COMMENT COLUMN tlp 'Traffic Light Protocol 2.0: who may see it; code list tlp',
  COMMENT COLUMN handling_code 'Handling code, such as H1; code list handling',
  COMMENT COLUMN source_grade 'How reliable the source is; code list source_grades',
  COMMENT COLUMN information_grade 'How good it is; code list information_grades';
ALTER TABLE receipts
  COMMENT COLUMN reason 'Reason code of a rejection; declared in schemas/rejected.py';
ALTER TABLE counts
  COMMENT COLUMN window 'Rolling, such as 7d, up to the tick; or calendar: day, month, phase; declared in schemas/counts.py';
ALTER TABLE alerts
  COMMENT COLUMN kind 'Kind of alert, such as SPIKE or FIRST_SEEN; declared in schemas/alerts.py';
ALTER TABLE deliveries
  COMMENT COLUMN channel 'Channel, such as mail; declared in schemas/channels.py',
  COMMENT COLUMN state 'sent, retrying, or parked: not tried again';
ALTER TABLE seizures
  COMMENT COLUMN agency_country 'Country of the agency; code list countries',
  COMMENT COLUMN country 'Country of seizure, ISO 3166-1 alpha-2; XX when unknown; code list countries',
  COMMENT COLUMN place 'Code of the port, airport or border gate; code list places',
  COMMENT COLUMN place_type 'Kind of place; code list place_types',
  COMMENT COLUMN transport_mode 'Means of transport; code list transport',
  COMMENT COLUMN direction 'import, export, transit or internal; code list directions',
  COMMENT COLUMN detection_methods 'How it was detected; code list detection',
  COMMENT COLUMN concealment_methods 'How it was hidden; code list concealment',
  COMMENT COLUMN `route.country` 'Route, step by step: country; code list countries',
  COMMENT COLUMN `lines.commodity_group` 'Lines: such as drug or timber; code list commodity_groups',
  COMMENT COLUMN `lines.term_code` 'Lines: CITES term of the specimen, such as SCA for scales; code list terms',
  COMMENT COLUMN `lines.unit` 'Lines: unit as reported; code list units',
  COMMENT COLUMN `lines.cites_source` 'Lines: CITES source code; code list cites_sources',
  COMMENT COLUMN `lines.cites_purpose` 'Lines: CITES purpose code; code list cites_purposes',
  COMMENT COLUMN reason_for_seizure 'Reason for the seizure; code list reasons',
  COMMENT COLUMN value_currency 'ISO 4217 code of the currency; code list currencies',
  COMMENT COLUMN nationalities 'Nationalities of the suspects; code list countries',
  COMMENT COLUMN legal_basis 'Law under which charges were brought; code list legal_bases',
  COMMENT COLUMN sanction 'Sanction; code list sanctions',
  COMMENT COLUMN disposal 'What became of the goods; code list disposals',
  COMMENT COLUMN outcome 'Of a case: code list outcomes; of a feedback: code list feedback_outcomes',
  COMMENT COLUMN tlp 'Traffic Light Protocol 2.0: who may see it; code list tlp',
  COMMENT COLUMN handling_code 'Handling code, such as H1; code list handling',
  COMMENT COLUMN source_grade 'How reliable the source is; code list source_grades',
  COMMENT COLUMN information_grade 'How good it is; code list information_grades';
ALTER TABLE seizure_lines
  COMMENT COLUMN agency_country 'Country of the agency; code list countries',
  COMMENT COLUMN country 'Country of seizure, ISO 3166-1 alpha-2; XX when unknown; code list countries',
  COMMENT COLUMN place 'Code of the port, airport or border gate; code list places',
  COMMENT COLUMN place_type 'Kind of place; code list place_types',
  COMMENT COLUMN transport_mode 'Means of transport; code list transport',
  COMMENT COLUMN direction 'import, export, transit or internal; code list directions',
  COMMENT COLUMN detection_methods 'How it was detected; code list detection',
  COMMENT COLUMN concealment_methods 'How it was hidden; code list concealment',
  COMMENT COLUMN commodity_group 'Such as drug or timber; code list commodity_groups',
  COMMENT COLUMN term_code 'CITES term of the specimen, such as SCA for scales; code list terms',
  COMMENT COLUMN unit 'Unit as reported; code list units',
  COMMENT COLUMN cites_source 'CITES source code; code list cites_sources',
  COMMENT COLUMN cites_purpose 'CITES purpose code; code list cites_purposes',
  COMMENT COLUMN value_currency 'ISO 4217 code of the currency; code list currencies';
ALTER TABLE rejections
  COMMENT COLUMN reason 'Reason code of a rejection; declared in schemas/rejected.py';
ALTER TABLE current_counts
  COMMENT COLUMN window 'Rolling, such as 7d, up to the tick; or calendar: day, month, phase; declared in schemas/counts.py';
