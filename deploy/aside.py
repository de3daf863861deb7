"""Groups what the workers set aside: one line for each failure, with the records of the same key that were set aside after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mekong.deploy.subscriptions import read_all
from mekong.schemas.aside import Aside, Cause, remaining
from mekong.schemas.settings import Settings
from mekong.schemas.topics import ASIDE


@dataclass
class Group:
    """One record, and the number of records of the same key that were set aside after it."""

    first: Aside
    later: int = 0

    @property
    def why(self) -> str:
        """The reason in a few words."""
        if self.first.cause is Cause.FOLLOWS:
            return "what it names is aside"
        return f"{self.first.error} in {self.first.place}"


def all_aside(settings: Settings) -> list[Group]:
    """Everything that is still set aside, in the order of arrival. Raises Refused when the topic does not exist, Retriable."""
    return grouped(remaining(read_all(settings, ASIDE, Aside)))


def grouped(records: Iterable[Aside]) -> list[Group]:
    """Records of one key and one worker together."""
    found: list[Group] = []
    by_key: dict[tuple[str, str], Group] = {}
    for record in records:
        key = (record.stage, record.keys[0]) if record.keys else None
        if key in by_key:
            by_key[key].later += 1
            continue
        group = Group(record)
        found.append(group)
        if key is not None:
            by_key[key] = group
    return found
