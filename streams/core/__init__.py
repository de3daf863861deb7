"""Has the pure functions: (state, record) -> (changes, outputs). Nothing in this package uses a broker, clock, random or socket."""
