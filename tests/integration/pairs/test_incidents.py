"""The views of incidents on the real ClickHouse, against a union-find of the test's own: after any decisions, undos and withdrawals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from mekong.schemas.decisions import PairDecision, Verdict, pair_of
from mekong.schemas.journal import Enriched, Source, Version
from mekong.schemas.wire import encode
from mekong.sinks import base
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.migrate import migrate
from mekong.sinks.clickhouse.sink import ClickHouseSink
from mekong.sinks.clickhouse.tables import TABLES

AT = datetime(2026, 5, 3, 8, tzinfo=UTC)
KG = 1_000_000
Pair = tuple[UUID, UUID]


class World:
    """Cases and decisions in ClickHouse, and what the test knows of them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.live: dict[UUID, dict[str, Any]] = {}
        self.log: list[PairDecision] = []
        self._next = {"journal": 0, "decisions": 0}

    def case(self, number: int, agency: str, kg: int, kind: str = "exact", version: int = 1, *, is_withdrawn: bool = False) -> UUID:
        event_id = UUID(int=number * 0x1234567890ABCDEF1234567)
        content = {"seized_at": "2026-05-02", "lines": [{"commodity_group": "drug", "substance_or_taxon": "ice", "quantity_kind": kind}]}
        found = Version(
            event_id=event_id,
            agency=agency,
            case_no=f"C-{number}",
            family="case",
            version=version,
            status="withdrawn" if is_withdrawn else "current",
            message_type="withdrawal" if is_withdrawn else "seizure",
            received_at=AT + timedelta(minutes=number),
            source=Source(topic=f"in.{agency}.v1", offset=number),
            content_hash="1:00",
            content={} if is_withdrawn else content,
            enriched=Enriched(
                agency_kind="customs", agency_country="VN", agency_region="Asia", country="VN", lines=({"name": "ice", "mass_mg": kg * KG},)
            ),
        )
        self._store("journal", "journal.v1", encode(found))
        if is_withdrawn:
            del self.live[event_id]
        else:
            self.live[event_id] = {"agency": agency, "kg": kg, "rank": (kind != "exact", kg == 0, number)}
        return event_id

    def decide(self, one: UUID, other: UUID, verdict: Verdict, **more: Any) -> PairDecision:
        first, second = pair_of(one, other)
        given = {"decision_id": uuid4(), "officer": "duty", "reason": "seen", "at": AT, **more}
        found = PairDecision(first=first, second=second, verdict=verdict, **given)
        self.log.append(found)
        self._store("decisions", "decisions.v1", encode(found))
        return found

    def query(self, sql: str) -> list[Any]:
        return list(self.database.query(sql).rows)

    def _store(self, table: str, topic: str, value: bytes) -> None:
        sink, source, at = (
            ClickHouseSink(self.database, {one.name: one for one in TABLES}[table], None),
            base.Source(topic, 0),
            self._next[table],
        )
        sink.write([base.Batch(source, at - 1, [at], [1_780_000_000_000], [value])])
        self._next[table] = at + 1

    def groups(self, *verdicts: Verdict) -> list[frozenset[UUID]]:
        """The connected cases, by a union-find; withdrawn cases connect, and are then left out."""
        newest: dict[Pair, Verdict] = {}
        for one in self.log:
            newest[one.first, one.second] = one.verdict
        parent: dict[UUID, UUID] = {}

        def root(one: UUID) -> UUID:
            while parent.setdefault(one, one) != one:
                one = parent[one]
            return one

        for (first, second), verdict in newest.items():
            if verdict in verdicts:
                parent[root(first)] = root(second)
        found = defaultdict(set)
        for one in list(parent):
            found[root(one)].add(one)
        return [frozenset(group & self.live.keys()) for group in found.values()]


@pytest.fixture
def world(fresh_database: str) -> Iterator[World]:
    migrate(fresh_database)
    database = Database(fresh_database)
    yield World(database)
    database.close()


