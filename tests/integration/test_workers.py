"""Intake and watch as processes against a real broker: nothing lost, nothing twice, whatever happens to them."""

import json
import signal
import time
from collections import Counter

import pytest

from mekong.schemas.counts import Count, Window
from mekong.schemas.topics import CASES, COUNTS, DAYS, lane_of

VN, LA = "VN-CUSTOMS", "LA-CUSTOMS"


def seizure(agency, number, **changed):
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": 2, "unit": "kg"}
    return {"message_type": "seizure", "agency": agency, "case_no": f"case {number}", "seized_at": "2026-05-03", "lines": [line], **changed}


def versions(journal):
    return Counter((entry["event_id"], entry["version"]) for entry in journal if entry["kind"] == "version")


def test_each_message_gets_one_receipt_and_each_version_one_entry(deployment):
    deployment.register(VN)
    deployment.mekong("worker", "intake")
    note = "call 0912 345 678"
    deployment.send(
        VN,
        [
            seizure(VN, 1),
            seizure(VN, 1),
            seizure(VN, 1, seized_at="2026-05-04"),
            seizure(VN, 1),
            {"message_type": "withdrawal", "agency": VN, "case_no": "case 1"},
            {"message_type": "withdrawal", "agency": VN, "case_no": "never seen"},
            b"\xff\xfe",
            b"{",
            seizure(LA, 2),
            seizure(VN, 3, method_note=note, colour="red"),
        ],
    )
    receipts = deployment.receipts(VN, 10)
    told = [(receipt["outcome"], receipt.get("version"), receipt.get("reason")) for receipt in receipts]
    assert told == [
        ("accepted", 1, None),
        ("duplicate", 1, None),
        ("corrected", 2, None),
        ("stale", 2, None),
        ("withdrawn", 3, None),
        ("rejected", None, "unknown_case"),
        ("rejected", None, "invalid_utf8"),
        ("rejected", None, "not_json"),
        ("rejected", None, "wrong_agency"),
        ("accepted", 1, None),
    ]
    assert [receipt["source_offset"] for receipt in receipts] == list(range(2, 12))  # 0 is the agency's profile, 1 its marker
    assert {warning["code"] for warning in receipts[-1]["warnings"]} == {"unknown_field", "likely_identifier"}
    assert [entry["kind"] for entry in deployment.journal()] == ["agency", "version", "version", "version", "version"]


def test_a_worker_killed_again_and_again_loses_and_doubles_nothing(deployment):
    deployment.register(VN, LA)
    messages = {agency: [seizure(agency, number) for number in range(3_000)] for agency in (VN, LA)}
    worker = deployment.mekong("worker", "intake")
    for part in range(6):
        for agency, all_of_it in messages.items():
            deployment.send(agency, all_of_it[part * 500 : (part + 1) * 500])
        if part == 0:
            deployment.receipts(VN, 1)
        else:
            time.sleep(0.7)
        worker.send(signal.SIGKILL)
        worker = deployment.mekong("worker", "intake")
    for agency in messages:
        offsets = [receipt["source_offset"] for receipt in deployment.receipts(agency, 3_000, within_s=120)]
        assert offsets == list(range(2, 3_002))
    journal = deployment.journal()
    assert set(versions(journal).values()) == {1}
    assert len(versions(journal)) == 6_000


def test_a_paused_worker_that_wakes_up_cannot_write_over_its_successor(deployment):
    deployment.register(VN)
    paused = deployment.mekong("worker", "intake")
    deployment.send(VN, [seizure(VN, number) for number in range(50)])
    deployment.receipts(VN, 50)
    paused.send(signal.SIGSTOP)
    deployment.mekong("worker", "intake")
    deployment.send(VN, [seizure(VN, number) for number in range(50, 100)])
    deployment.receipts(VN, 100, within_s=90)
    paused.send(signal.SIGCONT)
    deployment.send(VN, [seizure(VN, number) for number in range(150)])
    receipts = deployment.receipts(VN, 250, within_s=90)
    time.sleep(2)
    receipts = deployment.receipts(VN)
    assert Counter(receipt["outcome"] for receipt in receipts) == {"accepted": 150, "duplicate": 100}
    assert set(versions(deployment.journal()).values()) == {1}


