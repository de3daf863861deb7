"""Every kind of key that a lane's state has, and what could make its value grow. A fold that writes another fails (tests/conftest.py).

``FED`` names the feeder of tests/property/test_records.py that grows what stands behind a key without end; its value and its cost must
stay flat. ``BOUNDED`` says what a value cannot outgrow.
"""

from __future__ import annotations

import re

SHARE = {
    "kept/.+/.+": "warnings",
    "waiting-for/.+/.+": "warnings",
    "waiting/[A-Z0-9-]+(/[0-9]+)?": "warnings",
    "waiting-until(/[0-9]+)?": "warnings",
    "warning/.+": "warnings",
    "early/.+(/[0-9]+)?": "early feedback",
    "reply/.+": "early feedback",
    "case/.+": "red cases",
    "red/.+": "red cases",
    "red-(on|came)/.+/[0-9-]+/.*": "red cases",
    "held-for/.+?(/[0-9]+)?": "held alerts",
    "held/.+": "held alerts",
    "told/.+": "held alerts",
    "red-alert/.*": "held alerts",
}
NOTIFY = {
    "subscription/.+": "subscriptions",
    "subscribers/[A-Z0-9-]+([/@].+)?": "subscriptions",
    "box/.+": "waiting alerts",
    "(quiet|digest)/.+?(/[0-9]+)?": "waiting alerts",
    "mutes/.+?([/@].+)?": "mutes",
    "due/[A-Z0-9-]+/.+": "warnings due",
    "due-by/[A-Z0-9-]+(/[0-9]+)?": "warnings due",
    "clock/.+": "warnings due",
}
WATCH = {
    "[A-Z0-9-]+/spikes/(seen|known)/.+": "values",
    "[A-Z0-9-]+/spikes/batches([/@].+)?": "sendings",
    "[A-Z0-9-]+/spikes/(cases|arrivals|arriving|delays|major|retro|silence|who)": "sendings",
    "network/day/.+": "old cases of all",
    "network/(seen|known)/.+": "values of all",
    "network/sizes/.+": "values of all",
    "network/(begins/.+|oldest|members|retro)": "old cases of all",
}
INTAKE = {"[A-Z0-9-]+/(case|same)/.+": "cases"}
FED = SHARE | NOTIFY | WATCH | INTAKE

BOUNDED = {
    "@detectors": "a number",
    "@aside/(run|keys)": "a number",
    "@aside/key/.+": "where one record stands",
    "@position/.+": "an offset",
    "@time": "an instant",
    "[A-Z0-9-]+/source/.+": "one order",
    "time": "the partitions of the journal",
    "[A-Z0-9-]+/(profile|tick)": "one record of ours",
    "agency/.+": "one profile",
    "[A-Z0-9-]+/feed": "20 codes and the different delays",
    "feed/[A-Z0-9-]+(/[0-9-]+)?": "20 codes, the different delays, and the days of half a year",
    "week/[A-Z0-9-]+": "the health of one feed",
    "members": "the agencies of a deployment",
    "fronts": "the partitions of the journal",
    "network/(clocks|who)": "the agencies of a deployment",
    "[A-Z0-9-]+/(day|month|phase)/.+": "the commodity groups",
    "[A-Z0-9-]+/hour/[0-9-]+": "the minutes of an hour",
    "[A-Z0-9-]+/clock": "the days since 2000",
    "([A-Z0-9-]+/spikes|network)/(now|events|closed|old)/.*": "the days since 2000",
}
_KNOWN = re.compile("|".join(f"(?:{pattern})" for pattern in (*FED, *BOUNDED)))


def is_registered(key: bytes) -> bool:
    """Whether a key is of a kind that stands above."""
    return _KNOWN.fullmatch(key.decode()) is not None


def kind_of(key: bytes) -> str:
    """The pattern of a key that is fed, or none."""
    return next((pattern for pattern in (*BOUNDED, *FED) if re.fullmatch(pattern, key.decode())), "")
