"""Pure: (state, record) -> (changes, outputs). No broker, clock, random or socket below here."""
