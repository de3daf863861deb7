"""Finds the local day of an instant: at the place of seizure, or at the agency when the place is not known. Pure.

The rules of time zones are from the locked package ``tzdata``, never from the system. So two machines of one deployment get the same day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from mekong.schemas.control import AgencyProfile


def local_day(instant: datetime, profile: AgencyProfile) -> date:
    """The day it is where the agency is."""
    return instant.astimezone(zone_of(profile)).date()


def zone_of(profile: AgencyProfile) -> tzinfo:
    """The zone of the agency's clocks."""
    return named(profile.place)


def name_of(profile: Mapping[str, Any]) -> str:
    """The argument for ``named`` from a profile in a journal entry: an IANA name, or an offset from UTC."""
    return str(profile.get("zone") or profile["utc_offset"])


@cache
def named(text: str) -> tzinfo:
    """The zone of an IANA name, or of a fixed offset as ``+07:00``. Raises KeyError when there is none of that name."""
    return offset(text) if text[0] in "+-" else zone(text)


def day_in(instant: datetime, name: str) -> date:
    """The day it is in a zone."""
    return instant.astimezone(named(name)).date()


def day_ends(instant: datetime, name: str) -> datetime:
    """The instant at which the day in a zone is over."""
    return midnight(day_in(instant, name) + timedelta(days=1), name)


def midnight(day: date, name: str) -> datetime:
    """The instant at which a day in a zone begins."""
    return datetime.combine(day, time(), named(name)).astimezone(UTC)


def offset_at(instant: datetime, name: str) -> str:
    """The distance from UTC in a zone at an instant, as ``+07:00``."""
    return instant.astimezone(named(name)).isoformat()[-len("+07:00") :]


def standard_offset(name: str) -> str:
    """The distance from UTC without daylight saving time, as ``+07:00``."""
    winter = datetime(2026, 1, 1, tzinfo=zone(name))
    saved = winter.dst() or timedelta()
    return (winter.astimezone(timezone((winter.utcoffset() or timedelta()) - saved))).isoformat()[-len("+07:00") :]


def zone_at(country: str | None, profile: AgencyProfile) -> tzinfo:
    """The zone of a place in ``country``: that of a foreign country which has one only, else the agency's."""
    name = None if country in {None, profile.country} else only_zones().get(country or "")
    return zone(name) if name else zone_of(profile)


@cache
def offset(text: str) -> tzinfo:
    """A fixed offset as ``+07:00``."""
    ahead = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-ahead if text[0] == "-" else ahead)


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name. Raises KeyError when there is none."""
    if name not in names():
        raise KeyError(name)
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)


@cache
def names() -> frozenset[str]:
    """Every IANA name."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@cache
def only_zones() -> Mapping[str, str]:
    """Country -> the name of its zone, of the countries that have exactly one."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    found: dict[str, list[str]] = defaultdict(list)
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            found[country].append(name)
    return {country: zones[0] for country, zones in found.items() if len(zones) == 1}
