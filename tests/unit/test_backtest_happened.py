"""What happened, by the cases as they stand at the end: corrections and withdrawals applied, before and after, goods and agencies."""

import json
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from mekong.deploy.backtest.compare import RaisedAlert
from mekong.deploy.backtest.file import FileJournal
from mekong.deploy.backtest.happened import happened
from mekong.deploy.backtest.tally import ALL, Tally
from mekong.deploy.backtest.wording import sentence
from mekong.deploy.numbers import number
from mekong.producers.files import format_named
from mekong.schemas.alerts import Alert, Span, State
from mekong.schemas.wire import decode

SPIKE = decode((Path(__file__).parents[1] / "examples" / "alerts" / "good" / "spike-open.json").read_bytes(), Alert)
VN, LA = "VN-CUSTOMS", "LA-CUSTOMS"


def seizure(case_no, when, goods="Heroin", kg=2, agency=VN, message_type="seizure"):
    line = {"commodity_group": "drug", "substance_or_taxon": goods, "quantity": kg, "unit": "kg"}
    return {"message_type": message_type, "agency": agency, "case_no": case_no, "seized_at": when, "lines": [line]}


@pytest.fixture
def journal(tmp_path):
    """The journal of a file with these messages."""

    def make(*messages):
        path = tmp_path / "messages.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in messages))
        return FileJournal(path, format_named("json"), b"secret")

    return make


def tallied(journal):
    tally = Tally()
    for placed in journal.entries():
        tally.take(placed.entry)
    return tally


def ordinals(first, last):
    return date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal()


def test_a_corrected_case_counts_where_it_was_corrected_to_and_a_withdrawn_one_nowhere(journal):
    withdrawn = {"message_type": "withdrawal", "agency": VN, "case_no": "2"}
    found = journal(
        seizure("1", "2026-03-03"),
        seizure("2", "2026-03-04"),
        seizure("1", "2026-03-05", "Ketamine", 7, message_type="correction"),
        withdrawn,
        seizure("1", "2026-03-05", "Ketamine", 7, message_type="correction"),
    )
    tally = tallied(found)
    march = ordinals("2026-03-01", "2026-03-31")
    assert tally.sum(VN, "drug", ALL, march) == tally.sum(None, ALL, ALL, ordinals("2026-03-05", "2026-03-05")) == (1, 7_000_000)
    assert tally.sum(VN, "drug", "Heroin", march).cases == 0
    assert found.outcomes == {"accepted": 2, "corrected": 1, "withdrawn": 1, "duplicate": 1}


def test_entries_of_a_file_come_in_the_order_of_their_own_time_with_ticks_between(journal):
    entries = [placed.entry for placed in journal(seizure("2", "2026-03-04"), seizure("1", "2026-03-03T10:00+07:00")).entries()]
    assert [entry["kind"] for entry in entries] == ["agency", "version", "tick", "version", "tick", "tick"]
    times = [datetime.fromisoformat(entry["received_at"]) for entry in entries]
    assert times[1] == datetime(2026, 3, 3, 3, tzinfo=UTC)
    assert all(first <= then for first, then in pairwise(times))


def test_a_message_that_tells_no_time_comes_with_what_came_before_it(journal):
    entries = [placed.entry for placed in journal(seizure("1", "2026-03-03"), seizure("2", "3 March")).entries()]
    assert {entry["received_at"] for entry in entries if entry["kind"] == "version"} == {"2026-03-03T16:59:59.000Z"}


def spike(agency, first, last, state=State.OPEN):
    span = Span(size="day", start=date.fromisoformat(first), end=date.fromisoformat(last))
    update = {"agency": agency, "commodity_group": "drug", "bucket": span, "opened": span.start, "state": state}
    return SPIKE.model_copy(update=update)


def test_a_rise_of_all_members_names_goods_and_agencies_before_and_after(journal):
    quiet = [seizure(f"q{day}", f"2026-03-{day:02}") for day in range(1, 11)]
    burst = [seizure(f"b{place}", "2026-03-11", "Ketamine", 1, (VN, LA, LA)[place % 3]) for place in range(9)]
    after = [seizure(f"a{day}", f"2026-03-{day:02}") for day in range(14, 20)]
    opened = spike(None, "2026-03-11", "2026-03-11")
    raised = RaisedAlert("one", opened, (opened, spike(None, "2026-03-13", "2026-03-13", State.CLEARED)))
    found = happened(raised, tallied(journal(*quiet, *burst, *after)))
    assert found.height == date(2026, 3, 11)
    assert found.now == (9, 9.0)
    assert found.before == (1.0, 2.0)
    assert found.after == (1.0, 2.0)
    assert [part.name for part in found.goods] == ["Ketamine"]
    assert found.goods[0].share == pytest.approx(9 / 8)
    assert [part.cases for part in found.agencies] == [6, 3]
    assert sentence(found).startswith(
        "9 cases (9 kg) on 2026-03-11; a usual day before had 1 cases (2 kg) (9 times); after it was over, 1 a day. Goods that rose most: "
    )


def test_a_rise_that_is_not_over_has_no_after_and_one_that_the_data_begin_with_no_before(journal):
    opened = spike(VN, "2026-03-11", "2026-03-11")
    found = happened(RaisedAlert("one", opened, (opened,)), tallied(journal(*(seizure(str(place), "2026-03-11") for place in range(4)))))
    assert found.before is None
    assert found.after is None
    assert found.agencies == ()
    assert sentence(found) == "4 cases (8 kg) on 2026-03-11. Goods that rose most: Heroin 4 (before 0; 100% of the rise)."


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (0.024, "0.02"), (0.34, "0.3"), (3.0, "3"), (9.87, "9.9"), (1234.5, "1,234")])
def test_numbers_have_as_many_digits_as_they_need(value, text):
    assert number(value) == text
