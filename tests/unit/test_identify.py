"""The table of design: what a message is, beside the case as it was (new, duplicate, stale, corrected, withdrawn)."""

import re
import uuid

import pytest

from mekong.schemas import wire
from mekong.schemas.limits import MAX_VERSIONS
from mekong.schemas.messages import MESSAGE
from mekong.streams.core.intake.identify import Case, ComparedParts, StoredParts, after, identify
from mekong.streams.core.intake.identity import Ids, canonical, content_hash, hash_of_format_1
from mekong.streams.core.intake.order import order_of


def message(kind="seizure", day="2026-05-03", **changed):
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": "2", "unit": "kg"}
    content = {
        "seizure": {"seized_at": day, "lines": [line]},
        "correction": {"seized_at": day, "lines": [line]},
        "withdrawal": {},
        "warning": {"to": ["LA-CUSTOMS"]},
    }[kind]
    return MESSAGE.validate_python({"message_type": kind, "agency": "VN-CUSTOMS", "case_no": "1", **content, **changed})


def seen(one):
    """What intake holds against the case."""
    return ComparedParts(content_hash(one, canonical(one)), order_of(one, None), lambda: canonical(one))


def taken(*messages):
    """The case after messages that each change it."""
    case = None
    for one in messages:
        found = identify(case, one, seen(one))
        assert found.outcome in {"accepted", "corrected", "withdrawn"}
        case = after(case, one.message_type, StoredParts(found.hash, seen(one).order, one.handling.tlp, None))
    return case


def numbered(revision, **changed):
    return message(revision=revision, **changed)


def reported(hour, kind="seizure", **changed):
    return message(kind, reported_at=f"2026-05-09T{hour:02}:00:00Z", **changed)


SEEN = (message(), message(day="2026-05-04"))
WITHDRAWN = (*SEEN, message("withdrawal"))
NUMBERED = (numbered(5), numbered(7, day="2026-05-04"))
RED = {"handling": {"tlp": "TLP:RED"}}


@pytest.mark.parametrize(
    ("before", "arrives", "is_"),
    [
        pytest.param((), message(), ("accepted", 1), id="an unseen key is new"),
        pytest.param(SEEN, message(day="2026-05-04"), ("duplicate", 2), id="the hash of the current version is an exact re-send"),
        pytest.param(SEEN, message(), ("stale", 2), id="the hash of an older version must not undo the correction"),
        pytest.param(SEEN, message("correction"), ("corrected", 3), id="but a correction back is meant"),
        pytest.param(SEEN, message(day="2026-05-05"), ("corrected", 3), id="other content is a correction, also unasked"),
        pytest.param(SEEN, message("correction", day="2026-05-04"), ("duplicate", 2), id="a correction equals the seizure it repeats"),
        pytest.param(SEEN, message(reported_at="2026-05-09T00:00:00Z", day="2026-05-04"), ("duplicate", 2), id="transport is not content"),
        pytest.param(SEEN, message("withdrawal"), ("withdrawn", 3), id="a withdrawal is a version"),
        pytest.param(WITHDRAWN, message("withdrawal"), ("duplicate", 3), id="withdrawn twice is withdrawn once"),
        pytest.param(WITHDRAWN, message("withdrawal", reason="test"), ("withdrawn", 4), id="for another reason it is another version"),
        pytest.param(WITHDRAWN, SEEN[1], ("stale", 3), id="a late re-send does not bring back what was withdrawn"),
        pytest.param(WITHDRAWN, message("correction", day="2026-05-04"), ("corrected", 4), id="a correction with the old content does"),
        pytest.param(WITHDRAWN, message(day="2026-06-01"), ("corrected", 4), id="new content does"),
        pytest.param((*WITHDRAWN, message("correction")), message("withdrawal"), ("withdrawn", 5), id="withdrawn again after it was back"),
        pytest.param(NUMBERED, numbered(6, day="2026-05-05"), ("stale", 2), id="an older revision is overtaken, whatever is in it"),
        pytest.param(NUMBERED, numbered(6, kind="correction"), ("stale", 2), id="whatever its type"),
        pytest.param(NUMBERED, message("withdrawal", revision=6), ("stale", 2), id="a withdrawal too"),
        pytest.param(NUMBERED, numbered(10), ("corrected", 3), id="an older content with a newer revision is meant"),
        pytest.param(NUMBERED, numbered(7), ("stale", 2), id="and with the same revision is not"),
        pytest.param(NUMBERED, numbered(7, day="2026-05-05"), ("corrected", 3), id="of two contents with one revision the later counts"),
        pytest.param(NUMBERED, numbered(5), ("duplicate", 2), id="the same order and content as an older version is that version again"),
        pytest.param(NUMBERED, numbered(5, kind="correction"), ("duplicate", 2), id="also when it is called a correction"),
        pytest.param(NUMBERED, numbered(3, day="2026-05-04"), ("duplicate", 2), id="the current content again is never stale"),
        pytest.param(
            NUMBERED, reported(1, day="2026-05-05"), ("corrected", 3), id="orders of two kinds cannot be compared: arrival decides"
        ),
        pytest.param(NUMBERED, reported(1), ("stale", 2), id="but an older content must be newer, not just later"),
        pytest.param(NUMBERED, message(day="2026-05-05"), ("corrected", 3), id="without an order arrival decides"),
        pytest.param((reported(5), reported(7, day="2026-05-04")), reported(6, day="2026-05-05"), ("stale", 2), id="by the time of report"),
        pytest.param((reported(5), reported(7, day="2026-05-04")), reported(8), ("corrected", 3), id="by a later time of report"),
        pytest.param((reported(5), reported(7, day="2026-05-04")), numbered(1), ("corrected", 3), id="who begins to number is newer"),
        pytest.param(SEEN, numbered(0), ("corrected", 3), id="also when nothing had an order"),
        pytest.param(SEEN, reported(1), ("stale", 2), id="a time of report is not: it may be of a version before the last"),
    ],
)
def test_what_arrives_beside_what_was(before, arrives, is_):
    found = identify(taken(*before), arrives, seen(arrives))
    assert (found.outcome, found.version) == is_


