"""When an attempt is due, when it is given up, and what is still to be delivered after any restart."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from mekong.schemas.notifications import Delivery, DeliveryState
from mekong.sinks.delivery.outcome import SENT, again, hopeless
from mekong.sinks.delivery.pending import PendingDeliveries
from mekong.sinks.delivery.schedule import GIVE_UP_AFTER, LONGEST_WAIT_S, next_attempt, wait_s
from tests.unit.notified import AT, notification


@pytest.mark.parametrize(("attempts", "middle_s"), [(1, 5), (2, 15), (3, 45), (4, 135), (8, LONGEST_WAIT_S), (50, LONGEST_WAIT_S)])
def test_waits_grow_threefold_up_to_two_hours_and_are_spread_by_half(attempts, middle_s):
    waits = [wait_s(UUID(int=number), attempts) for number in range(200)]
    assert all(0.5 * middle_s <= wait < 1.5 * middle_s for wait in waits)
    assert max(waits) - min(waits) > 0.8 * middle_s


def test_the_wait_of_an_attempt_is_the_same_whenever_it_is_asked():
    assert wait_s(UUID(int=7), 3) == wait_s(UUID(int=7), 3)


def test_a_receiver_that_asks_for_a_longer_wait_gets_it_but_not_for_ever():
    assert next_attempt(UUID(int=1), 1, AT, 600) == AT + timedelta(seconds=600)
    assert next_attempt(UUID(int=1), 1, AT, 10**9) == AT + timedelta(seconds=LONGEST_WAIT_S)


def test_what_was_sent_or_parked_is_not_pending_whatever_order_it_is_read_in():
    for outcome in (SENT, hopeless("gone")):
        ledger = PendingDeliveries()
        delivery = PendingDeliveries().attempted(notification(), "webhook", outcome, AT)
        ledger.delivered(delivery)
        assert not ledger.notified(notification())
        assert list(ledger.pending()) == []


def test_a_notification_that_is_read_twice_is_delivered_once():
    ledger = PendingDeliveries()
    assert ledger.notified(notification())
    assert not ledger.notified(notification())
    assert len(ledger) == 1


def test_what_is_too_old_is_over_whether_it_is_known_or_not():
    later = AT + timedelta(milliseconds=1)
    assert not PendingDeliveries().notified(notification(), later)
    assert PendingDeliveries().notified(notification(), AT)


def test_what_is_done_and_over_is_forgotten_and_stays_over():
    ledger, later = PendingDeliveries(), AT + timedelta(milliseconds=1)
    ledger.notified(notification())
    ledger.delivered(ledger.attempted(notification(), "webhook", SENT, AT))
    ledger.forget(AT)
    assert ledger.progress(UUID(int=1)).done
    ledger.forget(later)
    assert not ledger.progress(UUID(int=1)).done
    assert not ledger.notified(notification(), later)


def test_a_failed_attempt_leaves_it_pending_until_it_is_due_again():
    ledger = PendingDeliveries()
    ledger.notified(notification())
    ledger.delivered(ledger.attempted(notification(), "webhook", again("answered 500"), AT))
    assert list(ledger.pending()) == [notification()]
    assert ledger.progress(UUID(int=1)).due == next_attempt(UUID(int=1), 1, AT)


def test_after_24_hours_the_attempt_that_fails_is_the_last_one():
    ledger, now, records = PendingDeliveries(), AT, []
    ledger.notified(notification())
    while ledger.pending() and len(ledger):
        records.append(ledger.attempted(notification(), "webhook", again("answered 503"), now))
        ledger.delivered(records[-1])
        now = ledger.progress(UUID(int=1)).due or now
    assert [record.attempt for record in records] == list(range(1, len(records) + 1))
    assert [record.state for record in records] == [DeliveryState.RETRYING] * (len(records) - 1) + [DeliveryState.PARKED]
    assert GIVE_UP_AFTER <= records[-1].at - AT <= GIVE_UP_AFTER + timedelta(seconds=1.5 * LONGEST_WAIT_S)
    assert 15 <= len(records) <= 30
    assert records[-1].detail == f"given up after {len(records)} attempts: answered 503"


def test_a_restart_that_reads_the_records_again_knows_the_same_times():
    before, after = PendingDeliveries(), PendingDeliveries()
    records: list[Delivery] = []
    before.notified(notification())
    for number in range(3):
        records.append(before.attempted(notification(), "webhook", again("no"), AT + timedelta(minutes=number)))
        before.delivered(records[-1])
    for record in records:
        after.delivered(record)
    after.notified(notification())
    assert after.progress(UUID(int=1)) == before.progress(UUID(int=1))
    assert list(after.pending()) == list(before.pending())


def test_a_success_after_24_hours_is_still_a_success():
    ledger = PendingDeliveries()
    ledger.delivered(ledger.attempted(notification(), "webhook", again("no"), AT))
    assert ledger.attempted(notification(), "webhook", SENT, AT + timedelta(hours=30)).state is DeliveryState.SENT
