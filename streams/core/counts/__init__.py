"""Makes rolling counts and closed buckets of each agency from the journal. Pure."""
