"""docs/send-with-kafka.md: its examples in three languages, and what other senders send by their settings or by mistake."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from mekong.schemas.topics import INCOMING
from tests.interop.examples import confluent, messages_of, programs

PAGE = Path(__file__).parents[2] / "docs" / "send-with-kafka.md"
ODD_RECORDS = Path(__file__).parents[1] / "interop" / "odd_records.py"
OF = {"python": "VN-CUSTOMS", "java": "LA-CUSTOMS", "javascript": "TH-CUSTOMS"}


def test_each_example_prints_the_receipts_of_what_it_sent_and_sends_again_without_doubling(deployment, tmp_path):
    deployment.register(*OF.values())
    deployment.mekong("worker", "intake")
    env = {**os.environ, "MEKONG_KAFKA_BOOTSTRAP": deployment.bootstrap}
    for language, run in programs(tmp_path).items():
        file = messages_of(OF[language], tmp_path)
        for outcome in ("accepted", "duplicate"):
            found = [line.split() for line in run(OF[language], file, env=env).splitlines()]
            assert [line[:2] for line in found] == [["2026/118", outcome], ["2026/119", outcome], ["2026/120", "rejected"]], (
                language,
                found,
            )
            assert found[2][2] == "bad_quantity"
        receipts = deployment.receipts(OF[language])
        assert len({one["correlation_id"] for one in receipts}) == len(receipts) == 6
        assert [record.key for record in deployment.read(INCOMING.of(OF[language]))][1:4] == [b"2026/118", b"2026/119", b"2026/120"]


COUNTED = {f"{codec} {number}" for codec in ("gzip", "snappy", "lz4", "zstd") for number in range(3)}
COUNTED |= {"committed", "no key", "key that is not UTF-8", "foreign headers"}
REJECTED = {
    "tombstone": ("not_json", "send a withdrawal"),
    "empty": ("not_json", "send a withdrawal"),
    "schema registry": ("not_json", "prefix of a schema registry"),
    "avro": ("invalid_utf8", "prefix of a schema registry"),
    "connect": ("missing_field", "value.converter.schemas.enable=false"),
    "debezium": ("missing_field", "change event of Debezium"),
    "debezium in connect": ("missing_field", "change event of Debezium"),
    "cloudevent": ("missing_field", "envelope of CloudEvents"),
    "encoded twice": ("wrong_type", "encoded twice"),
    "array": ("wrong_type", "must be an object in braces"),
    "utf-16": ("invalid_utf8", "byte 1 is not UTF-8"),
    "over the limit of a message": ("too_large", "at most 1,000,000"),
}
"""Reason and some words of the receipt of each record that tests/interop/odd_records.py sends; docs/send-with-kafka.md lists the same."""


def test_what_other_programs_send_has_its_receipt_or_the_brokers_error(deployment):
    agency = "VN-CUSTOMS"
    deployment.register(agency)
    deployment.mekong("worker", "intake")
    command = [confluent(), ODD_RECORDS, deployment.bootstrap, agency]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    refused = json.loads(done.stdout)
    assert refused.pop("over the limit of a batch") == {"MSG_SIZE_TOO_LARGE": 1}
    large = sum(refused.pop("large batch").values())
    assert refused == {}
    found = deployment.receipts(agency, at_least=len(COUNTED) + len(REJECTED) + 20 - large)
    by_name = {one["correlation_id"]: one for one in found}
    assert {name for name, one in by_name.items() if one["outcome"] == "accepted"} - {"large batch"} == COUNTED
    told = {name: (one["reason"], one["detail"]) for name, one in by_name.items() if one["outcome"] == "rejected"}
    assert set(told) == set(REJECTED)
    for name, (reason, words) in REJECTED.items():
        assert told[name][0] == reason, name
        assert words in told[name][1], name
    assert large > 0, "the broker compares the batch with its limit when it is unpacked"


def test_the_page_lists_every_language_and_every_reason_of_an_odd_record():
    page = PAGE.read_text(encoding="utf-8")
    rows = page.split("## What comes back for odd records")[1].split("##")[0]
    assert {reason for reason, _ in REJECTED.values()} == set(re.findall(r"(?:rejected,|or) `([a-z_0-9]+)`", rows))
    assert all(f"](examples/{language}/" in page for language in OF)
