"""Finds the files of a folder that a program is still writing, with inotify. Where inotify does not exist, nothing is known.

A writer on another machine (a network file system) causes no event here. A file without any event must not change for a longer time.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from watchdog.events import (
    FileClosedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver
from watchdog.utils import UnsupportedLibcError

_EVENTS: list[type[FileSystemEvent]] = [FileClosedEvent, FileDeletedEvent, FileModifiedEvent, FileMovedEvent]


class Writers(FileSystemEventHandler):
    """Who writes into a folder, since it was entered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: set[str] = set()
        self._closed: set[str] = set()
        self._observer: BaseObserver | None = None

    def writing(self, path: Path) -> bool:
        """Whether somebody wrote to the file and has not closed it yet."""
        return path.name in self._open

    def closed(self, path: Path) -> bool:
        """Whether its writer closed the file, or moved it into the folder, while this process watched."""
        return path.name in self._closed

    def on_modified(self, event: FileSystemEvent) -> None:
        """Somebody has it open."""
        if isinstance(event, FileModifiedEvent):
            self._closed.discard(_name(event.src_path))
            self._open.add(_name(event.src_path))

    def on_closed(self, event: FileSystemEvent) -> None:
        """Its writer is done, or has died."""
        self._open.discard(_name(event.src_path))
        self._closed.add(_name(event.src_path))

    def on_deleted(self, event: FileSystemEvent) -> None:
        """Forget the file, because it was deleted."""
        self._forget(_name(event.src_path))

    def on_moved(self, event: FileSystemEvent) -> None:
        """Handle a file that was moved into the folder, out of it, or to another name in it. A writer that has it open keeps it open."""
        name, new_name = _name(event.src_path), _name(event.dest_path)
        still_open = name in self._open
        self._forget(name)
        if new_name:
            self._forget(new_name)
            (self._open if still_open else self._closed).add(new_name)

    def _forget(self, name: str) -> None:
        self._open.discard(name)
        self._closed.discard(name)

    def __enter__(self) -> Self:
        try:
            from watchdog.observers.inotify import InotifyObserver  # noqa: PLC0415 - only where there is inotify

            observer = InotifyObserver(generate_full_events=True)
            observer.schedule(self, str(self._folder), event_filter=_EVENTS)
            observer.start()
            self._observer = observer
        except (ImportError, OSError, UnsupportedLibcError):  # another system, or all watches of this one are in use
            self._observer = None
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        if self._observer:
            self._observer.stop()
            self._observer.join()


def _name(path: bytes | str) -> str:
    return Path(os.fsdecode(path)).name
