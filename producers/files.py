"""Sends files and returns summaries: one file in its own order (``send_file``), or several in order of time (``replay_files``).

A file is read through once before anything is sent (producers/plan.py). Questions about damaged data, and about what a complete sheet
would undo, are asked first. Messages from standard input are sent while they arrive. A complete sheet from standard input is stored first.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, date, datetime, timedelta
from io import BufferedReader
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, cast

from mekong.producers.editions import Editions
from mekong.producers.formats import BY_NAME
from mekong.producers.ledger import Answered, Summary
from mekong.producers.looking import SheetFile, planned
from mekong.producers.missing import Choice
from mekong.producers.parsed import Format, Parsed
from mekong.producers.plan import Plan, became, messages_plan, withdrawal
from mekong.producers.positions import Positions, digest_of, digests_of, key_of
from mekong.producers.questions import Ask, NotAnswered
from mekong.producers.sending import Progress, Sending
from mekong.producers.timeline import timeline
from mekong.producers.way import exchange_id
from mekong.schemas.errors import Refused, Retriable
from mekong.schemas.rejected import Rejected
from mekong.schemas.settings import Settings
from mekong.schemas.times import from_ms, to_text

STDIN = Path("-")
_CHUNK = 1 << 18
_NO_END = "the file does not end with a line end: check that it is complete"


class SendOptions(NamedTuple):
    """What the user chose for a sending."""

    format: Format
    agency: str | None = None
    batch: str = ""
    register: Callable[[Collection[str]], None] | None = None
    """Adds the agencies that are not there yet, or raises Refused."""
    progress: Callable[[Progress], None] = lambda _: None
    on_bytes: Callable[[int], None] = lambda _: None
    """Receives the size of each chunk that is read."""
    wait_s: float = 60.0
    choice: Choice = Choice()
    """What the user chose for an edition. Without a series, the file's name is the series."""
    answered: Answered = lambda *_: None
    """Receives each message with its receipt."""
    ask: Ask = lambda _: False
    """Shows the questions to a person. Returns whether the file is to be sent anyway."""


class Chunks:
    """The chunks of a file. After all of them are read, ``ended`` says whether the last line has a line end."""

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
    """A file's name as it can be sent and shown. Bytes that are not UTF-8 become question marks."""
    return os.fsencode(path.name).decode(errors="replace")


def format_named(name: str) -> Format:
    """The format. Raises Refused, naming all there are."""
    if name not in BY_NAME:
        raise Refused(f"{name!r} is not a format; the formats are {', '.join(BY_NAME)}")
    return BY_NAME[name]


def send_file(settings: Settings, path: Path, how: SendOptions, settled: Callable[[Summary], None] = lambda _: None) -> Summary:
    """Send a file (or ``-``, standard input) and wait for its receipts. An interrupted sending of the same bytes continues.

    ``settled`` is called when every receipt has arrived, before the record of delivered messages is deleted. Raises OSError when the file
    cannot be read, NotAnswered when there were questions, Retriable, Refused or Fatal when the exchange fails. A message that was
    delivered is not sent again.
    """
    if how.choice != Choice() and not how.format.sheet:
        raise Refused(
            f"a file of {how.format.name} is messages and no whole sheet: it has no edition, and withdraws by messages of its own"
        )
    if path == STDIN:
        if not how.format.sheet:
            return _sent(settings, path, how, Plan(), None)
        with _stored() as copy:
            return send_file(settings, copy, how, settled)
    if path.is_fifo():
        raise Refused(f"{path} is a pipe, which can be read only once: give it as standard input, `mekong send - < …`")
    if not how.format.sheet:
        plan = messages_plan(how.format.parse(Chunks(path)), how.agency)
        _answered(path, how, plan)
        return _carried_out(settings, path, how, plan, digest_of(path), settled)
    with Editions(settings.home, exchange_id(settings)) as ledger:
        return _edition_sent(settings, path, how, ledger, settled)