def test_revisions_are_compared_as_numbers():
    assert identify(taken(numbered(9)), numbered(10, day="2026-05-04"), seen(numbered(10, day="2026-05-04"))).outcome == "corrected"


def test_a_duplicate_raises_no_order():
    case = taken(numbered(5))
    assert identify(case, numbered(9), seen(numbered(9))).outcome == "duplicate"
    assert identify(case, numbered(7, day="2026-05-04"), seen(numbered(7, day="2026-05-04"))).outcome == "corrected"


@pytest.mark.parametrize(
    ("before", "arrives", "said"),
    [
        pytest.param(SEEN, message(), "content of version 1; version 2 .* say correction, or give a revision$", id="no order"),
        pytest.param(NUMBERED, numbered(7), "say correction, or give a revision above 7$", id="a revision"),
        pytest.param(NUMBERED, numbered(6, day="2026-05-05"), "^revision 6 is older than revision 7 of version 2", id="an older one"),
        pytest.param(
            (reported(5), reported(7, day="2026-05-04")),
            reported(7),
            "say correction, or give a revision, or a reported_at after 2026-05-09T07:00:00.000000Z$",
            id="a time of report",
        ),
        pytest.param(
            (message("warning"), message("warning", to=["TH-CUSTOMS"])),
            message("warning"),
            "to return to it, give a revision$",
            id="a warning has no correction",
        ),
    ],
)
def test_a_stale_message_is_told_what_to_do(before, arrives, said):
    found = identify(taken(*before), arrives, seen(arrives))
    assert found.outcome == "stale"
    assert re.search(said, found.detail)


@pytest.mark.parametrize(
    ("before", "arrives", "reason"),
    [
        pytest.param((), message("correction"), "unknown_case", id="a correction of nothing"),
        pytest.param((), message("withdrawal"), "unknown_case", id="a withdrawal of nothing"),
        pytest.param(SEEN, message("warning"), "type_conflict", id="a warning under the number of a case"),
        pytest.param((message("warning"),), message(), "type_conflict", id="a case under the number of a warning"),
    ],
)
def test_what_is_refused(before, arrives, reason):
    assert identify(taken(*before), arrives, seen(arrives)).reason == reason


def weighing(kg, **changed):
    return message(lines=[{"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": kg, "unit": "kg"}], **changed)


MANY = [weighing(kg) for kg in range(1, MAX_VERSIONS + 2)]


def test_the_201st_version_is_refused_and_a_re_send_of_the_200th_still_is_a_duplicate():
    case = taken(*MANY[:-1])
    assert identify(case, MANY[-1], seen(MANY[-1])).reason == "too_many_versions"
    assert identify(case, MANY[-2], seen(MANY[-2])).outcome == "duplicate"


