"""Compares the rolling counts, up to the place of ``watch``, with plain SQL over the versions.

As of which tick? The group's commit of ``watch`` follows its lanes' transactions, so every tick before the commit was counted, and
its counts were on ``counts.v1`` when the ends of that topic were fixed, after the commit was read. Each agency is compared as of
its last tick before the commit; counts of later ticks carry their ``tick_offset`` and are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.resources import files

from mekong.deploy.verify.report import Check
from mekong.schemas.counts import Window
from mekong.schemas.topics import JOURNAL, LANES
from mekong.sinks.base import Source
from mekong.sinks.clickhouse.client import Database


def check_counts(database: Database, commits: dict[Source, int], ends: dict[Source, int], left_out: Iterable[tuple[int, int]]) -> Check:
    """Compare every series and window, without the entries that watch has left out (partition, offset); an absent count means 0."""
    limits = [(lane, min(commits.get(Source(JOURNAL.name, lane), 0), ends.get(Source(JOURNAL.name, lane), 0))) for lane in range(LANES)]
    sql = files(__package__).joinpath("counts.sql").read_text(encoding="utf-8")
    written = "[" + ", ".join(f"({lane}, toUInt64({limit}))" for lane, limit in limits) + "]"
    places = ", ".join(f"({partition}, {offset})" for partition, offset in left_out)
    without = f"CAST([{places}], 'Array(Tuple(UInt64, UInt64))')"
    asked = sql.replace("{rolling}", ", ".join(_rolling())).replace("{limits}", written).replace("{left_out}", without)
    agencies, series, different, examples = database.query(asked).rows[0]
    check = Check("counts right", f"rolling counts of {agencies} agencies equal SQL over the versions, as of the last tick")
    check.expected, check.found, check.different = int(series), int(series) - int(different), int(different)
    for agency, group, window, start, should_be, has in examples:
        check.say(f"{agency} {group or 'all groups'} {window} {start}: cases, lines, mg are {tuple(has)}, should be {tuple(should_be)}")
    return check


def _rolling() -> Iterator[str]:
    for window in Window:
        if window.minutes:
            yield f"if(fine = 'time' AND at_minute > minute - {window.minutes} AND at_minute <= minute, [('{window}', '')], [])"
        if window.days:
            yield f"if(fine IN ('time', 'day') AND day > today - {window.days} AND day <= today, [('{window}', '')], [])"
