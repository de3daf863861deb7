"""Lists the kinds of briefing: which tables each one has, and which sentences. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from mekong.sinks.reports import findings, summary
from mekong.sinks.reports.shape import ReportTable
from mekong.sinks.reports.summary import Facts, Sentence
from mekong.sinks.reports.tables import BETWEEN, BY_NAME, JOINT_EVALUATION, PLAN, TABLES


class KindOf(NamedTuple):
    """One kind of briefing. Its title is in the texts: ``title``, or ``title_of_`` and its name."""

    name: str
    tables: tuple[ReportTable, ...]
    summary: Callable[[Facts], Iterator[Sentence]]
    needs: tuple[str, ...]
    """The tables that it reads from ClickHouse."""
    has_charts: bool = False


def _of(names: Iterable[str]) -> tuple[ReportTable, ...]:
    return tuple(BY_NAME[name] for name in names)


_OWN = ("members", "response", "largest", "first_seen", "quality", "changes")
_READ = tuple(table.name for table in TABLES if table.view)
PHASE = KindOf("phase", TABLES, summary.summary, _READ, has_charts=True)
MEMBER = KindOf("member", (replace(BY_NAME["member_groups"], most=0), *_of(_OWN)), findings.member, ("member_groups", *_OWN))
BILATERAL = KindOf("between", BETWEEN, findings.between, ("members", "routes", "warnings", "joint"))
PLANNED = KindOf(
    "plan",
    (*PLAN, *_of(("first_seen", "quality"))),
    findings.plan,
    ("members", "member_groups", "response", "first_seen", "quality"),
)
JOINT = KindOf("joint", JOINT_EVALUATION, findings.joint, ("groups", "members", "member_groups"))
KINDS: Mapping[str, KindOf] = {kind.name: kind for kind in (PHASE, MEMBER, BILATERAL, PLANNED, JOINT)}
