"""Compares the cases of a phase with those of the phase before it: all members, and the members of both phases. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mekong.sinks.reports.shape import Answers, Row, Rows


def change(answers: Answers) -> Rows:
    """A row for each commodity group, and the first one for all: cases before and now, of all members and of the same members.

    The same members are those of both phases, also the ones without a case. Nothing when no phase is compared.
    """
    if not answers.before:
        return ()
    same = members(answers.now) & members(answers.before)
    names = [row["commodity_group"] for row in answers.now["groups"]]
    names += sorted({row["commodity_group"] for row in answers.before["groups"]} - set(names))
    return [_row(name, answers, same) for name in names]


def members(tables: Mapping[str, Rows]) -> set[str]:
    """The members of a phase."""
    return {row["agency"] for row in tables["members"]}


def percent(before: int, now: int) -> float | None:
    """The change in per cent; None from nothing."""
    return (now - before) / before * 100 if before else None


def _row(group: str, answers: Answers, same: set[str]) -> Row:
    before, now = (_cases(tables["groups"], group) for tables in (answers.before, answers.now))
    same_before, same_now = (_of_members(tables, group, same) for tables in (answers.before, answers.now))
    return {
        "commodity_group": group,
        "cases_before": before,
        "cases": now,
        "change": percent(before, now),
        "same_before": same_before,
        "same_now": same_now,
        "same_change": percent(same_before, same_now),
    }


def _cases(rows: Iterable[Row], group: str) -> int:
    return sum(row["cases"] for row in rows if row["commodity_group"] == group)


def _of_members(tables: Mapping[str, Rows], group: str, same: set[str]) -> int:
    rows = tables["member_groups" if group else "members"]
    return sum(row["cases"] for row in rows if row["agency"] in same and row.get("commodity_group", "") == group)
