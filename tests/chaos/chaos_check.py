"""A stack at rest and what was sent in; every difference from the truth out, as sentences."""

from __future__ import annotations

import json
import urllib.request
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from chaos_hours import TOPIC as HOURS
from chaos_hours import hours, hours_told
from chaos_meaning import Meaning, Planned
from chaos_model import Answer, Entry, Record, Series, Tally, Truth
from chaos_topics import Differences, Place, Records, doubled, of_topic

from mekong.schemas.settings import Settings

TABLES = {
    "journal": "journal.v1",
    "counts": "counts.v1",
    "buckets": "buckets.v1",
    "receipts": "receipts.",
    "alerts": "alerts.v1",
    "notifications": "notifications.v1",
    "deliveries": "deliveries.v1",
    "answers": "answers.v1",
}
"""Table of ClickHouse -> its topic, or what the names of its topics begin with."""
_NOTHING: Tally = (0, 0, 0)


def as_record(one: Any) -> Record:
    """As the truth takes it."""
    return Record(one.offset, one.timestamp, one.value or b"", dict(one.headers))


class Found(NamedTuple):
    """What was on the topics, for figures."""

    outcomes: Counter[str]
    versions: int
    ticks: int
    differences: Sequence[str]


class Checker:
    """Holds everything that the exchange made of the messages against the truth."""

    def __init__(self, settings: Settings, clickhouse_url: str, records: Records) -> None:
        self._settings, self._url = settings, clickhouse_url
        self._records = records
        self.differences = Differences()
        self._differs = self.differences.differs

    def check(
        self, messages: Sequence[Planned], delivered: Mapping[int, Place], tried: Mapping[int, int], agencies: Iterable[str]
    ) -> Found:
        self._check_sent(messages, delivered, tried)
        truths = {agency: self._truth(agency, messages) for agency in agencies}
        outcomes: Counter[str] = Counter()
        for agency, truth in truths.items():
            outcomes += self._check_receipts(agency, truth)
        self._check_journal(truths)
        self._check_hours()
        self._check_store(truths)
        return Found(
            outcomes, sum(len(truth.entries) for truth in truths.values()), sum(len(t.tables) for t in truths.values()), self.differences
        )

    def _check_sent(self, messages: Sequence[Planned], delivered: Mapping[int, Place], tried: Mapping[int, int]) -> None:
        """A message that was reported delivered is where the report says; and in the topic no more often than it was tried."""
        at = {(record.topic, record.offset): record.value or b"" for records in self._records.values() for record in records}
        self._differs("delivered, but something else is there", [n for n, place in delivered.items() if at.get(place) != messages[n].value])
        self._differs("never delivered", sorted(set(range(len(messages))) - delivered.keys()))
        least, most, there = Counter[Any](), Counter[Any](), Counter[Any]()
        for number, planned in enumerate(messages):
            key = (f"in.{planned.agency}.v1", planned.value)
            least[key] += 1
            most[key] += tried[number]
        for (topic, _), value in at.items():
            if topic.startswith("in."):
                there[topic, value] += 1
        self._differs("less often on the topic than sent", [key for key, number in least.items() if there[key] < number])
        self._differs("more often on the topic than tried", [key for key, number in most.items() if there[key] > number])

    def _truth(self, agency: str, messages: Sequence[Planned]) -> Truth:
        meanings: dict[bytes, Meaning] = {planned.value: planned.meaning for planned in messages if planned.agency == agency}
        topic = f"in.{agency}.v1"
        incoming = map(as_record, of_topic(self._records, topic))
        return Truth(topic, self._settings.deployment_secret(), meanings.__getitem__).take(incoming)

    def _check_receipts(self, agency: str, truth: Truth) -> Counter[str]:
        said = [json.loads(record.value) for record in of_topic(self._records, f"receipts.{agency}.v1")]
        found = [Answer(one["source_offset"], one["outcome"], one.get("version"), one.get("reason")) for one in said]
        self._differs(f"{agency}: messages with more than one receipt", doubled(answer.offset for answer in found))
        by_offset = {answer.offset: answer for answer in found}
        wanted = {answer.offset: answer for answer in truth.answers}
        self._differs(f"{agency}: messages without a receipt", sorted(wanted.keys() - by_offset.keys()))
        self._differs(f"{agency}: receipts of nothing", sorted(by_offset.keys() - wanted.keys()))
        wrong = [
            (wanted[offset], by_offset[offset])
            for offset in sorted(wanted.keys() & by_offset.keys())
            if wanted[offset] != by_offset[offset]
        ]
        self._differs(f"{agency}: receipts that say something else", wrong)
        self._differs(f"{agency}: receipts out of order", [] if [a.offset for a in found] == sorted(a.offset for a in found) else ["order"])
        return Counter(answer.outcome for answer in found)

    def _check_journal(self, truths: Mapping[str, Truth]) -> None:
        journal = [(record.partition, record.offset, json.loads(record.value)) for record in of_topic(self._records, "journal.v1")]
        versions = [(one["event_id"], one["version"]) for _, _, one in journal if one["kind"] == "version"]
        self._differs("versions twice in the journal", doubled(versions))
        ids = {(one["agency"], one["case_no"], one["event_id"]) for _, _, one in journal if one["kind"] == "version"}
        self._differs("cases with two event ids", doubled((agency, case_no) for agency, case_no, _ in ids))
        self._differs("event ids of two cases", doubled(event_id for _, _, event_id in ids))
        theirs = [(one["agency"], part) for part, _, one in journal if one["kind"] != "time"]
        self._differs("agencies in two partitions", doubled(agency for agency, _ in set(theirs)))
        self._differs("entries of unknown agencies", sorted({agency for agency, _ in theirs} - truths.keys()))
        for agency, truth in truths.items():
            mine = [(offset, one) for _, offset, one in journal if one["agency"] == agency]
            found = [
                Entry(one["source"]["offset"], one["kind"], one.get("case_no", ""), one.get("version", 0), one.get("status", ""))
                for _, one in mine
            ]
            if found != truth.entries:
                first = next((n for n, pair in enumerate(zip(found, truth.entries, strict=False)) if pair[0] != pair[1]), None)
                where = min(len(found), len(truth.entries)) if first is None else first
                text = f"entry {where}: is {found[where : where + 1]}, should be {truth.entries[where : where + 1]}"
                self.differences.append(f"{agency}: the journal has {len(found)} entries, should have {len(truth.entries)}; {text}")
                continue
            ticks = [offset for offset, one in mine if one["kind"] == "tick"]
            self._check_counts(agency, truth, ticks)
            self._check_buckets(agency, truth, ticks)

    def _check_hours(self) -> None:
        """Each lane's own time passes in its partition of the journal as the clock has written it."""
        for (topic, partition), ticks in self._records.items():
            if topic == HOURS:
                wanted = hours(map(as_record, ticks), self._settings.deployment_secret())
                found = hours_told(json.loads(record.value) for record in self._records["journal.v1", partition])
                if found != wanted:
                    self.differences.append(f"journal {partition}: hours are {found[-5:]}, should be {wanted[-5:]}")

    def _check_counts(self, agency: str, truth: Truth, ticks: Sequence[int]) -> None:
        """At every tick what was told by then is what the model counts; nothing was told twice."""
        told: dict[int, dict[Series, Tally]] = defaultdict(dict)
        for one in self._of("counts.v1", agency):
            series = (one.get("commodity_group"), one["window"], one["start"])
            if series in told[one["tick_offset"]]:
                self.differences.append(f"{agency}: the count of {series} is told twice for tick {one['tick_offset']}")
            told[one["tick_offset"]][series] = (one["cases"], one["lines"], one["mass_mg"])
        self._differs(f"{agency}: counts of a tick that is none", sorted(told.keys() - set(ticks)))
        known: dict[Series, Tally] = {}
        for tick, table in zip(ticks, truth.tables, strict=True):
            known |= told.get(tick, {})
            wrong = [
                (series, "is", known.get(series), "should be", table.get(series))
                for series in sorted(known.keys() | table.keys(), key=str)
                if known.get(series, _NOTHING) != table.get(series, _NOTHING)
            ]
            if wrong:
                self._differs(f"{agency}: counts that differ at tick {tick}", wrong)
                return

    def _check_buckets(self, agency: str, truth: Truth, ticks: Sequence[int]) -> None:
        """Each revision once and without a gap; each with the count as of its tick; a period that is over as it stands now."""
        tables = dict(zip(ticks, truth.tables, strict=True))
        revisions: dict[tuple[str, str], set[int]] = defaultdict(set)
        newest: dict[Series, tuple[int, Tally]] = {}
        seen: list[tuple[Series, int]] = []
        odd: list[tuple[Series, int, Tally]] = []
        for one in self._of("buckets.v1", agency):
            series: Series = (one.get("commodity_group"), one["bucket"], one["start"])
            tally = (one["cases"], one["lines"], one["mass_mg"])
            seen.append((series, one["revision"]))
            revisions[one["bucket"], one["start"]].add(one["revision"])
            newest[series] = max(newest.get(series, (-1, _NOTHING)), (one["revision"], tally))
            if tables.get(one["tick_offset"], {}).get(series, _NOTHING) != tally:
                odd.append((series, one["revision"], tally))
        self._differs(f"{agency}: closed periods that were told with another count than at their tick", odd)
        self._differs(f"{agency}: revisions told twice", doubled(seen))
        self._differs(f"{agency}: revisions left out", [key for key, found in revisions.items() if found != set(range(len(found)))])
        if not truth.tables:
            return
        today = truth.ended[-1].isoformat()
        over = {"day": today, "month": today[:7] + "-01"}
        wrong = [
            (series, "is", newest.get(series), "should be", tally)
            for series in sorted(truth.tables[-1].keys() | newest.keys(), key=str)
            if series[1] in over
            and series[2] < over[series[1]]
            and newest.get(series, (0, _NOTHING))[1] != (tally := truth.tables[-1].get(series, _NOTHING))
        ]
        self._differs(f"{agency}: closed periods that were last told otherwise", wrong)

    def _of(self, topic: str, agency: str) -> list[Any]:
        if not hasattr(self, "_parsed"):
            self._parsed: dict[str, dict[str, list[Any]]] = {}
        if topic not in self._parsed:
            self._parsed[topic] = defaultdict(list)
            for record in of_topic(self._records, topic):
                one = json.loads(record.value)
                self._parsed[topic][one["agency"]].append(one)
        return self._parsed[topic].get(agency, [])

    def _check_store(self, truths: Mapping[str, Truth]) -> None:
        """Each record of each topic is one row, counted raw; nothing is a dead letter; the view has what counts now."""
        for table, topics in TABLES.items():
            wanted = Counter(
                (t, p, record.offset) for (t, p), records in self._records.items() if t.startswith(topics) for record in records
            )
            found: Counter[tuple[str, int, int]] = Counter()
            for row in self._ask(f"SELECT _topic AS t, _partition AS p, groupArray(_offset) AS o FROM {table} GROUP BY t, p"):
                found.update((row["t"], int(row["p"]), int(offset)) for offset in row["o"])
            self._differs(f"table {table}: records without a row", sorted((wanted - found).elements()))
            self._differs(f"table {table}: rows too many", sorted((found - wanted).elements()))
        self._differs("dead letters", self._ask("SELECT target, code, error FROM dead_letters"))
        current = {row["agency"]: int(row["n"]) for row in self._ask("SELECT agency, count() AS n FROM seizures GROUP BY agency")}
        wrong = [
            (agency, current.get(agency, 0), truth.current) for agency, truth in truths.items() if current.get(agency, 0) != truth.current
        ]
        self._differs("agencies with another number of seizures in the view", wrong)

    def _ask(self, sql: str) -> list[dict[str, Any]]:
        """Rows of ClickHouse by plain HTTP, without a client or code of the exchange."""
        at = urlsplit(self._url)
        asked = urllib.request.Request(
            f"http://{at.hostname}:{at.port}/?database={at.path.strip('/')}", f"{sql} FORMAT JSONEachRow".encode()
        )
        user = f"{unquote(at.username or '')}:{unquote(at.password or '')}".encode()
        asked.add_header("Authorization", "Basic " + b64encode(user).decode())
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return [json.loads(line) for line in answer.read().splitlines()]
