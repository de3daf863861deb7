"""Distributes the cases of a country over the days of a span.

The effects of weekdays and holidays are invented: the real files give only the month. Only holidays with a fixed date are here. Moving
ones (Tet, Eid, Vesak …) are left out, so a detector with the complete calendar knows more than happened here.
"""

from __future__ import annotations

from datetime import date, timedelta

PHI = 1.35
"""Variance of a member's cases a day over their mean (negative binomial, NB1). Invented: chance alone would be 1."""
HOLIDAY = 0.6
_WEEKDAYS = (1.05, 1.1, 1.1, 1.1, 1.15, 0.85, 0.65)  # Monday first
_FIXED = {  # country -> month-day
    "AU": "01-01 01-26 04-25 12-25 12-26",
    "BD": "02-21 03-26 04-14 05-01 12-16 12-25",
    "BN": "01-01 02-23 05-31 07-15 12-25",
    "CN": "01-01 05-01 10-01 10-02 10-03",
    "HK": "01-01 05-01 07-01 10-01 12-25 12-26",
    "ID": "01-01 05-01 06-01 08-17 12-25",
    "IN": "01-26 08-15 10-02",
    "JP": "01-01 02-11 02-23 04-29 05-03 05-04 05-05 08-11 11-03 11-23",
    "KH": "01-01 01-07 04-14 04-15 04-16 05-01 05-14 06-18 09-24 11-09",
    "KR": "01-01 03-01 05-05 06-06 08-15 10-03 10-09 12-25",
    "LA": "01-01 03-08 04-14 04-15 04-16 05-01 12-02",
    "LK": "02-04 04-13 04-14 05-01 12-25",
    "MM": "01-04 02-12 03-02 03-27 04-13 04-14 04-15 04-16 04-17 05-01 07-19",
    "MN": "01-01 03-08 06-01 07-11 07-12 07-13",
    "MO": "01-01 05-01 10-01 12-20 12-25",
    "MV": "01-01 05-01 07-26 11-03 11-11",
    "MY": "01-01 05-01 08-31 09-16 12-25",
    "NP": "05-01",
    "NZ": "01-01 01-02 02-06 04-25 12-25 12-26",
    "PH": "01-01 04-09 05-01 06-12 08-21 11-01 11-30 12-25 12-30",
    "PK": "02-05 03-23 05-01 08-14 12-25",
    "SG": "01-01 05-01 08-09 12-25",
    "TH": "01-01 04-06 04-13 04-14 04-15 05-01 05-04 06-03 07-28 08-12 10-13 10-23 12-05 12-10 12-31",
    "VN": "01-01 04-30 05-01 09-02",
}
HOLIDAYS = {country: frozenset(days.split()) for country, days in _FIXED.items()}


def shape(country: str, start: date, days: int, slope: float) -> list[float]:
    """The share of each day in a member's cases; they sum to 1. ``slope`` is the change from the first day to the last (0.1: +10 %)."""
    raw = [_of_day(country, start + timedelta(days=index)) * (1 + slope * (index / days - 0.5)) for index in range(days)]
    total = sum(raw)
    return [one / total for one in raw]


def _of_day(country: str, day: date) -> float:
    holiday = HOLIDAY if f"{day:%m-%d}" in HOLIDAYS.get(country, frozenset()) else 1.0
    return _WEEKDAYS[day.weekday()] * holiday
