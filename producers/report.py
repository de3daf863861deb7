"""Writes a ``Summary`` for a person and for a script. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mekong.producers.ledger import Rejection, Remark, Summary
from mekong.schemas.receipts import Outcome

_TAKEN = (Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.CORRECTED, Outcome.STALE, Outcome.WITHDRAWN)
_MEANING = {
    Outcome.DUPLICATE: "the same again: nothing changed",
    Outcome.CORRECTED: "a new version of a known case",
    Outcome.STALE: "look at it: the exchange has something newer, so nothing changed",
}


def as_json(summary: Summary, name: str) -> dict[str, Any]:
    """Everything, with every rejection and the first notices."""
    return {
        "file": name,
        "edition": summary.edition,
        "read": summary.read,
        "sent": summary.sent,
        "resumed": summary.resumed,
        **{outcome.value: summary.outcomes[outcome] for outcome in _TAKEN},
        "rejected": len(summary.refusals),
        "rejected_by_reason": dict(summary.reasons.most_common()),
        "notices_by_code": dict(summary.noticed.most_common()),
        "no_receipt": summary.unanswered,
        "notes": summary.notes,
        "held": summary.held,
        "rejections": [refusal._asdict() for refusal in summary.refusals],
        "stale_messages": [remark._asdict() for remark in summary.stale],
        "notices": [remark._asdict() for remark in summary.remarks],
    }


def as_lines(summary: Summary, name: str) -> list[str]:
    """The account in a few lines: what was read, and what became of it. Rejections one by one are ``rejections``."""
    if summary.held:
        end = "If the file is right, send it anyway with `mekong send` and --yes."
        return [f"{name}: held, nothing was sent", *(f"  {line}" for line in summary.held), f"  {end}"]
    head = f"{name}: {summary.read:,} read, {summary.sent:,} sent"
    if summary.resumed:
        head += f", {summary.resumed:,} of them before an interruption"
    if summary.edition:
        head += f", edition of {summary.edition}"
    lines = [head]
    for outcome in _TAKEN:
        count = summary.outcomes[outcome]
        if count or outcome is Outcome.ACCEPTED:
            meaning = f"  ({_MEANING[outcome]})" if outcome in _MEANING else ""
            lines.append(f"  {outcome.value:<10} {count:>10,}{meaning}")
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in summary.reasons.most_common())
    lines.append(f"  {'rejected':<10} {len(summary.refusals):>10,}" + (f"  ({reasons})" if reasons else ""))
    if summary.unanswered:
        lines.append(f"  {'no receipt':<10} {summary.unanswered:>10,}  (send the same file again, or ask the operator whether intake runs)")
    if summary.noticed:
        lines.append("  taken with a notice: " + ", ".join(f"{code} {count:,}" for code, count in summary.noticed.most_common()))
    return [*lines, *(f"  note: {note}" for note in summary.notes)]


def rejections(refusals: Iterable[Rejection]) -> list[tuple[str, str, str, str, str]]:
    """Where, case, reason, field and sentence of each, for a table."""
    return [(one.where, one.case_no, str(one.reason), one.field, one.detail) for one in refusals]


def notices(remarks: Iterable[Remark]) -> list[tuple[str, str, str, str, str]]:
    """Where, case, code, field and sentence of each, for a table."""
    return [(one.where, one.case_no, one.code, one.field, one.detail) for one in remarks]


def as_text(summary: Summary, name: str) -> str:
    """The account with every rejection, as a text file."""
    lines = as_lines(summary, name)
    found = (
        ("Rejected:", rejections(summary.refusals)),
        ("Stale, nothing changed:", notices(summary.stale)),
        ("Taken with a notice:", notices(summary.remarks)),
    )
    for title, rows in found:
        if rows:
            lines += ["", title, *(f"  {where or 'file'}: {what} ({field}): {why}" for where, _, what, field, why in rows)]
    return "\n".join([*lines, ""])
