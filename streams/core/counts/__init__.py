"""Journal -> rolling counts and closed buckets, per agency. Pure."""