def test_a_worker_that_was_taken_for_gone_takes_its_lanes_up_where_they_are_now(deployment):
    deployment.register(VN, LA)
    paused = deployment.mekong("worker", "intake")
    for agency in (VN, LA):
        deployment.send(agency, [seizure(agency, number) for number in range(50)])
        deployment.receipts(agency, 50)
    time.sleep(2)  # nothing waits in its lanes
    paused.send(signal.SIGSTOP)
    deployment.mekong("worker", "intake")
    for agency in (VN, LA):
        deployment.send(agency, [seizure(agency, number) for number in range(50, 100)])
        deployment.receipts(agency, 100, within_s=90)
    time.sleep(3)  # the group's commit follows: beyond where the paused one was
    paused.send(signal.SIGCONT)
    deployment.wait_until(
        lambda: paused.log.read_text().count("intake ready: 3 sources") == 2 or paused.exit_code is not None,
        "it is in the group again, or was fenced off by what it had fetched before it heard",
    )
    for agency in (VN, LA):
        deployment.send(agency, [seizure(agency, number) for number in range(100, 150)])
        receipts = deployment.receipts(agency, 150, within_s=90)
        assert [receipt["outcome"] for receipt in receipts] == ["accepted"] * 150
    assert "state was lost" not in paused.log.read_text()


def test_an_agency_added_while_the_worker_runs_is_picked_up_within_a_minute(deployment):
    deployment.register(VN)
    worker = deployment.mekong("worker", "intake")
    deployment.send(VN, [seizure(VN, 1)])
    deployment.receipts(VN, 1)
    deployment.register(LA)
    deployment.send(LA, [seizure(LA, number) for number in range(100)])
    assert [receipt["outcome"] for receipt in deployment.receipts(LA, 100)] == ["accepted"] * 100
    assert len(deployment.receipts(VN)) == 1
    assert worker.exit_code is None


def test_messages_near_the_size_limit_go_through_whole(deployment):
    deployment.register(VN)
    deployment.mekong("worker", "intake")
    lines = [
        {"commodity_group": "drug", "substance_or_taxon": f"name {number:03d} " + "x" * 100, "quantity": 1, "unit": "kg"}
        for number in range(500)
    ]
    large = [seizure(VN, number, lines=lines, junk="y" * 800_000) for number in range(4)]
    deployment.send(VN, [*large, seizure(VN, 9)])
    receipts = deployment.receipts(VN, 5)
    assert [receipt["outcome"] for receipt in receipts] == ["accepted"] * 5
    assert len(deployment.journal()[1]["content"]["lines"]) == 500


def test_counts_follow_corrections_and_withdrawals_at_the_next_tick(deployment):
    deployment.register(VN)
    deployment.mekong("worker", "intake", env={"MEKONG_CLOCK": "off"})
    deployment.mekong("worker", "watch")
    deployment.send(VN, [seizure(VN, number) for number in range(10)])
    deployment.send(VN, [seizure(VN, 0, seized_at="2026-05-04"), {"message_type": "withdrawal", "agency": VN, "case_no": "case 1"}])
    deployment.receipts(VN, 12)
    tick(deployment, "2026-05-05T00:00:00Z")
    deployment.wait_until(lambda: deployment.read(COUNTS.name), "counts")
    counts = [Count.model_validate_json(record.value) for record in deployment.read(COUNTS.name)]
    assert {(count.window, count.start): count.cases for count in counts if count.commodity_group is None} == {
        ("day", "2026-05-03"): 8,
        ("day", "2026-05-04"): 1,
        ("month", "2026-05-01"): 9,
        **{(window.value, ""): 9 for window in Window if window.days},
    }


