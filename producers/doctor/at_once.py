"""Asks several addresses at the same time, and waits for all of them no longer than a bound."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TypeVar

WITHIN_S = 3.0
A = TypeVar("A", bound=Hashable)
T = TypeVar("T")


def at_once(doing: Callable[[A], T], each: Sequence[A], within_s: float = WITHIN_S) -> dict[A, T | OSError]:
    """What ``doing`` returns for each, or the OSError that it raises; TimeoutError for what did not end in time.

    A question that is still open stays with a thread that does not keep the program alive: a name server cannot be interrupted.
    """
    answers: SimpleQueue[tuple[A, T | OSError]] = SimpleQueue()

    def ask(one: A) -> None:
        try:
            answers.put((one, doing(one)))
        except OSError as exc:
            answers.put((one, exc))
        except UnicodeError:  # of a name such as a..b
            answers.put((one, OSError(0, "it cannot be the name of a host")))

    for one in dict.fromkeys(each):
        threading.Thread(target=ask, args=(one,), daemon=True).start()
    found: dict[A, T | OSError] = {}
    until = monotonic() + within_s
    while len(found) < len(set(each)):
        try:
            one, answer = answers.get(timeout=max(0.0, until - monotonic()))
        except Empty:
            break
        found[one] = answer
    return {one: found.get(one, TimeoutError()) for one in dict.fromkeys(each)}
