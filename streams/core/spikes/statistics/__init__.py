"""Forecasts a count and judges it. This room knows numbers only: no agency and no case.

``model`` forecasts the next buckets (``ahead`` and ``gammas`` are its formulas), ``shape`` has the model's constants for each bucket size,
``prior`` the rate of a new agency. ``verdict`` judges a count by its forecast with ``negbin``; ``multiplicity`` corrects for many tests.
"""
