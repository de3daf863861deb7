"""Defines what a format returns: ``Parsed``, a message ready to send, or ``Rejected``. It also defines what a format is: ``Format``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from mekong.producers.passed import Passed
from mekong.schemas.control import AgencyProfile
from mekong.schemas.rejected import Rejected
from mekong.schemas.times import EventTime


class Parsed(NamedTuple):
    """One message as it will be written to its agency's topic."""

    agency: str | None
    """The agency that the message names. None when it names none: the caller must then give the sender."""
    case_no: str
    """The message's case number, as far as it has one. It is the record's key, and reports name the message by it."""
    value: bytes
    time: EventTime | None
    """When it happened; a replay sorts by it. None when the message does not have it."""
    where: str
    """Its place in the file: ``line 12``."""
    by_edition: bool = True
    """Whether the edition of its file orders it, where the message has no order of its own."""


class Stamp(NamedTuple):
    """A control record for one agency's topic, in its place among the data: it is signed, and has no receipt."""

    agency: str
    value: bytes


Parse = Callable[[Iterable[bytes]], Iterator[Parsed | Rejected]]
"""Reads chunks of a file and yields messages, one by one: the complete file is never in memory. Never raises on any bytes."""


class Format(NamedTuple):
    """One kind of file. One module in ``producers/formats``, one line in its registry."""

    name: str
    """What ``--format`` is given."""
    purpose: str
    """One sentence for the help."""
    parse: Parse
    profile: Callable[[str], AgencyProfile | None]
    """What the format itself knows of an agency, for ``--register``; None when it knows nothing."""
    sheet: bool = False
    """Whether a file is a complete sheet, that is an edition, and not a run of messages (docs/decisions/0017)."""
    variant: str = ""
    """What else decides the messages of a file: a layout. The same bytes by another layout are the same edition with other messages."""
    notes: Callable[[], Iterable[str]] = tuple
    """Sentences about the file that was read last, for the person who sends it."""
    passed: Callable[[], Passed] = Passed
    """What of the file that was read last was not read as messages."""
    sends_name: bool = True
    """Whether a batch is named like its file. The name of an officer's own sheet may be that of a person."""
    is_lines: bool = True
    """Whether a complete file ends with a line end."""

    def called(self, name: str) -> str:
        """What a file is called in records: its name, or a hash of it."""
        return name if self.sends_name else f"sheet-{sha256(name.encode()).hexdigest()[:12]}"
