"""Sorts messages by event time and puts the clock's ticks between them, by the data's own time. Pure.

    data of 13 Oct | tick 1 Nov | tick 5 Nov | data of 5 Nov | ... | last data | tick of the end of its period | one a day later

A tick is at midnight at the agency, and every agency gets it: all data of earlier days are before it, and none are after it.
Messages of one case keep their order, because each one is a version of the case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta

from mekong.producers.parsed import Parsed, Stamp
from mekong.schemas.control import Tick
from mekong.schemas.times import FIRST_YEAR, EventTime, Precision
from mekong.schemas.wire import encode
from mekong.schemas.zones import midnight

_DAY = timedelta(days=1)
_FIRST = date(FIRST_YEAR, 1, 1)
_Key = tuple[date, int]


def timeline(
    messages: Iterable[Parsed], place: Callable[[str], str], latest: date, sender: str | None = None, others: Iterable[str] = ()
) -> Iterator[Parsed | Stamp]:
    """The messages in event time, with ticks.

    ``place`` gives an agency's time zone, as schemas/zones.py accepts it; ``sender`` replaces all agencies. Time passes for ``others``
    too, which send nothing. A message without a time, or with an impossible one (before 2000, or after ``latest``), stays after the one
    before it: the exchange will report what is wrong with it. All messages are held in memory, about 1 kB each.
    """
    ordered = in_order(messages, latest)
    agencies = sorted({*others} | {agency for _, message in ordered if (agency := sender or message.agency)})
    places = {agency: place(agency) for agency in agencies}
    today: date | None = None
    end = date.min
    for (day, _), message in ordered:
        if today is not None and day > today:
            for moment in moments(today, day):
                yield from _ticks(moment, places)
        today = day
        end = max(end, day + _DAY, _end(message.time) if possible(message.time, latest) else end)
        yield message
    if today is not None:
        for moment in (*moments(today, end), end + _DAY):
            yield from _ticks(moment, places)


def in_order(messages: Iterable[Parsed], latest: date) -> list[tuple[_Key, Parsed]]:
    """Sorted by local day, and in a day by time of day where there is one. Otherwise in the order of arrival."""
    last: _Key | None = None
    of_case: dict[tuple[str | None, str], _Key] = {}
    keyed: list[tuple[_Key | None, Parsed]] = []
    for message in messages:
        if message.time is not None and possible(message.time, latest):
            last = (message.time.day, -1 if message.time.minute is None else message.time.minute)
        key = last
        if message.case_no and key is not None:
            case = (message.agency, message.case_no)
            key = of_case[case] = max(key, of_case.get(case, key))
        keyed.append((key, message))
    first = min((key for key, _ in keyed if key is not None), default=(_FIRST, -1))
    return sorted(((first if key is None else key, message) for key, message in keyed), key=lambda pair: pair[0])


def possible(time: EventTime | None, latest: date) -> bool:
    """Whether the exchange may accept a seizure of that time."""
    return time is not None and _FIRST <= time.day <= latest


def moments(after: date, until: date) -> list[date]:
    """The days to tick on the way: each first of a month, and ``until`` itself."""
    found = []
    month = _next_month(after)
    while month < until:
        found.append(month)
        month = _next_month(month)
    return [*found, until]


def _end(time: EventTime | None) -> date:
    """The first day after the period that the time is known to lie in."""
    if time is None:
        return date.min
    if time.precision is Precision.YEAR:
        return time.day.replace(year=time.day.year + 1)
    return _next_month(time.day) if time.precision is Precision.MONTH else time.day + _DAY


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _ticks(day: date, places: dict[str, str]) -> Iterator[Stamp]:
    values: dict[str, bytes] = {}
    for agency, place in places.items():
        if place not in values:
            values[place] = encode(Tick(at=midnight(day, place), replay=True))
        yield Stamp(agency, values[place])
