"""Lists the tables of a briefing, in the order of the page. A new one needs its file, or a place in a file, and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from mekong.sinks.reports.shape import ReportTable
from mekong.sinks.reports.tables import cases, compare, members, patterns, quality

TABLES: tuple[ReportTable, ...] = (*cases.TABLES, *members.TABLES, *patterns.TABLES, *quality.TABLES)
READ: tuple[ReportTable, ...] = compare.READ
"""What only a briefing between two countries reads."""
BY_NAME: Mapping[str, ReportTable] = {
    table.name: table for table in (*TABLES, *READ, *compare.BETWEEN, *compare.JOINT_EVALUATION, *compare.PLAN)
}

BETWEEN, JOINT_EVALUATION, PLAN = compare.BETWEEN, compare.JOINT_EVALUATION, compare.PLAN
"""The tables of the other kinds of briefing."""
