"""The gates of the spike detector: ``python -m benchmarks.spikes``. Designs, opponents and figures: docs/benchmarks.md."""
