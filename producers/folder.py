"""Sends every complete file of a watched folder, and moves it with a report to ``done/``, ``failed/`` or ``held/`` after its last receipt.

Guarantee: no file is lost or overwritten, and none is moved before its last receipt. An interrupted file continues where it stopped.
Files are sent in the order in which they were last written to. When one file waits (the exchange is away), the later files wait too.

A file is complete when its writer closed it, or moved it into the folder, and it then did not change for some seconds. Sometimes the
watcher cannot see the writer: the file was there before, or another machine writes it. Such a file must not change for a longer time.
An empty file waits. Names that programs give to unfinished files are ignored. A file that is changed after it was moved is sent again.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mekong.producers.archive import move_back, move_to_archive, written_again
from mekong.producers.files import SendOptions, looks_of, name_of, send_file
from mekong.producers.ledger import Summary
from mekong.producers.questions import NotAnswered
from mekong.producers.writers import Writers
from mekong.schemas.errors import Refused, Retriable
from mekong.schemas.settings import Settings

_LOCK = ".mekong-watch"
_TEMPORARY = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", ".lock", "~")
_UNSEEN = 5
"""A file that nobody saw closed must not change for this many times longer."""
_AGAIN_S = 30.0
"""The time between two checks of the files that were moved."""
_PASSED_OVER_S = 30.0
"""After which a file that cannot be read is tried again."""
log = logging.getLogger(__name__)


class Look(NamedTuple):
    """How a file looked, and since when it has looked so."""

    size: int
    modified_ns: int
    since: float


def watch(
    settings: Settings,
    folder: Path,
    how: SendOptions,
    *,
    settle_s: float = 2.0,
    stop: threading.Event | None = None,
    on_file: Callable[[Path, Summary], None] = lambda _path, _summary: None,
    once: bool = False,
) -> int:
    """Send files until ``stop`` is set or, with ``once``, until all present files are sent. Returns how many failed or are held.

    Raises Refused when another process watches the folder, or when the folder cannot be used. During an outage of the exchange it waits.
    """
    with _alone(folder), Writers(folder) as writers:
        watched = _Watched(settings, folder, how, settle_s, stop or threading.Event(), on_file, writers, once=once)
        watched.run()
    return watched.failed


class _Watched:
    """One watch of a folder."""

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        how: SendOptions,
        settle_s: float,
        stop: threading.Event,
        on_file: Callable[[Path, Summary], None],
        writers: Writers,
        *,
        once: bool,
    ) -> None:
        self._settings, self._folder, self._how, self._settle_s = settings, folder, how, settle_s
        self._stop, self._on_file, self._writers, self._once = stop, on_file, writers, once
        self._passed_over: dict[Path, float] = {}
        """A file that cannot be read -> when it is tried again."""
        self.failed = 0

    def run(self) -> None:
        """Send files until it must stop."""
        seen: dict[Path, Look] = {}
        again_at = 0.0
        while not self._stop.is_set():
            if time.monotonic() >= again_at:
                self._look_again()
                again_at = time.monotonic() + _AGAIN_S
            now = time.time()
            seen = {path: looks for path, looks in look(self._folder, seen, now).items() if self._passed_over.get(path, 0.0) <= now}
            for path in in_order(seen, self._writers, self._settle_s, now):
                if not self._take(path) or self._stop.is_set():
                    break
                seen.pop(path)
            if self._once and not any(looks.size for looks in seen.values()):
                break
            self._stop.wait(min(0.5, self._settle_s / 2))

    def _take(self, path: Path) -> bool:
        """Send a file and move it. False when the file waits; then all later files wait too."""
        try:
            summary = _taken(self._settings, path, self._how)
        except OSError as exc:  # nobody knows what is in it: the others do not wait for it
            log.warning("%s cannot be taken: %s", name_of(path), exc.strerror)
            self._passed_over[path] = float("inf") if self._once else time.time() + _PASSED_OVER_S
            self.failed += self._once
            return True
        if summary is None:
            self._stop.wait(1.0)
            return False
        self.failed += not summary.good
        self._on_file(path, summary)
        return True

    def _look_again(self) -> None:
        for path in written_again(self._folder):
            log.warning("%s was written to after it was sent: it is taken again", name_of(path))
            move_back(path)


def look(folder: Path, seen: dict[Path, Look], now: float) -> dict[Path, Look]:
    """The files that may be sent later, and since when each file has not changed."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name.lower().endswith(_TEMPORARY):
            continue
        try:
            if not path.is_file():
                continue
            stat = path.stat()
        except OSError:  # deleted since it was listed, or a link without a target
            continue
        before = seen.get(path)
        same = before is not None and (before.size, before.modified_ns) == (stat.st_size, stat.st_mtime_ns)
        found[path] = before if same and before is not None else Look(stat.st_size, stat.st_mtime_ns, now)
    return found


def in_order(seen: Mapping[Path, Look], writers: Writers, settle_s: float, now: float) -> list[Path]:
    """The complete files by the time of their last write, up to the first that may soon be complete.

    One that is empty, or that somebody is writing, is passed over: when it is complete, it is newer.
    """
    ready: list[Path] = []
    for path, looks in sorted(seen.items(), key=lambda item: (item[1].modified_ns, item[0].name)):
        if not looks.size or writers.writing(path):
            continue
        if not complete(looks, settle_s if writers.closed(path) else settle_s * _UNSEEN, now):
            break
        ready.append(path)
    return ready


def complete(looks: Look, settle_s: float, now: float) -> bool:
    """Whether the file has not changed for long enough, by this machine's clock.

    The file's own time may be from another machine or from the original file.
    """
    return now - looks.since >= settle_s


def _taken(settings: Settings, path: Path, how: SendOptions) -> Summary | None:
    """Send one file and move it. None when it must be tried again: the exchange is away, receipts are missing, or it was changed.

    Raises OSError when it cannot be read or moved.
    """
    looks = looks_of(path)
    moved: list[Path | None] = []
    try:
        summary = send_file(settings, path, how, lambda summary: moved.append(move_to_archive(path, summary, looks)))
    except Retriable as exc:
        log.warning("%s waits: %s", name_of(path), exc)
        return None
    except NotAnswered as exc:
        summary = Summary(held=[line for question in exc.questions for line in question.lines()])
        moved.append(move_to_archive(path, summary, looks))
    if summary.unanswered:
        log.warning("%s waits: %d receipts have not come yet", name_of(path), summary.unanswered)
        return None
    if moved == [None]:
        log.warning("%s was changed while it was sent: it is sent again", name_of(path))
        return None
    return summary


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one process watches a folder."""
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise Refused(f"cannot watch {folder}: {exc.strerror}") from exc
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        os.close(descriptor)
        raise Refused(f"{folder} is being watched by another process") from exc
    try:
        yield
    finally:
        os.close(descriptor)
