"""``mekong receipts --summary`` reads the receipts of the last months and says how the feed is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from click.testing import CliRunner
from kafka import KafkaProducer

from mekong.deploy.cli import mekong
from mekong.schemas.receipts import Outcome, Receipt
from mekong.schemas.rejected import Reason
from mekong.schemas.topics import INCOMING, RECEIPTS
from mekong.schemas.wire import encode


def summary(agency: str, *more: str):
    return CliRunner().invoke(mekong, ["receipts", "--agency", agency, "--summary", *more], standalone_mode=False)


def test_a_feed_is_summed_up_from_its_own_receipts(agency, kafka):
    assert summary(agency).output == f"{agency}: well\n    No message in the last 180 days.\n"
    producer = KafkaProducer(bootstrap_servers=kafka, acks="all")
    now = datetime.now(UTC)

    def answered(days_ago: int, outcome: Outcome = Outcome.ACCEPTED, **more: str) -> None:
        at = now - timedelta(days=days_ago)
        one = Receipt(source_topic=INCOMING.of(agency), source_offset=1, agency=agency, outcome=outcome, received_at=at, **more)
        producer.send(RECEIPTS.of(agency), encode(one), timestamp_ms=int(at.timestamp() * 1000))

    refused = {"reason": Reason.UNKNOWN_CODE, "field": "lines.0.unit", "detail": "'Kilo': is not on the code list; did you mean kg?"}
    for days_ago in (400, 399, 398):
        answered(days_ago, Outcome.REJECTED, **refused)
    for days_ago in range(30, 0, -1):
        answered(days_ago, seized_at=f"{now - timedelta(days=days_ago + 2):%Y-%m-%d}")
    producer.flush()
    found = summary(agency)
    assert (found.return_value, found.output.splitlines()[0]) == (0, f"{agency}: well")
    assert "half of 30 cases within 2, nine of ten within 2" in found.output
    for _ in range(3):
        answered(0, Outcome.REJECTED, **refused)
    producer.flush()
    producer.close()
    found = summary(agency)
    assert (found.return_value, found.output.splitlines()[0]) == (1, f"{agency}: look at this")
    assert "! Rejected 3 times in 35 days: lines.unit: 'Kilo': is not on the code list; did you mean kg?" in found.output
    health = json.loads(summary(agency, "--json").output)
    assert (health["agency"], health["failing"][0]["times"], health["recent"]["rejected"]) == (agency, 3, 3)
