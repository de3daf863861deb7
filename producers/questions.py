"""Defines ``Question``, which must be answered before a file is sent, and ``NotAnswered``, for when nobody can answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from mekong.schemas.errors import Refused

MOST_EXAMPLES = 10
MOST_SPOTS = 5_000


class Spot(NamedTuple):
    """A place in a file: which message, and which of its fields."""

    where: str
    """As ``Parsed.where``."""
    field: str


class Question(NamedTuple):
    """One kind of thing that a person should look at before a file is sent."""

    said: str
    """A sentence: how many, and what."""
    examples: tuple[str, ...]
    """The first of them."""
    number: int
    """How many there are."""
    spots: tuple[Spot, ...] = ()
    """Where the first ``MOST_SPOTS`` of them are, for a sheet that is marked."""

    def lines(self) -> list[str]:
        """The lines of the question for a screen or a report."""
        more = self.number - len(self.examples)
        return [f"{self.said}:", *(f"  {example}" for example in self.examples), *([f"  and {more:,} more"] if more > 0 else [])]


class Examples:
    """The first few of many, and how many there are."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._count = 0
        self._spots: list[Spot] = []

    def add(self, example: str, spot: Spot | None = None) -> None:
        """One more."""
        self._count += 1
        if spot and len(self._spots) < MOST_SPOTS:
            self._spots.append(spot)
        if len(self._first) < MOST_EXAMPLES:
            self._first.append(example)

    def join(self, others: Examples) -> None:
        """Those of ``others`` too."""
        self._first = (self._first + others._first)[:MOST_EXAMPLES]
        self._count += others._count
        self._spots = (self._spots + others._spots)[:MOST_SPOTS]

    def question(self, what: str) -> Iterator[Question]:
        """The question about them, when there are any."""
        if self._count:
            yield Question(f"{what} ({self._count:,})", tuple(self._first), self._count, tuple(self._spots))


Ask = Callable[[Sequence[Question]], bool]
"""Shows the questions to the person who can answer them. Returns whether the file is to be sent anyway."""


class NotAnswered(Refused):
    """A file was not sent, because nobody has answered the questions about it."""

    def __init__(self, name: str, questions: Sequence[Question]) -> None:
        self.questions = tuple(questions)
        super().__init__(f"{name}: nothing was sent. Look at the file; if it is right, send it anyway with --yes.")
