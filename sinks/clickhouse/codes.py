"""Sorts ClickHouse's error codes (src/Common/ErrorCodes.cpp) by what the caller can do about them."""

from __future__ import annotations

import re

SAME_QUERY_RUNS = 216
"""A query of this id still runs."""

BUSY = {
    159: "the server ran out of time",
    160: "the server says it would take too long",
    198: "a host name cannot be resolved",
    202: "too many queries at once",
    203: "no free connection",
    209: "a connection timed out",
    210: "a connection broke",
    216: "the same insert still runs",
    236: "the query was cut off",
    241: "the server is short of memory",
    242: "the table only reads",
    243: "its disk is full",
    252: "too many parts: merges must catch up",
    279: "no replica answers",
    285: "too few replicas are alive",
    286: "the quorum did not answer in time",
    289: "the replica is behind",
    319: "the insert's fate is unknown",
    364: "the server is being attached",
    394: "the query was cancelled",
    415: "no replica has the data yet",
    439: "no thread is free",
    519: "all replicas failed to answer",
    999: "the keeper does not answer",
}
"""Ask for the position, wait, and continue after it."""

NO_ROOM = re.compile(r"[Nn]o space left on device|errno: 28\b|NOT_ENOUGH_SPACE")
"""A text in errors of any code: a full disk appears in many places (75, 76, 1000, 1001 …)."""

REFUSED = {
    16: "a column is missing: run `mekong migrate`",
    46: "this ClickHouse lacks a function that the insert needs: 26.9 is what was tested",
    47: "a column is missing: run `mekong migrate`",
    60: "a table is missing: run `mekong migrate`",
    81: "the database is missing: run `mekong migrate`",
    115: "this ClickHouse does not know a setting: 26.9 is what was tested",
    164: "the user may only read",
    192: "the user is unknown",
    193: "the password is wrong",
    194: "a password is required",
    195: "this address may not log in",
    291: "access to the database is denied",
    497: "the user lacks a right",
    516: "user or password is wrong",
}
"""A person must act."""

ROWS = frozenset(
    {
        6,  # cannot parse text
        26,  # cannot parse a quoted string
        27,  # cannot parse input
        38,  # cannot parse a date
        41,  # cannot parse a date and time
        53,  # type mismatch
        69,  # argument out of bound
        70,  # cannot convert type
        72,  # cannot parse a number
        117,  # incorrect data
        131,  # too large a string
        190,  # arrays of one line differ in size
        321,  # value out of range of its type
        349,  # NULL in a column that has none
        376,  # cannot parse a UUID
        395,  # throwIf: not a record of the topic
        407,  # decimal overflow
        467,  # cannot parse a bool
        675,  # cannot parse an IPv4
    },
)
"""The fault is in the rows."""
