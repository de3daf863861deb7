"""``mekong pairs``: pairs of cases that may be one seizure, and what a person decides about them."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from mekong.deploy.cli.terminal import say, say_json

if TYPE_CHECKING:
    from mekong.sinks.clickhouse.client import Database
    from mekong.sinks.pairs.reading import Days
    from mekong.sinks.pairs.score import Suspected

_DAY = click.DateTime(["%Y-%m-%d"])
_SHOWN = 20


@click.group()
def pairs() -> None:
    """Duplicates and links: cases that may be one seizure, reported twice.

    Nothing is joined by itself: a person says whether two cases are one seizure, belong together, or have nothing in common.

    \b
    Example:
      mekong pairs list
    """


def _days_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--until", type=_DAY, help="The last day of seizure. Default: the newest day that a case has.")(command)
    return click.option("--since", type=_DAY, help="The first day of seizure. Default: 60 days up to the last one.")(command)


@pairs.command("list")
@_days_options
@click.option("--agency", help="Only pairs with a case of this agency.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=_SHOWN, show_default=True, help="The most pairs to print.")
@click.option("--language", type=click.Choice(["en", "vi", "zh"]), default="en", show_default=True, help="Language of the reasons.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each pair.")
def list_(since: datetime | None, until: datetime | None, agency: str | None, limit: int, language: Any, *, as_json: bool) -> None:
    """Print the pairs that nobody has decided about yet, the most probable first, and why each is suspected.

    \b
    Example:
      mekong pairs list
      mekong pairs list --since 2026-05-01 --agency VN-CUSTOMS
    """
    from mekong.sinks.pairs.queue import queue
    from mekong.sinks.pairs.reading import days

    with _database() as database:
        within = days(database, since.date() if since else None, until.date() if until else None)
        result = queue(database, within)
    found = [one for one in result.suspected if agency in {None, one.first.agency, one.second.agency}]
    if as_json:
        for one in found[:limit]:
            say_json(json.dumps(_as_json(one, language), ensure_ascii=False))
        return
    for line in _lines(found[:limit], language):
        say(line)
    _say_rest(result, within, len(found), limit)


@pairs.command("confirm")
@click.argument("case")
@click.argument("other")
@click.option("--reason", required=True, help="Why. No names, plates or phone numbers.")
@click.option("--officer", help="Your sign or post, such as duty-vn. Default: your user name on this machine.")
def confirm(case: str, other: str, reason: str, officer: str | None) -> None:
    """Say that two cases are one seizure: it counts once in the totals of the network.

    CASE and OTHER are an event id, or AGENCY/CASE_NO.

    \b
    Example:
      mekong pairs confirm VN-CUSTOMS/HN-26-118 VN-POLICE/PC04-77 --reason "the police post confirms it"
    """
    _decide(case, other, "same", reason, officer)


@pairs.command("link")
@click.argument("case")
@click.argument("other")
@click.option("--reason", required=True, help="Why. No names, plates or phone numbers.")
@click.option("--officer", help="Your sign or post, such as duty-vn. Default: your user name on this machine.")
def link(case: str, other: str, reason: str, officer: str | None) -> None:
    """Say that two cases are two seizures that belong together: both count, and they are one incident.

    \b
    Example:
      mekong pairs link VN-CUSTOMS/HN-26-118 LA-CUSTOMS/VTE-9 --reason "the same lorry, two weeks later"
    """
    _decide(case, other, "linked", reason, officer)


@pairs.command("differ")
@click.argument("case")
@click.argument("other")
@click.option("--reason", required=True, help="Why. No names, plates or phone numbers.")
@click.option("--officer", help="Your sign or post, such as duty-vn. Default: your user name on this machine.")
def differ(case: str, other: str, reason: str, officer: str | None) -> None:
    """Say that two cases have nothing in common: the pair leaves the queue.

    \b
    Example:
      mekong pairs differ VN-CUSTOMS/HN-26-118 VN-CUSTOMS/HN-26-119 --reason "two parcels, two consignees"
    """
    _decide(case, other, "different", reason, officer)


@pairs.command("undo")
@click.argument("case")
@click.argument("other")
@click.option("--reason", required=True, help="Why. No names, plates or phone numbers.")
@click.option("--officer", help="Your sign or post, such as duty-vn. Default: your user name on this machine.")
def undo(case: str, other: str, reason: str, officer: str | None) -> None:
    """Undo the last decision about two cases: the pair is undecided again. All decisions stay on record.

    \b
    Example:
      mekong pairs undo VN-CUSTOMS/HN-26-118 VN-POLICE/PC04-77 --reason "it was another lorry"
    """
    _decide(case, other, "undo", reason, officer)


def _decide(case: str, other: str, verdict: str, reason: str, officer: str | None) -> None:
    from mekong.deploy.cli.alerts import looked_through
    from mekong.schemas.decisions import Verdict, pair_of
    from mekong.schemas.settings import settings
    from mekong.sinks.pairs.deciding import Given, decision
    from mekong.sinks.pairs.queue import probability_of
    from mekong.sinks.pairs.reading import case_named, history
    from mekong.sinks.pairs.writing import DecisionWriter

    reason = looked_through(reason)
    with _database() as database:
        one, two = case_named(database, case), case_named(database, other)
        earlier = history(database, *pair_of(one.event_id, two.event_id))
        seen, form = earlier[-1].decision_id if earlier else None, uuid4().hex
        probability = probability_of(database, one, two)
    found = decision(one, two, earlier, Given(Verdict(verdict), officer or _user(), reason, datetime.now(UTC), seen, form, probability))
    writer = DecisionWriter(settings())
    writer.write(found)
    writer.close()
    if earlier and earlier[-1].verdict != "undo":
        before = earlier[-1]
        say(f"Replaces the decision {before.verdict!r} of {before.officer}, {before.at:%Y-%m-%d %H:%M} UTC: {before.reason}")
    say(f"{found.officer}: {one.agency}/{one.case_no} and {two.agency}/{two.case_no}: {found.verdict.value}")


def _user() -> str:
    """The name of the user on this machine; empty where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _lines(found: list[Suspected], language: Any) -> Iterator[str]:
    from mekong.sinks.pairs.words import chance, sentence, texts

    for one in found:
        link = f", {texts(language)['linked_tag']}" if one.is_linked else ""
        yield f"{chance(one.probability):>6}{link}  " + "  ".join(
            f"{case.agency}/{case.case_no} ({case.day or '?'})" for case in (one.first, one.second)
        )
        yield f"        {sentence(one, language)}"


