"""Two cases in, the level of each field out: what they agree in, and what they differ in. Pure. ``weights`` declares the levels."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from mekong.sinks.pairs.case import Compared
from mekong.sinks.pairs.weights import NEAR_KM, NEAR_MINUTES, NEAR_SHARE, SIMILAR_SHARE, WHERE

_EARTH_KM = 6_371.0


class Trait(NamedTuple):
    """A value of a field, and the cases among which it has its share: pairs are compared within a country and a commodity group."""

    field: str
    value: Hashable
    among: tuple[str, str]


class Found(NamedTuple):
    """The level of one field."""

    field: str
    level: str
    shared: Trait | None = None
    """The value that both cases have, whose share among the cases is to be known."""


def traits(case: Compared) -> Iterator[Trait]:
    """All that a case may share with another: the shares of values are counted from them."""
    country = ("country", case.country)
    yield Trait("place", case.place, country)
    yield Trait("province", case.admin1, country)
    yield Trait("transport", case.transport, country)
    yield Trait("conveyance", case.conveyance, country)
    for group, code in {(one.group, one.code) for one in case.goods}:
        yield Trait("goods", code, ("group", group))
        if (sum_ := amount(case, code)) is not None:
            yield Trait("quantity", (code, *sum_), ("goods", code))


def amount(case: Compared, code: str) -> tuple[Decimal, str] | None:
    """The quantity of goods in a case, with its unit. None when it is not known, or in several units."""
    lines = [one for one in case.goods if one.code == code]
    units = {one.unit for one in lines}
    if len(units) != 1 or any(one.quantity is None for one in lines):
        return None
    return sum((one.quantity for one in lines if one.quantity is not None), Decimal(0)).normalize(), units.pop()


def compare(one: Compared, other: Compared) -> list[Found]:
    """The level of each field that both cases have."""
    found = [each for field in _FIELDS for each in [_FIELDS[field](one, other)] if each]
    where = next((each.field for each in found if each.field in WHERE), "")
    return [each for each in found if each.field not in WHERE or each.field == where]


def _day(one: Compared, other: Compared) -> Found | None:
    if one.day is None or other.day is None:
        return None
    apart = abs((one.day - other.day).days)
    return Found("day", "same" if apart == 0 else "next" if apart == 1 else "apart")


def _time(one: Compared, other: Compared) -> Found | None:
    if one.minute is None or other.minute is None:
        return None
    return Found("time", "near" if abs(one.minute - other.minute) <= NEAR_MINUTES else "far")


def _equal(field: str, read: Callable[[Compared], Hashable]) -> Callable[[Compared, Compared], Found | None]:
    """The comparison of a value that is equal or not."""

    def level(one: Compared, other: Compared) -> Found | None:
        mine, theirs = read(one), read(other)
        if mine in {"", None} or theirs in {"", None}:
            return None
        return Found(field, "same", Trait(field, mine, ("country", one.country))) if mine == theirs else Found(field, "different")

    return level


def _point(one: Compared, other: Compared) -> Found | None:
    if one.at is None or other.at is None:
        return None
    return Found("point", "near" if _km(one.at, other.at) <= NEAR_KM else "far")


def _km(here: tuple[float, float], there: tuple[float, float]) -> float:
    """The distance on a sphere (haversine)."""
    (lat, lon), (lat_2, lon_2) = (tuple(map(math.radians, point)) for point in (here, there))
    half = math.sin((lat_2 - lat) / 2) ** 2 + math.cos(lat) * math.cos(lat_2) * math.sin((lon_2 - lon) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, half)))


def _country(one: Compared, other: Compared) -> Found | None:
    return Found("country", "different") if one.country and other.country and one.country != other.country else None


def _goods(one: Compared, other: Compared) -> Found | None:
    if code := _shared_goods(one, other):
        group = next(goods.group for goods in one.goods if goods.code == code)
        return Found("goods", "same", Trait("goods", code, ("group", group)))
    return Found("goods", "group" if one.groups & other.groups else "different")


def _shared_goods(one: Compared, other: Compared) -> str:
    """The first goods of a case that the other one has too."""
    theirs = {goods.code for goods in other.goods}
    return next((goods.code for goods in one.goods if goods.code in theirs), "")


def _quantity(one: Compared, other: Compared) -> Found | None:
    code = _shared_goods(one, other)
    mine, theirs = (amount(case, code) for case in (one, other)) if code else (None, None)
    if mine is None or theirs is None or mine[1] != theirs[1]:
        return None
    if mine == theirs:
        return Found("quantity", "same", Trait("quantity", (code, *mine), ("goods", code)))
    apart = abs(mine[0] - theirs[0]) / max(mine[0], theirs[0])
    return Found("quantity", "near" if apart <= NEAR_SHARE else "similar" if apart <= SIMILAR_SHARE else "different")


def _concealment(one: Compared, other: Compared) -> Found | None:
    if not one.concealment or not other.concealment:
        return None
    return Found("concealment", "shared" if one.concealment & other.concealment else "different")


def _route(one: Compared, other: Compared) -> Found | None:
    ends = [(mine, theirs) for mine, theirs in ((one.origin, other.origin), (one.destination, other.destination)) if mine and theirs]
    if not ends:
        return None
    equal = sum(mine == theirs for mine, theirs in ends)
    return Found("route", "same" if equal == len(ends) else "part" if equal else "different")


def _related(one: Compared, other: Compared) -> Found | None:
    return Found("related", "named") if other.event_id in one.related_to or one.event_id in other.related_to else None


_FIELDS: Mapping[str, Callable[[Compared, Compared], Found | None]] = {
    "day": _day,
    "time": _time,
    "place": _equal("place", lambda case: case.place),
    "point": _point,
    "province": _equal("province", lambda case: case.admin1),
    "country": _country,
    "goods": _goods,
    "quantity": _quantity,
    "transport": _equal("transport", lambda case: case.transport),
    "concealment": _concealment,
    "route": _route,
    "suspects": _equal("suspects", lambda case: case.suspects),
    "conveyance": _equal("conveyance", lambda case: case.conveyance),
    "related": _related,
}