def tick(deployment, at):
    from kafka import KafkaProducer

    from mekong.schemas import wire
    from mekong.schemas.control import CONTROL_HEADER, Tick, sign
    from mekong.schemas.topics import INCOMING

    value = wire.encode(Tick(at=at, replay=True))
    topic = INCOMING.of(VN)
    producer = KafkaProducer(bootstrap_servers=deployment.bootstrap)
    producer.send(topic, value=value, headers=[(CONTROL_HEADER, sign(deployment.settings.deployment_secret(), topic, value))])
    producer.flush()
    producer.close()


@pytest.mark.timeout(240)
def test_a_lost_state_stops_the_worker_until_it_is_rebuilt_from_the_journal(deployment):
    deployment.register(VN)
    worker = deployment.mekong("worker", "intake")
    deployment.send(VN, [seizure(VN, number) for number in range(30)])
    deployment.send(VN, [b"garbage"])
    tick(deployment, "2026-05-05T00:00:00Z")  # a replayed one, dropped: it leaves nothing but the position behind it
    deployment.receipts(VN, 31)
    time.sleep(2.5)  # the group's commit follows within a second
    worker.stop()
    deployment.lose(CASES)
    refused = deployment.mekong("worker", "intake")
    deployment.wait_until(lambda: refused.exit_code is not None, "the worker refuses a lost state", 60)
    assert refused.exit_code != 0
    assert "mekong rebuild" in refused.last_words(200)
    rebuild = deployment.mekong("rebuild", "intake")
    deployment.wait_until(lambda: rebuild.exit_code is not None, "the rebuild ends")
    assert rebuild.exit_code == 0, rebuild.last_words(30)
    deployment.mekong("worker", "intake")
    deployment.send(VN, [seizure(VN, number) for number in range(31)])
    receipts = deployment.receipts(VN, 62)
    assert [receipt["source_offset"] for receipt in receipts] == [*range(2, 33), *range(34, 65)]
    assert Counter(receipt["outcome"] for receipt in receipts) == {"accepted": 31, "rejected": 1, "duplicate": 30}


@pytest.mark.timeout(240)
def test_watch_rebuilt_tells_no_count_twice_and_goes_on(deployment):
    deployment.register(VN)
    deployment.mekong("worker", "intake", env={"MEKONG_CLOCK": "off"})
    watch = deployment.mekong("worker", "watch")
    deployment.send(VN, [seizure(VN, number) for number in range(5)])
    deployment.receipts(VN, 5)
    tick(deployment, "2026-05-05T00:00:00Z")
    deployment.wait_until(lambda: deployment.read(COUNTS.name), "counts")
    before = [record.value for record in deployment.read(COUNTS.name)]
    deployment.send(VN, [seizure(VN, 98)])  # tells nothing before the next tick
    deployment.receipts(VN, 6)
    time.sleep(2.5)  # the group's commit follows within a second
    watch.stop()
    deployment.lose(DAYS)
    rebuild = deployment.mekong("rebuild", "watch")
    deployment.wait_until(lambda: rebuild.exit_code is not None, "the rebuild ends")
    assert rebuild.exit_code == 0, rebuild.last_words(30)
    deployment.mekong("worker", "watch")
    deployment.send(VN, [seizure(VN, 99)])
    deployment.receipts(VN, 7)
    tick(deployment, "2026-05-06T00:00:00Z")
    deployment.wait_until(lambda: len(deployment.read(COUNTS.name)) > len(before), "more counts")
    after = [record.value for record in deployment.read(COUNTS.name)]
    assert after[: len(before)] == before
    newest = {(c["window"], c["start"]): c["cases"] for c in map(json.loads, after) if c["commodity_group"] is None}
    assert newest["day", "2026-05-03"] == 7


def test_both_agencies_of_this_file_lie_in_lanes_of_their_own():
    assert lane_of(f"in.{VN}.v1") != lane_of(f"in.{LA}.v1")
