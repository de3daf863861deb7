"""Two tellings of one time: what differs, how often it was right, how soon it came, what it would have cost to read."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mekong.deploy.backtest.compare import Period, detection, only_in, precision, raised_alerts, rows
from mekong.deploy.backtest.labels import labels_of
from mekong.deploy.backtest.load import load_of
from mekong.deploy.backtest.planted import read_truth, search
from mekong.producers.simulate import simulate
from mekong.schemas.alerts import Alert, Explain, Kind, Span, State, Tier, alert_id
from mekong.schemas.errors import Refused
from mekong.schemas.notifications import Notification, Reason
from mekong.schemas.subscriptions import Answer, AnswerKind
from mekong.schemas.wire import decode, encode

GOOD = Path(__file__).parents[1] / "examples" / "alerts" / "good"
SPIKE = decode((GOOD / "spike-open.json").read_bytes(), Alert)
VN, LA = "VN-CUSTOMS", "LA-CUSTOMS"
MAY = Period(date(2026, 5, 1), date(2026, 5, 31))


def spike(day, agency=VN, state=State.OPEN, kind=Kind.SPIKE, tier=Tier.SPIKE, hours=30.0, p=1e-4):
    """Opened on a day of May; told so many hours after its day began."""
    opened, series = date(2026, 5, day), f"{agency or 'network'}/drug"
    return SPIKE.model_copy(
        update={
            "alert_id": alert_id(kind, series, str(opened), state),
            "kind": kind,
            "state": state,
            "tier": tier,
            "series": series,
            "agency": agency,
            "network": agency is None,
            "commodity_group": "drug",
            "bucket": Span(size="day", start=opened, end=opened),
            "opened": opened,
            "raised_at": datetime(2026, 5, day, tzinfo=UTC) + timedelta(hours=hours),
            "explain": Explain(p=p),
        }
    )


def notification(number, *alerts):
    return Notification(
        notification_id=f"00000000-0000-0000-0000-00000000000{number}",
        subscription="duty",
        member=VN,
        reason=Reason.ALERT if len(alerts) == 1 else Reason.DIGEST,
        raised_at=MAY.moment(alerts[0]),
        language="en",
        subject="",
        text="",
        items=tuple(one.model_dump(mode="json") for one in alerts),
    )


def verdict(about, said, minute=0):
    at = datetime(2026, 6, 1, 0, minute, tzinfo=UTC)
    return Answer(subscription="duty", kind=AnswerKind.VERDICT, at=at, notification_id=about.notification_id, verdict=said)


def test_an_alert_is_one_in_all_its_states_and_the_least_probable_is_its_height():
    states = [spike(3, p=1e-3), spike(3, state=State.ESCALATED, p=1e-9), spike(3, state=State.CLEARED, p=1e-9)]
    (one,) = raised_alerts(reversed(states), MAY).values()
    assert one.opened == states[0]
    assert one.height.state is State.ESCALATED
    assert len(one.states) == 3


def test_what_was_told_before_or_after_the_period_does_not_count():
    june = spike(31)  # told after thirty hours
    assert set(raised_alerts([spike(3), june], MAY)) == set(raised_alerts([spike(3)], MAY))
    assert raised_alerts([june], Period(MAY.first, MAY.last, by_bucket=True))


def test_rows_count_each_side_and_both_with_all_members_last():
    was, would = raised_alerts([spike(1), spike(2, LA)], MAY), raised_alerts([spike(1), spike(4, None), spike(9, None)], MAY)
    assert [tuple(row) for row in rows(was, would)] == [(LA, "SPIKE", 1, 0, 0), (VN, "SPIKE", 1, 1, 1), ("network", "SPIKE", 0, 2, 0)]
    assert [one.opened.opened.day for one in only_in(would, was)] == [4, 9]
    assert [one.opened.agency for one in only_in(was, would)] == [LA]


def test_a_verdict_on_any_state_of_an_alert_is_its_label():
    about = notification(1, spike(3, state=State.ESCALATED))
    found = precision(raised_alerts([spike(3), spike(5)], MAY), labels_of([about], [verdict(about, "real")]))
    assert (found.real, found.explained, found.false, found.unlabelled) == (1, 0, 0, 1)
    assert found.share == 1.0


def test_the_newest_verdict_counts_and_one_on_a_digest_gives_way():
    alone, digest = notification(1, spike(3)), notification(2, spike(3), spike(4))
    said = [verdict(alone, "false", 1), verdict(alone, "real", 2), verdict(digest, "explained", 3)]
    labels = labels_of([alone, digest], said)
    assert sorted(labels.values()) == ["explained", "real"]
    assert precision(raised_alerts([spike(3), spike(4)], MAY), labels).share == 0.5


def test_without_a_verdict_there_is_no_precision():
    assert precision(raised_alerts([spike(3)], MAY), {}).share is None


def test_time_to_detection_runs_from_the_beginning_of_the_bucket():
    found = raised_alerts([spike(1, hours=12), spike(3, hours=24), spike(5, hours=48), spike(7, kind=Kind.RETRO_SPIKE, hours=400)], MAY)
    (spikes, median, slowest) = detection(found.values())
    assert (spikes, median, slowest) == (3, 1.0, 2.0)
    assert detection([]) is None


def test_a_subscriber_to_everything_gets_the_budget_at_once_and_the_rest_in_digests():
    days = [spike(day, tier=Tier.SEVERE, hours=20) for day in (4, 5, 6, 7, 20)]
    load = load_of(days, MAY)
    assert [day.day for day in load.at_once] == [4, 5, 20]
    assert [day.day for day in load.digests] == [7, 8]
    assert load.alerts == len(days)
    assert load.busiest == 3
    assert load.busiest_with_digests == 5
    assert len(load_of(days, MAY, budget=10).at_once) == len(days)


def test_the_load_of_five_months_is_a_rate_over_longer_periods():
    load = load_of([spike(4, tier=Tier.SEVERE)], Period(date(2026, 1, 1), date(2026, 11, 4)))
    assert load.usual == pytest.approx(0.5)


def test_every_plant_is_looked_for_among_its_own_kind_and_series(tmp_path):
    truth = simulate("V", 3).truth
    path = tmp_path / "truth.jsonl"
    path.write_bytes(b"".join(encode(one) + b"\n" for one in truth))
    assert read_truth(path) == truth
    plant = next(one for one in truth if one.expect == "SPIKE" and one.agency)
    after = datetime(plant.start.year, plant.start.month, plant.start.day, 12, tzinfo=UTC) + timedelta(days=1)
    its = spike(3, plant.agency).model_copy(update={"raised_at": after, "commodity_group": plant.commodity_group})
    found = {one.planted.start: one for one in search([plant], [spike(3, "XX-OTHER").model_copy(update={"raised_at": after}), its])}
    assert found[plant.start].alert == its
    assert found[plant.start].days == 1.5
    assert search([plant], [its.model_copy(update={"state": State.CLEARED})])[0].days is None


def test_a_truth_file_that_is_none_is_refused_with_its_line(tmp_path):
    path = tmp_path / "truth.jsonl"
    path.write_text('{"kind": "burst"}\n')
    with pytest.raises(Refused, match="line 1"):
        read_truth(path)
