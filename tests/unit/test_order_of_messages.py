"""What comes back to what it once was is not lost, and what is late undoes nothing: through intake, the counts and what is shared."""

from __future__ import annotations

import json

import pytest

from mekong.producers.formats import cbp
from mekong.schemas import wire
from mekong.schemas.batches import EDITION_HEADER
from mekong.schemas.control import CONTROL_HEADER, sign
from mekong.schemas.times import from_ms
from mekong.streams.core.counts.book import Book
from mekong.streams.core.counts.fold import count
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment
from mekong.streams.core.intake.fold import Intake
from tests.unit.sharing import LA, TH, VN, World, alert, membership, registered, tick, whom
from tests.unit.test_intake_fold import AGENCY, NOW_MS, SECRET, Record, entries, receipts, said_of, seizure

HEADER = f"{','.join(cbp.COLUMNS)}\n2020,JAN,Office of Field Operations,Land Filter,LAREDO FIELD OFFICE,Heroin"


def weighing(kg, **changed):
    return seizure(lines=[{"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": kg, "unit": "kg"}], **changed)


def withdrawal(**changed):
    return json.dumps({"message_type": "withdrawal", "agency": AGENCY, "case_no": "1", "reason": "entered_in_error"} | changed).encode()


def warning(**changed):
    message = {"message_type": "warning", "agency": AGENCY, "case_no": "w", "to": ["LA-CUSTOMS"], "commodity_groups": ["drug"]}
    return json.dumps(message | changed).encode()


def outcomes(*raws):
    return [one["outcome"] for one in receipts(*[(raw, ()) for raw in raws])]


def of_edition(at):
    return ((EDITION_HEADER, at.encode()),)


def counted(entries, key="month/2026-05"):
    """Cases, lines and milligrams of a month, after all entries."""
    book = Book(Draft({}, {}), AGENCY)
    for entry in entries:
        if entry["kind"] == "version":
            count(book, wire.load(wire.dump(entry)), 0)
    return tuple(book.get(key)["n"].get("", (0, 0, 0)))


def test_a_case_that_is_withdrawn_reinstated_and_withdrawn_again_does_not_count():
    sent = seizure(), withdrawal(), weighing(2, message_type="correction"), withdrawal()
    assert outcomes(*sent) == ["accepted", "withdrawn", "corrected", "withdrawn"]
    assert counted(entries(*[(raw, ()) for raw in sent])) == (0, 0, 0)


def test_a_weight_that_is_corrected_by_mistake_is_corrected_back():
    sent = weighing(1), weighing(50, message_type="correction"), weighing(1, message_type="correction")
    assert outcomes(*sent) == ["accepted", "corrected", "corrected"]
    assert counted(entries(*[(raw, ()) for raw in sent])) == (1, 1, 1_000_000)


def test_a_case_that_was_withdrawn_by_mistake_is_reinstated_by_a_correction_with_the_same_content():
    assert outcomes(seizure(), withdrawal(), seizure(message_type="correction")) == ["accepted", "withdrawn", "corrected"]


def test_a_case_that_is_red_again_names_nobody_else():
    marked = [{"handling": {"tlp": tlp}} for tlp in ("TLP:RED", "TLP:AMBER", "TLP:RED")]
    first, mistake, again = (
        seizure(message_type=kind, **tlp) for kind, tlp in zip(("seizure", "correction", "correction"), marked, strict=True)
    )
    found = [entry for entry in entries((first, ()), (mistake, ()), (again, ())) if entry["kind"] == "version"]
    assert len(found) == 3
    world = World()
    world.journal(*(registered(agency, membership()) for agency in (VN, LA, TH)))
    for entry in found:
        world.journal(wire.load(wire.dump(entry)))
    world.journal(tick(VN, "2026-05-03T09:00:00.000Z"))
    assert set(whom(world.alerts(alert(events=[found[0]["event_id"]])))) <= {VN}


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        pytest.param([warning(), withdrawal(case_no="w"), warning(revision=1)], ["accepted", "withdrawn", "corrected"], id="issued again"),
        pytest.param(
            [warning(revision=1), warning(revision=2, to=["LA-CUSTOMS", "TH-CUSTOMS"]), warning(revision=3)],
            ["accepted", "corrected", "corrected"],
            id="widened by mistake and narrowed again",
        ),
        pytest.param(
            [warning(revision=1), warning(revision=3, to=["LA-CUSTOMS", "TH-CUSTOMS"]), warning(revision=2, to=["TH-CUSTOMS"])],
            ["accepted", "corrected", "stale"],
            id="overtaken",
        ),
        pytest.param([warning(), warning(to=["TH-CUSTOMS"]), warning()], ["accepted", "corrected", "stale"], id="a late re-send"),
    ],
)
def test_a_warning_goes_by_the_same_rules(sent, found):
    assert outcomes(*sent) == found


def test_a_stale_receipt_says_what_to_do():
    found = receipts((weighing(1), ()), (weighing(2), ()), (weighing(1), ()))[-1]
    assert found["outcome"] == "stale"
    assert found["detail"].endswith("to return to it, say correction, or give a revision")


def test_a_sender_that_crashed_and_repeats_its_last_messages_makes_nothing_new():
    sent = [
        weighing(kg, message_type=kind, revision=number)
        for number, (kg, kind) in enumerate([(1, "seizure"), (2, "correction"), (1, "correction")])
    ]
    assert outcomes(*sent, *sent) == ["accepted", "corrected", "corrected", "duplicate", "duplicate", "duplicate"]


