"""Raises alerts from the journal of an agency. Pure; the same history gives the same state and alerts, byte for byte.

    entry ──> agency.AgencyDetectors ──> each of kinds.DETECTORS ──> alerts
                   │
                   └── store.DetectorStore: tracks (series, model), calendar, a part of JSON for each detector

| room         | what it has                                                                              |
|--------------|------------------------------------------------------------------------------------------|
| `kinds`      | the detectors: one module for each kind of alert, and what a detector is                 |
| `network`    | the alerts over all members together: ``network.detectors.NetworkDetectors`` raises them |
| `series`     | the counts of one agency and commodity group by day, week or month, and their calendar   |
| `statistics` | the model that forecasts a count, and the verdict on a count. It knows numbers only      |
| `wording`    | the alert that a detector returns: its sentences, its figures, the query for its cases   |

This folder itself has the modules that all rooms use: ``case`` (read from the journal), ``rules`` (thresholds), ``store`` (the state of one
agency), ``seen`` (values that arrived before); and what calls the detectors: ``agency`` for one agency, ``fold`` for a journal partition.

docs/decisions/0009-spike-detector.md describes the mathematics; docs/benchmarks.md shows what it finds and what it misses.
docs/add-a-detector.md adds a kind of alert: one module in ``kinds``, and one line there.
"""
