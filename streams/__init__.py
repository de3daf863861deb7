"""Kafka in, Kafka out: pure cores in ``core``, and the lanes that run them exactly once on Faust."""
