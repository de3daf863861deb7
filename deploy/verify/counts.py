"""Where watch has come to in, the rolling counts held against plain SQL over the versions out.

As of which tick? The group's commit of ``watch`` follows its lanes' transactions, so every tick before the commit was counted, and
its counts were on ``counts.v1`` when the ends of that topic were fixed, after the commit was read. Each agency is compared as of
its last tick before the commit; counts of later ticks carry their ``tick_offset`` and are left out.
"""

from __future__ import annotations

from importlib.resources import files

from deploy.verify.report import Check
from schemas.topics import JOURNAL, LANES
from sinks.base import Source
from sinks.clickhouse.client import Database


def check_counts(database: Database, commits: dict[Source, int], ends: dict[Source, int]) -> Check:
    """Compare every series and window; an absent count means 0."""
    limits = [(lane, min(commits.get(Source(JOURNAL.name, lane), 0), ends.get(Source(JOURNAL.name, lane), 0))) for lane in range(LANES)]
    sql = files(__package__).joinpath("counts.sql").read_text(encoding="utf-8")
    written = "[" + ", ".join(f"({lane}, toUInt64({limit}))" for lane, limit in limits) + "]"
    agencies, series, different, examples = database.query(sql.replace("{limits}", written)).rows[0]
    check = Check("counts right", f"rolling counts of {agencies} agencies equal SQL over the versions, as of the last tick")
    check.expected, check.found, check.different = int(series), int(series) - int(different), int(different)
    for agency, group, window, start, should_be, has in examples:
        check.say(f"{agency} {group or 'all groups'} {window} {start}: cases, lines, mg are {tuple(has)}, should be {tuple(should_be)}")
    return check
