"""Defines ``Digests``: what the bytes of a file are known by, alone and as they are read."""

from __future__ import annotations

from typing import NamedTuple


class Digests(NamedTuple):
    """What a file is known by."""

    content: str
    """Of its bytes. The time of an edition belongs to it."""
    reading: str
    """Of its bytes and of what else decides its messages: a layout, an encoding."""
