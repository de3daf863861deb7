"""Keeps collections of a lane as small records with keys of their own, so that no value grows without a limit.

| type    | for                                       | its records                                                 |
|---------|-------------------------------------------|-------------------------------------------------------------|
| `Log`   | entries that wait, in order of arrival    | ``name``: first and next number; ``name/number``: an entry  |
| `Queue` | entries that are due, the earliest first  | ``name``: how many; ``name/place``: a place of a heap       |
| `Table` | a set or a map, read completely           | ``name``: how many; ``name/place``: which element is there; |
|         |                                           | ``name@element``: its place and its value                   |
| `Tally` | counts by name, never read completely     | ``name/element``: a count                                   |

One step reads and writes only a few records, whatever the size (a queue: as many as its size has bits). An empty collection has no record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol


class Records(Protocol):
    """JSON values by name: of a draft (``draft.Named``), or of a ``DetectorStore``."""

    def get(self, name: str) -> Any | None:
        """The value, or None."""

    def put(self, name: str, value: Mapping[str, Any]) -> None:
        """Set a value."""

    def drop(self, name: str) -> object:
        """Remove a value."""


class Log:
    """Entries that wait, in the order of arrival."""

    def __init__(self, records: Records, name: str) -> None:
        self._records, self._name = records, name

    def __len__(self) -> int:
        first, after = self._ends()
        return after - first

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add an entry after all others."""
        first, after = self._ends()
        self._records.put(f"{self._name}/{after}", entry)
        self._records.put(self._name, {"first": first, "next": after + 1})

    def first(self) -> dict[str, Any] | None:
        """The oldest entry; None when there is none."""
        first, after = self._ends()
        return self._entry(first) if first < after else None

    def drop_first(self) -> None:
        """Remove the oldest entry."""
        first, after = self._ends()
        self._records.drop(f"{self._name}/{first}")
        if first + 1 == after:
            self._records.drop(self._name)
        else:
            self._records.put(self._name, {"first": first + 1, "next": after})

    def take(self) -> list[dict[str, Any]]:
        """Remove all entries and return them, the oldest first."""
        first, after = self._ends()
        found = [self._entry(number) for number in range(first, after)]
        for number in range(first, after):
            self._records.drop(f"{self._name}/{number}")
        if found:
            self._records.drop(self._name)
        return found

    def _ends(self) -> tuple[int, int]:
        found = self._records.get(self._name)
        return (found["first"], found["next"]) if found else (0, 0)

    def _entry(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] | None = self._records.get(f"{self._name}/{number}")
        assert found is not None  # noqa: S101 - it was put before it was counted
        return found


class Due(NamedTuple):
    """One entry of a ``Queue``."""

    at: str
    """The time, as text that sorts."""
    what: str


class Queue:
    """Entries that are due, the earliest first; entries of the same time are sorted by name. A binary heap."""

    def __init__(self, records: Records, name: str) -> None:
        self._records, self._name = records, name

    def __len__(self) -> int:
        found = self._records.get(self._name)
        return int(found["n"]) if found else 0

    def put(self, due: Due) -> None:
        """Add an entry."""
        place = len(self)
        self._records.put(self._name, {"n": place + 1})
        while place and due < (above := self._at((place - 1) // 2)):
            self._set(place, above)
            place = (place - 1) // 2
        self._set(place, due)

    def first(self) -> Due | None:
        """The earliest entry; None when there is none."""
        return self._at(0) if len(self) else None

    def drop_first(self) -> None:
        """Remove the earliest entry."""
        size = len(self) - 1
        last = self._at(size)
        self._records.drop(f"{self._name}/{size}")
        if not size:
            self._records.drop(self._name)
            return
        self._records.put(self._name, {"n": size})
        place, below = 0, self._least_below(0, size)
        while below is not None and (there := self._at(below)) < last:
            self._set(place, there)
            place, below = below, self._least_below(below, size)
        self._set(place, last)

    def _least_below(self, place: int, size: int) -> int | None:
        return min((one for one in (2 * place + 1, 2 * place + 2) if one < size), key=self._at, default=None)

    def _at(self, place: int) -> Due:
        found = self._records.get(f"{self._name}/{place}")
        assert found is not None  # noqa: S101 - it was put before it was counted
        return Due(found["at"], found["what"])

    def _set(self, place: int, due: Due) -> None:
        self._records.put(f"{self._name}/{place}", due._asdict())


class Table:
    """A set of names; a name may have a value. When a name is removed, the last one takes its place."""

    def __init__(self, records: Records, name: str) -> None:
        self._records, self._name = records, name

    def __len__(self) -> int:
        found = self._records.get(self._name)
        return int(found["n"]) if found else 0

    def __contains__(self, element: str) -> bool:
        return self.get(element) is not None

    def __iter__(self) -> Iterator[str]:
        for place in range(len(self)):
            yield self._element(place)

    def get(self, element: str) -> dict[str, Any] | None:
        """The value of an element; None when the element does not exist."""
        found: dict[str, Any] | None = self._records.get(f"{self._name}@{element}")
        return found

    def put(self, element: str, value: Mapping[str, Any] | None = None) -> None:
        """Add an element or change its value."""
        there, size = self.get(element), len(self)
        if there is None:
            self._records.put(f"{self._name}/{size}", {"element": element})
            self._records.put(self._name, {"n": size + 1})
        place = there["place"] if there else size
        self._records.put(f"{self._name}@{element}", {**(value or {}), "place": place})

    def drop(self, element: str) -> None:
        """Remove an element if it exists."""
        there = self.get(element)
        if there is None:
            return
        size = len(self) - 1
        last = self._element(size)
        self._records.drop(f"{self._name}/{size}")
        self._records.drop(f"{self._name}@{element}")
        if last != element:
            value = self.get(last)
            assert value is not None  # noqa: S101 - it has a place
            self._records.put(f"{self._name}/{there['place']}", {"element": last})
            self._records.put(f"{self._name}@{last}", {**value, "place": there["place"]})
        if size:
            self._records.put(self._name, {"n": size})
        else:
            self._records.drop(self._name)

    def clear(self) -> list[str]:
        """Remove all elements and return them."""
        found = list(self)
        for place, element in enumerate(found):
            self._records.drop(f"{self._name}/{place}")
            self._records.drop(f"{self._name}@{element}")
        if found:
            self._records.drop(self._name)
        return found

    def _element(self, place: int) -> str:
        found = self._records.get(f"{self._name}/{place}")
        assert found is not None  # noqa: S101 - it was put before it was counted
        return str(found["element"])


class Tally:
    """Counts by name. A count of zero has no record."""

    def __init__(self, records: Records, name: str) -> None:
        self._records, self._name = records, name

    def of(self, element: str) -> int:
        """The count of an element."""
        found = self._records.get(f"{self._name}/{element}")
        return int(found["n"]) if found else 0

    def add(self, element: str, count: int) -> None:
        """Add to the count of an element; a negative number subtracts."""
        now = self.of(element) + count
        if now:
            self._records.put(f"{self._name}/{element}", {"n": now})
        else:
            self._records.drop(f"{self._name}/{element}")
