"""Logs a failure of our own code by its type and its places. An exception's text may quote a message, so it is not logged."""

from __future__ import annotations

import traceback
from logging import Logger


def failed_inside(log: Logger, what: str, exc: BaseException) -> None:
    """Log that ``what`` has failed. For the outermost edge of a process, a thread or a request."""
    log.error("%s failed inside: %s\n%s", what, type(exc).__name__, "".join(traceback.format_tb(exc.__traceback__)))
