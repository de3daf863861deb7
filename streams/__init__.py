"""Reads topics of Kafka and writes topics of Kafka. ``core`` has the pure functions; the lanes run them exactly once on Faust."""
