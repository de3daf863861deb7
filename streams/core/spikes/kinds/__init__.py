"""Has one module for each kind of alert, with its ``DETECTOR``. ``detector`` defines what a detector is (docs/add-a-detector.md)."""

from __future__ import annotations

from mekong.streams.core.spikes.kinds import bulk, first_seen, major, retro, silence, spike
from mekong.streams.core.spikes.kinds.detector import Detector

DETECTORS: tuple[Detector, ...] = (
    retro.DETECTOR,  # updates the model with corrected buckets before the next one is closed
    spike.DETECTOR,
    silence.DETECTOR,  # checks whether anything arrived, before bulk closes the day's arrivals
    bulk.DETECTOR,
    first_seen.DETECTOR,
    major.DETECTOR,
)
"""In the order in which they are called."""
