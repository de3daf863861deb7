"""Checks the messages of a file that is not a sheet: each by intake, and all together for damage. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from mekong.deploy.check.trial import Trial
from mekong.producers.doubts import Doubts
from mekong.producers.parsed import Parsed
from mekong.producers.sheets.marking import Finding
from mekong.schemas.rejected import Rejected

MOST_FINDINGS = 1_000
"""That are kept; all are counted."""


class CheckedMessages(NamedTuple):
    """What was found in a file of messages."""

    findings: tuple[Finding, ...]
    counts: Counter[str]
    """``good``, ``notice`` and ``rejected`` messages, and the ``question``s about the file."""


def check_messages(items: Iterable[Parsed | Rejected], agency: str | None, now_ms: int) -> CheckedMessages:
    """Look at all messages of a file. ``agency`` is the sender; without it each message names its own."""
    trial, doubts, counts = Trial(now_ms), Doubts(), Counter[str]()
    findings: list[Finding] = []
    for item in items:
        if isinstance(item, Rejected):
            found = [Finding("rejected", 0, item.where, item.field, item.reason.value, item.detail)]
        else:
            doubts.look(item)
            said = trial.judge(agency or item.agency or "", item.value)
            found = [Finding("rejected" if one.rejected else "notice", 0, item.where, one.field, one.code, one.sentence) for one in said]
        counts[found[0].level if found else "good"] += 1
        findings += found[: MOST_FINDINGS - len(findings)]
    for question in doubts.questions():
        counts["question"] += question.number
        places = question.spots or ((("", "")),)
        findings += [Finding("question", 0, where, field, "question", question.said) for where, field in places]
    return CheckedMessages(tuple(findings), counts)