def _edition_sent(settings: Settings, path: Path, how: SendOptions, ledger: Editions, settled: Callable[[Summary], None]) -> Summary:
    """Send a complete sheet. The ledger records it before the first message and after the last receipt."""
    looks, digests = looks_of(path), digests_of(path, how.format.variant)
    file = SheetFile(name_of(path), digests, how.format, how.agency, how.choice)
    plan = planned(settings, ledger, file, how.format.parse(Chunks(path)))

    def known(summary: Summary) -> None:
        if looks_of(path) != looks:
            raise Retriable(f"{path} was changed while it was sent.")
        ledger.settle(plan.series, digests.content, plan.at_ms, became(plan, summary))
        settled(summary)

    _answered(path, how, plan)
    ledger.begin(plan.series, digests, plan.at_ms)
    return _carried_out(settings, path, how, plan, digests.reading, known)


def _answered(path: Path, how: SendOptions, plan: Plan) -> None:
    """Raise NotAnswered when the plan has questions and the person who was asked did not say yes."""
    if plan.questions and not how.ask(plan.questions):
        raise NotAnswered(name_of(path), plan.questions)


def _carried_out(settings: Settings, path: Path, how: SendOptions, plan: Plan, digest: str, settled: Callable[[Summary], None]) -> Summary:
    """Send what was planned, from where an earlier sending was interrupted."""
    if how.register:
        how.register(plan.agencies)
    also = (hashlib.sha256(repr(plan.withdrawals).encode()).hexdigest(),) if plan.withdrawals else ()
    with Positions(settings.home, key_of(settings, digest, how.format.name, how.agency or "", *also)) as positions:
        summary = _sent(settings, path, how, plan, positions)
        if not summary.unanswered:
            settled(summary)
            positions.forget()
    return summary


def _sent(settings: Settings, path: Path, how: SendOptions, plan: Plan, positions: Positions | None) -> Summary:
    chunks = Chunks(path, how.on_bytes)
    edition = "" if plan.at_ms is None else to_text(from_ms(plan.at_ms))
    sending = Sending(
        settings,
        batch=how.batch or how.format.called(name_of(path)),
        edition=edition,
        agency=how.agency,
        agencies=plan.agencies,
        positions=positions,
        register=how.register,
        progress=how.progress,
        answered=how.answered,
        wait_s=how.wait_s,
    )
    summary = sending.run(chain(how.format.parse(chunks), map(withdrawal, plan.withdrawals)))
    summary.edition = edition
    summary.notes += plan.notes
    summary.notes += how.format.notes()
    if not chunks.ended and how.format.is_lines:
        summary.notes.append(_NO_END)
    return summary


@contextmanager
def _stored() -> Iterator[Path]:
    """Standard input as a file."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / STDIN.name
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield copy


def looks_of(path: Path) -> tuple[int, int, int]:
    """What shows that another file has the same name, or that the file was changed."""
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def replay_files(
    settings: Settings, sources: Sequence[tuple[Path, Format]], how: SendOptions, places: Callable[[], Mapping[str, str]]
) -> Summary:
    """Send files sorted by event time together, with ticks from the data's own time. ``how.format`` is not looked at.

    ``places`` is asked, once the agencies are there, when the day of each ends. Raises Refused unless the stack's clock is
    off: its ticks would make all of the data late. All messages are held in memory, about 1 kB each.
    """
    if settings.clock_is_on():
        raise Refused("replay needs a stack of its own whose clock is off: start one with `mekong up --clock off` in another MEKONG_HOME.")
    rejected: list[Rejected] = []
    messages = list(_messages(sources, how, rejected))
    agencies = _agencies(messages, how.agency)
    if how.register:
        how.register(agencies)
    where = places()
    ordered = timeline(messages, lambda agency: where.get(agency, "+00:00"), tomorrow_anywhere(), how.agency, where)
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


def _messages(sources: Iterable[tuple[Path, Format]], how: SendOptions, rejected: list[Rejected]) -> Iterator[Parsed]:
    for path, format_ in sources:
        for item in format_.parse(Chunks(path, how.on_bytes)):
            if isinstance(item, Rejected):
                rejected.append(item.model_copy(update={"where": f"{name_of(path)} {item.where}".strip()}))
            else:
                yield item
