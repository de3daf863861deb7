"""Keeps the counts of cases in time.

``track`` has the cases of one agency and commodity group, at the bucket size that ``fitting`` chooses. Its ``series`` has the counts at one
bucket size, and ``past`` the closed buckets. ``hysteresis`` and ``memory`` keep the track's alert and the events of its last buckets.
``spans`` converts days to buckets, ``calendar`` and ``regressors`` know holidays and phases, ``completeness`` the delays of reports.
"""
