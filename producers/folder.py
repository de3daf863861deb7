"""A watched folder: complete files in, ``done/`` or ``failed/`` with a report beside each file out, once every receipt is in.

Guarantee: no file is lost or overwritten, none is moved before its last receipt, and one that was interrupted goes on where it was.
A file is complete when its size and time have stood still for some seconds; so is one that is renamed into the folder. Names that
programs give to unfinished files are passed over.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from producers.files import How, name_of, send_file
from producers.ledger import Summary
from producers.report import as_json, as_text
from schemas.errors import Refused, Retriable
from schemas.settings import Settings

DONE, FAILED = "done", "failed"
_LOCK = ".mekong-watch"
_REPORTS = (".report.json", ".report.txt")
_TEMPORARY = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", ".lock", "~")
log = logging.getLogger(__name__)


class Look(NamedTuple):
    """How a file looked, and since when it has looked so."""

    size: int
    modified_ns: int
    since: float


def watch(
    settings: Settings,
    folder: Path,
    how: How,
    *,
    settle_s: float = 2.0,
    stop: threading.Event | None = None,
    on_file: Callable[[Path, Summary], None] = lambda _path, _summary: None,
    once: bool = False,
) -> int:
    """Take files until ``stop`` is set, or, with ``once``, until all that are there are taken; how many failed.

    Raises Refused when another process watches the folder, or when it cannot be used. An outage of the exchange is waited out.
    """
    stop = stop or threading.Event()
    seen: dict[Path, Look] = {}
    given_up: set[Path] = set()
    failed = 0
    with _alone(folder):
        while not stop.is_set():
            seen = {path: looks for path, looks in look(folder, seen, time.time()).items() if path not in given_up}
            for path in [path for path, looks in seen.items() if complete(looks, settle_s, time.time())]:
                try:
                    summary = _taken(settings, path, how)
                except OSError as exc:
                    log.warning("%s cannot be taken: %s", name_of(path), exc.strerror)
                    summary = None
                    if once:  # nobody waits for it to be mended
                        given_up.add(path)
                        failed += 1
                if summary is None:
                    stop.wait(1.0)
                    continue
                seen.pop(path)
                failed += not summary.good
                on_file(path, summary)
            if once and not seen.keys() - given_up:
                break
            stop.wait(min(0.5, settle_s / 2))
    return failed


def look(folder: Path, seen: dict[Path, Look], now: float) -> dict[Path, Look]:
    """The files that may be taken some day, and since when each has looked as it does."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name.lower().endswith(_TEMPORARY):
            continue
        try:
            if not path.is_file():
                continue
            stat = path.stat()
        except OSError:  # gone since it was listed, or a link that leads nowhere
            continue
        before = seen.get(path)
        same = before is not None and (before.size, before.modified_ns) == (stat.st_size, stat.st_mtime_ns)
        found[path] = before if same and before is not None else Look(stat.st_size, stat.st_mtime_ns, now)
    return found


def complete(looks: Look, settle_s: float, now: float) -> bool:
    """Whether the file has stood still long enough, by our own watch; its time may be another machine's, or the original's."""
    return now - looks.since >= settle_s


def _taken(settings: Settings, path: Path, how: How) -> Summary | None:
    """Send one file and put it away. None when it must be tried again: the exchange is away, receipts are missing, or it changed.

    Raises OSError when it cannot be read or put away.
    """
    try:
        before = path.stat()
        moved: list[Path] = []

        def settled(summary: Summary) -> None:
            after = path.stat()
            if _looks(before) == _looks(after):
                moved.append(put_away(path, summary))

        summary = send_file(settings, path, how, settled)
    except Retriable as exc:
        log.warning("%s waits: %s", name_of(path), exc)
        return None
    if summary.unanswered:
        log.warning("%s waits: %d receipts have not come yet", name_of(path), summary.unanswered)
    elif not moved:
        log.warning("%s was changed while it was sent: it is sent again", name_of(path))
    return summary if moved else None


def _looks(stat: os.stat_result) -> tuple[int, int, int]:
    """What tells a file from another under its name."""
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def put_away(path: Path, summary: Summary) -> Path:
    """Write the reports, then move the file beside them: a crash in between leaves the file where it is found again."""
    folder = path.parent / (DONE if summary.good else FAILED)
    folder.mkdir(exist_ok=True)
    target = _free_name(folder, path.name)
    as_data, to_read = (target.with_name(target.name + ending) for ending in _REPORTS)
    _written(as_data, json.dumps(as_json(summary, name_of(path)), indent=2, ensure_ascii=False) + "\n")
    _written(to_read, as_text(summary, name_of(path)))
    path.rename(target)
    return target


def _free_name(folder: Path, name: str) -> Path:
    """The name itself, or with a number before its suffix when an earlier file, or one of its reports, has it."""
    stem, suffix = Path(name).stem, Path(name).suffix
    candidate, number = folder / name, 1
    while any(os.path.lexists(f"{candidate}{ending}") for ending in ("", *_REPORTS)):
        number += 1
        candidate = folder / f"{stem}-{number}{suffix}"
    return candidate


def _written(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


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
