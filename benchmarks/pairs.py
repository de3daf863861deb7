"""Prints what the model of pairs finds in simulated phases: two reports of one seizure are known there. python -m benchmarks.pairs

Two worlds. *As simulated*: a joint case is a copy of the other agency's case. *Reported by two people*: the second report differs as two
officers differ: a day later, a rounded or another quantity, no place, other means, another estimate. References are left out of both:
with them every joint case would be found. In the second world an agency also registers 1 % of its cases again under another number.
"""

from __future__ import annotations

import argparse
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random

from benchmarks.table import DOC, machine, table, write
from mekong.deploy.registry import profile_of
from mekong.producers.simulate import simulate
from mekong.schemas.messages import SeizureContent, Withdrawal
from mekong.schemas.wire import encode, load
from mekong.sinks.pairs.case import Compared, compared
from mekong.sinks.pairs.score import LIKELY, SUSPECTED, Suspected, suspect
from mekong.streams.core.intake.alone import added
from mekong.streams.core.intake.check import Checked, check
from mekong.streams.core.intake.clock_of_place import in_local_time

_NOW_MS = 4_000_000_000_000
_AGAIN = 0.01
Truth = set[tuple[str, str]]
"""Pairs of event ids, the smaller first."""


def world(phase: str, seed: int) -> tuple[list[Compared], Truth]:
    """The cases of a phase as they are at its end, without references, and the pairs that are one seizure."""
    found = simulate(phase, seed, event_id=_id)
    current: dict[str, SeizureContent] = {}
    for _, message in found.messages:
        if isinstance(message, SeizureContent):
            current[_id(message.agency, message.case_no)] = message
        elif isinstance(message, Withdrawal):
            current.pop(_id(message.agency, message.case_no), None)
    cases = {event_id: _case(event_id, message) for event_id, message in current.items()}
    truth = {
        _pair(event_id, other)
        for event_id, case in cases.items()
        for other in case.related_to & cases.keys()
        if case.agency_country == cases[other].agency_country
    }
    return [case._replace(related_to=frozenset()) for case in cases.values()], truth


def by_two_people(chance: Random, cases: Sequence[Compared], truth: Truth) -> tuple[list[Compared], Truth]:
    """The same, where the second report of a seizure differs, and some cases are registered twice by one agency."""
    second = {max(pair) for pair in truth}
    told = [_differently(chance, case) if case.event_id in second else case for case in cases]
    again = [case for case in told if chance.random() < _AGAIN and case.event_id not in {one for pair in truth for one in pair}]
    copies = [
        _differently(chance, case)._replace(event_id=_id(case.agency, f"{case.case_no}/2"), case_no=f"{case.case_no}/2") for case in again
    ]
    return [*told, *copies], truth | {_pair(one.event_id, copy.event_id) for one, copy in zip(again, copies, strict=True)}


def _differently(chance: Random, case: Compared) -> Compared:
    """The same seizure in the words of another officer. The shares are invented."""
    changed = case
    if chance.random() < 0.12 and case.day:
        step = chance.choice((-1, 1))
        changed = changed._replace(day=case.day + timedelta(days=step), minute=case.minute + 1_440 * step if case.minute else None)
    if chance.random() < 0.4:
        changed = changed._replace(minute=None)
    if chance.random() < 0.3:
        changed = changed._replace(place="")
    if chance.random() < 0.12:
        changed = changed._replace(transport=chance.choice(("truck_van", "air", "maritime", "car_motorcycle")))
    if chance.random() < 0.25:
        changed = changed._replace(concealment=frozenset({chance.choice(("among_goods", "luggage", "in_goods"))}))
    if chance.random() < 0.3:
        changed = changed._replace(suspects=None if chance.random() < 0.5 else (case.suspects or 0) + 1)
    if chance.random() < 0.25:
        changed = changed._replace(origin="", destination=case.destination)
    factor = chance.choices((Decimal(1), Decimal("1.02"), Decimal("0.85"), Decimal("1.6")), (55, 22, 13, 10))[0]
    goods = tuple(one._replace(quantity=None if one.quantity is None else round(one.quantity * factor, 3)) for one in case.goods)
    return changed._replace(goods=goods[: 1 + chance.randrange(len(goods))])


def figures(name: str, cases: Sequence[Compared], truth: Truth) -> Iterator[list[str]]:
    """A row for each threshold."""
    began = time.process_time()
    result = suspect(cases)
    took = time.process_time() - began
    for least in (LIKELY, 0.5, SUSPECTED):
        said = {(one.first.event_id, one.second.event_id): one for one in result.suspected if one.probability >= least}
        right = said.keys() & truth
        equal = sum(_is_equal(pair) for ids, pair in said.items() if ids not in truth)
        found = f"{len(right) / max(1, len(truth)):.0%}"
        others = len(said) - len(right) - equal
        yield [
            name,
            f"{len(cases):,}",
            str(len(truth)),
            f"{least:.0%}",
            str(len(said)),
            str(len(right)),
            found,
            str(equal),
            str(others),
            f"{took:.1f} s",
        ]


def _is_equal(pair: Suspected) -> bool:
    """Whether nothing that is compared tells the two cases apart."""
    return pair.first._replace(event_id="", case_no="") == pair.second._replace(event_id="", case_no="")


def _case(event_id: str, message: SeizureContent) -> Compared:
    profile = profile_of(message.agency)
    checked = check(encode(message), message.agency, _NOW_MS, None)
    local = in_local_time(checked, profile, _NOW_MS) if isinstance(checked, Checked) else checked
    if not isinstance(local, Checked):
        raise TypeError(f"a simulated message is rejected: {local}")
    content = load(encode(local.message))
    enriched = {"agency_kind": profile.kind, "agency_country": profile.country, **_plain(added(local, profile))}
    return compared({"event_id": event_id, "agency": message.agency, "case_no": message.case_no, "content": content, "enriched": enriched})


def _plain(value: object) -> dict[str, object]:
    """What is added to a case, as the journal has it."""
    if not isinstance(value, dict):
        raise TypeError(f"a simulated message is rejected: {value}")
    return value


def _id(agency: str, case_no: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{agency}/{case_no}"))


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--phase", default="V")
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    given = options.parse_args()
    rows: list[list[str]] = []
    for seed in range(1, given.seeds + 1):
        cases, truth = world(given.phase, seed)
        rows += figures(f"as simulated, seed {seed}", cases, truth)
        rows += figures(f"by two people, seed {seed}", *by_two_people(Random(seed), cases, truth))
    header = ["world", "cases", "one seizure", "from", "suspected", "right", "found", "wrong: equal", "wrong: others", "CPU time"]
    text = f"Measured by `python -m benchmarks.pairs` on: {machine()}.\n\n{table(header, rows)}"
    print(text)
    if given.write:
        write(DOC, "pairs", text)


if __name__ == "__main__":
    main()
