"""``mekong backtest``: compares the alerts of a time with those that the detectors would raise under other rules."""
