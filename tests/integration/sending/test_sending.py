"""Files into a real Kafka, with an intake that answers each message: what is sent, matched, resumed and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mekong.producers.client import Client
from mekong.producers.files import SendOptions, replay_files, send_file
from mekong.producers.formats import BY_NAME
from mekong.producers.outbox import Delivered, Outbox, Undelivered
from mekong.producers.positions import Positions
from mekong.producers.receipts import Mailbox
from mekong.schemas.control import CONTROL, CONTROL_HEADER, Tick, signed
from mekong.schemas.errors import Refused, Retriable
from mekong.schemas.receipts import Outcome
from mekong.schemas.rejected import Reason
from mekong.schemas.topics import INCOMING

JSON = BY_NAME["json"]


def a_file(tmp_path: Path, agency: str, numbers: range, *extra: str) -> Path:
    path = tmp_path / "cases.jsonl"
    lines = [json.dumps({"agency": agency, "case_no": f"c{number}", "seized_at": "2026-05-03"}) for number in numbers]
    path.write_text("\n".join([*lines, *extra]) + "\n")
    return path


def test_every_message_is_sent_and_its_receipt_is_matched_to_its_line(server_settings, agency, intake, tmp_path):
    intake(agency)
    bad = json.dumps({"agency": agency, "case_no": "c0", "bad": 1})
    summary = send_file(server_settings, a_file(tmp_path, agency, range(1000), bad, "{no json"), SendOptions(JSON))
    assert (summary.read, summary.sent, summary.outcomes[Outcome.ACCEPTED], summary.unanswered) == (1002, 1001, 1000, 0)
    assert [(one.where, one.reason, one.field) for one in summary.refusals] == [
        ("line 1001", Reason.BAD_QUANTITY, "lines.0.quantity"),
        ("line 1002", Reason.NOT_JSON, "message"),
    ]
    assert not summary.good


def test_the_same_file_again_gives_duplicates(server_settings, agency, intake, tmp_path):
    intake(agency)
    path = a_file(tmp_path, agency, range(50))
    send_file(server_settings, path, SendOptions(JSON))
    again = send_file(server_settings, path, SendOptions(JSON))
    assert again.outcomes == {Outcome.DUPLICATE: 50}
    assert again.good


def test_an_interrupted_sending_goes_on_and_sends_nothing_twice(server_settings, agency, intake, tmp_path, records_of):
    path = a_file(tmp_path, agency, range(3000))

    def interrupt(progress) -> None:
        if progress.sent >= 1000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_file(server_settings, path, SendOptions(JSON, progress=interrupt))
    before = len(records_of(INCOMING.of(agency))) - 1  # the profile is the first record
    intake(agency)
    summary = send_file(server_settings, path, SendOptions(JSON))
    assert summary.resumed >= 1000
    assert summary.sent == 3000
    assert summary.outcomes.total() == 3000
    assert summary.outcomes[Outcome.DUPLICATE] == before - summary.resumed  # only what was under way at the interruption
    assert not list((server_settings.home / "sends").iterdir())


def test_receipts_that_do_not_come_leave_the_sending_open(server_settings, agency, intake, tmp_path):
    path = a_file(tmp_path, agency, range(5))
    waiting = send_file(server_settings, path, SendOptions(JSON, wait_s=0.5))
    assert (waiting.sent, waiting.unanswered, waiting.good) == (5, 5, False)
    intake(agency)
    summary = send_file(server_settings, path, SendOptions(JSON))
    assert (summary.resumed, summary.outcomes) == (5, {Outcome.ACCEPTED: 5})


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(
            lambda receipts, delivered: (receipts, {number: (topic, 10_000) for number, (topic, _) in delivered.items()}), id="shorter"
        ),
        pytest.param(lambda receipts, delivered: (dict.fromkeys(receipts, 10000), delivered), id="with fewer receipts"),
        pytest.param(lambda receipts, delivered: ({f"{name}.gone": 0 for name in receipts}, delivered), id="without the agency"),
    ],
)
def test_what_is_on_record_of_a_cluster_that_is_no_more_is_sent_again(server_settings, agency, intake, tmp_path, other):
    path = a_file(tmp_path, agency, range(5))
    send_file(server_settings, path, SendOptions(JSON, wait_s=0.5))
    (record,) = (server_settings.home / "sends").iterdir()
    with Positions(server_settings.home, record.stem) as positions:
        receipts, delivered = other(positions.receipts, positions.delivered)
        positions.begin_anew()
        positions.following(receipts)
        positions.add((number, Delivered(None, *place)) for number, place in delivered.items())
    intake(agency)
    summary = send_file(server_settings, path, SendOptions(JSON))
    assert (summary.resumed, summary.sent, summary.unanswered) == (0, 5, 0)


def test_an_agency_that_is_not_registered_is_named_with_what_to_do(server_settings, agency, tmp_path):
    summary = send_file(server_settings, a_file(tmp_path, "XX-NOBODY", range(2)), SendOptions(JSON))
    assert {one.reason for one in summary.refusals} == {Reason.UNREGISTERED_AGENCY}
    assert "mekong agency add XX-NOBODY" in summary.refusals[0].detail


def test_the_sender_given_by_name_sends_everything_whatever_the_messages_say(server_settings, agency, intake, tmp_path):
    intake(agency)
    summary = send_file(server_settings, a_file(tmp_path, "XX-OTHER", range(2)), SendOptions(JSON, agency=agency))
    assert summary.outcomes[Outcome.ACCEPTED] == 2


def test_a_replay_ticks_between_the_days_behind_all_data_before(server_settings, agency, intake, tmp_path, records_of):
    intake(agency)
    path = tmp_path / "old.jsonl"
    days = ["2020-05-02", "2020-04-30", "2020-05-02"]
    path.write_text("".join(json.dumps({"agency": agency, "case_no": f"c{n}", "seized_at": day}) + "\n" for n, day in enumerate(days)))
    off = server_settings.model_copy(update={"clock": "off"})
    summary = replay_files(off, [(path, JSON)], SendOptions(JSON), lambda: {agency: "+07:00"})
    assert summary.outcomes == {Outcome.ACCEPTED: 3}
    topic = INCOMING.of(agency)
    seen = []
    for record in records_of(topic)[1:]:
        mac = dict(record.headers).get(CONTROL_HEADER)
        if mac is None:
            seen.append(json.loads(record.value)["case_no"])
        else:
            assert signed(off.control_keys().signing, topic, record.value, mac)
            tick = CONTROL.validate_json(record.value)
            assert isinstance(tick, Tick)
            assert tick.replay
            seen.append(f"{tick.at:%m-%dT%H}")
    assert seen == ["c1", "04-30T17", "05-01T17", "c0", "c2", "05-02T17", "05-03T17"]


def test_a_replay_is_refused_while_the_clock_runs(server_settings):
    with pytest.raises(Refused, match="clock is off"):
        replay_files(server_settings, [], SendOptions(JSON), dict)


def test_the_client_reports_each_message_by_its_case_number(server_settings, agency, records_of):
    with Client(server_settings, agency, batch="from a test") as client:
        client.send(b'{"case_no":"a"}')
        client.send(b'{"case_no":"b","filler":"' + b"x" * 1_000_000 + b'"}')
        client.send(b"no json at all", "mine")
        found = {report.token: report for report in client.flush()}
    assert isinstance(found["a"], Delivered)
    assert isinstance(found["mine"], Delivered)
    assert isinstance(found["b"], Undelivered)
    assert found["b"].rejected.reason is Reason.TOO_LARGE
    records = records_of(INCOMING.of(agency))[1:]
    assert [record.offset for record in records] == [found["a"].offset, found["mine"].offset]
    assert all(dict(record.headers)["mekong-batch"] == b"from a test" for record in records)


def test_a_message_just_under_the_limit_is_taken(server_settings, agency):
    with Client(server_settings, agency) as client:
        client.send(b'"' + b"x" * 999_998 + b'"', "largest")
        assert [type(report) for report in client.flush()] == [Delivered]


def test_more_than_the_bound_is_sent_in_order_with_memory_bounded(server_settings, agency, records_of):
    with Outbox[int](server_settings, max_messages=50) as outbox:
        reports = []
        for number in range(2000):
            outbox.send(INCOMING.of(agency), "", b"%d" % number, number)
            assert outbox.under_way <= 50
            reports += outbox.reports()
        reports += outbox.flush()
    assert [report.token for report in reports] == list(range(2000))
    assert [record.value for record in records_of(INCOMING.of(agency))[1:]] == [b"%d" % number for number in range(2000)]


def test_a_topic_that_is_not_there_is_refused_with_a_sentence(server_settings):
    with pytest.raises(Refused, match="the topic does not exist"):
        Client(server_settings, "XX-NOBODY")
    with Outbox[int](server_settings) as outbox, pytest.raises(Refused, match="the topic does not exist"):
        outbox.send(INCOMING.of("XX-NOBODY"), "", b"{}", 1)


def test_a_broker_that_does_not_answer_is_named(server_settings, monkeypatch):
    monkeypatch.setattr("mekong.schemas.bootstrap.EACH_MS", 500)
    nowhere = server_settings.model_copy(update={"kafka_bootstrap": "127.0.0.1:1"})
    with pytest.raises(Retriable, match=r"no Kafka broker answers at 127\.0\.0\.1:1"):
        Mailbox(nowhere)
