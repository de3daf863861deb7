"""What the detectors would have told of a time under other rules, against what was told: ``mekong backtest``."""
