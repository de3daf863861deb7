"""The feed joins each receipt with the entry of its message, in either order, and stays small."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from mekong.schemas.receipts import Outcome, Receipt
from mekong.schemas.rejected import Reason
from mekong.sinks.console.feed import SHOWN, Feed, summary
from mekong.sinks.console.pages import Asked, Pages
from mekong.sinks.console.values import Part, Row
from mekong.sinks.console.words import texts
from tests.unit.console_values import AT, EMPTY

ID = UUID(int=7)


def receipt(offset: int, **more) -> Receipt:
    given = {"case_no": f"case {offset}", "outcome": Outcome.ACCEPTED, "event_id": ID, "version": 1} | more
    return Receipt(
        source_topic="in.VN-CUSTOMS.v1", source_offset=offset, agency="VN-CUSTOMS", received_at=AT + timedelta(seconds=offset), **given
    )


def entry(offset: int, lines: int = 1, **more):
    line = {"substance_or_taxon": "Heroin", "quantity": "2", "unit": "kg"}
    content = {"lines": [line] * lines, "handling": {"tlp": "TLP:RED"}}
    source = {"topic": "in.VN-CUSTOMS.v1", "offset": offset}
    return {
        "kind": "version",
        "status": "current",
        "family": "case",
        "source": source,
        "content": content,
        "enriched": {"country": "VN"},
    } | more


@pytest.mark.parametrize("is_entry_first", [True, False])
def test_a_receipt_and_its_entry_are_one_row_in_either_order(is_entry_first):
    feed = Feed()
    steps = [lambda: feed.entry(entry(3, lines=5)), lambda: feed.receipt(receipt(3))]
    for step in steps if is_entry_first else reversed(steps):
        step()
    (row,) = feed.rows()
    assert row.summary.goods == (("Heroin", "2", "kg"),) * 3
    assert (row.summary.more, row.summary.country, row.summary.tlp, row.case_no) == (2, "VN", "TLP:RED", "case 3")


def test_the_newest_are_first_and_no_more_are_kept_than_are_shown():
    feed = Feed()
    for offset in range(10 * SHOWN):
        feed.entry(entry(offset))
        feed.receipt(receipt(offset))
    assert [row.place[1] for row in feed.rows()] == list(range(10 * SHOWN - 1, 9 * SHOWN - 1, -1))
    assert len(feed._rows) <= 2 * SHOWN + 1
    assert len(feed._summaries) <= 400


def test_a_tick_is_not_in_the_feed_and_a_rejected_message_has_its_reason():
    feed = Feed()
    feed.entry({"kind": "tick"})
    feed.receipt(
        receipt(1, outcome=Outcome.REJECTED, event_id=None, version=None, case_no=None, reason="not_json", detail="it is not JSON")
    )
    (row,) = feed.rows()
    assert (row.event_id, row.case_no, row.reason, row.detail, row.summary) == ("", "", "not_json", "it is not JSON", None)


def test_a_test_of_the_connection_is_not_in_the_feed():
    feed = Feed()
    feed.receipt(receipt(1, outcome=Outcome.REJECTED, event_id=None, version=None, reason=Reason.TEST_MESSAGE))
    assert feed.rows() == ()


def test_a_withdrawal_has_no_marking_and_a_simulated_case_is_said_to_be_one():
    content = {"handling": {"tlp": "TLP:AMBER"}}
    assert summary(entry(1, status="withdrawn", content=content)).tlp == ""
    assert summary(entry(1, content=content)).tlp == "TLP:AMBER"
    simulated = summary(entry(1, content=content | {"simulated": True}))
    assert (simulated.is_simulated, summary(entry(1)).is_simulated) == (True, False)
    shown = EMPTY._replace(feed=(Row(AT, ("in.VN-CUSTOMS.v1", 1), "VN-CUSTOMS", "1", str(ID), "accepted", summary=simulated),))
    assert texts("vi")["simulated"] in Pages("/style.css").part(Part.FEED, shown, Asked("vi"))
