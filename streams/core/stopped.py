"""Decides whether a member's clock has stopped, so that nobody waits for it. Pure."""

from __future__ import annotations

LOST_DAYS = 3


def has_stopped(days_behind: int, *, is_away: bool) -> bool:
    """Whether a clock has stopped. A member that is away (parked, disabled, removed) stops at once, others after ``LOST_DAYS``."""
    return is_away or days_behind > LOST_DAYS
