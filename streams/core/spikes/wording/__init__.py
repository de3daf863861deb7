"""Writes the alert that a detector returns.

``explain`` makes the alert with its figures, ``sentences`` has its sentences in every language, ``queries`` the query that shows its cases.
"""
