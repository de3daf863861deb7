"""Defines what a courier carries: the messages of one request, and what became of them. Pure."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from mekong.producers.gateway.repeats import Key
from mekong.schemas.batches import CORRELATION_HEADER, EDITION_HEADER
from mekong.schemas.rejected import Rejected


class Letter(NamedTuple):
    """One message on its way."""

    number: int
    """Its line in the request."""
    case_no: str
    value: bytes
    correlation: str = ""
    """What its receipt has again."""
    edition: str = ""
    """The time of its sheet, when that orders it."""
    formerly: int = -1
    """The number that an older version gave it."""

    def stored(self, offsets: Mapping[int, int]) -> int | None:
        """Its offset among what an earlier request has stored, if it is there."""
        return offsets.get(self.number, offsets.get(self.formerly))

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """Its own headers."""
        return [(name, text.encode()) for name, text in ((EDITION_HEADER, self.edition), (CORRELATION_HEADER, self.correlation)) if text]


class Carried(NamedTuple):
    """What became of the messages of one request."""

    fates: dict[int, int | Rejected]
    """Number of a message -> its offset, or why the broker will never accept it."""
    receipts: int
    """Where their receipts begin. Of a request that is repeated it is the place of the first attempt."""
    earlier: frozenset[int] = frozenset()
    """The numbers of all messages that an earlier request with the key has stored."""


@dataclass(eq=False)
class Parcel:
    """The messages of one request."""

    letters: list[Letter]
    headers: list[tuple[str, bytes]]
    key: Key | None
    receipts: int
    answer: asyncio.Future[Carried]
    fates: dict[int, int | Rejected] = field(default_factory=dict)
    earlier: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        self._numbers = len({letter.number for letter in self.letters})

    @property
    def is_answered(self) -> bool:
        """Whether the fate of each number is known."""
        return len(self.fates) == self._numbers

    def header(self, number: int) -> tuple[str, bytes] | None:
        """The header by which a repeated request finds the message."""
        return self.key.header(number, self.receipts) if self.key else None
