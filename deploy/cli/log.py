"""Sets up the log of a process: a line for each event, for people, or as JSON for a program that collects logs (MEKONG_LOG=json)."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

from mekong.deploy.cli.terminal import log_lines
from mekong.schemas.errors import Fatal, Retriable
from mekong.schemas.log_ids import IDS
from mekong.schemas.settings import Settings
from mekong.schemas.topics import agency_of

_FOR_PEOPLE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_OUR_SENTENCES = (Fatal, Retriable)
"""Their texts are sentences of the exchange. The text of another exception may quote a message."""
_QUOTING = re.compile(r"[\n(<].*", re.DOTALL)
"""asyncio writes the text of an exception, or the arguments of a call, behind one of these; warnings write a line of the code."""
_QUOTERS = {"asyncio": _QUOTING, "py.warnings": re.compile(r"\n.*", re.DOTALL)}
_MOST_CAUSES = 10


def begin_log(settings: Settings, process: str) -> None:
    """Log to standard error from now on."""
    if settings.log == "json":
        handler = Lines()
        handler.setFormatter(JsonLines(process))
        logging.basicConfig(handlers=[handler], level=logging.INFO)
        logging.captureWarnings(capture=True)
        sys.excepthook = _ended
        sys.unraisablehook = lambda args: _failed_aside(args.exc_type, args.exc_value, args.exc_traceback)
        threading.excepthook = lambda args: _ended(args.exc_type, args.exc_value, args.exc_traceback)
    else:
        log_lines(_FOR_PEOPLE, logging.INFO)
    logging.getLogger("kafka").setLevel(logging.WARNING)


def last_words(sentence: str) -> bool:
    """Log why the process ends, where the log is JSON. False where it is for people: then print it."""
    is_json = any(isinstance(handler.formatter, JsonLines) for handler in logging.root.handlers)
    if is_json:
        logging.root.critical("%s", sentence)
    return is_json


class Lines(logging.StreamHandler[TextIO]):
    """Standard error. A line that cannot be written is another line that says so; Python would print what it was made of."""

    def __init__(self) -> None:
        super().__init__()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its name in the library
        """Say which part could not log, and why, without the text."""
        kind, code = type(sys.exc_info()[1]).__name__, f"{record.pathname}:{record.lineno}"
        failed = logging.LogRecord(
            record.name, logging.ERROR, record.pathname, record.lineno, "a line could not be logged: %s at %s", (kind, code), None
        )
        with suppress(OSError, ValueError):  # nobody reads standard error any more
            self.stream.write(self.format(failed) + self.terminator)
            self.flush()


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, process, logger, message, and the ids that are known.

    The text of an exception of another's code is left out, in the message and below it: only its type, and the places of the code.
    """

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "process": self._process,
            "logger": record.name,
            "message": _message(record),
        }
        line |= {name: getattr(record, name) for name in IDS if getattr(record, name, None) is not None}
        if agency := agency_of(line.get("topic", "")):
            line.setdefault("agency", agency)
        if record.exc_info and (exc := record.exc_info[1]) is not None:
            line |= _described(exc)
            if causes := _causes(exc):
                line["causes"] = [_described(one) for one in causes]
        return json.dumps(line, ensure_ascii=True, default=str)


def _message(record: logging.LogRecord) -> str:
    """The message, with the type in place of each foreign exception."""
    text, args = str(_without_texts(record.msg)), _without_texts(record.args)
    said = text % args if args else text
    return quoting.sub("", said).rstrip(" :") if (quoting := _QUOTERS.get(record.name)) else said


def _without_texts(given: Any) -> Any:
    """The same, with the type in place of each foreign exception, also of one inside a list or a mapping."""
    if isinstance(given, BaseException):
        return given if isinstance(given, _OUR_SENTENCES) else type(given).__name__
    if type(given) in {tuple, list, set, frozenset}:
        return type(given)(map(_without_texts, given))
    if type(given) is dict:
        return {name: _without_texts(one) for name, one in given.items()}
    return given


def _described(exc: BaseException) -> dict[str, Any]:
    places = traceback.extract_tb(exc.__traceback__)
    return {"error": type(exc).__name__, "trace": [f"{at.filename}:{at.lineno} {at.name}" for at in places]}


def _causes(exc: BaseException) -> list[BaseException]:
    """What it was raised from, or while handling what; the nearest first."""
    found: list[BaseException] = []
    at = _cause(exc)
    while at is not None and at is not exc and at not in found and len(found) < _MOST_CAUSES:
        found.append(at)
        at = _cause(at)
    return found


def _cause(exc: BaseException) -> BaseException | None:
    return exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)


def _ended(kind: type[BaseException], exc: BaseException | None, trace: TracebackType | None) -> None:
    """Log what ended a thread or the process."""
    if exc is not None and not isinstance(exc, SystemExit):  # a thread may end itself
        logging.root.critical("ended by %s", kind.__name__, exc_info=(kind, exc, trace))


def _failed_aside(kind: type[BaseException], exc: BaseException | None, trace: TracebackType | None) -> None:
    """Log what failed where nobody could handle it, as in the end of an object."""
    logging.root.error("a failure that nothing could handle: %s", kind.__name__, exc_info=(kind, exc, trace) if exc else None)
