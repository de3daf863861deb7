"""Decides how many examples each property test makes: all of them in ``make test``, a part of them in ``make check``."""

from __future__ import annotations

import os

PART = int(os.environ.get("MEKONG_TEST_PART", "1"))
"""One of how many examples is made. ``make check`` sets 5, because it has to answer within a minute."""
_AT_LEAST = 5


def examples(whole: int) -> int:
    """The number of examples of this run, where ``whole`` is the number that ``make test`` makes."""
    return max(min(whole, _AT_LEAST), whole // PART)
