ALTER TABLE journal
  COMMENT COLUMN seized_precision 'How finely the date is known: time, day, month, year; empty when the message is not a seizure';
ALTER TABLE counts
  COMMENT COLUMN tick_offset 'Offset of that tick in the journal: the count holds all entries before it';
ALTER TABLE seizures
  COMMENT COLUMN seized_precision 'How finely the date is known: time, day, month, year; empty when the message is not a seizure';
ALTER TABLE seizure_lines
  COMMENT COLUMN seized_precision 'How finely the date is known: time, day, month, year; empty when the message is not a seizure';