def test_a_case_with_all_its_versions_can_be_withdrawn_once_and_be_marked_more_strictly():
    withdrawal, red = message("withdrawal"), weighing(MAX_VERSIONS, **RED)
    case = taken(*MANY[:-1])
    withdrawn = taken(*MANY[:-1], withdrawal)
    again = message("withdrawal", reason="test")
    assert identify(case, red, seen(red)).outcome == "corrected"
    assert identify(withdrawn, again, seen(again)).reason == "too_many_versions"
    both = taken(*MANY[:-1], withdrawal, red, withdrawal)
    assert identify(both, weighing(7, **RED), seen(weighing(7, **RED))).reason == "too_many_versions"


def test_a_case_is_read_back_as_it_was_stored():
    for case in (taken(*SEEN), taken(*NUMBERED), taken(message(), numbered(3, day="2026-05-04"))):
        assert Case.from_stored(wire.load(wire.dump(case.stored()))) == case


def of_format_1(*messages):
    """A case as it was stored before there were orders."""
    hashes = [hash_of_format_1(canonical(one)) for one in messages]
    return Case.from_stored({"f": 1, "k": "case", "s": "current", "h": hashes, "c": None})


def test_the_hashes_of_the_formats_never_change():
    assert hash_of_format_1(canonical(message())) == "1:f4996448f77bd1c9444cb705334b408c"
    assert content_hash(message(), canonical(message())) == "2:f4996448f77bd1c9444cb705334b408c"


@pytest.mark.parametrize(
    ("arrives", "is_"),
    [
        pytest.param(message(day="2026-05-04"), ("duplicate", 2), id="the current version"),
        pytest.param(message(), ("stale", 2), id="an older one"),
        pytest.param(message("correction"), ("corrected", 3), id="a correction back"),
        pytest.param(reported(3), ("stale", 2), id="an older one with the time of report that nobody kept then"),
        pytest.param(numbered(1), ("corrected", 3), id="an older one with a revision, which is of today"),
    ],
)
def test_a_stored_version_of_format_1_is_compared_under_that_format(arrives, is_):
    found = identify(of_format_1(*SEEN), arrives, seen(arrives))
    assert (found.outcome, found.version) == is_


def test_a_case_of_format_1_with_all_its_versions_can_be_marked_once():
    case = of_format_1(*MANY[:-1])
    red = weighing(3, **RED)
    found = identify(case, red, seen(red))
    assert found.outcome == "corrected"
    now = after(case, "seizure", StoredParts(found.hash, None, "TLP:RED", None))
    assert identify(now, weighing(4, **RED), seen(weighing(4, **RED))).reason == "too_many_versions"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("2026-05-03T13:20+07:00", "2026-05-03T14:20:00+08:00", True, id="one instant on one local day"),
        pytest.param("2026-05-03T23:30+07:00", "2026-05-04T00:30+08:00", False, id="one instant on two"),
        pytest.param("2026-05-03T13:20+07:00", "2026-05-03T13:20+08:00", False, id="two instants"),
        pytest.param("2026-05-03", "2026-05-03T00:00+07:00", False, id="a day is not its midnight"),
    ],
)
def test_an_instant_is_the_same_however_it_is_spelled_if_its_local_day_is(one, other, same):
    hashes = {seen(message(day=text)).hash for text in (one, other)}
    assert (len(hashes) == 1) is same


def test_the_order_of_lines_makes_no_version_and_a_line_twice_is_not_one_line():
    one, two = ({"commodity_group": "drug", "substance_or_taxon": name, "quantity": 1, "unit": "kg"} for name in ("Heroin", "Ketamine"))
    assert seen(message(lines=[one, two])).hash == seen(message(lines=[two, one])).hash
    assert len({seen(message(lines=lines)).hash for lines in ([one], [one, one], [one, one, two], [one, two, two])}) == 4


def test_an_event_id_is_the_same_for_ever_and_a_uuid_of_version_8():
    event_id = Ids(b"secret").of("VN-CUSTOMS", "1")
    assert event_id == Ids(b"secret").of("VN-CUSTOMS", "1")
    assert uuid.UUID(event_id).version == 8
    assert uuid.UUID(event_id).variant == uuid.RFC_4122
    assert event_id not in {Ids(b"secret").of("VN-CUSTOMS", "2"), Ids(b"secret").of("VN-POLICE", "1"), Ids(b"other").of("VN-CUSTOMS", "1")}


def test_an_invented_event_id_is_told_from_a_genuine_one():
    ids = Ids(b"secret")
    genuine = uuid.UUID(ids.of("VN-CUSTOMS", "1"))
    assert ids.genuine(genuine)
    assert not ids.genuine(uuid.uuid4())
    assert not ids.genuine(uuid.UUID(int=genuine.int ^ 1))
    assert not Ids(b"other").genuine(genuine)
