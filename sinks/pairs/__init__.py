"""Finds pairs of cases that may be one seizure, says why in words, and reads and writes what people decide about them.

``case`` is what is compared, ``blocks`` which pairs are compared, ``fields`` and ``weights`` how, ``score`` what follows from it. These
are pure. ``reading`` asks ClickHouse, ``writing`` writes to Kafka.
"""