def agrees(world: World) -> None:
    """Everything that the views say, against the union-find."""
    incidents = {group for group in world.groups(Verdict.SAME, Verdict.LINKED) if len(group) > 1}
    rows = world.query("SELECT event_ids, cases, seizures, agencies FROM incidents")
    assert {frozenset(row[0]) for row in rows} == incidents
    assert len(rows) == len(incidents)
    same = [group for group in world.groups(Verdict.SAME) if group]
    together = {one: group for group in same for one in group}
    for ids, cases, seizures, agencies in rows:
        assert cases == len(ids)
        assert seizures == len({together.get(one, frozenset([one])) for one in ids})
        assert agencies == sorted({world.live[one]["agency"] for one in ids})
    once = {together.get(one, frozenset([one])) for one in world.live}
    givers = {min(group, key=lambda one: world.live[one]["rank"]) for group in once}
    network = world.query("SELECT event_id, event_ids, agencies, incident_id, mass_kg FROM network_seizures")
    assert {row[0] for row in network} == givers
    assert {frozenset(row[1]) for row in network} == once
    assert len(network) == len(once)
    ids = sorted(one for row in network for one in row[1])
    assert ids == sorted(world.live), "each case is behind one seizure of the network, and behind one only"
    assert sum(row[4] for row in network) == sum(world.live[one]["kg"] for one in givers)
    assert world.query("SELECT uniqExact(incident_id) FROM network_seizures") == [
        (len(incidents) + len(world.live.keys() - {one for group in incidents for one in group}),)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_incidents_and_totals_are_those_of_a_union_find_after_any_decisions(world, seed):
    chosen = Random(seed)
    agencies = ("VN-CUSTOMS", "VN-POLICE", "LA-CUSTOMS")
    cases = [
        world.case(n, chosen.choice(agencies), chosen.choice((0, 1, 5, 40)), chosen.choice(("exact", "exact", "estimated")))
        for n in range(1, 15)
    ]
    agrees(world)
    for step in range(40):
        pair = chosen.sample(cases, 2) if chosen.random() < 0.7 or not world.log else [world.log[-1].first, world.log[-1].second]
        world.decide(*pair, chosen.choice([Verdict.SAME, Verdict.SAME, Verdict.LINKED, Verdict.DIFFERENT, Verdict.UNDO]))
        if step == 25:
            number = chosen.randrange(14)
            world.case(number + 1, "VN-CUSTOMS", 0, version=2, is_withdrawn=True)
        if step % 8 == 0 or step > 37:
            agrees(world)


def test_a_chain_of_any_length_is_one_incident_and_an_undo_cuts_it(world):
    cases = [world.case(n, "VN-CUSTOMS" if n % 2 else "VN-POLICE", 3) for n in range(1, 41)]
    for one, other in pairwise(cases):
        world.decide(one, other, Verdict.SAME)
    agrees(world)
    assert world.query("SELECT count(), sum(mass_kg) FROM network_seizures") == [(1, 3)]
    assert world.query("SELECT agency, count() FROM seizures GROUP BY agency ORDER BY agency") == [("VN-CUSTOMS", 20), ("VN-POLICE", 20)]
    world.decide(cases[19], cases[20], Verdict.UNDO)
    agrees(world)
    assert world.query("SELECT count(), sum(mass_kg) FROM network_seizures") == [(2, 6)]


def test_a_withdrawn_case_leaves_its_incident_and_what_it_connected_stays_one_seizure(world):
    one, two, three = (world.case(n, agency, 7) for n, agency in ((1, "VN-CUSTOMS"), (2, "VN-POLICE"), (3, "LA-CUSTOMS")))
    world.decide(one, two, Verdict.SAME)
    world.decide(two, three, Verdict.SAME)
    world.case(2, "VN-POLICE", 0, version=2, is_withdrawn=True)
    agrees(world)
    assert world.query("SELECT cases, seizures, agencies FROM incidents") == [(2, 1, ["LA-CUSTOMS", "VN-CUSTOMS"])]
    world.case(3, "LA-CUSTOMS", 0, version=2, is_withdrawn=True)
    agrees(world)
    assert world.query("SELECT count() FROM incidents") == [(0,)]


def test_two_people_at_once_are_both_kept_and_the_last_one_holds(world):
    one, two = world.case(1, "VN-CUSTOMS", 7), world.case(2, "VN-POLICE", 7)
    before = world.decide(one, two, Verdict.SAME, officer="an")
    world.decide(one, two, Verdict.DIFFERENT, officer="binh", reason="<b>'\"; DROP TABLE decisions --")
    what = "SELECT verdict, officer, reason, decisions, contested FROM pair_decisions"
    assert world.query(what) == [("different", "binh", "<b>'\"; DROP TABLE decisions --", 2, 1)]
    last = world.log[-1]
    world.decide(one, two, Verdict.SAME, officer="an", seen=last.decision_id)
    assert world.query(what) == [("same", "an", "seen", 3, 0)]
    world.log.append(before)
    world._store("decisions", "decisions.v1", encode(before))  # the first form, sent again
    world.log.pop()
    world.decide(one, two, Verdict.UNDO, seen=world.log[-1].decision_id)
    assert world.query(what) == []
    world._store("decisions", "decisions.v1", encode(before))
    assert world.query(what) == []
    agrees(world)


def test_a_decision_about_an_unknown_case_changes_nothing(world):
    one = world.case(1, "VN-CUSTOMS", 7)
    world.decide(one, UUID(int=77), Verdict.SAME)
    agrees(world)
    assert world.query("SELECT count() FROM network_seizures") == [(1,)]
