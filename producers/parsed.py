"""What a format makes of a file: ``Parsed``, one message ready to send, or ``Rejected``. And what a format is: ``Format``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from schemas.control import AgencyProfile
from schemas.rejected import Rejected
from schemas.times import EventTime


class Parsed(NamedTuple):
    """One message as it will stand on its agency's topic."""

    agency: str | None
    """The agency the message names; None when it names none (the sender must then be told)."""
    case_no: str
    """As far as the message has one: the record's key, and what a report calls the message by."""
    value: bytes
    time: EventTime | None
    """When it happened, to sort a replay by; None when the message does not say."""
    where: str
    """Its place in the file: ``line 12``."""


class Stamp(NamedTuple):
    """A control record for one agency's topic, in its place among the data: it is signed, and has no receipt."""

    agency: str
    value: bytes


Parse = Callable[[Iterable[bytes]], Iterator[Parsed | Rejected]]
"""Chunks of a file in, messages out, lazily: a file is never in memory as a whole. Never raises on any bytes."""


class Format(NamedTuple):
    """One kind of file. One module in ``producers/formats``, one line in its registry."""

    name: str
    """What ``--format`` is given."""
    purpose: str
    """One sentence for the help."""
    parse: Parse
    profile: Callable[[str], AgencyProfile | None]
    """What the format itself knows of an agency, for ``--register``; None when it knows nothing."""
