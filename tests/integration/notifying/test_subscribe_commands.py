"""`mekong subscribe` and `mekong alerts` on the real broker and the real ClickHouse."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import pytest
from click.testing import CliRunner, Result

from mekong.deploy import subscriptions
from mekong.deploy.cli.alerts import alerts
from mekong.deploy.cli.subscribe import subscribe
from mekong.schemas.alerts import Alert
from mekong.schemas.counts import Bucket
from mekong.schemas.errors import Refused
from mekong.schemas.notifications import Delivery, DeliveryState, Notification, Reason
from mekong.schemas.subscriptions import Answer
from mekong.schemas.topics import ALERTS, ANSWERS, DELIVERIES, NOTIFICATIONS
from mekong.schemas.wire import encode
from mekong.sinks.base import Batch, Source
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.migrate import migrate
from mekong.sinks.clickhouse.sink import ClickHouseSink
from mekong.sinks.clickhouse.tables import TABLES

pytestmark = pytest.mark.integration
GOOD = Path(__file__).parents[2] / "examples" / "alerts" / "good"
ALERT = Alert.model_validate(json.loads((GOOD / "spike-open.json").read_text()))
AT = datetime(2026, 5, 3, 8, 2, 12, tzinfo=UTC)


@pytest.fixture
def ask(exchange: Any, fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in {**exchange.environment, "MEKONG_CLICKHOUSE_URL": fresh_database}.items():
        monkeypatch.setenv(name, value)
    migrate(fresh_database)

    def ask(command: click.Command, *arguments: str, says: str = "") -> Result:
        return CliRunner().invoke(command, arguments, input=says, standalone_mode=False)

    return ask


def store(url: str, table: str, *values: bytes) -> None:
    one = next(one for one in TABLES if one.name == table)
    batch = Batch(Source(one.topic.name, 0), -1, list(range(len(values))), [1_780_000_000_000] * len(values), list(values))
    ClickHouseSink(Database(url), one).write([batch])


def notified(number: int, subscription: str, *alert: Alert, reason: Reason = Reason.ALERT) -> Notification:
    return Notification(
        notification_id=UUID(int=number << 96),
        subscription=subscription,
        member="VN-CUSTOMS",
        reason=reason,
        raised_at=AT,
        language="en",
        subject="Spike",
        text="Nine cases.",
        items=tuple(one.model_dump(mode="json") for one in alert),
    )


def delivered(number: int, subscription: str, state: DeliveryState, attempt: int = 1) -> Delivery:
    return Delivery(
        notification_id=UUID(int=number << 96),
        subscription=subscription,
        channel="mail",
        state=state,
        attempt=attempt,
        at=AT,
        raised_at=AT,
        detail="why",
    )


def test_a_subscription_is_added_listed_paused_resumed_changed_and_removed(exchange, ask):
    added = ask(
        subscribe, "add", "duty-vn", "--member", "VN-CUSTOMS", "--mail", "duty@example.org", "--language", "vi", "--tier", "severe",
        "--agency", "LA-CUSTOMS", "--group", "drug", "--kind", "SPIKE", "--region", "Asia", "--quiet", "22:00-06:00", "--budget", "3",
    )  # fmt: skip
    assert added.exit_code == 0, added.output
    found = subscriptions.subscription(exchange.settings, "duty-vn")
    assert found.filter.tiers == ("SEVERE",)
    assert (found.language, found.budget_per_week, found.filter.agencies) == ("vi", 3, ("LA-CUSTOMS",))
    assert found.quiet is not None
    assert found.quiet.start.hour == 22
    for command, state in (("pause", "paused"), ("resume", "active")):
        assert ask(subscribe, command, "duty-vn").exit_code == 0
        assert subscriptions.subscription(exchange.settings, "duty-vn").state == state
    exchange.write(NOTIFICATIONS.name, notified(1, "duty-vn"), notified(2, "duty-vn"))
    exchange.write(DELIVERIES.name, delivered(1, "duty-vn", DeliveryState.PARKED))
    listed = ask(subscribe, "list")
    assert "duty@example.org" in listed.output
    assert "was not delivered: why" in listed.output
    (row,) = [one for one in json.loads(ask(subscribe, "list", "--json").output) if one["id"] == "duty-vn"]
    assert (row["sent"], row["retrying"], row["parked"]) == (0, 0, 1)
    assert ask(subscribe, "remove", "duty-vn").exit_code == 0
    assert "duty-vn" not in subscriptions.subscriptions(exchange.settings)
    with pytest.raises(Refused, match="subscription 'duty-vn' does not exist"):
        subscriptions.subscription(exchange.settings, "duty-vn")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--member", "VN-CUSTOM", "--stream"], r"Member 'VN-CUSTOM' .* VN-CUSTOMS"),
        (["--member", "KH-CUSTOMS", "--stream"], "Member 'KH-CUSTOMS' is not known"),
        (["--member", "VN-CUSTOMS", "--stream", "--agency", "CN-CUSTOM"], "Agency 'CN-CUSTOM' .* CN-CUSTOMS"),
        (["--member", "VN-CUSTOMS", "--stream", "--kind", "SPIKES"], "Kind of alert 'SPIKES' .* SPIKE"),
        (["--member", "VN-CUSTOMS", "--stream", "--tier", "loud"], "Tier 'LOUD'"),
        (["--member", "VN-CUSTOMS", "--stream", "--group", "gold"], "^--group 'gold': give one of drug, "),
        (["--member", "VN-CUSTOMS", "--stream", "--region", "Mars"], "Region 'Mars'"),
        (["--member", "VN-CUSTOMS", "--mail", "nobody"], "^--mail 'nobody': give an address alone"),
        (["--member", "VN-CUSTOMS", "--webhook", "ftp://x", "--secret-name", "X"], "^--webhook 'ftp://x': give an address that begins"),
        (["--member", "VN-CUSTOMS", "--webhook", "https://x", "--secret-name", "a-b"], "^--secret-name 'a-b': give capital letters"),
        (["--member", "vn", "--stream"], "^--member 'vn': give the code of an agency"),
        (["--member", "VN-CUSTOMS", "--stream", "--quiet", "late"], "^--quiet 'late': give two times of the member"),
        (["--member", "VN-CUSTOMS", "--stream", "--quiet", "22:00-22:00"], "^--quiet '22:00-22:00': the two times are the same"),
        (["--member", "VN-CUSTOMS", "--stream", "--digest-hour", "25"], "^--digest-hour '25': give an hour from 0 to 23"),
        (["--member", "VN-CUSTOMS", "--stream", "--budget", "-1"], "^--budget '-1': give a number from 0 to 1,000"),
    ],
)
def test_what_is_unknown_or_impossible_is_refused_with_the_nearest_names(ask, options, said):
    refused = ask(subscribe, "add", "duty", *options)
    assert isinstance(refused.exception, Refused)
    assert re.search(said, str(refused.exception)), refused.exception


@pytest.mark.parametrize("options", [[], ["--stream", "--mail", "a@b"], ["--webhook", "https://x.example"]])
def test_a_subscription_has_exactly_one_channel_and_a_webhook_is_signed(ask, options):
    assert ask(subscribe, "add", "duty", "--member", "VN-CUSTOMS", *options).exit_code == 1


def test_alerts_are_shown_with_their_past_explained_and_answered(exchange, ask, fresh_database):
    exchange.write(ALERTS.name, ALERT)
    buckets = [
        Bucket.model_validate(
            {
                "agency": "VN-CUSTOMS", "commodity_group": "drug", "bucket": "day", "start": str(date(2026, 5, day)), "revision": revision,
                "closed_at": AT, "tick_offset": 1, "cases": cases, "lines": 1, "mass_mg": 1,
            }
        )
        for day, revision, cases in ((1, 0, 1), (2, 0, 5), (2, 1, 3))
    ]  # fmt: skip
    store(fresh_database, "buckets", *map(encode, buckets))
    shown = ask(alerts, "--agency", "VN-CUSTOMS")
    assert shown.exit_code == 0, shown.output
    assert "VN-CUSTOMS, drug" in shown.output
    assert "█" in shown.output
    assert json.loads(ask(alerts, "--json").output.splitlines()[-1])["alert_id"] == str(ALERT.alert_id)

    told = ask(alerts, "explain", str(ALERT.alert_id)[:8])
    assert ALERT.sentences.en in told.output
    assert "● observed" in told.output
    counts = json.loads(ask(alerts, "explain", str(ALERT.alert_id), "--json").output)["counts"]
    assert [one["cases"] for one in counts[-3:]] == [1, 3, ALERT.observed], "the newest revision counts"

    exchange.write(NOTIFICATIONS.name, notified(7, "fusion", ALERT), notified(8, "desk", ALERT))
    several = ask(alerts, "ack", str(ALERT.alert_id))
    assert "desk, fusion got it" in str(several.exception)
    assert ask(alerts, "ack", str(ALERT.alert_id), "-s", "desk").exit_code == 0
    assert ask(alerts, "verdict", str(UUID(int=7 << 96)), "explained", "--text", "a festival").exit_code == 0
    assert ask(alerts, "note", str(UUID(int=7 << 96)), "asked the post").exit_code == 0
    plate = ["note", str(UUID(int=7 << 96)), "the lorry 51F-123.45 again"]
    assert isinstance(ask(alerts, *plate).exception, click.Abort), "nobody said that it is meant so"
    assert ask(alerts, *plate, says="y\n").exit_code == 0
    assert isinstance(ask(alerts, "note", str(UUID(int=7 << 96)), " ").exception, click.UsageError)
    assert isinstance(ask(alerts, "verdict", str(UUID(int=7 << 96)), "real", "--text", "call 0912 345 678").exception, click.Abort)
    ask(subscribe, "add", "desk", "--member", "VN-CUSTOMS", "--stream")
    mute = ["mute", "VN-CUSTOMS/drug", "-s", "desk", "--reason", "known"]
    assert ask(alerts, *mute, "--until", "2999-01-01").exit_code == 0
    assert ask(alerts, *mute, "--until", "2020-01-01").exit_code == 1
    assert "not known" in str(ask(alerts, "mute", "VN-CUSTOM/drug", "-s", "desk", "--reason", "x", "--until", "2999-01-01").exception)
    given = subscriptions.read_all(exchange.settings, ANSWERS, Answer)[-5:]
    assert [(one.subscription, one.kind.value) for one in given] == [
        ("desk", "acknowledge"),
        ("fusion", "verdict"),
        ("fusion", "note"),
        ("fusion", "note"),
        ("desk", "mute"),
    ]
    assert (given[1].verdict, given[4].series) == ("explained", "VN-CUSTOMS/drug")


@pytest.mark.parametrize("text", ["abc", "zzzzzzzz", "00000000-1111"])
def test_an_id_that_leads_to_nothing_is_refused(ask, text):
    assert isinstance(ask(alerts, "explain", text).exception, Refused)
    assert isinstance(ask(alerts, "ack", text).exception, Refused)


def test_a_channel_is_tested_and_what_is_missing_is_named(exchange, ask):
    ask(subscribe, "add", "prover", "--member", "VN-CUSTOMS", "--stream")
    nobody = ask(subscribe, "test", "prover", "--wait", "0")
    assert "mekong worker notify" in nobody.output
    assert nobody.return_value == 1


def test_the_log_of_deliveries_has_one_row_for_each_notification(ask, fresh_database):
    store(fresh_database, "notifications", encode(notified(1, "one", ALERT)), encode(notified(2, "one")), encode(notified(3, "two")))
    store(
        fresh_database,
        "deliveries",
        encode(delivered(1, "one", DeliveryState.RETRYING)),
        encode(delivered(1, "one", DeliveryState.SENT, 2)),
        encode(delivered(2, "one", DeliveryState.PARKED, 9)),
    )
    answers = [
        {"subscription": "one", "kind": "acknowledge", "at": "2026-05-03T08:03:12Z", "notification_id": str(UUID(int=1 << 96))},
        {
            "subscription": "one",
            "kind": "verdict",
            "at": "2026-05-03T09:00:00Z",
            "notification_id": str(UUID(int=1 << 96)),
            "verdict": "real",
        },
    ]
    store(fresh_database, "answers", *(json.dumps(one).encode() for one in answers))
    store(fresh_database, "alerts", encode(ALERT))
    database = Database(fresh_database)
    rows = database.query(
        "SELECT subscription, state, attempts, sent_at IS NULL, answered_after_s, verdict FROM delivery_log ORDER BY notification_id"
    ).rows
    assert [tuple(row) for row in rows] == [
        ("one", "sent", 2, 0, 60.0, "real"),
        ("one", "parked", 9, 1, None, ""),
        ("two", "pending", 0, 1, None, ""),
    ]
    (alert,) = database.query("SELECT alert_id, observed, expected, sentence_en, length(event_ids), low_90 FROM alerts").rows
    expected = (ALERT.alert_id, ALERT.observed, ALERT.expected, ALERT.sentences.en, len(ALERT.event_ids))
    assert tuple(alert)[:5] == expected
    assert database.value("SELECT count() FROM dead_letters") == 0
