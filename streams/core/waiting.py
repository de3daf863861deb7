"""Defines how long a message waits for an agency that is not registered yet. Intake reports this time to the sender, and share uses it."""

from __future__ import annotations

from datetime import datetime, timedelta

MOST_DAYS = 90
"""No message waits longer."""


def waits_until(received_at: datetime, feedback_by: datetime | None) -> datetime:
    """The end of the wait: the date for the feedback, but 90 days at most. A date that had passed at the time of receipt is ignored."""
    longest = received_at + timedelta(days=MOST_DAYS)
    return min(feedback_by, longest) if feedback_by is not None and feedback_by > received_at else longest