def _say_rest(result: Any, within: Days, found: int, limit: int) -> None:
    from mekong.sinks.pairs.reading import MOST_CASES

    say(f"{found:,} pairs to decide; {result.cases:,} cases of {within.first} to {within.last}, {result.compared:,} pairs compared.")
    if found > limit:
        say(f"Only the first {limit:,} are shown: --limit shows more.")
    if result.passed_over:
        say(f"{result.passed_over:,} cases have too many alike cases on their day. They are not compared by their day.")
    if result.cases >= MOST_CASES:
        say(f"Only the newest {MOST_CASES:,} cases of these days were compared: give fewer days.")


def _as_json(one: Suspected, language: Any) -> dict[str, Any]:
    from mekong.sinks.pairs.weights import MODEL
    from mekong.sinks.pairs.words import said

    cases = [{"event_id": case.event_id, "agency": case.agency, "case_no": case.case_no} for case in (one.first, one.second)]
    reasons = [
        {"field": each.field, "level": each.level, "bits": round(each.bits, 2), "words": said(each, language)} for each in one.reasons
    ]
    return {"probability": round(one.probability, 4), "is_linked": one.is_linked, "cases": cases, "reasons": reasons, "model": MODEL}


class _database:  # noqa: N801 - read as a function
    """A connection to ClickHouse for one command."""

    def __enter__(self) -> Database:
        from mekong.schemas.settings import settings
        from mekong.sinks.clickhouse.client import Database

        self._open = Database(settings().clickhouse())
        return self._open

    def __exit__(self, *_: object) -> None:
        self._open.close()
