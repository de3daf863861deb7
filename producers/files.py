"""Files in, summaries out: one file as it is (``send_file``), or several by the data's own time (``replay_files``)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime, timedelta
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple, cast

from producers.formats import BY_NAME
from producers.ledger import Summary
from producers.parsed import Format, Parsed
from producers.positions import Positions, key_of
from producers.sending import Progress, Sending
from producers.timeline import timeline
from schemas.errors import Refused
from schemas.rejected import Rejected
from schemas.settings import Settings

STDIN = Path("-")
_CHUNK = 1 << 18
_NO_END = "the file does not end with a line end: check that it is complete"


class How(NamedTuple):
    """What the user chose for a sending."""

    format: Format
    agency: str | None = None
    batch: str = ""
    register: Callable[[Collection[str]], None] | None = None
    """Adds the agencies that are not there yet, or raises Refused."""
    progress: Callable[[Progress], None] = lambda _: None
    on_bytes: Callable[[int], None] = lambda _: None
    """Told the size of each chunk that is read."""
    wait_s: float = 60.0


class Chunks:
    """The chunks of a file, and once all were read whether its last line had an end."""

    def __init__(self, path: Path, on_bytes: Callable[[int], None] = lambda _: None) -> None:
        self._path, self._on_bytes = path, on_bytes
        self.ended = True

    def __iter__(self) -> Iterator[bytes]:
        ended = True
        with _opened(self._path) as file:
            while chunk := file.read1(_CHUNK):
                ended = chunk.endswith(b"\n")
                self._on_bytes(len(chunk))
                yield chunk
        self.ended = ended  # not of a file that is refused by how it begins: nobody has seen its end


def _opened(path: Path) -> AbstractContextManager[BufferedReader]:
    """The file; standard input is left open."""
    return nullcontext(cast("BufferedReader", sys.stdin.buffer)) if path == STDIN else path.open("rb")


def name_of(path: Path) -> str:
    """A file's name as it can be sent and shown: what is no UTF-8 in it as question marks."""
    return os.fsencode(path.name).decode(errors="replace")


def format_named(name: str) -> Format:
    """The format. Raises Refused, naming all there are."""
    if name not in BY_NAME:
        raise Refused(f"there is no format {name!r}; there are {', '.join(BY_NAME)}")
    return BY_NAME[name]


def send_file(settings: Settings, path: Path, how: How, settled: Callable[[Summary], None] = lambda _: None) -> Summary:
    """Send a file (or ``-``, standard input) and wait for its receipts; an interrupted sending of the same bytes goes on.

    ``settled`` is called when every receipt is in, before it is forgotten what was delivered. Raises OSError when the file cannot
    be read, Retriable, Refused or Fatal when the exchange fails; what was delivered is not sent again.
    """
    if path == STDIN:
        return _sent(settings, path, how, None)
    if path.is_fifo():
        raise Refused(f"{path} is a pipe, which can be read only once: give it as standard input, `mekong send - < …`")
    agencies: Collection[str] = ()
    if how.register:
        agencies = _agencies(how.format.parse(Chunks(path)), how.agency)
        how.register(agencies)
    with Positions(settings.home, key_of(settings, path, how.format.name, how.agency or "")) as positions:
        summary = _sent(settings, path, how, positions, agencies)
        if not summary.unanswered:
            settled(summary)
            positions.forget()
    return summary


def _sent(settings: Settings, path: Path, how: How, positions: Positions | None, agencies: Collection[str] = ()) -> Summary:
    chunks = Chunks(path, how.on_bytes)
    sending = Sending(
        settings,
        batch=how.batch or name_of(path),
        agency=how.agency,
        agencies=agencies,
        positions=positions,
        register=how.register,
        progress=how.progress,
        wait_s=how.wait_s,
    )
    summary = sending.run(how.format.parse(chunks))
    if not chunks.ended:
        summary.notes.append(_NO_END)
    return summary


def replay_files(
    settings: Settings, sources: Sequence[tuple[Path, Format]], how: How, utc_offsets: Callable[[], Mapping[str, str]]
) -> Summary:
    """Send files sorted by event time together, with ticks from the data's own time. ``how.format`` is not looked at.

    ``utc_offsets`` is asked, once the agencies are there, when the day of each ends. Raises Refused unless the stack's clock is
    off: its ticks would make all of the data late. All messages are held in memory, about 1 kB each.
    """
    if settings.clock_is_on():
        raise Refused("replay needs a stack of its own whose clock is off: start one with `mekong up --clock off` in another MEKONG_HOME.")
    rejected: list[Rejected] = []
    messages = list(_messages(sources, how, rejected))
    agencies = _agencies(messages, how.agency)
    if how.register:
        how.register(agencies)
    offsets = utc_offsets()
    ordered = timeline(messages, lambda agency: offsets.get(agency, "+00:00"), tomorrow_anywhere(), how.agency, offsets)
    sending = Sending(
        settings,
        batch=how.batch or "replay",
        agency=how.agency,
        agencies=agencies,
        register=how.register,
        progress=how.progress,
        wait_s=how.wait_s,
    )
    return sending.run(item for part in (ordered, rejected) for item in part)


def tomorrow_anywhere() -> date:
    """Today at UTC+14: what is later is in the future everywhere."""
    return (datetime.now(UTC) + timedelta(hours=14)).date()


def _agencies(items: Iterable[Parsed | Rejected], sender: str | None) -> set[str]:
    """The agencies that ``items`` are sent as."""
    return {sender} if sender else {item.agency for item in items if isinstance(item, Parsed) and item.agency}


def _messages(sources: Iterable[tuple[Path, Format]], how: How, rejected: list[Rejected]) -> Iterator[Parsed]:
    for path, format_ in sources:
        for item in format_.parse(Chunks(path, how.on_bytes)):
            if isinstance(item, Rejected):
                rejected.append(item.model_copy(update={"where": f"{name_of(path)} {item.where}".strip()}))
            else:
                yield item
