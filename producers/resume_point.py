"""Writes the place where a client reads on as a text that an agency's system can store, and reads it back. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from mekong.schemas.errors import Refused

_WRITTEN = re.compile(r"(?P<topic>in\.[A-Za-z0-9.-]+)@(?P<read>\d{1,19})(?:<(?P<sent>\d{1,19}))?", re.ASCII)


class ResumePoint(NamedTuple):
    """How far a client is: ``in.VN-CUSTOMS.v1@17<412``."""

    topic: str
    """Where it sends to."""
    read: int
    """The offset of the next receipt that it reads."""
    sent: int = -1
    """The offset of the newest message that the broker has, while its receipt has not been read; -1 when nothing is waited for."""

    def __str__(self) -> str:
        return f"{self.topic}@{self.read}" + (f"<{self.sent}" if self.sent >= 0 else "")


def read_resume_point(text: str, topic: str) -> ResumePoint:
    """The place that ``str`` wrote. Raises Refused when the text is not a place, or is one of another topic."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise Refused(f"{text[:80]!r} is not a place: store `Client.place` as it is, or begin without one")
    if found["topic"] != topic:
        raise Refused(f"the place {text} is one of {found['topic']}, and this client sends to {topic}: begin without a place")
    return ResumePoint(topic, int(found["read"]), -1 if found["sent"] is None else int(found["sent"]))
