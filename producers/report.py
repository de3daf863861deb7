"""A ``Summary`` in, what a person and what a script reads of it out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from producers.ledger import Refusal, Remark, Summary
from schemas.receipts import Outcome

_TAKEN = (Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.CORRECTED, Outcome.STALE, Outcome.WITHDRAWN)
_MEANING = {
    Outcome.DUPLICATE: "the same again: nothing changed",
    Outcome.CORRECTED: "a new version of a known case",
    Outcome.STALE: "an older version again: it undoes nothing",
}


def as_json(summary: Summary, name: str) -> dict[str, Any]:
    """Everything, with every rejection and the first notices."""
    return {
        "file": name,
        "read": summary.read,
        "sent": summary.sent,
        "resumed": summary.resumed,
        **{outcome.value: summary.outcomes[outcome] for outcome in _TAKEN},
        "rejected": len(summary.refusals),
        "rejected_by_reason": {reason.value: count for reason, count in summary.reasons.most_common()},
        "notices_by_code": dict(summary.noticed.most_common()),
        "no_receipt": summary.unanswered,
        "notes": summary.notes,
        "rejections": [refusal._asdict() for refusal in summary.refusals],
        "notices": [remark._asdict() for remark in summary.remarks],
    }


def as_lines(summary: Summary, name: str) -> list[str]:
    """The account in a few lines: what was read, and what became of it. Rejections one by one are ``rejections``."""
    head = f"{name}: {summary.read:,} read, {summary.sent:,} sent"
    if summary.resumed:
        head += f", {summary.resumed:,} of them before an interruption"
    lines = [head]
    for outcome in _TAKEN:
        count = summary.outcomes[outcome]
        if count or outcome is Outcome.ACCEPTED:
            meaning = f"  ({_MEANING[outcome]})" if outcome in _MEANING else ""
            lines.append(f"  {outcome.value:<10} {count:>10,}{meaning}")
    reasons = ", ".join(f"{reason.value} {count:,}" for reason, count in summary.reasons.most_common())
    lines.append(f"  {'rejected':<10} {len(summary.refusals):>10,}" + (f"  ({reasons})" if reasons else ""))
    if summary.unanswered:
        lines.append(f"  {'no receipt':<10} {summary.unanswered:>10,}  (is `mekong worker intake` running? Sending again goes on waiting)")
    if summary.noticed:
        lines.append("  taken with a notice: " + ", ".join(f"{code} {count:,}" for code, count in summary.noticed.most_common()))
    return [*lines, *(f"  note: {note}" for note in summary.notes)]


def rejections(refusals: Iterable[Refusal]) -> list[tuple[str, str, str, str, str]]:
    """Where, case, reason, field and sentence of each, for a table."""
    return [(one.where, one.case_no, one.reason.value, one.field, one.detail) for one in refusals]


def notices(remarks: Iterable[Remark]) -> list[tuple[str, str, str, str, str]]:
    """Where, case, code, field and sentence of each, for a table."""
    return [(one.where, one.case_no, one.code, one.field, one.detail) for one in remarks]


def as_text(summary: Summary, name: str) -> str:
    """The account with every rejection, as a text file."""
    lines = as_lines(summary, name)
    for title, rows in (("Rejected:", rejections(summary.refusals)), ("Taken with a notice:", notices(summary.remarks))):
        if rows:
            lines += ["", title, *(f"  {where or 'file'}: {what} ({field}): {why}" for where, _, what, field, why in rows)]
    return "\n".join([*lines, ""])
