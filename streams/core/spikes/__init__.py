"""Spikes: the journal of an agency in, alerts out. Pure; the same history gives the same state and alerts, byte for byte.

    entry ──> watch.Watch ──> each of DETECTORS ──> alerts
                   │
                   └── desk.Desk: tracks (series, model), calendar, a part of JSON for each detector

What needs all agencies is ``network.Network``. The mathematics stand in docs/decisions/0009-spike-detector.md, what it finds and
what it misses in docs/benchmarks.md. A new kind of alert is one module with a ``DETECTOR``, and a line here.
"""

from __future__ import annotations

from streams.core.spikes import bulk, first_seen, major, retro, silence, spike
from streams.core.spikes.detector import Detector

DETECTORS: tuple[Detector, ...] = (
    retro.DETECTOR,  # learns corrected buckets before the next one is closed
    spike.DETECTOR,
    silence.DETECTOR,  # asks whether anything came before the day's arrivals are put away
    bulk.DETECTOR,
    first_seen.DETECTOR,
    major.DETECTOR,
)
"""In the order in which they are called."""
