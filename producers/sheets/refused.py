"""Defines ``Unreadable``: why a file as a whole is not read. The sentence says what to do and has no words of the file."""

from __future__ import annotations

from mekong.schemas.rejected import Reason


class Unreadable(Exception):  # noqa: N818 - it says what happened
    """A file, a sheet or its headings cannot be read."""

    def __init__(self, detail: str, reason: Reason = Reason.BAD_FILE, field: str = "file") -> None:
        super().__init__(detail)
        self.detail, self.reason, self.field = detail, reason, field
