"""The exceptions of the exchange: what a process does when a network, a disk, a server or a setting fails.

    Exception
    +-- Retriable     the same call may go through after ``retry_after_s`` seconds
    +-- Fatal         end the process; its supervisor starts it again from the stored position
        +-- Refused   settings or rights are wrong: a person must act, and the sentence says on what

Bad data never raises an exception. A function returns it as a ``Rejected`` (schemas/rejected.py).
"""

from __future__ import annotations


class Retriable(Exception):  # noqa: N818 - named for what the caller does
    """Try the same call again after ``retry_after_s`` seconds."""

    def __init__(self, why: str, retry_after_s: float = 1.0) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class Fatal(Exception):  # noqa: N818
    """The process cannot go on and ends; the restart reads from the stored position."""


class Refused(Fatal):
    """Settings or rights are wrong: starting again will not help until a person acts."""