def test_the_order_stands_in_receipt_and_journal_and_not_in_the_hash():
    one, two, three = (
        (weighing(1, case_no=number, **order), ())
        for number, order in (("1", {"revision": 7}), ("2", {}), ("3", {"reported_at": "2026-05-04T07:00+07:00"}))
    )
    found = said_of(one, two, three)[1:]
    orders = ["revision 7", None, "reported_at 2026-05-04T00:00:00.000000Z"]
    assert [said.receipt.get("sender_order") for said in found] == orders
    assert [said.entry.get("sender_order") for said in found] == orders
    assert len({said.entry["content_hash"] for said in found}) == 1


def test_a_file_is_an_edition_and_an_older_one_undoes_nothing():
    january, february = of_edition("2026-01-31T09:00:00Z"), of_edition("2026-02-28T09:00:00+00:00")
    found = receipts(
        (weighing(1), january), (weighing(2), february), (weighing(1), january), (weighing(3), of_edition("2026-02-01T00:00:00Z"))
    )
    assert [one["outcome"] for one in found] == ["accepted", "corrected", "duplicate", "stale"]
    assert found[1]["sender_order"] == "edition 2026-02-28T09:00:00.000000Z"


def test_a_revision_goes_before_the_time_of_report_and_that_before_the_edition():
    both = receipts((seizure(revision=3, reported_at="2026-05-04T00:00Z"), of_edition("2026-01-31T09:00:00Z")))[0]
    assert both["sender_order"] == "revision 3"
    reported = receipts((seizure(reported_at="2026-05-04T00:00Z"), of_edition("2026-01-31T09:00:00Z")))[0]
    assert reported["sender_order"].startswith("reported_at")


@pytest.mark.parametrize("seconds", [-86_400, 0, 300, 301])
@pytest.mark.parametrize("by", ["reported_at", EDITION_HEADER])
def test_a_time_more_than_five_minutes_ahead_of_the_broker_is_rejected(by, seconds):
    at = from_ms(NOW_MS + seconds * 1_000).isoformat()
    (found,) = receipts((seizure(**({by: at} if by == "reported_at" else {})), of_edition(at) if by == EDITION_HEADER else ()))
    assert found["outcome"] == ("rejected" if seconds > 300 else "accepted")
    if seconds > 300:
        assert (found["reason"], found["field"]) == ("future_date", by)
        assert "check the clock" in found["detail"]


@pytest.mark.parametrize("edition", [b"soon", b"\xff", b"2026-05-03", b"2026-05-03T13:20", b"1780000000"])
def test_an_edition_that_is_no_instant_is_rejected(edition):
    (found,) = receipts((seizure(), ((EDITION_HEADER, edition),)))
    assert (found["reason"], found["field"]) == ("bad_date", EDITION_HEADER)


@pytest.mark.parametrize("revision", [-1, 10**12 + 1, 1.5, "1_800", "\uff11\uff12"])
def test_a_revision_is_a_whole_number_of_bounded_size(revision):
    (found,) = receipts((seizure(revision=revision), ()))
    assert (found["outcome"], found["field"]) == ("rejected", "revision")


def test_a_public_table_that_is_revised_back_counts_what_it_says():
    """Three editions of one cell of CBP's table: 30 lb, 300 by mistake, 30 again."""
    agency = "US-LAREDO-FIELD-OFFICE"
    topic = f"in.{agency}.v1"
    profile = wire.encode(cbp.profile(agency))
    log = [(profile, ((CONTROL_HEADER, sign(SECRET, topic, profile)),))]
    for month, pounds in enumerate(("30", "300", "30"), start=1):
        made = of_edition(f"2026-0{month}-15T00:00:00Z")
        log += [(parsed.value, made) for parsed in cbp.parse([f"{HEADER},3,{pounds}\n".encode()])]
    said = list(
        Intake(Deployment(SECRET, clock_is_on=True)).fold(
            Draft({}, {}), topic, agency, [Record(offset, value, None, NOW_MS, headers) for offset, (value, headers) in enumerate(log)]
        )
    )
    assert [one.receipt["outcome"] for one in said if one.receipt] == ["accepted"] * 3 + ["corrected"] * 6
    assert counted([one.entry for one in said if one.entry], "month/2020-01") == (3, 3, cbp.milligrams("30"))


@pytest.mark.parametrize(
    ("between", "noticed"),
    [
        pytest.param([], True, id="both count"),
        pytest.param([withdrawal()], False, id="the first was withdrawn"),
        pytest.param([weighing(2)], False, id="the first was corrected"),
        pytest.param([weighing(2), seizure(message_type="correction")], True, id="the first was corrected back"),
    ],
)
def test_a_suspected_duplicate_is_one_that_counts(between, noticed):
    found = receipts(*[(raw, ()) for raw in (seizure(), *between, seizure(case_no="2"))])[-1]
    assert [one["code"] for one in found.get("warnings", ())] == ["suspected_duplicate"] * noticed


def test_who_has_a_content_is_known_only_as_long_as_a_case_has_it():
    changes = {}
    said_of(*[(raw, ()) for raw in (seizure(), weighing(2), weighing(3), withdrawal())], changes=changes)
    assert [key for key, value in changes.items() if b"/same/" in key and value is not None] == []
